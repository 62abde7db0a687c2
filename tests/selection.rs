//! Parts of a project: selections of a build, and what `why`, `affected` and `graph` say of single inputs and outputs.
#![allow(clippy::disallowed_methods, reason = "tests make real files")]

mod common;

use std::collections::BTreeSet;

use common::{Project, moved};
use hfgen::build::Selection;
use hfgen::build::outcome::Action;

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|word| (*word).to_owned()).collect()
}

/// What a fresh project builds for `args`.
#[track_caller]
fn selects(args: &[&str], expected: &[&str]) {
    let project = Project::new();
    project.hfgen(&[&["build"], args].concat()).expect(0);
    let mut expected = words(expected);
    expected.sort();
    assert_eq!(project.outputs().into_keys().collect::<Vec<_>>(), expected, "{args:?}");
    project.assert_whole();
    // What was left out is still due, whatever the memory of the part says.
    project.hfgen(&["build", "--check"]).expect(1);
    let whole = project.build();
    assert_eq!(whole.count(Action::Created), 14 - expected.len());
    assert_eq!(whole.counts.rendered, 14 - expected.len() as u64);
    project.assert_clean();
    assert_eq!(project.build().counts.written, 0);
}

const TEXT: [&str; 4] = ["test_hf_alpha.py", "test_hf_beta_2.py", "test_hf_gamma.py", "test_hf_delta_5.py"];

#[test]
fn each_flag_selects_its_own() {
    selects(&["--model", "alpha"], &["test_hf_alpha.py"]);
    selects(
        &["--model", "gamma,iris"],
        &["test_hf_gamma.py", "hardware/cpu/test_gamma.py", "hardware/cuda/test_gamma.py", "vision/test_hf_iris.py"],
    );
    selects(&["--family", "vision"], &["vision/test_hf_iris.py", "summary_vision.py"]);
    selects(&["--task", "text-generation", "--rule", "text"], &TEXT);
    selects(&["--task", "CAUSAL_LM", "--rule", "target.text"], &TEXT);
    selects(&["--hardware", "cuda"], &["hardware/cuda/test_gamma.py", "hardware/cuda/test_delta_5.py"]);
    selects(&["--rule", "index"], &["index.py"]);
    selects(&["generated/vision"], &["vision/test_hf_iris.py", "vision/test_hf_echo.py"]);
    selects(&["generated/index.py", "./generated/summary_text.py"], &["index.py", "summary_text.py"]);
    selects(&["--model", "gamma", "--hardware", "cpu"], &["hardware/cpu/test_gamma.py"]);
}

#[test]
fn paths_are_those_of_the_folder_that_one_stands_in() {
    let project = Project::new();
    project.put("generated/vision/.keep", "");
    let ran = common::run_in(&project.path("generated/vision"), common::HFGEN, &["build", "test_hf_iris.py"]);
    ran.expect(0);
    assert!(project.has("generated/vision/test_hf_iris.py") && !project.has("generated/index.py"));
}

