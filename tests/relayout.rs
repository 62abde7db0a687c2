//! The layout of a long definition is taken from the file as it stands: what comes of it is what a build from nothing makes.
#![allow(clippy::disallowed_methods, reason = "tests make real files")]

mod common;

use common::Project;
use hfgen::digest::Digest;
use hfgen::graph::header;
use hfgen::store::frame;
use hfgen::store::trace::Trace;
use hfgen::validate::{Before, LONG, LaidOut};

const BASE: &str = "templates/base.py.hbs";
const REGISTRY: &str = "registry.toml";

#[test]
fn every_edit_gives_what_a_build_from_nothing_gives() {
    let project = Project::new();
    let method =
        |number| format!("    def m{number}( self ):  return  [{number},\n        {{'a' : self.m{number}}} ]\n");
    let methods: String = (0..60).map(method).collect();
    assert!(methods.len() > LONG);
    project.edit(BASE, "    \"\"\"Under test.\"\"\"\n", &format!("    \"\"\"Under test.\"\"\"\n\n{methods}"));
    assert_eq!(project.build().findings, []);
    for (path, from, to) in [
        // Beside it, in it, around it.
        (BASE, "Tests of", "All tests of"),
        (BASE, "Under test", "Being tested"),
        (REGISTRY, "python = \"3.10\"", "python = \"3.10\"\nline-length = 60"),
        (BASE, "All tests of", "Tests of"),
        // From the cache, which knows no layouts, and on from there.
        (BASE, "Tests of", "All tests of"),
        (BASE, "All tests of", "Each test of"),
        (REGISTRY, "line-length = 60", "line-length = 100"),
    ] {
        project.edit(path, from, to);
        let outcome = project.build();
        assert_eq!(outcome.findings, [], "{to}");
        project.assert_clean();
        // What came from the cache has no layouts; elsewhere the trace knows where the class stands.
        let known = layouts(&project, "generated/test_hf_alpha.py");
        assert_eq!(known.len(), usize::from(outcome.counts.restored == 0), "{to}");
        assert!(known.iter().all(|layout| layout.starts_with("class hf_alpha:\n")), "{known:?}");
    }
}

/// The long definitions of an output, from where the trace says that they stand.
fn layouts(project: &Project, path: &str) -> Vec<String> {
    let bytes = project.bytes(".hfgen-cache/trace.bin").unwrap();
    let trace: Trace = frame::decode(&bytes).unwrap();
    let file = project.read(path);
    let text = header::below(&file).unwrap();
    trace.output(path).unwrap().long.iter().map(|long| text[long.place.clone()].to_owned()).collect()
}

#[test]
fn a_layout_is_found_by_what_it_was_made_from() {
    let raw = "def f( ): pass";
    let part = |raw: &str, place| LaidOut { raw: Digest::of(raw.as_bytes()), place };
    let long = [part("def g(): pass", 0..3), part(raw, 3..7), part("cut", 9..18)];
    let before = Before { text: "one two three", long: &long };
    assert_eq!(before.find(raw), Some(" two"));
    assert_eq!((before.find("def f(): pass"), before.find("cut")), (None, None));
    assert_eq!(Before::default().find(raw), None);
}
