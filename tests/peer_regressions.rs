//! Inputs that broke other generators of such tests, each class of them a test. `data/peer-regressions.json` holds the
//! inputs; what is checked on outputs is checked on all those of the real project.
#![allow(clippy::disallowed_methods, reason = "tests make real files and run the real binary")]

mod common;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use common::{HFGEN, Project, Ran, codes, command, finished, refused, run_in, same_files, skipped, suite};
use hfgen::finding::CodeId;
use hfgen::registry::lock::{Lock, ModelFacts, parse, write};

/// What is known of one class of inputs.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
struct Class {
    id: String,
    models: Vec<String>,
    texts: Vec<String>,
    paths: Vec<String>,
    families: BTreeMap<String, String>,
}

static CLASSES: LazyLock<Vec<Class>> =
    LazyLock::new(|| serde_json::from_str(include_str!("data/peer-regressions.json")).unwrap());

fn class(id: &str) -> Class {
    CLASSES.iter().find(|class| class.id == id).cloned().unwrap_or_else(|| panic!("no {id}"))
}

#[test]
fn every_class_has_its_test() {
    let tests = include_str!("peer_regressions.rs");
    for class in CLASSES.iter() {
        let name = format!("fn {}_", class.id.to_lowercase());
        assert!(tests.contains(&name), "{} has no test `{name}...`", class.id);
    }
}

/// The real project, built once.
static REAL: LazyLock<Project> = LazyLock::new(|| {
    let project = Project::empty();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for folder in ["rules", "templates"] {
        run_in(root, "cp", &["-r", folder, &project.root().display().to_string()]).expect(0);
    }
    for file in ["registry.toml", "registry.lock"] {
        project.put(file, std::fs::read(root.join(file)).unwrap());
    }
    project.hfgen(&["build"]).expect(0);
    project
});

fn real_lock() -> Lock {
    parse("registry.lock", &REAL.read("registry.lock")).0
}

/// The test files of the real project: file name and text.
fn real_tests() -> impl Iterator<Item = (String, String)> {
    let below = |path: &String| path.starts_with("test_hf_") && !path.contains('/');
    REAL.outputs().into_iter().filter(move |(path, _)| below(path)).map(|(path, bytes)| {
        let text = String::from_utf8(bytes).unwrap();
        (path, text)
    })
}

/// The standard project with these model types instead of its own.
fn with_types(names: &[String]) -> Project {
    let project = Project::new();
    let mut lock = suite::lock();
    lock.models.clear();
    for name in names {
        lock.models.insert(name.clone(), text_facts());
    }
    project.put("registry.lock", write(&lock));
    project.put("registry.toml", suite::REGISTRY.split("[model.").next().unwrap());
    project
}

fn text_facts() -> ModelFacts {
    suite::text_model("alpha", 8).1
}

/// The standard project with a test file that is made from `text` alone.
fn with_text(text: &str) -> Project {
    let project = Project::new();
    project.edit("rules/20-targets.toml", "output = \"index.py\"", "output = \"test_index.py\"");
    project.put("templates/index.py.hbs", text);
    project
}

/// `text` is refused with this code, and makes no output.
#[track_caller]
fn invalid(text: &str, code: u16) -> Ran {
    let project = with_text(text);
    let ran = project.hfgen(&["build"]).expect(1).has(&CodeId(code).to_string());
    assert!(ran.text().contains("templates/index.py.hbs"), "{text}: {}", ran.text());
    assert!(!project.has("generated/test_index.py"), "{text}");
    ran
}

/// A Python with pytest and without torch, where the tests' environment has been made.
fn python() -> Option<PathBuf> {
    let home = std::env::var_os("HOME")?;
    let python = Path::new(&home).join(".cache/hfgen/venv-tools/bin/python");
    let has = |module: &str| {
        Command::new(&python).args(["-c", &format!("import {module}")]).output().is_ok_and(|out| out.status.success())
    };
    if has("pytest") && !has("torch") {
        return Some(python);
    }
    skipped("no Python with pytest and without torch in ~/.cache/hfgen; tests/run makes one");
    None
}

