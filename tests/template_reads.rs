//! Reads, closures and layers: what an output depends on. Rendering itself is tested in `template.rs`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a skipped test says why")]

mod template_support;

use hfgen::finding::Finding;
use hfgen::template::{Layer, LayerFile, Layers, Reads, RenderInput, Template, TemplateGraph, parse, reads, render};
use proptest::prelude::*;
use serde_json::{Value, json};
use template_support::{ROOTS, graph, model};

fn set(files: &[(&str, &str)]) -> Vec<Template> {
    files
        .iter()
        .map(|(name, source)| parse(name, &format!("templates/{name}.hbs"), source).expect("it parses"))
        .collect()
}

fn reads_of(files: &[(&str, &str)]) -> Reads {
    let templates = set(files);
    reads(&templates[0], &templates[1..].iter().collect::<Vec<_>>())
}

#[track_caller]
fn check_reads(files: &[(&str, &str)], expected: &[&str]) {
    assert_eq!(reads_of(files).paths(), expected);
}

#[test]
fn paths() {
    check_reads(&[("r", "{{model.type}} {{py model.tiny}}")], &["model.tiny", "model.type"]);
    check_reads(
        &[("r", "{{#if model.config}}{{model.config.class}}{{/if}}")],
        &["model.config.class", "model.config?"],
    );
    check_reads(
        &[("r", "{{#each model.tasks}}{{mapping}}{{@root.x}}{{../y}}{{/each}}")],
        &["model.tasks[].mapping", "model.tasks{}", "x", "y"],
    );
    check_reads(
        &[("r", "{{#each m.tasks as |t k|}}{{t.a}}{{k}}{{#with t.w as |w|}}{{w.q}}{{r}}{{/with}}{{/each}}")],
        &["m.tasks[].a", "m.tasks[].w.q", "m.tasks[].w.r", "m.tasks[].w?", "m.tasks{}"],
    );
    check_reads(
        &[("r", "{{> p m.config v=m.x}}"), ("p", "{{class}}{{v.y}}{{#if w}}{{/if}}")],
        &["m.config.class", "m.config.w?", "m.x.y"],
    );
    check_reads(&[("r", "{{#*inline 'i'}}{{a}}{{/inline}}{{#with m}}{{> i}}{{/with}}")], &["m.a", "m?"]);
    check_reads(
        &[("r", "{{lookup m 'a'}}{{lookup n k}}{{py (default m.b m.c)}}")],
        &["k", "m.a", "m.b", "m.c", "n[]", "n{}"],
    );
    check_reads(
        &[("r", "{{#if (and (eq a 1) (has b 'x') (not c))}}{{len d}}{{join (keys e)}}{{/if}}")],
        &["a", "b.x?", "c?", "d{}", "e{}"],
    );
    check_reads(
        &[("r", "{{> b}}{{#> b}}{{#*inline 's'}}{{x}}{{> s}}{{/inline}}{{/b}}"), ("b", "{{#> s}}{{y}}{{/s}}")],
        &["x", "y"],
    );
    check_reads(&[("r", "{{#each a.b}}{{> p this}}{{/each}}"), ("p", "{{c}}{{@root.d}}")], &["a.b[].c", "a.b{}", "d"]);
    check_reads(&[("r", "{{> p x=model}}"), ("p", "nothing")], &["model"]);
    check_reads(&[("r", "{{py this}}")], &["*"]);
}

#[test]
fn overrides_hide_defaults() {
    let base = ("base", "{{#> a}}{{in_base}}{{/a}}");
    let mid = ("mid", "{{#> base}}{{#*inline 'a'}}{{in_mid}}{{/inline}}{{/base}}");
    check_reads(&[("leaf", "{{#> mid}}{{#*inline 'a'}}{{in_leaf}}{{/inline}}{{/mid}}"), mid, base], &["in_leaf"]);
    check_reads(&[mid, base], &["in_mid"]);
}

/// Each template reads the same of `full` and of what `cut` leaves of its `rule.checks`.
fn check_cut(full: &Value, templates: &[&str], cut: impl Fn(&Reads, &mut Value)) {
    for template in templates {
        let reads = reads_of(&[("r", template)]);
        let mut part = full.clone();
        cut(&reads, &mut part["rule"]["checks"]);
        assert_eq!(reads.project(part).to_string(), reads.project(full.clone()).to_string(), "{template}");
    }
}

