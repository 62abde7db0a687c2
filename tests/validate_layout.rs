//! A module that is laid out part by part looks as if it was laid out as a whole.
#![allow(clippy::print_stderr, reason = "a skipped test says why")]

#[path = "support/cpython_oracle.rs"]
#[allow(dead_code, reason = "only where their libraries lie is asked here")]
mod cpython_oracle;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cpython_oracle::pythons;
use hfgen::sys::{OsSystem, System};
use hfgen::validate::{self, Before, Demands, FileKind, LONG, LaidOut, Layouts, Style, Validated, definition, python};
use rayon::prelude::*;

const DEMANDS: Demands<'_> = Demands {
    python: (3, 14),
    line_length: 100,
    kind: FileKind::Module,
    contract: None,
    class_names: None,
    model: None,
};

/// Validated with layouts that `shared` gives.
fn python_with(text: &str, shared: &dyn Fn(&str) -> Option<Arc<str>>) -> Validated {
    validate::python_with(text, &DEMANDS, Some(Layouts { shared, before: Before::default() }))
}

/// In how many parts `text` was laid out, none where as a whole; fails where that shows.
fn parts(name: &str, text: &str) -> usize {
    let style = Style { python: DEMANDS.python, line_length: DEMANDS.line_length };
    let asked = AtomicUsize::new(0);
    let layouts = |text: &str| -> Option<Arc<str>> {
        asked.fetch_add(1, Ordering::Relaxed);
        definition(text, style)
    };
    let (whole, parted) = (python(text, &DEMANDS), python_with(text, &layouts));
    assert_eq!((&parted.text, &parted.issues), (&whole.text, &whole.issues), "{name}");
    for LaidOut { place, .. } in &parted.long {
        let layout = &parted.text[place.clone()];
        assert_eq!(definition(layout, style).as_deref(), Some(layout), "{name}");
    }
    asked.into_inner()
}

#[test]
fn two_empty_lines_are_all_that_a_definition_knows_of_its_neighbours() {
    for (text, expected) in [
        ("x=1\n\ndef f( ):\n  pass\n", 2),
        ("x=1\n\n\n\n\ndef f( ):\n  pass\n\n\n\n\n", 2),
        ("import a\n\ndef f(): return  1\n\ndef g(): return  2\n\nclass C( object ):\n  x=1\n\nf( )\n", 5),
        ("import a\n\n@a( 1)\n@a.b\nasync def f(): return  1\n\nif a:\n    f ()\n", 3),
        ("def f(): return  1\n\ndef g(): return  2\n", 2),
        // What stands between two statements belongs to one of them.
        ("x=1\n# of f\ndef f(): pass\n\ndef g(): pass\n", 2),
        ("x=1\n\ndef f():\n    pass\n    # the end\n\ndef g(): pass\n\n# the end\n", 0),
        ("x=1\n\ndef f(): pass # why\n\ndef g(): pass\n\ndef h(): pass\n", 2),
        // Stubs may stand close.
        ("x=1\n\ndef f(): ...\ndef g(): ...\n", 0),
        ("x=1\n\n@o\ndef f(): ...\n@o\ndef g(): ...\n\ndef h(): pass\n", 2),
        ("x=1\n\ndef f(): pass\ny=2\n", 0),
        // A text that stands first is a docstring, elsewhere it is not.
        ("'''Text.'''\ndef f(): pass\n", 0),
        ("'''Text.'''\n\ndef f(): pass\n\n'''  More. '''\n", 0),
        ("'''Text.'''\nx=1\n\ndef f():\n    '''  Does. '''\n\nx=  2\n", 3),
        // Layout that is switched off, other line ends, pages, a line that goes on.
        ("x=1\n\n# fmt: off\ny  = 2\n\ndef f( ): pass\n\n# fmt: on\n", 0),
        ("x=1\n\ndef f( ): pass # fmt: skip\n\ny  = 2\n", 0),
        ("x=1\r\n\r\ndef f( ): pass\r\n\r\ny  = 2\r\n", 0),
        ("x=1\n\n\x0c\ndef f( ): pass\n\ny  = 2\n", 0),
        ("x=1; y=2\n\ndef f( ): pass; pass\n\ny  = 2; x = 3\n", 3),
        ("x=1\n\n\\\ndef f( ): pass\n\ny  = 2\n", 0),
        ("x=1\n\ndef f( ): pass", 0),
        ("", 0),
    ] {
        assert_eq!(parts(text, text), expected, "{text}");
    }
}