#[test]
fn r01_hyphens_and_r02_dots_become_underscores() {
    let names: Vec<String> = [class("R01").models, class("R02").models].concat();
    let project = with_types(&names);
    let outcome = project.build();
    assert_eq!(outcome.findings.iter().filter(|finding| finding.is_error()).count(), 0);
    for name in &names {
        let ident = name.replace(['-', '.'], "_");
        let text = project.read(&format!("generated/test_hf_{ident}.py"));
        assert!(text.contains(&format!("class hf_{ident}:")), "{text}");
        // The name itself stands in comments and strings only.
        let outside = text.lines().filter(|line| !line.starts_with('#') && line.contains(name.as_str()));
        assert_eq!(outside.filter(|line| !line.contains('"')).collect::<Vec<_>>(), Vec::<&str>::new());
    }
    let real: Vec<String> = real_tests().map(|(path, _)| path).collect();
    for file in ["test_hf_kosmos_2.py", "test_hf_kosmos_2_5.py", "test_hf_xlm_roberta.py", "test_hf_gpt_neo.py"] {
        assert!(real.iter().any(|path| path == file), "{file}");
    }
    assert!(real.iter().all(|path| path.matches('.').count() == 1 && !path.contains('-')));
}

#[test]
fn r02_dots_see_r01() {
    assert!(class("R02").models.iter().all(|name| name.contains('.')));
}

#[test]
fn r03_two_names_for_one_file_are_refused_with_both_places() {
    let names = class("R03").models;
    let project = with_types(&names);
    let findings = refused(project.try_build(&project.options()));
    // Three spellings of gpt-neo make two findings, two of each of the others one.
    assert_eq!(codes(&findings).iter().filter(|code| **code == CodeId(4)).count(), 4, "{findings:#?}");
    for finding in findings.iter().filter(|finding| finding.code == CodeId(4)) {
        assert!(finding.place.is_some() && finding.related.len() == 1, "{finding:#?}");
    }
    let ran = project.hfgen(&["build"]).expect(2);
    for name in &names {
        assert!(ran.stderr.contains(&format!("`{name}`")), "{name}: {}", ran.text());
    }
    assert!(!project.has("generated"));
}

#[test]
fn r04_there_are_as_many_files_as_model_types() {
    let lock = real_lock();
    let tests: BTreeMap<String, String> = real_tests().collect();
    assert_eq!(tests.len(), lock.models.len());
    for name in lock.models.keys().chain(&class("R04").models) {
        let file = format!("test_hf_{}.py", name.replace(['-', '.'], "_"));
        let text = tests.get(&file).unwrap_or_else(|| panic!("no {file}"));
        assert!(text.contains(&format!("    type=\"{name}\",\n")), "{file} is not {name}'s");
    }
}

#[test]
fn r05_flags_and_junk_are_no_model_types() {
    for name in class("R05").models {
        for project in [with_types(std::slice::from_ref(&name)), custom(&name), overridden(&name)] {
            let ran = project.hfgen(&["build"]).expect(2).has("HF002");
            assert!(ran.stderr.len() < 5_000, "{}", ran.text());
            assert!(!project.has("generated"), "{name:?}");
        }
        let project = Project::new();
        let ran = project.hfgen(&["build", &format!("--model={name}")]).expect(2);
        assert!(!ran.stderr.is_empty() && !project.has("generated"), "{name:?}: {}", ran.text());
    }
    let project = Project::new();
    project.hfgen(&["build", "--model", "--list-only"]).expect(2);
    project.hfgen(&["build", "--list-only"]).expect(2).has("--list-only");
    assert!(!project.has("generated"));
}

fn custom(name: &str) -> Project {
    let project = Project::new();
    project.append("registry.toml", &format!("\n[custom.{name:?}]\nmodule = \"x\"\n"));
    project
}

fn overridden(name: &str) -> Project {
    let project = Project::new();
    project.append("registry.toml", &format!("\n[model.{name:?}]\ntags = []\n"));
    project
}

