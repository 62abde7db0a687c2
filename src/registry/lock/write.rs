//! Prints a lock. By hand, since the layout is a promise: sorted, one value a line, a line for what may change by itself.

use std::fmt::{self, Write as _};

use indexmap::IndexMap;

use super::{
    ClassFacts, ConfigFacts, Json, Literal, Lock, LockHead, ModelFacts, Processors, Proven, ProvenClass, ProvenLocal,
    SubConfig, TaskFacts, WorkerFacts,
};

const INTRO: &str = "\
# What transformers says of its model types. Written by `hfgen sync`, not by hand; a section a model type, sorted.
# `{ py = \"...\" }` is a Python value that TOML has no word for, `{ unread = \"...\" }` a default that only running tells.
";

/// The text of a lock: the same facts, the same bytes.
pub fn write(lock: &Lock) -> String {
    let mut page = Page { text: String::with_capacity(2 << 20) };
    page.text.push_str(INTRO);
    page.head(&lock.head);
    for (key, facts) in &lock.models {
        page.model(key, facts);
    }
    page.text
}

struct Page {
    text: String,
}

impl Page {
    fn head(&mut self, head: &LockHead) {
        self.text.push('\n');
        let _ = writeln!(self.text, "version = {}", head.version);
        self.field("transformers", &string(&head.transformers));
        self.table("base_fields");
        for (name, value) in &head.base_fields {
            self.field(name, &literal(value));
        }
        self.table("class_names");
        for (module, names) in &head.class_names {
            self.field(module, &strings(names));
        }
    }

    fn model(&mut self, type_name: &str, facts: &ModelFacts) {
        let path = format!("model.{}", key(type_name));
        self.table(&path);
        self.field("module", &string(&facts.module));
        self.field("meaning", &string(&facts.meaning));
        self.field("sources", &strings(&facts.sources));
        if let Some(config) = &facts.config {
            self.config(&path, config);
        }
        if !facts.processors.is_empty() {
            self.processors(&path, &facts.processors);
        }
        if !facts.tasks.is_empty() {
            self.table(&format!("{path}.tasks"));
            for (mapping, task) in &facts.tasks {
                self.field(mapping, &task_row(task));
            }
        }
        for (name, class) in &facts.classes {
            self.class(&format!("{path}.classes.{}", key(name)), class);
        }
        if let Some(worker) = &facts.worker {
            self.worker(&path, worker);
        }
        if let Some(proven) = &facts.proven {
            self.proven(&format!("{path}.proven"), proven);
        }
    }

    fn config(&mut self, path: &str, config: &ConfigFacts) {
        self.table(&format!("{path}.config"));
        self.field("class", &string(&config.class));
        self.field("bases", &strings(&config.bases));
        self.field("from", &string(&config.from));
        self.list("code", &config.code);
        if !config.attribute_map.is_empty() {
            let map = config.attribute_map.iter().map(|(name, other)| format!("{} = {}", key(name), string(other)));
            self.field("attribute_map", &inline(map));
        }
        if !config.fields.is_empty() {
            self.table(&format!("{path}.config.fields"));
            for (name, value) in &config.fields {
                self.field(name, &literal(value));
            }
        }
        if !config.sub_configs.is_empty() {
            self.table(&format!("{path}.config.sub_configs"));
            for (name, sub_config) in &config.sub_configs {
                self.field(name, &sub_config_row(sub_config));
            }
        }
    }

    fn processors(&mut self, path: &str, processors: &Processors) {
        self.table(&format!("{path}.processors"));
        self.list("tokenizer", &processors.tokenizer);
        self.list("processor", &processors.processor);
        self.list("image_processor", &processors.image_processor);
        self.list("video_processor", &processors.video_processor);
        self.list("feature_extractor", &processors.feature_extractor);
        self.list("from", &processors.from);
    }

    fn class(&mut self, path: &str, class: &ClassFacts) {
        self.table(path);
        self.field("from", &string(&class.from));
        self.field("main_input", &string(&class.main_input));
        self.list("modalities", &class.modalities);
        self.list("forward", &class.forward);
        self.flag("generates", class.generates);
        self.flag("sdpa", class.sdpa);
    }

    fn worker(&mut self, path: &str, worker: &WorkerFacts) {
        self.table(&format!("{path}.worker"));
        self.field("from", &string(&worker.from));
        self.field("class", &string(&worker.class));
        self.table(&format!("{path}.worker.methods"));
        for (name, parameters) in &worker.methods {
            self.field(name, &strings(parameters));
        }
    }

    fn proven(&mut self, path: &str, proven: &Proven) {
        self.table(path);
        self.field("key", &string(&proven.key));
        self.field("torch", &string(&proven.torch));
        self.field("transformers", &string(&proven.transformers));
        self.values("tiny", &proven.tiny);
        self.values("inputs", &proven.inputs);
        for (name, class) in &proven.classes {
            self.proven_class(&format!("{path}.classes.{}", key(name)), class);
        }
        if let Some(local) = &proven.local {
            self.proven_local(&format!("{path}.local"), local);
        }
    }