#[test]
fn fields_of_items_that_no_template_reads_may_be_left_empty() {
    let full = json!({"rule": {"checks": [{"a": 1, "b": [2], "c": {"d": 3}}, {"a": 4, "b": [], "c": {"d": 5}}]}});
    let templates = [
        "{{#each rule.checks}}{{a}}{{/each}}",
        "{{#each rule.checks}}{{#if b}}{{c.d}}{{/if}}{{/each}}",
        "{{#each rule.checks}}{{#each this}}{{@key}}{{/each}}{{/each}}",
        "{{#each rule.checks}}{{#each this}}{{this}}{{/each}}{{/each}}",
        "{{#each rule.checks}}{{#if this}}x{{/if}}{{/each}}",
        "{{#with rule.checks.[1]}}{{a}}{{/with}}",
        "{{#each rule}}{{#each this}}{{b}}{{/each}}{{/each}}",
        "{{#if rule.checks}}x{{/if}}",
        "{{py rule.checks}}",
        "{{py rule}}",
        "x",
    ];
    check_cut(&full, &templates, |reads, checks| {
        for item in checks.as_array_mut().unwrap() {
            for (name, value) in item.as_object_mut().unwrap() {
                if !reads.may_read_in_items("rule.checks", name) {
                    *value = Value::Null;
                }
            }
        }
    });
    let reads = reads_of(&[("r", "{{#each rule.checks}}{{a}}{{/each}}")]);
    assert!(reads.may_read_in_items("rule.checks", "a") && !reads.may_read_in_items("rule.checks", "b"));
}

#[test]
fn fields_of_an_object_that_no_template_sees_may_be_left_out() {
    let full = json!({"rule": {"checks": {"a": {"x": 1}, "b": {"x": 2}}}});
    let templates = [
        "{{#with (default rule.checks.a null)}}{{x}}{{/with}}",
        "{{#if (has rule.checks 'b')}}y{{/if}}",
        "{{#each rule.checks}}{{@key}}{{/each}}",
        "{{len rule.checks}}",
        "{{#if rule.checks}}y{{/if}}",
        "{{py rule.checks}}",
        "{{#each rule}}{{len this}}{{/each}}",
        "x",
    ];
    check_cut(&full, &templates, |reads, checks| {
        checks.as_object_mut().unwrap().retain(|name, _| reads.may_see("rule.checks", name));
    });
    let reads = reads_of(&[("r", "{{#with (default rule.checks.a null)}}{{x}}{{/with}}")]);
    assert!(reads.may_see("rule.checks", "a") && !reads.may_see("rule.checks", "b"));
}

#[test]
fn may_read() {
    let reads =
        reads_of(&[("r", "{{py model.tiny}}{{#each model.tasks}}{{mapping}}{{/each}}{{model.config.fields.eps}}")]);
    for path in [
        "model.tiny",
        "model.tiny.hidden_size",
        "model.tasks[0].mapping",
        "model.config.fields.eps",
        "model.config",
        "model",
    ] {
        assert!(reads.may_read(path), "{path}");
    }
    for path in ["model.type", "model.tasks[0].pipeline", "model.config.fields.size", "family"] {
        assert!(!reads.may_read(path), "{path}");
    }
}

#[test]
fn projection() {
    let reads = reads_of(&[(
        "r",
        "{{#each tasks}}{{mapping}}{{/each}}{{#if set}}{{/if}}{{#if has}}{{/if}}{{x.y}}{{len list}}",
    )]);
    let data = json!({
        "set": {"a": 1}, "tasks": [{"mapping": "A", "other": 1}, {"other": 2, "mapping": "B"}], "has": [1, 2], "x": {"z": 1, "y": 2},
        "list": ["a", "b"], "unread": true,
    });
    let kept = json!({"set": {"...": null}, "tasks": [{"mapping": "A"}, {"mapping": "B"}], "has": [null], "x": {"y": 2}, "list": [null, null]});
    assert_eq!(reads.project(data.clone()).to_string(), kept.to_string());
    assert_eq!(reads.project(kept.clone()), kept, "projecting twice changes nothing");
    let mut other = data.clone();
    other["tasks"][1]["other"] = json!(3);
    other["set"]["b"] = json!(4);
    assert_eq!(reads.digest(&data), reads.digest(&other));
    other["tasks"][1]["mapping"] = json!("C");
    assert_ne!(reads.digest(&data), reads.digest(&other));
    assert_eq!(reads.changes(&data, &other), ["tasks[1].mapping"]);
}