#[test]
fn r06_quotes_braces_spaces_and_unicode_are_refused_as_names_and_kept_as_values() {
    let names = class("R06").models;
    for name in &names {
        let project = with_types(std::slice::from_ref(name));
        if name == "3d-unet" {
            project.hfgen(&["build"]).expect(0);
            assert!(project.read("generated/test_hf_3d_unet.py").contains("class hf_3d_unet:"));
            continue;
        }
        let ran = project.hfgen(&["build"]).expect(2).has("HF002");
        assert!(!project.has("generated"), "{name}: {}", ran.text());
    }
    // As values they come out as they went in.
    let mut values = names;
    values.extend(class("R14").texts);
    values.extend(
        ["line\nbreak", "\u{7}\t\r", "\u{2028}", "\\", "\\n", "é\u{301}", "\u{1f917}", "$x %s"].map(str::to_owned),
    );
    let project = Project::new();
    let list = values.iter().map(|value| toml::Value::from(value.as_str()).to_string()).collect::<Vec<_>>().join(", ");
    project.edit("registry.toml", "\"one\", \"two\"", &list);
    project.hfgen(&["build"]).expect(0);
    let script = "import json, runpy, sys; print(json.dumps(runpy.run_path(sys.argv[1])['WORDS']))";
    let ran = run_in(project.root(), "python3", &["-c", script, "generated/test_hf_alpha.py"]);
    if ran.code == 127 {
        return skipped("no python3 here");
    }
    assert_eq!(serde_json::from_str::<Vec<String>>(&ran.expect(0).stdout).unwrap(), values);
}

#[test]
fn r07_paths_are_no_names() {
    for name in class("R07").models {
        let project = with_types(std::slice::from_ref(&name));
        project.hfgen(&["build"]).expect(2).has("HF002").has("looks like a path");
        assert!(!project.has("generated"), "{name}");
        assert_eq!(std::fs::read_dir(project.outside()).unwrap().count(), 1, "something was written outside");
        project.hfgen(&["build", "--model", &name]).expect(2);
    }
}

#[test]
fn r08_a_docstring_at_the_wrong_indent_is_never_written() {
    for text in class("R08").texts {
        invalid(&text, 300);
    }
}

#[test]
fn r09_joined_statements_are_refused_and_indentation_holds() {
    for text in class("R09").texts {
        invalid(&text, 300);
    }
    // A partial, and a value of many lines, keep the column that they are called at.
    let project = with_text(
        "def outer():\n    if True:\n        {{> inner}}\n    return 1\n\n\ndef test_it():\n    assert outer() == 1\n",
    );
    project.put("templates/inner.py.hbs", "x = 1\nif x:\n    {{> innermost}}\ny = x\n");
    project.put("templates/innermost.py.hbs", "z = 2\nprint(z)\n");
    project.hfgen(&["build"]).expect(0);
    let text = project.read("generated/test_index.py");
    assert!(
        text.contains("        if x:\n            z = 2\n            print(z)\n        y = x\n    return 1\n"),
        "{text}"
    );
}

#[test]
fn r12_placeholders_are_found_in_names_strings_and_comments() {
    let [class_name, test_class, code, braces, name, words] = &class("R12").texts[..] else { panic!("six texts") };
    let test = "\n\ndef test_it(x):\n    assert x\n";
    invalid(&format!("import transformers\n\nX = transformers.{class_name}\n{test}"), 311);
    invalid(&format!("class {test_class}:\n    pass\n{test}"), 311);
    invalid(&format!("def setup():\n    {code}\n{test}"), 311);
    invalid(&format!("X = \"running {name} now\"\n{test}"), 311);
    invalid(&format!("# {}\n{test}", words.trim_matches('"')), 311);
    invalid(&format!("X = {words}\n{test}"), 311);
    // Two braces are the template's: a field that there isn't.
    invalid(&format!("X = \"{braces}\"\n{test}"), 240);
    invalid(&format!("X = \"\\{braces}\"\n{test}"), 311);
}

