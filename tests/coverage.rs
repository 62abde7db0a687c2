//! `hfgen coverage` and `hfgen report` with the real binary: every state of a cell, every format, what is new, and the page in a
//! real browser where there is one.
#![allow(clippy::disallowed_methods, reason = "tests make real files and run the real binary")]

mod common;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::{Project, Ran, skipped};
use hfgen::run::files::Suite;
use hfgen::run::kept::{ALL, Kept, Known, Part};
use hfgen::run::protocol::{Outcome, Record};
use hfgen::sys::OsSystem;

/// No Python: files alone decide what still counts, on every machine.
const NO_PYTHON: &str = "/nonexistent/python";

const REGISTRY: &str = r#"
[hardware.openvino]
title = "OpenVINO"
backend = "openvino"
device = "CPU"
runtime = "openvino"

[[model.iris.skip]]
check = "shape"
hardware = "cpu"
reason = "its shapes are drawn"

[[model.echo.xfail]]
check = "shape"
hardware = "cpu"
reason = "echo is broken"
reproduction = "assert False"
"#;

const RULES: &str = r#"
[check.slow]
title = "a slow one"
fault = "a slow fault"
tier = "full"
hardware = ["cpu"]
select = { model = ["alpha"] }

[check.never]
title = "never runs"
fault = "anything"
hardware = ["cpu"]
select = { model = ["alpha", "beta-2"] }
"#;

fn project() -> Project {
    let project = Project::new();
    project.append("registry.toml", REGISTRY);
    project.append("rules/10-families.toml", RULES);
    project.build();
    project
}

fn record(check: &str, class: &str, hardware: &str, outcome: Outcome, reason: &str) -> Record {
    Record {
        node: format!("test_{check}[{class}-{hardware}]"),
        check: check.to_owned(),
        class: class.to_owned(),
        hardware: hardware.to_owned(),
        outcome,
        reason: reason.to_owned(),
        seconds: 0.25,
        ..Record::default()
    }
}

/// Keeps results of a file as `hfgen test` does.
fn keep(project: &Project, into: &Path, file: &str, whole: bool, records: Vec<Record>) {
    let mut suite = Suite::open(&OsSystem, &project.options()).unwrap();
    suite.read(&OsSystem, project.root());
    let of = suite.files.iter().find(|one| one.path == file).unwrap_or_else(|| panic!("no {file}: {:?}", suite.files));
    let machine = BTreeMap::from([("torch".to_owned(), "2.15.0".to_owned()), ("cpu".to_owned(), "a chip".to_owned())]);
    let mut runs: BTreeMap<Part, Vec<Record>> = BTreeMap::new();
    let part = |check: &str| Part { check: check.to_owned(), fault: None };
    if whole {
        runs.insert(part(ALL), Vec::new());
    }
    for record in records {
        runs.entry(part(&record.check)).or_default().push(record);
    }
    let mut parts = suite.parts(of, &machine);
    parts.insert("runner".to_owned(), "r".to_owned());
    let known = Known { key: format!("{parts:?}"), parts, runs, ..Known::default() };
    Kept::load(&OsSystem, into).add(&OsSystem, file, known).unwrap();
}

fn results(project: &Project) -> PathBuf {
    project.path(".hfgen-cache/results.jsonl")
}

/// Of each outcome something.
fn some_results(project: &Project) {
    use Outcome::{Failed, Passed, Skipped, Xfailed};
    let kept = results(project);
    let detected = |hardware: &str| record("hardware", "", hardware, Skipped, &format!("{hardware}: no such device"));
    let alpha = vec![
        detected("cuda"),
        record("shape", "AlphaModel", "cpu", Passed, ""),
        record("shape", "AlphaForCausalLM", "cpu", Skipped, "AlphaForCausalLM on cpu: no shape"),
        record("gradients", "AlphaModel", "cpu", Failed, "AssertionError: none"),
        record("never", "AlphaModel", "cpu", Skipped, "AlphaModel on cpu: it can't"),
    ];
    keep(project, &kept, "generated/test_hf_alpha.py", true, alpha);
    keep(
        project,
        &kept,
        "generated/test_hf_beta_2.py",
        false,
        vec![
            record("shape", "Beta2Model", "cpu", Passed, ""),
            record("never", "Beta2Model", "cpu", Skipped, "Beta2Model on cpu: it can't"),
        ],
    );
    let echo = vec![record("shape", "EchoModel", "cpu", Xfailed, "echo is broken")];
    keep(project, &kept, "generated/vision/test_hf_echo.py", false, echo);
}