#[test]
fn names_that_mean_nothing_are_refused_with_the_near_miss() {
    let project = Project::new();
    for (args, words) in [
        (&["--model", "alpa"][..], "did you mean `alpha`?"),
        (&["--model", "gamma", "--model", "nothing"], "there is no model type `nothing`"),
        (&["--family", "txt"], "did you mean `text`?"),
        (&["--task", "text-generaton"], "did you mean `text-generation`?"),
        (&["--hardware", "cud"], "did you mean"),
        (&["--rule", "tex"], "did you mean `text`?"),
        (&["generated/test_hf_alfa.py"], "did you mean `generated/test_hf_alpha.py`?"),
        (&["--since", "main"], "repository"),
        (&["--jobs", "x"], "--jobs"),
    ] {
        project.hfgen(&[&["build"], args].concat()).expect(2).has(words);
    }
    assert!(!project.has("generated"));
    project.hfgen(&["why", "generated/test_hf_alfa.py"]).expect(2).has("did you mean `generated/test_hf_alpha.py`?");
    project.hfgen(&["affected", "templates/bas.py.hbs"]).expect(2).has("did you mean `templates/base.py.hbs`?");
    project.hfgen(&["why", "alpha"]).expect(2).has("did you mean `generated/test_hf_alpha.py`?");
    project.hfgen(&["why", "index.py"]).expect(2).has("did you mean `generated/index.py`?");
    project.hfgen(&["build", "--model", "ALPHA"]).expect(2).has("did you mean `alpha`?");
    for (input, words) in [
        ("registry.toml#modl.alpha", "did you mean `model`?"),
        ("registry.toml#model.alpa", "did you mean `alpha`?"),
        ("registry.toml#model.alpha.tinny", "did you mean `tiny`?"),
        ("registry.toml#hardware.cudda", "did you mean `cuda`?"),
        ("registry.toml#project.outputt", "did you mean `output`?"),
        ("registry.lock#alpha", "`registry.lock` has no `alpha`"),
        ("registry.lock#model.alpa", "did you mean `alpha`?"),
        ("rules/20-targets.toml#target.tex", "did you mean `text`?"),
        ("templates/base.py.hbs#x", "is a template: it has no fields"),
    ] {
        project.hfgen(&["affected", input]).expect(2).has(words);
    }
    project.hfgen(&["build", "--templates", "nowhere"]).expect(2).has("`nowhere` is no folder of templates");
    project.hfgen(&["graph", "--focus", "gama"]).expect(2).has("did you mean `gamma`?");
}

#[test]
fn stale_outputs_wait_for_a_whole_build() {
    let project = Project::new();
    project.build();
    let text = project.read("registry.lock");
    project.put("registry.lock", &text[..text.find("\n[model.iris]").unwrap()]);
    for _ in 0..2 {
        let part = project.build_selected(Selection { models: words(&["alpha"]), ..Selection::default() });
        assert_eq!((part.counts.removed, part.counts.written), (0, 0));
        assert!(project.has("generated/vision/test_hf_iris.py"));
    }
    assert_eq!(project.build().counts.removed, 1);
    project.assert_clean();
}

#[test]
fn a_part_after_the_memory_is_lost_hides_nothing() {
    for name in ["trace.bin", "stamps.bin"] {
        let project = Project::new();
        project.build();
        let text = project.read("registry.lock");
        project.put("registry.lock", &text[..text.find("\n[model.iris]").unwrap()]);
        project.remove(&format!(".hfgen-cache/{name}"));
        project.build_selected(Selection { models: words(&["alpha"]), ..Selection::default() });
        project.build();
        project.assert_clean();
    }
}

fn set(paths: &[&str]) -> BTreeSet<String> {
    paths.iter().map(|path| (*path).to_owned()).collect()
}