#[test]
fn r13_braces_of_python_are_not_eaten() {
    let [doubled, tripled] = &class("R13").texts[..] else { panic!("two texts") };
    invalid(&format!("def test_it(self):\n    assert self, {doubled}\n"), 240);
    // Escaped, they reach Python, which prints them: that is found.
    let escaped = doubled.replace("{{", "\\{{");
    invalid(&format!("def test_it(self):\n    assert self, {escaped}\n"), 312);
    let project = with_text(&format!("def test_it(total_mem):\n    assert total_mem, {tripled}\n"));
    let ran = project.hfgen(&["build"]).expect(1);
    assert!(ran.text().contains("templates/index.py.hbs:2"), "{}", ran.text());
    // Single braces are nobody's but Python's.
    let project = with_text("def test_it(x):\n    y = {\"a\": {1}}\n    assert x, f\"{x:.2f} {y}\"\n");
    project.hfgen(&["build"]).expect(0);
    assert!(project.read("generated/test_index.py").contains("y = {\"a\": {1}}\n    assert x, f\"{x:.2f} {y}\"\n"));
}

#[test]
fn r14_no_text_ends_a_docstring() {
    for text in class("R14").texts {
        let project = Project::new();
        let quoted = toml::Value::from(text.as_str()).to_string();
        project.edit("rules/10-families.toml", "title = \"text model\"", &format!("title = {quoted}"));
        project.hfgen(&["build"]).expect(0);
        project.assert_whole();
        let ran = run_in(project.root(), "python3", &["-m", "py_compile", "generated/test_hf_alpha.py"]);
        assert!(ran.code == 0 || ran.code == 127, "{text}: {}", ran.text());
    }
}

#[test]
fn r15_escapes_come_out_as_they_went_in() {
    let [doubled, operator] = &class("R15").texts[..] else { panic!("two texts") };
    let test = "\n\ndef test_it(self):\n    assert self\n";
    invalid(&format!("GREEN = {doubled}\n{test}"), 313);
    invalid(&format!("def test_it(self):\n    assert {operator}\n"), 300);
    let project = with_text(&format!("GREEN = \"\\033[32m\"\nDIGITS = r\"\\d+\\s\"\n{test}"));
    project.hfgen(&["build"]).expect(0);
    let text = project.read("generated/test_index.py");
    assert!(text.contains("GREEN = \"\\033[32m\"\nDIGITS = r\"\\d+\\s\"\n"), "{text}");
}

#[test]
fn r17_class_names_are_those_of_transformers() {
    let lock = real_lock();
    let known: std::collections::BTreeSet<&str> = lock.head.names().collect();
    for name in class("R17").texts {
        assert!(!known.contains(name.as_str()), "{name}");
        let project = with_text(&format!(
            "import transformers\n\n\ndef test_it():\n    model = transformers.{name}\n    assert model.config\n"
        ));
        let mut lock = suite::lock();
        lock.head.class_names = [("models.beit".to_owned(), vec!["BeitForImageClassification".to_owned()])].into();
        project.put("registry.lock", write(&lock));
        let ran = project.hfgen(&["build"]).expect(1).has("HF310").has(&name);
        assert!(!project.has("generated/test_index.py"), "{}", ran.text());
    }
    // What the real outputs name is there.
    for (path, text) in real_tests() {
        for line in text.lines() {
            let Some(name) = line.trim().strip_prefix("model_class=\"").and_then(|rest| rest.strip_suffix("\","))
            else {
                continue;
            };
            let own = lock.models.values().any(|facts| facts.classes.contains_key(name));
            assert!(own || known.contains(name), "{path} names {name}");
        }
    }
}

