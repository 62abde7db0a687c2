//! The files of the standard test project: six model types, three families, eight templates, five rules.

use hfgen::registry::lock::{
    ClassFacts, ConfigFacts, Literal, Lock, LockHead, ModelFacts, Processors, TaskFacts, write,
};

/// Paths and texts of every input.
pub fn files() -> Vec<(&'static str, String)> {
    let mut files: Vec<(&'static str, String)> = vec![
        ("registry.toml", REGISTRY.to_owned()),
        ("registry.lock", write(&lock())),
        ("rules/10-families.toml", FAMILIES.to_owned()),
        ("rules/20-targets.toml", TARGETS.to_owned()),
    ];
    files.extend(TEMPLATES.iter().map(|(path, text)| (*path, (*text).to_owned())));
    files
}

pub const REGISTRY: &str = r#"[project]
name = "suite"
output = "generated"
python = "3.10"

[hardware.cpu]
title = "CPU"
backend = "cpu"
device = "cpu"
runtime = "torch"
dtypes = ["float32"]
tolerance = { float32 = 1e-5 }
set = { runner = "ubuntu", unread = 1 }

[hardware.cuda]
title = "CUDA"
backend = "cuda"
device = "cuda"
runtime = "torch"
dtypes = ["float32", "float16"]
tolerance = { float32 = 1e-4, float16 = 1e-2 }
set = { runner = "self-hosted", unread = 2 }

[model.alpha]
tags = ["slow"]
set = { words = ["one", "two"], unread = true }
tiny = { hidden_size = 48 }
"#;

pub const FAMILIES: &str = r#"[family.text]
title = "text model"
when = { main_input = ["input_ids"] }
prefer = ["CAUSAL_LM", "BASE"]
set = { word = "tokens", unread = 1 }

[family.vision]
title = "vision model"
when = { main_input = ["pixel_values"] }
set = { word = "pixels", unread = 2 }

[family.speech]
title = "speech model"
when = { main_input = ["input_features"] }
set = { word = "features", unread = 3 }

[tag.deep]
when = { field = ["num_layers"] }

[[tiny]]
fields = ["hidden_size"]
value = 32

[[tiny]]
fields = ["image_size"]
value = 16

[check.shape]
title = "shapes hold"
fault = "a row lost"

[check.gradients]
title = "gradients flow"
fault = "a detached tensor"
select = { family = ["text"] }
"#;

pub const TARGETS: &str = r#"[target.text]
for_each = "model"
select = { family = ["text"] }
template = "family/text.py.hbs"
output = "test_hf_{ident}.py"

[target.vision]
for_each = "model"
select = { family = ["vision", "speech"] }
template = "family/vision.py.hbs"
output = "vision/test_hf_{ident}.py"

[target.device]
for_each = "model-hardware"
select = { family = ["text"], tag = ["deep"] }
template = "hardware/device.py.hbs"
output = "hardware/{hardware}/test_{ident}.py"

[target.summary]
for_each = "family"
template = "family/summary.py.hbs"
output = "summary_{family}.py"

[target.index]
for_each = "once"
template = "index.py.hbs"
output = "index.py"
"#;

