//! What templates see of a model: facts, overrides and decisions of the rules, as one JSON value. No deciding here.

use serde_json::{Map, Value, json};

use super::config::{Custom, ExpectedFailure, Override, Skip};
use super::ident::ident;
use super::lock::{ClassFacts, ConfigFacts, Literal, ModelFacts, Processors, Proven, TaskFacts, mapping_word};

/// The facts that a custom model type stands for.
pub fn custom_facts(custom: &Custom) -> ModelFacts {
    let tasks = custom.tasks.iter().map(|(mapping, class)| {
        let facts = TaskFacts { classes: vec![class.clone()], pipeline: None, from: custom.module.clone() };
        (format!("MODEL_FOR_{mapping}_MAPPING_NAMES"), facts)
    });
    let classes = custom.tasks.values().map(|class| {
        let facts = ClassFacts {
            from: custom.module.clone(),
            main_input: custom.main_input.clone().unwrap_or_else(|| "input_ids".to_owned()),
            modalities: custom.modalities.clone(),
            forward: custom.forward.clone(),
            ..ClassFacts::default()
        };
        (class.clone(), facts)
    });
    ModelFacts {
        module: custom.module.clone(),
        config: custom.config.as_ref().map(|class| ConfigFacts {
            class: class.clone(),
            from: custom.module.clone(),
            fields: custom.fields.iter().map(|(name, value)| (name.clone(), literal(value))).collect(),
            ..ConfigFacts::default()
        }),
        tasks: tasks.collect(),
        classes: classes.collect(),
        processors: Processors::default(),
        ..ModelFacts::default()
    }
}

/// What the rules decided about a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Decisions<'a> {
    pub family: &'a str,
    pub tags: &'a [String],
    /// The tiny configuration of the rules, before the model's own.
    pub tiny: &'a Map<String, Value>,
    /// Mappings in the order in which the family prefers them.
    pub prefer: &'a [String],
}

/// Whether what stands at a path below `model` can be seen: `config.fields`.
pub type Seen<'a> = &'a dyn Fn(&str) -> bool;

/// The value that templates see as `model`; null where `seen` says that nobody looks.
pub fn model(
    key: &str,
    facts: &ModelFacts,
    custom: bool,
    own: &Override,
    decisions: &Decisions<'_>,
    seen: Seen<'_>,
) -> Value {
    let mut data = Map::new();
    let mut put = |name: &str, value: &dyn Fn() -> Value| {
        data.insert(name.to_owned(), if seen(name) { value() } else { Value::Null });
    };
    let class = |name: &str| facts.classes.get(name).map_or(Value::Null, |class| class_value(name, class, facts));
    let processors = &facts.processors;
    put("type", &|| json!(key));
    put("ident", &|| json!(ident(key)));
    put("module", &|| json!(facts.module));
    put("family", &|| json!(decisions.family));
    put("tags", &|| json!(decisions.tags));
    put("custom", &|| json!(custom));
    put("set", &|| json!(own.set));
    put("reason", &|| json!(own.reason));
    put("skips", &|| own.skip.iter().map(skip_value).collect());
    put("xfails", &|| own.xfail.iter().map(xfail_value).collect());
    put("config", &|| facts.config.as_ref().map_or(Value::Null, |config| config_value(config, seen)));
    put("tiny", &|| Value::Object(tiny(own, decisions)));
    put("tasks", &|| {
        let tasks = facts.tasks.iter();
        tasks
            .map(|(mapping, task)| {
                json!({"mapping": mapping_word(mapping), "pipeline": task.pipeline, "classes": task.classes})
            })
            .collect()
    });
    put("classes", &|| facts.classes.keys().map(|name| class(name)).collect());
    put("primary", &|| primary(facts, decisions.prefer).map_or(Value::Null, class));
    put("tokenizer", &|| json!(processors.tokenizer));
    put("processor", &|| json!(processors.processor));
    put("image_processor", &|| json!(processors.image_processor));
    put("video_processor", &|| json!(processors.video_processor));
    put("feature_extractor", &|| json!(processors.feature_extractor));
    put("sources", &|| json!(facts.sources));
    put("worker", &|| json!(facts.worker));
    put("proven", &|| facts.proven.as_ref().map_or(Value::Null, |proven| proven_value(proven, facts)));
    Value::Object(data)
}

/// The tiny configuration: the rules', with the model's own over it.
fn tiny(own: &Override, decisions: &Decisions<'_>) -> Map<String, Value> {
    let mut tiny = decisions.tiny.clone();
    tiny.retain(|field, _| !own.tiny_drop.contains(field));
    tiny.extend(own.tiny.iter().map(|(field, value)| (field.clone(), value.clone())));
    tiny
}