#[test]
fn r18_families_come_from_facts_and_never_from_parts_of_names() {
    let tests: BTreeMap<String, String> = real_tests().collect();
    for (model, wrong) in class("R18").families {
        let text = &tests[&format!("test_hf_{}.py", model.replace('-', "_"))];
        let family =
            text.lines().find_map(|line| line.trim().strip_prefix("family=\"")).unwrap().trim_end_matches("\",");
        let guessed = match wrong.as_str() {
            "encoder-only" => "text-encoder",
            other => other,
        };
        assert_ne!(family, guessed, "{model}");
    }
    // A model that no rule places is a finding, not a default.
    let project = Project::new();
    let lock = project.read("registry.lock");
    project.put("registry.lock", lock.replace("main_input = \"pixel_values\"", "main_input = \"smells\""));
    project.hfgen(&["build"]).expect(2).has("HF103").has("`iris`");
    assert!(!project.has("generated"));
    // Names that look like others' decide nothing.
    let names: Vec<String> = ["hubert", "speecht5", "vits", "t5", "bert"].map(str::to_owned).into();
    let project = with_types(&names);
    project.build();
    for name in names {
        assert!(project.read(&format!("generated/test_hf_{name}.py")).contains("a text model"), "{name}");
    }
}

#[test]
fn r19_each_modality_has_tests_of_its_own() {
    let tests: BTreeMap<String, String> = real_tests().collect();
    let of = |model: &str| &tests[&format!("test_hf_{model}.py")];
    let models = class("R19").models;
    let words: Vec<&str> = models
        .iter()
        .map(|model| {
            let text = of(model);
            text.lines().find_map(|line| line.trim().strip_prefix("takes=")).unwrap_or_else(|| panic!("{text}"))
        })
        .collect();
    assert_eq!(
        words,
        ["[\"image\"],", "[\"speech\"],", "[\"text\", \"image\"],"]
            .map(|known| known.replace("speech", words[1].trim_matches(['[', ']', ',', '"'])))
    );
    assert!(words[1] != words[0] && words[1] != "[\"text\"],", "{words:?}");
    assert!(!of("vit").contains("AutoTokenizer") && !of("vit").contains("text_embedding"));
    // What differs is more than the name.
    let bare = |model: &str| of(model).replace(model, "X").lines().skip(2).map(str::to_owned).collect::<Vec<_>>();
    for (a, b) in [("bert", "whisper"), ("vit", "whisper"), ("vit", "llava"), ("bert", "vit")] {
        let (a, b) = (bare(a), bare(b));
        let others = a.iter().filter(|line| !b.contains(line)).count();
        assert!(others > 10, "only {others} lines differ");
    }
}

#[test]
fn r20_no_checkpoint_is_guessed() {
    let [suffix, call] = &class("R20").texts[..] else { panic!("two texts") };
    for (path, text) in real_tests() {
        assert!(!text.contains(call.as_str()), "{path} loads a named checkpoint");
        let ident = path.trim_start_matches("test_hf_").trim_end_matches(".py");
        assert!(!text.contains(&format!("\"{}{suffix}\"", ident.replace('_', "-"))), "{path} guesses a checkpoint");
    }
}

/// Runs the tests of one output; the report's last line.
fn pytest(python: &Path, file: &str) -> Ran {
    let mut run = command(
        &REAL.path("generated"),
        &python.display().to_string(),
        &["-m", "pytest", "-q", "-p", "no:cacheprovider", file],
    );
    run.env("PYTHONDONTWRITEBYTECODE", "1");
    finished(run)
}

#[test]
fn r21_a_mock_is_no_pass() {
    for (path, text) in real_tests() {
        assert!(class("R21").texts.iter().all(|word| !text.contains(word.as_str())), "{path}");
    }
    let Some(python) = python() else { return };
    for model in ["bert", "whisper"] {
        let ran = pytest(&python, &format!("test_hf_{model}.py")).expect(6).has("only the structure was tested");
        let last = ran.stdout.lines().last().unwrap_or_default().to_owned();
        assert!(last.contains("skipped") && !last.contains("failed"), "{}", ran.text());
        // Structure is checked without torch; whatever runs a model is skipped.
        let passed: u32 =
            last.split(" passed").next().and_then(|text| text.rsplit(' ').next()?.parse().ok()).unwrap_or(0);
        assert!(passed <= 6, "{}", ran.text());
    }
}