    fn proven_class(&mut self, path: &str, class: &ProvenClass) {
        self.table(path);
        self.text("config", class.config.as_deref());
        if let Some(tiny) = &class.tiny {
            self.field("tiny", &values(tiny));
        }
        self.text("call", class.call.as_deref());
        if let Some(inputs) = &class.inputs {
            self.field("inputs", &values(inputs));
        }
        self.number("sequence", class.sequence);
        self.values("labels", &class.labels);
        self.inline("outputs", class.outputs.iter().map(|(name, shape)| (name, string(shape))));
        self.number("parameters", class.parameters);
        self.number("seconds", class.seconds.map(|seconds| format!("{seconds:?}")));
        self.number("megabytes", class.megabytes);
        self.list("inert", &class.inert);
        self.flag("random", class.random);
        self.inline("unreached", class.unreached.iter().map(|(pattern, cause)| (pattern, string(cause))));
        self.inline("layers", class.layers.iter().map(|(name, count)| (name, count.to_string())));
        self.text("error", class.error.as_deref());
    }

    fn inline<'a>(&mut self, name: &str, fields: impl Iterator<Item = (&'a String, String)>) {
        let fields: Vec<String> = fields.map(|(name, value)| format!("{} = {value}", key(name))).collect();
        if !fields.is_empty() {
            self.field(name, &inline(fields.into_iter()));
        }
    }

    fn proven_local(&mut self, path: &str, local: &ProvenLocal) {
        self.table(path);
        self.text("tokenizer", local.tokenizer.as_deref());
        self.text("processor", local.processor.as_deref());
        self.text("image_processor", local.image_processor.as_deref());
        self.text("video_processor", local.video_processor.as_deref());
        self.text("feature_extractor", local.feature_extractor.as_deref());
        self.values("settings", &local.settings);
        self.text("error", local.error.as_deref());
    }

    fn text(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.field(name, &string(value));
        }
    }

    fn number(&mut self, name: &str, value: Option<impl fmt::Display>) {
        if let Some(value) = value {
            self.field(name, &value.to_string());
        }
    }

    fn values(&mut self, name: &str, fields: &IndexMap<String, Json>) {
        if !fields.is_empty() {
            self.field(name, &values(fields));
        }
    }

    fn table(&mut self, path: &str) {
        let _ = writeln!(self.text, "\n[{path}]");
    }

    fn field(&mut self, name: &str, value: &str) {
        let _ = writeln!(self.text, "{} = {value}", key(name));
    }

    fn list(&mut self, name: &str, items: &[String]) {
        if !items.is_empty() {
            self.field(name, &strings(items));
        }
    }

    fn flag(&mut self, name: &str, value: bool) {
        if value {
            self.field(name, "true");
        }
    }
}

fn task_row(task: &TaskFacts) -> String {
    let classes = Some(format!("classes = {}", strings(&task.classes)));
    let pipeline = task.pipeline.as_ref().map(|name| format!("pipeline = {}", string(name)));
    inline([classes, pipeline, Some(format!("from = {}", string(&task.from)))].into_iter().flatten())
}

fn sub_config_row(sub_config: &SubConfig) -> String {
    let class = Some(format!("class = {}", string(&sub_config.class)));
    let model_type = sub_config.model_type.as_ref().map(|name| format!("model_type = {}", string(name)));
    let optional = sub_config.optional.then(|| "optional = true".to_owned());
    let init = (!sub_config.init.is_empty()).then(|| format!("init = {}", literals(&sub_config.init)));
    inline([class, model_type, optional, init].into_iter().flatten())
}

fn literals(fields: &IndexMap<String, Literal>) -> String {
    inline(fields.iter().map(|(name, value)| format!("{} = {}", key(name), literal(value))))
}

fn values(fields: &IndexMap<String, Json>) -> String {
    if fields.is_empty() {
        return "{}".to_owned();
    }
    inline(fields.iter().map(|(name, value)| format!("{} = {value}", key(name))))
}

fn literal(value: &Literal) -> String {
    value.to_string()
}

/// As it stands in the lock.
impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Float(value) if value.is_nan() => f.write_str("nan"),
            // The shortest digits that read back as the same number, always with a point or an exponent.
            Self::Float(value) => write!(f, "{value:?}"),
            Self::Text(value) => f.write_str(&string(value)),
            Self::List(items) => f.write_str(&list(items.iter().map(literal))),
            Self::Python { py } => write!(f, "{{ py = {} }}", string(py)),
            Self::Unread { unread } => write!(f, "{{ unread = {} }}", string(unread)),
        }
    }
}

fn strings(items: &[String]) -> String {
    list(items.iter().map(|item| string(item)))
}

pub(super) fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}

pub(super) fn inline(items: impl Iterator<Item = String>) -> String {
    format!("{{ {} }}", items.collect::<Vec<_>>().join(", "))
}

/// A key, quoted where TOML wants it.
pub(super) fn key(name: &str) -> String {
    let bare = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if bare { name.to_owned() } else { string(name) }
}

/// A string on one line.
pub(super) fn string(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