#[test]
fn changes_against_git_select_what_they_reach() {
    let project = Project::new();
    project.repository();
    project.append(".gitignore", "generated/\n");
    project.commit_all("first").expect(0);
    project.build();
    let planned = |args: &[&str]| -> BTreeSet<String> {
        let ran = project.hfgen(&[&["affected", "--format", "jsonl"], args].concat()).expect(0);
        let name = |line: &str| -> String { serde_json::from_str::<String>(line).unwrap() };
        ran.stdout.lines().map(name).map(|path| path.replace("generated/", "")).collect()
    };
    project.hfgen(&["build", "--changed"]).expect(0);
    assert_eq!(planned(&["--changed"]), set(&[]));

    project.edit("registry.lock", "hidden_size = 768", "hidden_size = 1");
    project.edit("registry.lock", "vocab_size = 1000", "vocab_size = 2");
    assert_eq!(planned(&["--changed"]), set(&["test_hf_alpha.py"]));
    assert_eq!(planned(&["--staged"]), set(&[]));
    project.git(&["add", "registry.lock"]).expect(0);
    assert_eq!(planned(&["--staged"]), set(&["test_hf_alpha.py"]));
    project.edit("templates/index.py.hbs", "TRANSFORMERS", "VERSION");
    assert_eq!(planned(&["--changed"]), set(&["index.py", "test_hf_alpha.py"]));
    assert_eq!(planned(&["--staged"]), set(&["test_hf_alpha.py"]));

    let outcome = project.build_selected(Selection {
        changed: Some(hfgen::build::Changed::Since("HEAD".to_owned())),
        ..Selection::default()
    });
    assert_eq!(moved(&outcome), ["index.py", "test_hf_alpha.py"]);
    assert_eq!(project.build().counts.written, 0);

    project.git(&["switch", "-q", "-c", "work"]).expect(0);
    project.commit_all("second").expect(0);
    assert_eq!(planned(&["--changed"]), set(&[]));
    assert_eq!(planned(&["--since", "main"]), set(&["index.py", "test_hf_alpha.py"]));
    project.put("templates/check/shape.py.hbs", project.read("templates/check/shape.py.hbs") + "    assert word\n");
    assert_eq!(planned(&["--changed"]).len(), 6);
    assert_eq!(planned(&["--since", "main"]).len(), 7);
    project.hfgen(&["build", "--since", "nowhere"]).expect(2).has("nowhere");
    // Another order of sections is no change of a model.
    project.git(&["checkout", "-q", "--", "."]).expect(0);
    project.put("registry.toml", "# A comment.\n".to_owned() + &project.read("registry.toml"));
    assert_eq!(planned(&["--changed"]), set(&[]));
}

#[test]
fn why_names_the_field_the_template_and_the_rule() {
    let project = Project::new();
    let why = |path: &str| project.hfgen(&["why", path]).expect(0);
    why("generated/test_hf_alpha.py").has("is missing").has("it is new").has("rules/20-targets.toml:1");
    project.build();
    why("generated/test_hf_alpha.py")
        .has("is up to date")
        .has("nothing that it is made from has changed")
        .has("templates/check/shape.py.hbs")
        .has("model.config.fields.hidden_size")
        .has_not("vocab_size");
    project.edit("registry.lock", "hidden_size = 768", "hidden_size = 1");
    why("generated/test_hf_alpha.py").has("is out of date").has("model.config.fields.hidden_size changed");
    project.edit("templates/base.py.hbs", "TAGS", "LABELS");
    why("generated/test_hf_gamma.py").has("template templates/base.py.hbs changed");
    let value = project.hfgen(&["why", "generated/test_hf_gamma.py", "--format", "json"]).expect(0).json();
    assert_eq!(value["state"], "out of date");
    assert_eq!(value["due"][0], "template templates/base.py.hbs changed");
    project.build();
    why("generated/test_hf_gamma.py").has("it was last made because\n  template templates/base.py.hbs changed");
    project.append("generated/test_hf_gamma.py", "# mine\n");
    why("generated/test_hf_gamma.py").has("is edited by hand");
    project.put("generated/index.py", "mine");
    project.remove("generated/summary_text.py");
    why("generated/summary_text.py").has("is missing").has("the file is missing");
    project.edit("rules/20-targets.toml", "output = \"index.py\"", "output = \"list.py\"");
    project.hfgen(&["why", "generated/index.py"]).expect(2).has("is no output any more");
    project.hfgen(&["why", "generated/nothing.py"]).expect(2).has("no rule makes");
    // What `why` says is what a build says.
    project.edit("registry.toml", "float32 = 1e-4", "float32 = 2e-4");
    let reasons = project.hfgen(&["build", "--why=full", "--dry-run"]);
    assert!(reasons.stdout.contains("hardware.tolerance.float32 changed"), "{}", reasons.text());
    why("generated/hardware/cuda/test_gamma.py").has("hardware.tolerance.float32 changed");
}