fn coverage(project: &Project, more: &[&str]) -> Ran {
    project.hfgen(&[&["coverage", "--python", NO_PYTHON], more].concat())
}

/// State and reason by cell.
fn cells(ran: &Ran) -> BTreeMap<String, (String, String)> {
    let value = ran.json();
    let word = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let cells = value["cells"].as_array().unwrap().iter();
    cells
        .map(|cell| {
            let name = format!("{} {} {}", word(&cell["model"]), word(&cell["check"]), word(&cell["hardware"]));
            (name, (word(&cell["state"]), word(&cell["reason"])))
        })
        .collect()
}

#[test]
fn each_cell_has_its_state_and_its_reason() {
    let project = project();
    some_results(&project);
    let ran = coverage(&project, &["--format", "json"]).expect(0);
    let cells = cells(&ran);
    let check = |cell: &str, state: &str, reason: &str| {
        let found = cells.get(cell).unwrap_or_else(|| panic!("no {cell} in {:?}", cells.keys()));
        assert_eq!(found, &(state.to_owned(), reason.to_owned()), "{cell}");
    };
    check("alpha shape cpu", "passed", "");
    check("alpha gradients cpu", "failed", "AssertionError: none");
    check("alpha shape cuda", "not-run", "no such device");
    check("alpha never cpu", "skipped", "it can't");
    check("alpha slow cpu", "not-run", "a slow check: `--tier full` runs it");
    let runtime = "a check that names no hardware runs where torch runs; this is openvino";
    check("alpha shape openvino", "not-generated", runtime);
    check("beta-2 shape cpu", "passed", "");
    check("beta-2 gradients cpu", "missing", "it never ran on this hardware");
    check("gamma shape cpu", "missing", "its file never ran");
    check("gamma shape cuda", "not-run", "no such device");
    check("iris shape cpu", "skipped", "its shapes are drawn");
    check("echo shape cpu", "xfailed", "echo is broken");
    assert!(!cells.contains_key("iris gradients cpu"), "a check of another family is no cell");

    let value = ran.json();
    let cell =
        value["cells"].as_array().unwrap().iter().find(|cell| cell["check"] == "shape" && cell["model"] == "alpha");
    let cell = cell.unwrap();
    assert!(cell["at"].as_str().unwrap().ends_with('Z'), "{cell}");
    assert_eq!(value["machines"][cell["machine"].as_u64().unwrap() as usize]["versions"]["cpu"], "a chip");
    assert_eq!(cell["tests"].as_array().unwrap().len(), 2);
    assert_eq!(value["findings"][0]["code"], "HF760", "every cell of `never` is a skip");
    assert_eq!(value["summary"]["hardware"]["cuda"]["passed"], 0);
}

#[test]
fn what_no_longer_counts_is_stale_and_not_passed() {
    let project = project();
    some_results(&project);
    project.edit("templates/family/text.py.hbs", "HIDDEN =", "HIDDEN_SIZE =");
    let before = cells(&coverage(&project, &["--format", "json"]).expect(0));
    assert_eq!(before["alpha shape cpu"].0, "stale", "what a build would change is stale before it");
    assert!(before["alpha shape cpu"].1.contains("`hfgen build` would change"), "{:?}", before["alpha shape cpu"]);
    project.build();
    let ran = coverage(&project, &["--format", "json"]).expect(0);
    let after = cells(&ran);
    assert_eq!(after["alpha shape cpu"], ("stale".to_owned(), "since it ran: file changed".to_owned()));
    assert_eq!(after["echo shape cpu"].0, "xfailed", "another template, another file");
    let value = ran.json();
    assert_eq!(value["cells"].as_array().unwrap()[0]["was"], "passed");
    let missing = coverage(&project, &["--missing", "--hardware", "cpu"]).expect(0);
    missing.has("since it ran: file changed").has("its file never ran");
}

#[test]
fn selections_shares_and_exit_codes() {
    let project = project();
    some_results(&project);
    let one = |more: &[&str]| coverage(&project, &[&["--model", "alpha", "--hardware", "cpu"], more].concat());
    one(&[]).expect(0).has("coverage: 25.0 % (1 of 4 cells passed), 1 failed, 1 skipped, 1 not run here");
    one(&["--fail-under", "25"]).expect(0);
    one(&["--fail-under", "25.1"]).expect(1).has("HF761");
    one(&["--check", "shape", "--fail-under", "100"]).expect(0).has("coverage: 100 %");
    one(&["--check", "shap"]).expect(2).has("did you mean `shape`?");
    one(&["--fail-under", "101"]).expect(2).has("not a number from 0 to 100");
    coverage(&project, &["--hardware", "cpuu"]).expect(2).has("cpu");
    coverage(&project, &["--model", "alpha", "--family", "vision"]).expect(4);
    coverage(&project, &["--by", "family,task"]).expect(0).has("text-generation").has("vision");
}