#[test]
fn r22_failures_are_no_exit_0() {
    for text in class("R22").texts {
        invalid(
            &format!(
                "import sys\n\nfrom somewhere import check\n\n\n{text}\n\ndef test_it():\n    assert main() is None\n"
            ),
            325,
        );
    }
    // hfgen itself: something that is wrong ends with something else than 0.
    let project = with_text("def test_(:\n");
    project.hfgen(&["build"]).expect(1);
    project.hfgen(&["check"]).expect(1);
}

#[test]
fn r23_no_output_writes_what_it_expects() {
    for (path, text) in real_tests() {
        assert!(class("R23").texts.iter().all(|word| !text.contains(word.as_str())), "{path}");
        assert!(!text.contains("open(") || !text.contains("\"w\""), "{path} writes a file");
    }
}

#[test]
fn r24_what_is_tested_is_loaded_by_its_path() {
    for (path, text) in real_tests() {
        if text.contains("class hf_") {
            assert!(text.contains("hf.contract.skillset("), "{path} tests only itself");
        }
    }
    let contract = REAL.read("generated/hfgen_runtime/skillset.py");
    assert!(contract.contains("spec_from_file_location"), "the worker's own route");
}

#[test]
fn r25_every_output_is_collected() {
    let texts = class("R25").texts;
    let with_test = "\n\ndef test_real(x):\n    assert x\n";
    invalid(&format!("{}{with_test}", texts[0]), 321);
    invalid(&format!("{}{with_test}", texts[1]), 322);
    invalid(&texts[2], 320);
    for (path, text) in real_tests() {
        assert!(text.matches("\n    def test_").count() >= 3, "{path}");
    }
    let Some(python) = python() else { return };
    let mut run = command(
        &REAL.path("generated"),
        &python.display().to_string(),
        &[
            "-m",
            "pytest",
            "-q",
            "--collect-only",
            "-p",
            "no:cacheprovider",
            "test_hf_bert.py",
            "test_hf_vit.py",
            "test_hf_kosmos_2_5.py",
        ],
    );
    run.env("PYTHONDONTWRITEBYTECODE", "1");
    let ran = finished(run).expect(0);
    for file in ["test_hf_bert.py::", "test_hf_vit.py::", "test_hf_kosmos_2_5.py::"] {
        assert!(ran.stdout.contains(file), "{}", ran.text());
    }
}

/// Every flag that a document or a help text shows is there.
#[test]
fn r28_documented_options_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = vec![root.join("README.md"), root.join(".pre-commit-hooks.yaml")];
    pages.extend(std::fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path()));
    let mut texts: Vec<String> = pages.iter().map(|page| std::fs::read_to_string(page).unwrap()).collect();
    let commands = [
        "build",
        "check",
        "watch",
        "status",
        "why",
        "affected",
        "graph",
        "template",
        "sync",
        "clean",
        "init",
        "hook",
        "schema",
        "explain",
        "completions",
    ];
    let help: BTreeMap<&str, String> =
        commands.iter().map(|name| (*name, run_in(root, HFGEN, &[name, "--help"]).expect(0).stdout)).collect();
    texts.extend(help.values().cloned());
    let mut seen = 0;
    for line in texts.iter().flat_map(|text| text.lines()) {
        for part in line.split("hfgen ").skip(1) {
            let words: Vec<&str> = part.split([' ', '`', '\t']).collect();
            let Some(help) = words.first().and_then(|name| help.get(name)) else { continue };
            let command: Vec<&str> =
                words.iter().copied().take_while(|word| !["&&", "|", "#", "||"].contains(word)).collect();
            for flag in command.iter().filter(|word| word.starts_with("--") && word.len() > 2) {
                let flag = flag.split(['=', '[', ',', '.', ')', ':', ';']).next().unwrap_or(flag);
                let below = words.get(1).filter(|_| ["hook", "template"].contains(&words[0]));
                let known = match below {
                    Some(sub) => run_in(root, HFGEN, &[words[0], sub, "--help"]).stdout,
                    None => help.clone(),
                };
                assert!(known.contains(flag), "`hfgen {part}`: no {flag}");
                seen += 1;
            }
        }
    }
    assert!(seen > 30, "only {seen} flags were found");
}

