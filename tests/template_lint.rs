//! Lint, descriptions and the line map, over a realistic set of templates and over small ones.

mod template_support;

use hfgen::finding::Finding;
use hfgen::template::{RenderInput, TemplateGraph, Use, lint, parse, render_with_map};
use serde_json::{Value, json};
use template_support::{ROOTS, graph, model};

/// The first file is used, with two small values. Findings as `code path:line:column message -- help`, by their starts.
#[track_caller]
fn check(files: &[(&str, &str)], expected: &[&str]) {
    let data = [
        json!({"m": {"type": "a", "x": null, "on": true, "list": [{"k": 1}]}, "e": [], "set": {}}),
        json!({"m": {"type": "b", "x": {"y": "s"}, "on": true, "list": []}, "e": [], "set": {}}),
    ];
    let templates: Vec<_> =
        files.iter().map(|(name, source)| parse(name, name, source).unwrap_or_else(|f| panic!("{f:#?}"))).collect();
    let uses = [Use { template: files[0].0, data: data.iter().collect() }];
    let found: Vec<String> = lint(&TemplateGraph::new(&templates), &uses).iter().map(shown).collect();
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found}\n{expected}");
    }
}

fn shown(finding: &Finding) -> String {
    let at = finding.place.as_ref().map_or_else(String::new, |at| format!("{}:{}:{}", at.path, at.line, at.column));
    format!("{} {at} {} -- {}", finding.code, finding.message, finding.help.as_deref().unwrap_or(""))
}

#[test]
fn fields() {
    check(&[("r", "{{#if m.x}}{{m.x.z}}{{/if}}")], &["HF261 r:1:18 no data has a field `m.x.z` -- did you mean `y`?"]);
    check(
        &[("r", "{{#each e}}{{k}}{{/each}}{{#each m.list}}{{k}}{{/each}}{{#if m.x}}{{m.x.y}}{{/if}}")],
        &["HF262 r:1:1 no data takes this branch: `e` is never true"],
    );
    check(
        &[("r", "{{default m.tpye 'd'}}{{default set.a 1}}")],
        &["HF261 r:1:13 no data has a field `m.tpye` -- did you mean `type`?"],
    );
    check(
        &[("r", "{{#if m.x}}{{> p v=m.list}}{{/if}}"), ("p", "{{#each v}}{{kk}}{{/each}}")],
        &["HF262 p:1:1", "HF261 p:1:14 no data has a field `kk` -- did you mean `k`?"],
    );
    check(
        &[("r", "{{#if (eq m.type 'a')}}{{m.x}}{{/if}}{{m.on}}")],
        &[
            "HF242 r:1:26 `m.x` is not always a text: it is an object in 1 of 2 -- print it as a Python literal: `{{py m.x}}`",
            "HF242 r:1:40 `m.on` is not always a text: it is a boolean in 2 of 2",
        ],
    );
}

#[test]
fn branches() {
    check(
        &[("r", "{{#if m.on}}a{{else}}b{{/if}}")],
        &["HF262 r:1:1 no data takes the `{{else}}` of this: `m.on` is never false"],
    );
    check(&[("r", "{{#unless m.on}}a{{/unless}}")], &["HF262 r:1:1 no data takes this branch: `m.on` is never false"]);
    check(&[("r", "{{#if m.on}}a{{/if}}")], &["HF262 r:1:1 this condition decides nothing: `m.on` is always true"]);
    check(
        &[("r", "{{#if m.x}}a{{else if (eq m.type 'c')}}b{{/if}}{{#each m.list}}{{k}}{{else}}c{{/each}}")],
        &["HF262 r:1:13 no data takes this branch: `(eq m.type 'c')` is never true"],
    );
}

#[test]
fn braces() {
    check(
        &[("r", "x = f\"{{x}} {{py m.type}}\"\ny = '{{m.type}}'\n")],
        &["HF263 r:1:7 in an f-string `{{x}}` prints the data's `x`", "HF261 r:1:9"],
    );
    check(&[("r", "{{{m.type}}}")], &["HF263 r:1:1 three braces print `m.type` and are gone from the output"]);
    check(&[("r", "d = {'a': {{py m.type}}}\nf'\\{{x}}'")], &[]);
}

#[test]
fn between_templates() {
    check(
        &[("r", "{{> p}}"), ("p", ""), ("q", "{{> s}}"), ("s", "")],
        &[
            "HF260 q:1:1 template `q` is used by no rule -- name it",
            "HF260 s:1:1 template `s` is used by no rule -- `q` calls it",
        ],
    );
    check(&[("r", "{{#> p}}{{/p}}{{> p}}"), ("p", "")], &["HF264 r:1:6 this block has the name of template `p`"]);
    check(
        &[("r", "{{#*inline 'titel'}}{{/inline}}{{> p}}"), ("p", "{{#> title}}{{/title}}")],
        &["HF224 r:1:12 nothing shows block `titel` -- did you mean `title`?"],
    );
    check(&[("r", "{{> x}}{{m.nope}}")], &["HF220 r:1:5 there is no template `x`"]);
}