pub const TEMPLATES: &[(&str, &str)] = &[
    (
        "templates/base.py.hbs",
        r#"{{! comment }}
"""Tests of {{doc model.type}}, a {{doc family.title}}."""

TINY = {{py model.tiny}}
TAGS = {{py model.tags}}


class hf_{{model.ident}}:
    """Under test."""

{{#> body}}
def test_default():
    assert TINY is not None
{{/body}}
"#,
    ),
    (
        "templates/family/text.py.hbs",
        r#"{{#> base}}
{{#*inline "body"}}
HIDDEN = {{py model.config.fields.hidden_size}}
WORDS = {{py (default model.set.words "none")}}
{{> check/shape}}

{{#if (has rule.checks "nothing")}}
NOTHING = True
{{/if}}
{{/inline}}
{{/base}}
"#,
    ),
    (
        "templates/family/vision.py.hbs",
        r#"{{#> base}}
{{#*inline "body"}}
CLASSES = [{{#each model.classes}}{{py name}}, {{/each}}]
{{> check/shape}}
{{/inline}}
{{/base}}
"#,
    ),
    (
        "templates/check/shape.py.hbs",
        r#"def test_shape():
    word = {{py @root.family.set.word}}
    assert word in ["tokens", "pixels", "features"], {{py @root.model.type}}
"#,
    ),
    (
        "templates/hardware/device.py.hbs",
        r#"DEVICE = {{py hardware.device}}
TOLERANCE = {{py hardware.tolerance}}


def test_{{model.ident}}_on_{{ident hardware.name}}():
    assert DEVICE, {{py hardware.set.runner}}
"#,
    ),
    (
        "templates/family/summary.py.hbs",
        r#"FAMILY = {{py family.name}}
MODELS = [{{#each models}}{{py type}}, {{/each}}]


def test_models():
    assert isinstance(MODELS, list)
"#,
    ),
    (
        "templates/index.py.hbs",
        r#"TRANSFORMERS = {{py project.transformers}}
MODELS = [{{#each models}}{{py type}}, {{/each}}]
HARDWARE = [{{#each hardwares}}{{py name}}, {{/each}}]


def test_index():
    assert MODELS and HARDWARE
"#,
    ),
    (
        "templates/spare.py.hbs",
        r#"SPARE = {{py model.type}}


def test_spare():
    assert SPARE
"#,
    ),
];

/// Facts of the standard models.
pub fn lock() -> Lock {
    let models = [
        text_model("alpha", 768),
        text_model("beta-2", 512),
        deep(text_model("gamma", 256)),
        deep(text_model("delta.5", 128)),
        model("iris", "Iris", "pixel_values", &[("image_size", Literal::Int(224))]),
        model("echo", "Echo", "input_features", &[("num_mel_bins", Literal::Int(80))]),
    ];
    let head = LockHead { version: 1, transformers: "5.23.0".to_owned(), ..LockHead::default() };
    Lock { head, models: models.into_iter().collect() }
}

pub fn text_model(key: &str, hidden: i64) -> (String, ModelFacts) {
    let camel: String = key.split(['-', '.']).map(|part| part[..1].to_uppercase() + &part[1..]).collect();
    model(key, &camel, "input_ids", &[("hidden_size", Literal::Int(hidden)), ("vocab_size", Literal::Int(1000))])
}

fn deep((key, mut facts): (String, ModelFacts)) -> (String, ModelFacts) {
    if let Some(config) = &mut facts.config {
        config.fields.insert("num_layers".to_owned(), Literal::Int(12));
    }
    (key, facts)
}

fn model(key: &str, camel: &str, main_input: &str, fields: &[(&str, Literal)]) -> (String, ModelFacts) {
    let module = key.replace(['-', '.'], "_");
    let from = format!("models/{module}/modeling_{module}.py");
    let class = |name: &str| {
        let facts = ClassFacts {
            from: from.clone(),
            main_input: main_input.to_owned(),
            modalities: vec!["text".to_owned()],
            forward: vec![main_input.to_owned(), "attention_mask".to_owned()],
            ..ClassFacts::default()
        };
        (format!("{camel}{name}"), facts)
    };
    let task = |mapping: &str, name: &str, pipeline: Option<&str>| {
        let facts = TaskFacts {
            classes: vec![format!("{camel}{name}")],
            pipeline: pipeline.map(str::to_owned),
            from: "models/auto/modeling_auto.py".to_owned(),
        };
        (mapping.to_owned(), facts)
    };
    let mut tasks = vec![task("MODEL_MAPPING_NAMES", "Model", None)];
    let mut classes = vec![class("Model")];
    if main_input == "input_ids" {
        tasks.insert(0, task("MODEL_FOR_CAUSAL_LM_MAPPING_NAMES", "ForCausalLM", Some("text-generation")));
        classes.insert(0, class("ForCausalLM"));
    }
    let facts = ModelFacts {
        module: module.clone(),
        meaning: "0123456789abcdef".to_owned(),
        sources: vec![from.clone()],
        config: Some(ConfigFacts {
            class: format!("{camel}Config"),
            bases: vec!["PreTrainedConfig".to_owned()],
            from: format!("models/{module}/configuration_{module}.py"),
            fields: fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
            ..ConfigFacts::default()
        }),
        processors: Processors::default(),
        tasks: tasks.into_iter().collect(),
        classes: classes.into_iter().collect(),
        worker: None,
        proven: None,
    };
    (key.to_owned(), facts)
}