/// That the hook fires is shown by real commits, in `hook.rs`; here, that the framework's patterns match.
#[test]
fn r29_the_hooks_patterns_match_what_they_are_for() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join(".pre-commit-hooks.yaml")).unwrap();
    let patterns: Vec<&str> = text.lines().filter_map(|line| line.trim().strip_prefix("files: ")).collect();
    assert_eq!(patterns.len(), 2);
    let matches = |pattern: &str, path: &str| {
        run_in(root, "sh", &["-c", "printf '%s\\n' \"$1\" | grep -qE -- \"$2\"", "sh", path, pattern]).code == 0
    };
    for pattern in patterns {
        for path in class("R29").paths {
            assert!(matches(pattern, &path) && matches(pattern, &format!("suites/hf/{path}")), "{pattern}: {path}");
        }
        assert!(!matches(pattern, "src/registry.rs") && !matches(pattern, "README.md"), "{pattern}");
    }
}

#[test]
fn r30_what_is_claimed_is_what_is_there() {
    let project = Project::new();
    project.append("templates/check/shape.py.hbs", "{{#if (eq @root.model.type \"gamma\")}}\nreturn (\n{{/if}}\n");
    let ran = project.hfgen(&["build", "--format", "json"]).expect(1);
    let summary = &ran.json()["summary"];
    assert_eq!((summary["created"].as_u64(), summary["invalid"].as_u64()), (Some(13), Some(1)));
    assert_eq!(project.outputs().len(), 13);
    assert!(summary["errors"].as_u64() > Some(0));
    project.hfgen(&["build"]).expect(1).has("1 invalid");
}

/// A project whose text outputs honour a worker's contract, but for `from`, which is `to` instead.
fn worker(from: &str, to: &str) -> Project {
    let project = Project::new();
    let module = r#"class hf_{{model.ident}}:
    def __init__(self, resources=None, metadata=None):
        self.resources = resources

    def init_cpu(self, model, device, cpu_label):
        endpoint, tokenizer, endpoint_handler = model, device, cpu_label
        return endpoint, tokenizer, endpoint_handler, [], 1

    def init_openvino(self, model, model_type, device, openvino_label, *converters):
        return model, model_type, device, openvino_label, converters


def test_it():
    assert hf_{{model.ident}}().resources is None
"#;
    assert!(module.contains(from));
    project.put("templates/family/text.py.hbs", module.replacen(from, to, 1));
    project.edit(
        "rules/20-targets.toml",
        "output = \"test_hf_{ident}.py\"",
        "output = \"test_hf_{ident}.py\"\ncontract = \"worker\"",
    );
    let mut rules = "\n[[contract.worker.class]]\nname = \"hf_{ident}\"\n".to_owned();
    for (name, params, returns) in [
        ("__init__", "\"self\", \"resources=\", \"metadata=\"", ""),
        ("init_cpu", "\"self\", \"model\", \"device\", \"_\"", "returns_tuple = 5\n"),
        (
            "init_openvino",
            "\"self\", \"model\", \"model_type\", \"device\", \"openvino_label\", \"*_\"",
            "returns_tuple = 5\n",
        ),
    ] {
        rules += &format!("[[contract.worker.class.method]]\nname = \"{name}\"\nparams = [{params}]\n{returns}");
    }
    project.append("rules/20-targets.toml", &rules);
    project
}

#[test]
fn r32_five_values_come_back() {
    worker("[], 1", "[], 1").hfgen(&["build"]).expect(0);
    let three = &class("R32").texts[0];
    let project = worker("return endpoint, tokenizer, endpoint_handler, [], 1", three);
    project.hfgen(&["build"]).expect(1).has("HF332").has("templates/family/text.py.hbs:7");
    assert!(!project.has("generated/test_hf_alpha.py"));
}