#[test]
fn fixtures_are_clean() {
    let data: Vec<Value> = ["bert", "vit", "mixtral"].iter().map(|kind| model(kind)).collect();
    let uses = [
        Use { template: "base", data: data.iter().collect() },
        Use { template: "family/encoder", data: data.iter().collect() },
        Use { template: "family/vision", data: vec![&data[1]] },
    ];
    assert_eq!(lint(&graph(), &uses), []);
}

/// The literal parts of a template line: what stands between its tags.
fn literals(line: &str) -> Vec<String> {
    let mut rest = line;
    let mut parts = Vec::new();
    while let Some(start) = rest.find("{{") {
        parts.push(rest[..start].trim().to_owned());
        rest = rest[start..].find("}}").map_or("", |end| &rest[start + end + 2..]);
    }
    parts.push(rest.trim().to_owned());
    parts.retain(|part| !part.is_empty());
    parts
}

/// Every line of every fixture holds, in order, the literal parts of the template line that it is said to come from;
/// only for template lines without a choice in them.
#[test]
fn line_map() {
    let graph = graph();
    let (mut lines, mut told) = (0, 0);
    for root in ROOTS {
        let data = model("vit");
        let partials = graph.closure_templates(root);
        let input = RenderInput { root: graph.get(root).expect("a root"), partials: &partials, data: &data };
        let rendered = render_with_map(&input).expect("it renders");
        for (number, line) in (1..).zip(rendered.text.lines()) {
            let origin = rendered.map.line(number).expect("an origin");
            let source = graph.get(origin.template).expect("a template").source();
            let from = source.lines().nth(origin.line as usize - 1).expect("a line");
            lines += 1;
            if line.is_empty() {
                continue;
            }
            if from.contains("{{#") {
                continue;
            }
            let mut rest = line;
            let parts = literals(from);
            told += usize::from(!parts.is_empty());
            assert!(
                !parts.is_empty() || from.contains("{{"),
                "{root}:{number} `{line}` is said to come from an empty line"
            );
            for part in parts {
                let at = rest.find(&part).unwrap_or_else(|| {
                    panic!("{root}:{number} `{line}` is not from {}:{} `{from}`", origin.template, origin.line)
                });
                rest = &rest[at + part.len()..];
            }
        }
        assert_eq!(rendered.map.line(0), None);
        assert_eq!(rendered.map.line(u32::try_from(rendered.map.len()).expect("small") + 1), None);
    }
    assert!(lines > 150 && told > 80, "{lines} lines, {told} of them with literal parts");
}

#[test]
fn origins() {
    let graph = graph();
    let data = model("vit");
    let partials = graph.closure_templates("family/vision");
    let input = RenderInput { root: graph.get("family/vision").expect("a root"), partials: &partials, data: &data };
    let rendered = render_with_map(&input).expect("it renders");
    let at = |wanted: &str| {
        let number = rendered.text.lines().position(|line| line.contains(wanted)).expect("a line") + 1;
        let origin = rendered.map.line(u32::try_from(number).expect("small")).expect("an origin");
        let steps = origin.stack.iter().map(|step| match step.item {
            Some(item) => format!(" < {item}"),
            None => format!(" < {}:{}", step.template, step.line),
        });
        format!("{}:{}{} | {}", origin.template, origin.line, steps.collect::<String>(), origin.data.join(", "))
    };
    assert_eq!(
        at("def init_cuda"),
        "hardware/init:1 < base:25 < hardwares[1] < family/encoder:1 < family/vision:1 | hardwares[1].backend, hardwares[1].device"
    );
    assert_eq!(at("from PIL"), "family/vision:4 < base:6 < family/encoder:1 < family/vision:1 | ");
    assert_eq!(at("import torch"), "base:7 < family/vision:3 < base:6 < family/encoder:1 < family/vision:1 | ");
    assert_eq!(at("size = 30"), "family/vision:10 < base:28 < family/encoder:1 < family/vision:1 | model.note");
    assert_eq!(
        at("image_size=30"),
        "check/setup:4 < model.tiny.image_size < check/determinism:3 < base:37 < rule.checks[0] < family/encoder:1 < family/vision:1 | model.tiny.image_size"
    );
    assert!(rendered.map.size() < 16 << 10, "{}", rendered.map.size());
}
