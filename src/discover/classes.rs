//! What a model class says of itself: its input, its modalities, the parameters of `forward`, whether it generates. It
//! knows no model types and no tasks.

use std::collections::BTreeMap;

use super::eval::eval;
use super::library::{ClassId, Library};
use super::outline::Attribute;
use super::value::Value;
use crate::registry::lock::ClassFacts;

/// The model classes of a library.
pub struct Classes<'a> {
    library: &'a Library,
    /// The bases of `PreTrainedModel`, itself included.
    roots: Vec<ClassId>,
    generation: Option<ClassId>,
    /// Concrete model classes by the configuration that they name.
    by_config: BTreeMap<(String, String), Vec<ClassId>>,
}

const ROOT: (&str, &str) = ("modeling_utils.py", "PreTrainedModel");
const GENERATION: (&str, &str) = ("generation/utils.py", "GenerationMixin");

impl<'a> Classes<'a> {
    pub fn new(library: &'a Library) -> Self {
        let find = |(path, name): (&str, &str)| {
            library.classes().find(|id| library.path(*id) == path && library.name(*id) == name)
        };
        let root = find(ROOT);
        let mut classes = Self {
            library,
            roots: root.map(|root| library.ancestry(root)).unwrap_or_default(),
            generation: find(GENERATION),
            by_config: BTreeMap::new(),
        };
        classes.by_config = classes.concrete(root);
        classes
    }

    /// Model classes in a model's folder that name a configuration, sorted by name.
    pub fn of_config(&self, module: &str, config: &str) -> &[ClassId] {
        self.by_config.get(&(module.to_owned(), config.to_owned())).map_or(&[], Vec::as_slice)
    }

    /// The facts of a class.
    pub fn facts(&self, id: ClassId) -> ClassFacts {
        let forward =
            self.library.ancestry(id).into_iter().find_map(|id| self.library.class(id).methods.get("forward"));
        let forward = forward.into_iter().flatten().skip(1).filter(|name| !name.starts_with('*')).cloned().collect();
        ClassFacts {
            from: self.library.path(id).to_owned(),
            main_input: self.text(id, "main_input_name").unwrap_or_else(|| "input_ids".to_owned()),
            modalities: self.words(id, "input_modalities"),
            forward,
            generates: self.generates(id),
            sdpa: self.flag(id, "_supports_sdpa"),
        }
    }

    /// Classes that can be built, by module folder and configuration.
    fn concrete(&self, root: Option<ClassId>) -> BTreeMap<(String, String), Vec<ClassId>> {
        let mut found: BTreeMap<(String, String), Vec<ClassId>> = BTreeMap::new();
        let Some(root) = root else { return found };
        for id in self.library.classes() {
            if id == root {
                continue;
            }
            let Some(module) = super::package::folder(self.library.path(id)) else { continue };
            let ancestry = self.library.ancestry(id);
            if !ancestry.contains(&root) || !self.is_concrete(self.library.name(id), &ancestry) {
                continue;
            }
            for config in ancestry.iter().find_map(|id| self.configs(*id)).unwrap_or_default() {
                found.entry((module.to_owned(), config)).or_default().push(id);
            }
        }
        for ids in found.values_mut() {
            ids.sort_by_key(|id| self.library.name(*id));
        }
        found
    }

    /// Whether a model can be built of it and run. Bases of a module's models are known by their name
    /// (`BertPreTrainedModel`, and without a `forward` also `PretrainedFSMTModel`), helpers around another model by a
    /// `forward` that hands everything on: `def forward(self, *args, **kwargs)`.
    fn is_concrete(&self, name: &str, ancestry: &[ClassId]) -> bool {
        match ancestry.iter().find_map(|id| self.library.class(*id).methods.get("forward")) {
            _ if name.ends_with("PreTrainedModel") => false,
            None => !(name.contains("PreTrained") || name.contains("Pretrained")),
            Some(parameters) => !parameters.iter().skip(1).all(|name| name.starts_with('*')),
        }
    }

    /// `config: XConfig`, `config: XConfig | YConfig`, `config_class = XConfig`.
    fn configs(&self, id: ClassId) -> Option<Vec<String>> {
        let attributes = &self.library.class(id).attributes;
        if let Some(written) = attributes.get("config_class").filter(|attribute| attribute.value.is_some()) {
            return Some(vec![last_word(&written.source)]).filter(|names| names[0] != "None");
        }
        let annotation = attributes.get("config")?.annotation.as_ref()?;
        let names = annotation.split('|').map(last_word).filter(|name| name != "None");
        Some(names.collect())
    }

    fn attribute(&self, id: ClassId, name: &str) -> Option<&'a Attribute> {
        let with_value = |id: ClassId| self.library.class(id).attributes.get(name).filter(|a| a.value.is_some());
        self.library.ancestry(id).into_iter().find_map(with_value)
    }

    fn value(&self, id: ClassId, name: &str) -> Option<Value> {
        eval(self.attribute(id, name)?.value.as_ref()?, &|_: &str| None).ok()
    }

    fn text(&self, id: ClassId, name: &str) -> Option<String> {
        self.value(id, name)?.as_text().map(str::to_owned)
    }

    fn words(&self, id: ClassId, name: &str) -> Vec<String> {
        match self.value(id, name) {
            Some(Value::Text(word)) => vec![word],
            Some(other) => {
                other.items().unwrap_or_default().iter().filter_map(|item| item.as_text().map(str::to_owned)).collect()
            }
            None => Vec::new(),
        }
    }

    fn flag(&self, id: ClassId, name: &str) -> bool {
        self.value(id, name) == Some(Value::Bool(true))
    }

    /// `GenerationMixin` among the bases. Where `PreTrainedModel` itself has it (older versions), having it says nothing,
    /// and what counts is a base of its own that brings it, or `prepare_inputs_for_generation` below `PreTrainedModel`.
    fn generates(&self, id: ClassId) -> bool {
        let Some(generation) = self.generation else { return false };
        if !self.roots.contains(&generation) {
            return self.library.ancestry(id).contains(&generation);
        }
        let own: Vec<ClassId> = self.library.ancestry(id).into_iter().filter(|id| !self.roots.contains(id)).collect();
        own.iter().any(|id| {
            self.library.bases(*id).any(|base| base == generation)
                || self.library.class(*id).methods.contains_key("prepare_inputs_for_generation")
        })
    }
}

/// `"BertConfig"`, `configuration_bert.BertConfig`: the name of the class.
fn last_word(written: &str) -> String {
    let bare = written.trim().trim_matches(['"', '\'']).trim();
    bare.rsplit('.').next().unwrap_or(bare).to_owned()
}