#[test]
fn results_of_another_machine_count_for_its_hardware() {
    let project = project();
    some_results(&project);
    let other = project.outside().join("gpu.jsonl");
    let passed = vec![
        record("hardware", "", "cuda", Outcome::Passed, ""),
        record("shape", "AlphaModel", "cuda", Outcome::Passed, ""),
    ];
    keep(&project, &other, "generated/test_hf_alpha.py", true, passed);
    let other = other.display().to_string();
    let ran = coverage(&project, &["--results", &other, "--format", "json"]).expect(0);
    assert_eq!(cells(&ran)["alpha shape cuda"].0, "passed");
    assert!(ran.json()["machines"].to_string().contains("gpu.jsonl"));
    coverage(&project, &["--results", "nothing.jsonl"]).expect(2).has("HF763");
}

#[test]
fn every_format_is_whole() {
    let project = project();
    some_results(&project);
    let badge = coverage(&project, &["--format", "badge", "--hardware", "cpu"]).expect(0).stdout;
    assert!(
        badge.starts_with("<svg ") && badge.trim_end().ends_with("</svg>") && badge.contains("1 failed"),
        "{badge}"
    );
    coverage(&project, &["--format", "markdown"])
        .expect(0)
        .has("### Coverage: ")
        .has("| failed | 1 | cpu | gradients | alpha |");
    let told = coverage(&project, &["--format", "html", "--output", "map.html"]).expect(0);
    told.has("coverage: ");
    let page = project.read("map.html");
    for foreign in ["src=", "href=", "url(", "@import", "http://", "https://"] {
        assert!(!page.contains(foreign), "the page asks for {foreign}");
    }
}