#[test]
fn a_long_table_knows_as_little() {
    let table = format!("X={{{}}}", "'a' :1,".repeat(LONG / 7 + 1));
    for (text, expected) in [
        ("import a\n\nX\n\nclass C( object ): pass\n", 3),
        ("import a\n\n\nX\n\n\ny=2\n", 3),
        ("import a\n\n\n\n\nX\n\ny=2\n\nX\n", 4),
        ("def f(): pass\n\nX\n\nX\n\ndef f(): pass\n", 4),
        // Close to a neighbour, behind a docstring, beside what brings its own empty lines, on one line with another.
        ("import a\nX\n\ny=2\n", 0),
        ("y=2\n\nX\nz=3\n", 0),
        ("y=2\n\n# of X\nX\n\nz=3\n", 0),
        ("'''Text.'''\n\nX\n\nz=3\n", 0),
        ("y=2\n\nX\n\n'''Of X.'''\n", 0),
        ("if a:\n    def f(): pass\n\nX\n\nz=3\n", 0),
        ("y=2\n\nX\n\nwith a: pass\n", 0),
        ("y=2\n\nX; z=3\n\nz=4\n", 0),
    ] {
        let text = text.replace('X', &table);
        assert_eq!(parts(&text, &text), expected, "{text}");
    }
}

#[test]
fn one_empty_line_is_all_that_a_method_of_a_long_class_knows() {
    let long = format!("    def long(self):\n        return [{}]\n", "1 ,".repeat(LONG / 3 + 1));
    for (text, expected) in [
        // What is before the class, `long`, the head, and each other part.
        ("class C( A ):\n    '''Text.'''\n\nLONG", 3),
        ("@a\nclass C( A ):\n    x=1\n    y = 2\n\n    @b\n    def f(self): pass\n\nLONG\n    z  = f\n", 5),
        (
            "class C:\n  '''  Text.\n\n    More. '''\n\n\n  def f(self):\n    '''  Of f.\n\n    More.'''\n\n  x='''\n\n'''*80*80*80\nLONG",
            4,
        ),
        // The first member can't be without a head, and a text that would come first would be one.
        ("class C:\n    def f(self): pass\n\nLONG", 3),
        ("class C:\n    x=1\n\n    def f(self): pass\n\n    '''Of f.'''\n\nLONG", 2),
        ("class C:\n    x=1\n\n    def f(self): pass # why\n\n    # of long\nLONG", 2),
        ("class C:\n    x=1\n\n    def f(self): ...\n    def g(self): ...\n\nLONG", 3),
        ("class C:\n    x=1\n\n    class D:\n        def f(self): pass\n\nLONG", 3),
        ("class C: x=1; y=LONG2\n", 2),
    ] {
        let text = format!("import a\n\n{}", text.replace("LONG2", &format!("[{}]", "1,".repeat(LONG))));
        let indent = if text.contains("\n  '''") { "  " } else { "    " };
        let text = text.replace("LONG", &long.replace("    ", indent));
        assert_eq!(parts(&text, &text), expected, "{text}");
    }
}

#[test]
fn a_definition_that_can_not_be_laid_out_alone_is_laid_out_with_the_rest() {
    let text = "x=1\n\ndef f( ): pass\n\ny  = 2\n";
    assert_eq!(python_with(text, &|_| None), python(text, &DEMANDS));
    // What is given is taken: two modules with the same definition share its layout.
    let given = python_with(text, &|text| Some(if text.starts_with("def") { "def g(): ...\n" } else { "z\n" }.into()));
    assert_eq!(given.text, "z\n\n\ndef g(): ...\n\n\nz\n");
}

#[test]
fn the_standard_library_and_the_examples() {
    let system = OsSystem;
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").display().to_string();
    let mut folders = vec![(examples, 6, 150)];
    folders.extend(pythons().into_iter().map(|python| (python.library, 500, 5000)));
    if folders.len() == 1 {
        eprintln!("no Python found: its library was not laid out");
    }
    for (folder, least_files, least_parts) in folders {
        let files = system.walk(Path::new(&folder)).expect("readable");
        let files: Vec<_> = files
            .iter()
            .filter(|path| path.extension().is_some_and(|end| end == "py") && !path.starts_with("site-packages"))
            .collect();
        assert!(files.len() >= least_files, "{} files in {folder}", files.len());
        let one = |path: &&std::path::PathBuf| {
            let path = Path::new(&folder).join(path);
            // Files in other encodings are no outputs.
            system.read_text(&path).map_or(0, |text| parts(&path.display().to_string(), &text))
        };
        let parts: usize = files.par_iter().map(one).sum();
        assert!(parts >= least_parts, "{parts} parts in {folder}");
    }
}
