//! The auto mappings: which model types there are, and which classes transformers chooses for each. It reads tables and
//! looks at no model's files.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::interpret::Globals;
use super::outline::{Outline, outline};
use super::package::Package;
use super::value::Value;
use crate::finding::codes::sync::{MISSING_FILE, UNREADABLE_MAPPING};
use crate::finding::{Finding, Place};

/// A choice of classes, and the file that makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    pub classes: Vec<String>,
    pub from: String,
}

/// Model type to what is chosen for it.
pub type Choices = IndexMap<String, Choice>;

/// All of them.
#[derive(Debug, Default)]
pub struct Auto {
    /// Model type to its configuration class.
    pub configs: IndexMap<String, String>,
    /// Model types whose module isn't named like them.
    special: IndexMap<String, String>,
    deprecated: Vec<String>,
    /// By `MODEL_..._NAMES`.
    pub tasks: BTreeMap<String, Choices>,
    pub tokenizer: Choices,
    pub processor: Choices,
    pub image_processor: Choices,
    pub video_processor: Choices,
    pub feature_extractor: Choices,
    /// Auto class (`AutoModelForCausalLM`) to its `MODEL_..._NAMES`.
    pub mapping_of: BTreeMap<String, String>,
}

impl Auto {
    /// The folder of a model type below `models/`.
    pub fn module(&self, model_type: &str) -> String {
        let module = self.special.get(model_type).cloned().unwrap_or_else(|| model_type.replace('-', "_"));
        if self.deprecated.contains(&module) { format!("deprecated/{module}") } else { module }
    }
}

const FOLDER: &str = "models/auto";

/// Reads them. An error means that there are no facts at all; findings beside a value are of parts.
pub fn auto(package: &Package<'_>) -> Result<(Auto, Vec<Finding>), Finding> {
    let mut findings = Vec::new();
    // Newer versions keep what is generated from the models' files apart.
    let generated = Table::read_if_there(package, "auto_mappings.py", &Globals::default())?;
    let base = generated.as_ref().map(|table| table.globals.clone()).unwrap_or_default();
    let configuration = Table::read(package, "configuration_auto.py", &base)?;
    let configs = configuration.texts("CONFIG_MAPPING_NAMES").ok_or_else(|| {
        // The first cause is the better one to name.
        let made_by_code =
            generated.iter().chain([&configuration]).find_map(|table| table.unread("CONFIG_MAPPING_NAMES"));
        made_by_code.unwrap_or_else(|| {
            Finding::error(MISSING_FILE, format!("{} has no CONFIG_MAPPING_NAMES", configuration.outline.path))
                .at(Place::file(&configuration.outline.path))
                .help("install the package again, or unpack its wheel anew")
        })
    })?;
    let modeling = Table::read(package, "modeling_auto.py", &configuration.globals)?;
    let mut auto = Auto {
        configs,
        special: configuration.texts("SPECIAL_MODEL_TYPE_TO_MODULE_NAME").unwrap_or_default(),
        deprecated: configuration.list("DEPRECATED_MODELS"),
        mapping_of: auto_classes(&modeling.outline),
        ..Auto::default()
    };
    findings.extend(configuration.unread_names());
    findings.extend(modeling.unread_names());
    for (name, value) in &modeling.globals.values {
        if name.starts_with("MODEL_") && name.ends_with("_NAMES") && name != "MODEL_NAMES_MAPPING" {
            auto.tasks.insert(name.clone(), choices(value, |_| modeling.outline.path.clone()));
        }
    }
    let mut processors = |file: &str, name: &str| -> Result<Choices, Finding> {
        let Some(table) = Table::read_if_there(package, file, &configuration.globals)? else {
            return Ok(Choices::new());
        };
        findings.extend(table.unread_names());
        let generated_rows = base.get(name);
        let from = |row: (&Value, &Value)| match (&generated, generated_rows) {
            (Some(generated), Some(rows)) if has_row(rows, row) => generated.outline.path.clone(),
            _ => table.outline.path.clone(),
        };
        Ok(table.globals.get(name).map(|value| choices(value, from)).unwrap_or_default())
    };
    auto.tokenizer = processors("tokenization_auto.py", "TOKENIZER_MAPPING_NAMES")?;
    auto.processor = processors("processing_auto.py", "PROCESSOR_MAPPING_NAMES")?;
    auto.image_processor = processors("image_processing_auto.py", "IMAGE_PROCESSOR_MAPPING_NAMES")?;
    auto.video_processor = processors("video_processing_auto.py", "VIDEO_PROCESSOR_MAPPING_NAMES")?;
    auto.feature_extractor = processors("feature_extraction_auto.py", "FEATURE_EXTRACTOR_MAPPING_NAMES")?;
    Ok((auto, findings))
}

/// A file of tables, run.
struct Table {
    source: String,
    outline: Outline,
    globals: Globals,
}