#[test]
fn r33_the_workers_call_binds() {
    for (from, to) in [
        (", *converters", ""),
        ("model, model_type, device, openvino_label", "model, device, openvino_label"),
        ("init_openvino(self, ", "init_openvino(self, first, "),
    ] {
        let project = worker(
            &format!("def init_openvino(self, model, model_type, device, openvino_label, *converters)")[..],
            &"def init_openvino(self, model, model_type, device, openvino_label, *converters)".replacen(from, to, 1),
        );
        let ran = project.hfgen(&["build"]);
        assert_eq!(ran.code, 1, "{to}: {}", ran.text());
        assert!(ran.text().contains("HF331") || ran.text().contains("HF304"), "{to}: {}", ran.text());
    }
    let project = worker("def init_cpu(", "def init_gpu(");
    project.hfgen(&["build"]).expect(1).has("HF330");
}

#[test]
fn r34_outputs_load_without_a_package() {
    for (path, text) in real_tests() {
        let relative = text.lines().find(|line| line.trim_start().starts_with("from ."));
        assert_eq!(relative, None, "{path}");
    }
}

#[test]
fn r35_classes_are_constructed() {
    let Some(python) = python() else { return };
    let script = "
import importlib.util, sys
for name in sys.argv[1:]:
    spec = importlib.util.spec_from_file_location('loaded_' + name, f'test_hf_{name}.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made = getattr(module, 'hf_' + name)(resources={}, metadata={})
    assert callable(made.init_cpu), name
";
    let models = ["bert", "gpt2", "t5", "vit", "whisper", "llava", "kosmos_2_5", "mamba", "mixtral", "detr"];
    let mut run =
        command(&REAL.path("generated"), &python.display().to_string(), &[&["-c", script], &models[..]].concat());
    run.env("PYTHONDONTWRITEBYTECODE", "1");
    finished(run).expect(0);
    // A method that binds itself by a name that is not there.
    let binding = &class("R35").texts[0];
    let text = format!("class A:\n    def __init__(self):\n        {binding}\n\n\ndef test_it():\n    assert A()\n");
    let project = with_text(&text);
    let ran = project.hfgen(&["build"]);
    if ran.code == 0 {
        let made = run_in(
            &project.path("generated"),
            &python.display().to_string(),
            &["-m", "pytest", "-q", "-p", "no:cacheprovider", "test_index.py"],
        );
        assert_ne!(made.code, 0, "the test constructs it, and fails");
    }
}

#[test]
fn r37_the_same_inputs_make_the_same_bytes() {
    let other = REAL.fresh_copy();
    other.hfgen(&["build", "--jobs", "1"]).expect(0);
    same_files(&REAL.outputs(), &other.outputs());
    let root = REAL.root().display().to_string();
    for (path, bytes) in other.outputs() {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert!(
            !text.contains(&root) && !text.contains(&other.root().display().to_string()),
            "{path} names its folder"
        );
    }
}

#[test]
fn r38_up_to_date_is_no_error() {
    let project = Project::new();
    project.hfgen(&["build"]).expect(0);
    project.hfgen(&["build"]).expect(0).has("14 unchanged");
    project.edit("templates/family/vision.py.hbs", "CLASSES", "NAMES");
    let outcome = project.build();
    assert_eq!((outcome.counts.rendered, outcome.counts.written), (2, 2));
    project.hfgen(&["build"]).expect(0);
}

#[test]
fn r39_a_missing_input_is_an_error_with_its_path() {
    for (path, words) in [
        ("registry.lock", "registry.lock"),
        ("registry.toml", "registry.toml"),
        ("rules/10-families.toml", "unknown family `text`"),
        ("templates/check/shape.py.hbs", "check/shape"),
        ("templates/family/summary.py.hbs", "family/summary"),
    ] {
        let project = Project::new();
        project.remove(path);
        let ran = project.hfgen(&["build"]).has(words);
        assert!(matches!(ran.code, 1 | 2), "{path}: {}", ran.text());
        assert!(!project.has("generated/summary_text.py") || path.starts_with("templates/check"), "{path}");
    }
}