#[test]
fn recursion_and_doubling_end() {
    let templates: Vec<(String, String)> =
        (0..200).map(|n| (format!("p{n}"), format!("{{{{> p{m}}}}}{{{{> p{m} v=x}}}}{{{{a}}}}", m = n + 1))).collect();
    let files: Vec<(&str, &str)> = templates.iter().map(|(name, source)| (name.as_str(), source.as_str())).collect();
    assert!(reads_of(&files).may_read("a"));
    assert!(reads_of(&[("r", "{{#with n}}{{> r}}{{/with}}{{v}}")]).may_read("n.v"));
}

fn text(root: &str, graph: &TemplateGraph, data: &Value) -> Result<String, Finding> {
    let partials = graph.closure_templates(root);
    render(&RenderInput { root: graph.get(root).expect("a root"), partials: &partials, data })
}

fn reads_in(root: &str, graph: &TemplateGraph) -> Reads {
    reads(graph.get(root).expect("a root"), &graph.closure_templates(root))
}

#[test]
fn fixtures_render_alike_from_what_they_read() {
    let graph = graph();
    assert_eq!(graph.check(), []);
    for root in ROOTS {
        for kind in ["bert", "vit", "mixtral"] {
            if root == "family/vision" && kind != "vit" {
                continue;
            }
            let data = model(kind);
            let reads = reads_in(root, &graph);
            let whole = text(root, &graph, &data).unwrap_or_else(|finding| panic!("{root} {kind}: {finding:#?}"));
            assert_eq!(text(root, &graph, &reads.project(data.clone())), Ok(whole), "{root} {kind}");
            assert!(!reads.may_read("project.name") && !reads.may_read("model.tokenizer"), "{:?}", reads.paths());
        }
    }
}