impl Table {
    fn read(package: &Package<'_>, name: &str, before: &Globals) -> Result<Self, Finding> {
        let path = format!("{FOLDER}/{name}");
        let source = package.read(&path)?;
        let outline = outline(&path, &source, None)?;
        let mut globals = Globals { values: before.values.clone(), unread: BTreeMap::new() };
        globals.run(&outline.statements);
        Ok(Self { source, outline, globals })
    }

    fn read_if_there(package: &Package<'_>, name: &str, before: &Globals) -> Result<Option<Self>, Finding> {
        if !package.has(&format!("{FOLDER}/{name}")) {
            return Ok(None);
        }
        Self::read(package, name, before).map(Some)
    }

    /// A table of text to text.
    fn texts(&self, name: &str) -> Option<IndexMap<String, String>> {
        let entries = self.globals.get(name)?.entries()?;
        Some(entries.iter().filter_map(|(k, v)| Some((k.as_text()?.to_owned(), v.as_text()?.to_owned()))).collect())
    }

    fn list(&self, name: &str) -> Vec<String> {
        let items = self.globals.get(name).and_then(Value::items).unwrap_or_default();
        items.iter().filter_map(|item| item.as_text().map(str::to_owned)).collect()
    }

    /// Why a table could not be read.
    fn unread(&self, name: &str) -> Option<Finding> {
        let (why, range) = self.globals.unread.get(name)?;
        let place = Place::in_text(&self.outline.path, &self.source, range.start().to_usize(), range.end().to_usize());
        let message = format!("{name} can't be read without running it: {why}");
        Some(Finding::error(UNREADABLE_MAPPING, message).at(place).help("a new transformers may need a new hfgen"))
    }

    /// Tables that could not be read, as warnings.
    fn unread_names(&self) -> Vec<Finding> {
        let names = self.globals.unread.keys().filter(|name| name.ends_with("_NAMES") || name.ends_with("_NAME"));
        names
            .filter_map(|name| self.unread(name))
            .map(|finding| Finding { severity: crate::finding::Severity::Warning, ..finding })
            .collect()
    }
}

/// The rows of a table as choices.
fn choices(table: &Value, from: impl Fn((&Value, &Value)) -> String) -> Choices {
    let rows = table.entries().unwrap_or_default();
    rows.iter()
        .filter_map(|(key, value)| {
            let classes = class_names(value);
            let choice = Choice { classes, from: from((key, value)) };
            (!choice.classes.is_empty()).then(|| (key.as_text().unwrap_or_default().to_owned(), choice))
        })
        .filter(|(key, _)| !key.is_empty())
        .collect()
}

/// `"X"`, `("X", "XFast")`, `{"pil": "XPil", "torchvision": "X"}`, `None`: the classes, each once, in their order.
fn class_names(value: &Value) -> Vec<String> {
    let mut names: Vec<String> = match value {
        Value::Text(name) => vec![name.clone()],
        // By backend; the one that transformers itself takes where all are there comes first.
        Value::Dict(entries) => {
            let preferred = |(key, _): &&(Value, Value)| key.as_text() == Some("torchvision");
            let (first, rest): (Vec<_>, Vec<_>) = entries.iter().partition(preferred);
            first.into_iter().chain(rest).flat_map(|(_, value)| class_names(value)).collect()
        }
        other => other.items().unwrap_or_default().iter().flat_map(class_names).collect(),
    };
    let mut seen = std::collections::BTreeSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names
}

fn has_row(rows: &Value, (key, value): (&Value, &Value)) -> bool {
    rows.entries().unwrap_or_default().iter().any(|(k, v)| k == key && v == value)
}

/// `class AutoModelForX(...): _model_mapping = MODEL_FOR_X_MAPPING`, and
/// `MODEL_FOR_X_MAPPING = _LazyAutoMapping(CONFIG_MAPPING_NAMES, MODEL_FOR_X_MAPPING_NAMES)`.
fn auto_classes(modeling: &Outline) -> BTreeMap<String, String> {
    use ruff_python_ast::{Expr, Stmt};
    let mut mappings = BTreeMap::new();
    for statement in &modeling.statements {
        let Stmt::Assign(assign) = statement else { continue };
        if let (Some(Expr::Name(target)), Expr::Call(call)) = (assign.targets.first(), &*assign.value)
            && let Some(Expr::Name(names)) = call.arguments.args.get(1)
        {
            mappings.insert(target.id.to_string(), names.id.to_string());
        }
    }
    let mapping_of = |class: &super::outline::Class| match class.attributes.get("_model_mapping")?.value.as_ref()? {
        Expr::Name(name) => mappings.get(name.id.as_str()).cloned(),
        _ => None,
    };
    modeling.classes.iter().filter_map(|(name, class)| Some((name.clone(), mapping_of(class)?))).collect()
}