#[test]
fn news_between_two_reports() {
    let project = project();
    let write = |file: &str| coverage(&project, &["--hardware", "cpu", "--format", "json", "--output", file]).expect(0);
    some_results(&project);
    write("before.json");
    let worse = vec![
        record("shape", "AlphaModel", "cpu", Outcome::Failed, "AssertionError: | worse"),
        record("gradients", "AlphaModel", "cpu", Outcome::Passed, ""),
    ];
    keep(&project, &results(&project), "generated/test_hf_alpha.py", true, worse);
    write("now.json");
    let report = |more: &[&str]| project.hfgen(&[&["report", "before.json"], more].concat());
    report(&["before.json"]).expect(0).has("nothing new");
    let news = report(&["now.json"]).expect(1);
    let news = news.has("newly failing  shape on cpu: alpha  AssertionError: | worse");
    news.has("1 newly failing, 1 newly passing").has("newly passing  gradients on cpu: alpha");
    let now = report(&["--python", NO_PYTHON, "--format", "json"]).expect(1).json();
    assert_eq!(now["counts"]["newly-failing"], 1, "without a second report, what is known now");
    let body = |format: &str, key: &str| {
        let value = report(&["now.json", "--format", format]).expect(1).json();
        assert!(value[key].as_str().unwrap().contains("newly failing  shape on cpu: alpha"), "{value}");
    };
    body("slack", "text");
    body("discord", "content");
    report(&["now.json", "--format", "email"]).expect(1).has("NEWLY FAILING\n-------------\n* shape on cpu: alpha\n");
    report(&["now.json", "--format", "github"])
        .expect(1)
        .has("| newly failing | 1 cell | shape | cpu | alpha | ")
        .has("\\| worse");
    project.hfgen(&["report", "now.json", "before.json", "--output", "news.txt"]).expect(1).has("since then:");
    assert!(project.read("news.txt").contains("newly failing  gradients"));
    project.put("other.json", r#"{"version": 1, "command": "test"}"#);
    project.hfgen(&["report", "other.json", "now.json"]).expect(2).has("HF762").has("of `hfgen test`");
    project.hfgen(&["report", "nothing.json"]).expect(2);
}

#[test]
fn what_is_tested_is_compared_with_a_revision_and_results_with_a_committed_report() {
    let project = project();
    some_results(&project);
    project.repository();
    project.commit_all("one").expect(0);
    project.edit("rules/10-families.toml", "[check.gradients]", "[check.slopes]");
    project.append(
        "registry.toml",
        "\n[[model.alpha.skip]]\ncheck = \"shape\"\nhardware = \"cpu\"\nreason = \"why not\"\n",
    );
    project.build();
    let ran = coverage(&project, &["--diff", "HEAD", "--hardware", "cpu"]).expect(0);
    let ran = ran.has("gone  gradients on cpu: alpha, beta-2, delta.5, gamma");
    let ran = ran.has("new  slopes on cpu: alpha").has("newly skipped  shape on cpu: alpha  why not");
    ran.has("not known: the revision holds no coverage.json");
    project.git(&["stash", "-q"]).expect(0);
    project.build();
    coverage(&project, &["--hardware", "cpu", "--format", "json", "--output", "coverage.json"]).expect(0);
    project.commit_all("two").expect(0);
    project.git(&["stash", "pop", "-q"]).expect(0);
    project.build();
    let ran = coverage(&project, &["--diff", "HEAD", "--hardware", "cpu"]).expect(0);
    ran.has("results since then: ").has_not("not known");
    coverage(&project, &["--diff", "nowhere"]).expect(2);
}

/// A browser of this machine.
fn browser() -> Option<String> {
    let named = std::env::var("HFGEN_BROWSER").ok();
    let known = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"].map(str::to_owned);
    named.into_iter().chain(known).find(|name| {
        let mut asked = Command::new(name);
        asked.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    })
}

/// What a person would do, and what the page then says, in its title.
const HAND: &str = r##"<script>
const said = {};
const key = (name) => document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true }));
const $ = (query) => document.querySelector(query);
const rows = () => [...document.querySelectorAll(".name span")].map((one) => one.textContent).join(" ");
said.percent = $("#percent").textContent;
said.rows = rows();
said.failed = document.querySelectorAll(".c.failed").length;
$("#grid").focus();
key("ArrowRight"); key("ArrowDown"); key("ArrowUp"); key("ArrowLeft");
said.cell = $("#panel h2").textContent;
said.here = $("#" + $("#grid").getAttribute("aria-activedescendant")).getAttribute("aria-label");
$("[data-state=failed]").click();
said.only = rows();
$("[data-state=failed]").click();
$(".c.failed").click();
said.why = $("#panel .why").textContent;
$("#search").value = "drawn"; $("#search").dispatchEvent(new Event("input"));
said.search = rows();
$("#reset").click();
$("#hardware").value = "cuda"; $("#hardware").dispatchEvent(new Event("change"));
said.cuda = document.querySelectorAll(".c.passed").length;
$("#theme").click();
said.theme = document.documentElement.dataset.theme;
document.title = JSON.stringify(said);
</script></body>"##;

#[test]
fn the_page_works_in_a_browser() {
    let Some(browser) = browser() else {
        return skipped("no chromium or chrome here (HFGEN_BROWSER names one): the page was not looked at");
    };
    let project = project();
    some_results(&project);
    coverage(&project, &["--format", "html", "--output", "map.html"]).expect(0);
    let page = project.read("map.html").replace("</body>", HAND);
    project.put("played.html", page);
    let home = project.outside().join("browser");
    let profile = format!("--user-data-dir={}", home.display());
    let address = format!("file://{}", project.path("played.html").display());
    let flags = ["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", "--virtual-time-budget=3000"];
    let output = Command::new(&browser).args(flags).args([&profile, &address]).output().unwrap();
    let dom = String::from_utf8_lossy(&output.stdout);
    let title = dom.split("<title>").nth(1).and_then(|rest| rest.split("</title>").next()).unwrap_or_default();
    let title = title.replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">");
    let said: serde_json::Value =
        serde_json::from_str(&title).unwrap_or_else(|error| panic!("{error}: the page says {title:?}"));
    let all = "alpha beta-2 delta.5 echo gamma iris";
    assert_eq!(said["rows"], all);
    assert_eq!(said["failed"], 1);
    assert_eq!(said["cell"], "alpha · shape");
    assert!(said["here"].as_str().unwrap().starts_with("alpha, shape: "), "{said}");
    assert_eq!(said["only"], "alpha");
    assert_eq!(said["why"], "AssertionError: none");
    assert_eq!(said["search"], "iris");
    assert_eq!(said["cuda"], 0);
    assert!(["light", "dark"].contains(&said["theme"].as_str().unwrap()));
}