fn skip_value(skip: &Skip) -> Value {
    json!({
        "check": skip.check, "class": skip.class, "hardware": skip.hardware, "reason": skip.reason,
        "expires": skip.expires,
    })
}

fn xfail_value(xfail: &ExpectedFailure) -> Value {
    json!({
        "check": xfail.check, "class": xfail.class, "hardware": xfail.hardware, "reason": xfail.reason,
        "reproduction": xfail.reproduction,
    })
}

/// What the probe found; to each class what the facts say of it.
fn proven_value(proven: &Proven, facts: &ModelFacts) -> Value {
    let classes = proven.classes.iter().map(|(name, class)| {
        let mut value = match facts.classes.get(name) {
            Some(known) => class_value(name, known, facts),
            None => json!({"name": name, "mappings": [], "pipelines": [], "modalities": [], "generates": false}),
        };
        if let (Value::Object(fields), Value::Object(found)) = (&mut value, json!(class)) {
            fields.extend(found);
        }
        value
    });
    json!({
        "key": proven.key, "torch": proven.torch, "transformers": proven.transformers, "tiny": proven.tiny,
        "inputs": proven.inputs, "classes": classes.collect::<Vec<_>>(), "local": proven.local,
    })
}

/// The class that a family's tests use: the first preferred mapping that the model has, else its first class.
fn primary<'a>(facts: &'a ModelFacts, prefer: &[String]) -> Option<&'a str> {
    prefer
        .iter()
        .find_map(|wanted| facts.tasks.iter().find(|(mapping, _)| mapping_word(mapping) == *wanted))
        .and_then(|(_, task)| task.classes.iter().find(|class| facts.classes.contains_key(*class)))
        .or_else(|| facts.classes.keys().next())
        .map(String::as_str)
}

fn class_value(name: &str, class: &ClassFacts, facts: &ModelFacts) -> Value {
    let tasks = || facts.tasks.iter().filter(|(_, task)| task.classes.iter().any(|known| known == name));
    let mappings: Vec<&str> = tasks().map(|(mapping, _)| mapping_word(mapping)).collect();
    let mut pipelines: Vec<&str> = tasks().filter_map(|(_, task)| task.pipeline.as_deref()).collect();
    pipelines.sort_unstable();
    pipelines.dedup();
    json!({
        "name": name, "from": class.from, "main_input": class.main_input, "modalities": class.modalities,
        "forward": class.forward, "generates": class.generates, "sdpa": class.sdpa, "mappings": mappings,
        "pipelines": pipelines,
    })
}

fn config_value(config: &ConfigFacts, seen: Seen<'_>) -> Value {
    let fields = || -> Map<String, Value> {
        config.fields.iter().map(|(name, value)| (name.clone(), literal_value(value))).collect()
    };
    json!({
        "class": config.class, "from": config.from, "bases": config.bases, "code": config.code,
        "fields": if seen("config.fields") { Value::Object(fields()) } else { Value::Null },
        "sub_configs": config.sub_configs.iter().map(|(name, sub)| (name.clone(), json!({
            "class": sub.class, "model_type": sub.model_type, "optional": sub.optional,
        }))).collect::<Map<_, _>>(),
        "attribute_map": config.attribute_map,
    })
}

/// A literal of the lock as JSON; what JSON has no word for keeps its Python source under `$py`.
pub fn literal_value(literal: &Literal) -> Value {
    match literal {
        Literal::Bool(value) => json!(value),
        Literal::Int(value) => json!(value),
        Literal::Float(value) if value.is_finite() => json!(value),
        Literal::Float(value) if value.is_nan() => json!({"$py": "float(\"nan\")"}),
        Literal::Float(value) => json!({"$py": if *value > 0.0 { "float(\"inf\")" } else { "float(\"-inf\")" }}),
        Literal::Text(value) => json!(value),
        Literal::List(values) => values.iter().map(literal_value).collect(),
        Literal::Python { py } if py == "None" => Value::Null,
        Literal::Python { py } => json!({"$py": py}),
        Literal::Unread { unread } => json!({"$unread": unread}),
    }
}

fn literal(value: &Value) -> Literal {
    match value {
        Value::Bool(value) => Literal::Bool(*value),
        Value::Number(number) => {
            number.as_i64().map_or_else(|| Literal::Float(number.as_f64().unwrap_or(f64::NAN)), Literal::Int)
        }
        Value::String(text) => Literal::Text(text.clone()),
        Value::Array(items) => Literal::List(items.iter().map(literal).collect()),
        Value::Null => Literal::Python { py: "None".to_owned() },
        Value::Object(_) => Literal::Unread { unread: value.to_string() },
    }
}