/// Removes, empties or replaces the `at`th value of `data`.
fn mutate(data: &mut Value, at: &mut usize, how: u8) {
    if *at == 0 {
        *at = usize::MAX;
        *data = match how {
            0 => Value::Null,
            1 => json!({}),
            2 => json!([]),
            3 => json!("text"),
            4 => json!(0),
            _ => json!({"$unread": "why"}),
        };
        return;
    }
    *at -= 1;
    match data {
        Value::Array(items) => items.iter_mut().for_each(|item| mutate(item, at, how)),
        Value::Object(fields) => {
            let names: Vec<String> = fields.keys().cloned().collect();
            for name in names {
                if *at == 0 && how == 6 {
                    *at = usize::MAX;
                    fields.shift_remove(&name);
                } else if let Some(field) = fields.get_mut(&name) {
                    mutate(field, at, how);
                }
            }
        }
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_not_read_does_not_matter(root in 0..ROOTS.len(), kind in 0..3_usize, edits in prop::collection::vec((1..90_usize, 0..7_u8), 1..5)) {
        let graph = graph();
        let reads = reads_in(ROOTS[root], &graph);
        let mut data = model(["bert", "vit", "mixtral"][kind]);
        for (at, how) in edits {
            let before = data.clone();
            mutate(&mut data, &mut at.clone(), how);
            let same = reads.digest(&before) == reads.digest(&data);
            prop_assert_eq!(same, reads.changes(&before, &data).is_empty());
            if same {
                prop_assert_eq!(text(ROOTS[root], &graph, &before).ok(), text(ROOTS[root], &graph, &data).ok());
            }
        }
        let (whole, part) = (text(ROOTS[root], &graph, &data), text(ROOTS[root], &graph, &reads.project(data.clone())));
        match (whole, part) {
            (Ok(whole), Ok(part)) => prop_assert_eq!(whole, part),
            (Err(whole), Err(part)) => prop_assert_eq!((whole.code, whole.place, whole.message), (part.code, part.place, part.message)),
            (whole, part) => prop_assert!(false, "{whole:?}\n{part:?}"),
        }
    }
}

#[test]
fn closures() {
    let graph = graph();
    assert_eq!(graph.closure("check/round_trip"), ["check/setup"]);
    assert_eq!(
        graph.closure("family/vision"),
        ["base", "check/determinism", "check/round_trip", "check/setup", "family/encoder", "hardware/init"]
    );
    assert_eq!(
        graph.dependents("check/setup"),
        ["base", "check/determinism", "check/round_trip", "family/encoder", "family/vision"]
    );
    assert_eq!(graph.called_by("check/setup"), ["check/determinism", "check/round_trip"]);
    assert_eq!(graph.calls("family/encoder"), ["base"]);
    let unreached: Vec<&str> = graph.unreached(["family/encoder"]).into_iter().map(Template::name).collect();
    assert_eq!(unreached, ["family/vision"]);
}

/// Findings of the graph as `code path:line:column message`.
fn found(files: &[(&str, &str)]) -> Vec<String> {
    let shown = |finding: &Finding| {
        let at = finding.place.as_ref().expect("a place");
        format!("{} {}:{}:{} {}", finding.code, at.path, at.line, at.column, finding.message)
    };
    TemplateGraph::new(&set(files)).check().iter().map(shown).collect()
}

#[test]
fn graph_findings() {
    let circle = found(&[
        ("a", "x\n {{> b}}"),
        ("b", "{{> c}}{{> d}}"),
        ("c", "{{> d}}"),
        ("d", "{{#if x}}{{> a}}{{/if}}"),
        ("e", "{{> e}}"),
    ]);
    assert_eq!(
        circle,
        [
            "HF221 templates/a.hbs:2:6 templates call each other in a circle: a -> b -> d -> a",
            "HF221 templates/e.hbs:1:5 templates call each other in a circle: e -> e",
        ]
    );
    assert_eq!(
        found(&[("check/a", ""), ("r", "{{> chek/a}}")]),
        ["HF220 templates/r.hbs:1:5 there is no template `chek/a`"]
    );
    assert_eq!(
        found(&[("b", "{{#> body}}{{/body}}"), ("r", "{{#> b}}{{#*inline 'bdoy'}}{{/inline}}{{/b}}")]),
        ["HF224 templates/r.hbs:1:20 `b` has no block `bdoy` to override"]
    );
    let doubling: Vec<(String, String)> =
        (0..64).map(|n| (format!("p{n:02}"), format!("{{{{> p{:02}}}}}", n + 1).repeat(2))).collect();
    let mut files: Vec<(&str, &str)> = doubling.iter().map(|(name, source)| (name.as_str(), source.as_str())).collect();
    files.push(("p64", ""));
    assert_eq!(
        found(&files),
        ["HF225 templates/p48.hbs:1:14 template `p48` comes to more than 100000 calls of partials"]
    );
}

#[test]
fn long_chains_and_large_knots() {
    let chain: Vec<(String, String)> =
        (0..3000).map(|n| (format!("p{n}"), format!("{{{{> p{}}}}}", (n + 1) % 3000))).collect();
    let files: Vec<(&str, &str)> = chain.iter().map(|(name, source)| (name.as_str(), source.as_str())).collect();
    assert_eq!(TemplateGraph::new(&set(&files)).check().len(), 1);
}

#[test]
fn layering() {
    let file =
        |relative: &str, item: u8| LayerFile { relative: relative.to_owned(), path: format!("t/{relative}"), item };
    let layer = |title: &str, files: Vec<LayerFile<u8>>| Layer { title: title.to_owned(), files };
    let (layers, findings) = Layers::new([
        layer(
            "built-in",
            vec![
                file("base.py.hbs", 0),
                file("family/a.py.hbs", 1),
                file("family/a@quantised.py.hbs", 2),
                file("README.md", 9),
            ],
        ),
        layer("project", vec![file("family/a.py.hbs", 3), file("ci.yml.hbs", 4)]),
        layer("dir", vec![file("base.md.hbs", 5), file("base.py.hbs", 6), file("x.hbs", 7)]),
    ]);
    let found: Vec<(u16, &str)> =
        findings.iter().map(|f| (f.code.0, f.place.as_ref().map_or("", |p| p.path.as_str()))).collect();
    assert_eq!(found, [(222, "t/base.py.hbs"), (223, "t/x.hbs")]);
    let item = |name: &str, variant: Option<&str>| layers.resolve(name, variant).map(|file| file.item);
    assert_eq!(item("family/a", None), Some(3));
    assert_eq!(item("family/a.py.hbs", Some("quantised")), Some(2));
    assert_eq!(item("ci", Some("quantised")), Some(4));
    assert_eq!(item("base", None), Some(5));
    assert_eq!(
        layers.get("base").map(|file| (file.layer.as_str(), file.replaces.clone())),
        Some(("dir", vec!["t/base.py.hbs".to_owned()]))
    );
    assert_eq!(layers.variants("family/a"), ["quantised"]);
    assert_eq!(
        layers.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(),
        ["base", "ci", "family/a", "family/a@quantised"]
    );
    let missing = layers.require("familly/a", None).expect_err("missing");
    assert_eq!((missing.code.0, missing.help.as_deref()), (220, Some("did you mean `family/a`?")));
}

#[test]
#[ignore = "prints"]
fn show() {
    let graph = graph();
    println!("{}", text("family/vision", &graph, &model("vit")).expect("it renders"));
    println!("{:#?}", reads_in("family/vision", &graph).paths());
}