#[test]
fn affected_answers_before_the_edit_what_a_build_does_after_it() {
    let project = Project::new();
    project.build();
    let edits: [(&str, &str, &str, &str); 7] = [
        (
            "registry.lock#model.alpha.config.fields.hidden_size",
            "registry.lock",
            "hidden_size = 768",
            "hidden_size = 1",
        ),
        ("registry.lock#model.alpha.config.fields.vocab_size", "registry.lock", "vocab_size = 1000", "vocab_size = 1"),
        ("registry.lock#transformers", "registry.lock", "5.23.0", "5.23.1"),
        ("registry.toml#model.alpha.tiny", "registry.toml", "hidden_size = 48", "hidden_size = 1"),
        ("registry.toml#hardware.cuda.tolerance", "registry.toml", "float32 = 1e-4", "float32 = 1e-1"),
        (
            "templates/check/shape.py.hbs",
            "templates/check/shape.py.hbs",
            "assert word in",
            "assert word, word\n    assert word in",
        ),
        ("templates/index.py.hbs", "templates/index.py.hbs", "TRANSFORMERS", "VERSION"),
    ];
    for (input, path, from, to) in edits {
        let ran = project.hfgen(&["affected", input]).expect(0);
        let told: Vec<String> = ran.stdout.lines().map(|line| line.replace("generated/", "")).collect();
        project.edit(path, from, to);
        assert_eq!(moved(&project.build()), told, "{input}");
    }
}

#[test]
fn the_graph_is_told_in_every_language() {
    let project = Project::new();
    let dot = project.hfgen(&["graph"]).expect(0).stdout;
    assert!(dot.starts_with("digraph hfgen {") && dot.ends_with("}\n"));
    assert!(dot.contains("\"output generated/test_hf_alpha.py\" -> \"model alpha\";"), "{dot}");
    assert!(dot.contains("\"template templates/base.py.hbs\""));
    let mermaid = project.hfgen(&["graph", "--format", "mermaid", "--focus", "alpha"]).expect(0).stdout;
    assert!(mermaid.starts_with("graph LR\n") && mermaid.contains("[\"model alpha\"]"), "{mermaid}");
    let json = project.hfgen(&["graph", "--format", "json"]).expect(0).json();
    let edges: Vec<(String, String)> = json["edges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|edge| (edge["from"].as_str().unwrap().to_owned(), edge["to"].as_str().unwrap().to_owned()))
        .collect();
    let nodes: BTreeSet<String> =
        json["nodes"].as_array().unwrap().iter().map(|node| node["id"].as_str().unwrap().to_owned()).collect();
    assert!(edges.iter().all(|(from, to)| nodes.contains(from) && nodes.contains(to)));
    let has = |from: &str, to: &str| edges.contains(&(from.to_owned(), to.to_owned()));
    assert!(has("output:generated/test_hf_alpha.py", "template:templates/family/text.py.hbs"));
    assert!(has("template:templates/family/text.py.hbs", "template:templates/check/shape.py.hbs"));
    assert!(has("output:generated/hardware/cuda/test_gamma.py", "hardware:cuda"));
    assert!(!has("output:generated/test_hf_alpha.py", "hardware:cuda"));
    let focus = ["graph", "--format", "json", "--focus", "templates/check/shape.py.hbs", "--reverse"];
    let around = project.hfgen(&focus).expect(0).json();
    let outputs = around["nodes"].as_array().unwrap().iter().filter(|node| node["kind"] == "output").count();
    assert_eq!(outputs, 6);
    // The same twice, byte for byte.
    assert_eq!(dot, project.hfgen(&["graph"]).stdout);
}

#[test]
fn status_tells_the_next_command() {
    let project = Project::new();
    project.hfgen(&[]).expect(0).has("14 out of date").has("next: hfgen build");
    project.build();
    project.hfgen(&[]).expect(0).has("14 outputs, all up to date");
    project.append("generated/index.py", "# mine\n");
    project.hfgen(&[]).expect(0).has("edited by hand").has("next: hfgen build --diff");
    let value = project.hfgen(&["status", "--format", "json"]).expect(0).json();
    assert_eq!((value["outputs"].as_u64(), value["kept"].as_u64()), (Some(14), Some(1)));
}
