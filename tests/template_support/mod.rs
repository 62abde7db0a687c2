//! The realistic set of templates and models that several test files share.

use hfgen::template::{Template, TemplateGraph, parse};
use serde_json::{Value, json};

const FILES: [(&str, &str); 7] = [
    ("base", include_str!("../fixtures/templates/base.py.hbs")),
    ("family/encoder", include_str!("../fixtures/templates/family/encoder.py.hbs")),
    ("family/vision", include_str!("../fixtures/templates/family/vision.py.hbs")),
    ("check/determinism", include_str!("../fixtures/templates/check/determinism.py.hbs")),
    ("check/round_trip", include_str!("../fixtures/templates/check/round_trip.py.hbs")),
    ("check/setup", include_str!("../fixtures/templates/check/setup.py.hbs")),
    ("hardware/init", include_str!("../fixtures/templates/hardware/init.py.hbs")),
];

/// Templates that rules use.
#[allow(dead_code, reason = "not every test file that shares this asks for them")]
pub const ROOTS: [&str; 3] = ["base", "family/encoder", "family/vision"];

pub fn templates() -> Vec<Template> {
    FILES
        .iter()
        .map(|(name, source)| {
            parse(name, &format!("templates/{name}.py.hbs"), source).unwrap_or_else(|f| panic!("{f:#?}"))
        })
        .collect()
}

pub fn graph() -> TemplateGraph {
    TemplateGraph::new(&templates())
}

fn hardware(name: &str, device: &str, set: &Value) -> Value {
    json!({"name": name, "title": format!("the {name} backend"), "backend": name, "device": device, "runtime": "torch",
           "dtypes": ["float32"], "tolerance": {"float32": 1e-5, "bfloat16": 0.01}, "set": set})
}

/// What `bert` and its like give to a template.
pub fn model(kind: &str) -> Value {
    let vision = kind == "vit";
    let moe = kind == "mixtral";
    let mut fields =
        json!({"hidden_size": 768, "num_hidden_layers": 12, "layer_norm_eps": 1e-12, "lost": {"$unread": "a call"}});
    if moe {
        fields["num_experts"] = json!(8);
    }
    let class = if vision { "ViTModel" } else { "BertModel" };
    json!({
        "project": {"name": "suite", "output": "generated", "python": "3.10", "skillset": null, "transformers": "5.23.0"},
        "engine": {"version": "0.1.0"},
        "rule": {"name": "r", "template": "t", "output": "o", "variant": null, "set": {}, "checks": [
            {"name": "determinism", "title": "two passes agree", "fault": "noise in eval mode", "tier": "fast"},
            {"name": "round_trip", "title": "save and load", "fault": "a lost tensor", "tier": "fast"},
            {"name": "other", "title": "another\ncheck", "fault": "none", "tier": "slow"}]},
        "hardwares": [hardware("cpu", "cpu", &json!({})), hardware("cuda", "cuda", &json!({"compile": true, "streams": [1, 2]}))],
        "family": {"name": "encoder", "title": "encoder-only model", "set": {"inputs": {"kind": kind, "n": 2}, "unused": 1}},
        "model": {
            "type": kind, "ident": kind, "module": kind, "family": "encoder", "tags": ["slow"], "custom": false, "set": {},
            "skips": if moe { json!([{"check": "gradients", "hardware": null, "reason": "too \"big\"", "expires": null}]) } else { json!([]) },
            "config": {"class": "TheConfig", "from": "transformers", "code": [], "fields": fields, "sub_configs": {}, "attribute_map": {}},
            "tiny": if vision { json!({"hidden_size": 32, "image_size": 30}) } else { json!({"hidden_size": 32, "vocab": {"$py": "(1, 2)"}}) },
            "tasks": [{"mapping": "BASE", "pipeline": "feature-extraction", "classes": [class]},
                      {"mapping": "MASKED_LM", "pipeline": null, "classes": ["BertForMaskedLM"]}],
            "classes": [], "primary": if moe { Value::Null } else { json!({"name": class, "main_input": "input_ids"}) },
            "note": "# made small\nsize = 30",
            "tokenizer": ["BertTokenizer"], "worker": null,
        },
    })
}
