//! Each kind of issue, found where it is and not found where it isn't. `check` compares all issues of a source with what is
//! expected: a list of `line: HFnnn words of the message`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a skipped test says why")]

#[path = "support/validate_mutants.rs"]
mod validate_mutants;

use std::path::Path;

use hfgen::finding::Severity;
use hfgen::rules::contract::Contract;
use hfgen::sys::{OsSystem, System};
use hfgen::validate::{ClassNames, Demands, FileKind, LineShift, ModelWords, Validated, python};

const PLAIN: Demands<'_> = Demands {
    python: (3, 10),
    line_length: 120,
    kind: FileKind::Module,
    contract: None,
    class_names: None,
    model: None,
};

const TEST: Demands<'_> = Demands { kind: FileKind::Test, ..PLAIN };

/// All issues of `source`, one a line: `line: code words`, warnings with a `?` behind the code.
fn check(source: &str, demands: &Demands<'_>, expected: &[&str]) -> Validated {
    let validated = python(source, demands);
    let found: Vec<String> = validated
        .issues
        .iter()
        .map(|issue| {
            let line = source[..issue.range.start].matches('\n').count() + 1;
            let unsure = if issue.severity == Severity::Warning { "?" } else { "" };
            let entry = issue.code.entry().unwrap_or_else(|| panic!("{} has no page", issue.code));
            assert!(!entry.page.is_empty() && !issue.message.ends_with('.'), "{issue:?}");
            assert!(source.get(issue.range.clone()).is_some(), "{issue:?}");
            format!("{line}: {}{unsure} {}", issue.code, issue.message)
        })
        .collect();
    let fits = found.len() == expected.len()
        && found.iter().zip(expected).all(|(found, expected)| found.starts_with(expected));
    assert!(fits, "\n{source}\nfound:    {found:#?}\nexpected: {expected:#?}");
    validated
}

fn ok(source: &str, demands: &Demands<'_>) {
    check(source, demands, &[]);
}

#[test]
fn syntax() {
    ok("x = 1\n", &PLAIN);
    check("def f(:\n    pass\n", &PLAIN, &["1: HF300"]);
    check("try:\n    pass\nexcept* ValueError:\n    pass\n", &PLAIN, &["3: HF301 cannot use `except*` on Python 3.10"]);
    ok("try:\n    pass\nexcept* ValueError:\n    pass\n", &Demands { python: (3, 11), ..PLAIN });
    check("def f(a, a):\n    return a\n", &PLAIN, &["1: HF300 duplicate parameter \"a\""]);
    check("# -*- coding: latin-1 -*-\n", &PLAIN, &["1: HF302 the output declares the encoding `latin-1`"]);
    ok("# -*- coding: utf-8 -*-\n", &PLAIN);
    check("x = 1\0\n", &PLAIN, &["1: HF302 source code cannot contain null bytes"]);
    check(
        "if 1:\n\tx = 1\n        y = 2\n",
        &PLAIN,
        &["3: HF300 unexpected indentation", "3: HF300 inconsistent use of tabs and spaces"],
    );
}

#[test]
fn deep_nesting_is_an_error_and_not_a_crash() {
    let on_a_small_stack = |source: String| {
        let run = move || python(&source, &PLAIN).issues.len();
        std::thread::Builder::new().stack_size(2 << 20).spawn(run).expect("a thread").join().expect("no crash")
    };
    assert_eq!(on_a_small_stack(format!("x = {}1{}\n", "(".repeat(5000), ")".repeat(5000))), 1);
    assert_eq!(on_a_small_stack(format!("x = {}1\n", "-".repeat(100_000))), 1);
    assert_eq!(on_a_small_stack(format!("x = 1{}\n", " + 1".repeat(50_000))), 1);
    assert_eq!(on_a_small_stack(format!("x = y{}\n", ".z".repeat(50_000))), 1);
    assert!(on_a_small_stack(format!("x = {}1 (\n", "not ".repeat(50_000))) > 0);
    assert_eq!(on_a_small_stack(format!("x = 1{}\n", " + 1".repeat(200))), 0);
    assert_eq!(on_a_small_stack(format!("x = {}1{}\n", "[".repeat(150), "]".repeat(150))), 0);
    let nested = |depth: usize| (0..depth).fold(String::new(), |text, at| text + &" ".repeat(at) + "if 1:\n");
    assert_eq!(on_a_small_stack(format!("{}{}pass\n", nested(60), " ".repeat(60))), 0);
    // As deep as may be, in statements and in expressions at once.
    let calls = format!("{}1{}", "len(".repeat(199), ")".repeat(199));
    assert_eq!(on_a_small_stack(format!("{}{}{calls}\n", nested(98), " ".repeat(98))), 0);
    assert_eq!(on_a_small_stack(format!("{}{}pass\n", nested(120), " ".repeat(120))), 1);
}

#[test]
fn odd_files() {
    ok("", &PLAIN);
    ok("\n\n", &PLAIN);
    ok("# only a comment", &PLAIN);
    let marked = python("\u{feff}x = 1\n", &PLAIN);
    assert!(marked.is_valid(), "{marked:?}");
    let raw = "x = 1\r\nif x:\r\n    y = 'a'\r\n";
    let returns = python(raw, &PLAIN);
    assert_eq!((returns.text.as_str(), returns.lines(raw).to_raw(3)), ("x = 1\nif x:\n    y = \"a\"\n", 3));
    check("", &TEST, &["1: HF320"]);
}

/// Whatever stands in a text: no panic, ranges within it, and lines that exist.
#[test]
fn any_text_is_judged() {
    let contract: Contract = toml::from_str(CONTRACT).expect("a contract");
    let names = ClassNames::new(["BertModel"]);
    let model = Some(ModelWords { model_type: "gpt-neo", ident: "gpt_neo" });
    let demands = Demands { python: (3, 12), contract: Some(&contract), class_names: Some(&names), model, ..TEST };
    for (seed, source) in [include_str!("corpus/worker.py"), include_str!("corpus/strings.py")].into_iter().enumerate()
    {
        for mutant in validate_mutants::of(source, 300, seed as u64 + 9) {
            let found = python(&mutant, &demands);
            assert!(found.issues.iter().all(|issue| mutant.get(issue.range.clone()).is_some()), "{mutant}");
            let (raw, formatted) = (mutant.lines().count() + 1, found.text.lines().count() + 1);
            let lines = found.lines(&mutant);
            for line in 1..=formatted {
                let line = u32::try_from(line).expect("few lines");
                assert!((1..=raw).contains(&(lines.to_raw(line) as usize)), "{line} of {mutant}");
            }
        }
    }
}

#[test]
fn undefined_names() {
    check("print(nme)\nname = 1\n", &PLAIN, &["1: HF304 undefined name `nme`"]);
    check("print(name)\nname = 1\n", &PLAIN, &["1: HF304 `name` is used before it is bound"]);
    check("x = 1\ndel x\nprint(x)\n", &PLAIN, &["3: HF304 `x` is not bound any more"]);
    check(
        "try:\n    pass\nexcept OSError as e:\n    print(e)\nprint(e)\n",
        &PLAIN,
        &["5: HF304 `e` is not bound any more"],
    );
    check("def f():\n    return later\n", &PLAIN, &["2: HF304 undefined name `later`"]);
    check("class C:\n    x = 1\n    def f(self):\n        return x\n", &PLAIN, &["4: HF304 undefined name `x`"]);
    check("class C:\n    n = 1\n    y = [n for _ in range(3)]\n", &PLAIN, &["3: HF304 undefined name `n`"]);
    check("def f():\n    print(x)\n    x = 1\n", &PLAIN, &["2: HF304 `x` is used before it is bound"]);
    check(
        "def f(a: Missing) -> Other: ...\n",
        &PLAIN,
        &["1: HF304 undefined name `Missing`", "1: HF304 undefined name `Other`"],
    );
    check("def f(a: 'Missing'): ...\n", &PLAIN, &["1: HF304 undefined name `Missing`"]);
    check("x += 1\n", &PLAIN, &["1: HF304 `x` is used before it is bound"]);
    check("def f():\n    global gone\n    return gone\n", &PLAIN, &["3: HF304 undefined name `gone`"]);
    check("print(f'{missing!r}')\n", &PLAIN, &["1: HF304 undefined name `missing`"]);
    check("lambda: missing\n", &PLAIN, &["1: HF304 undefined name `missing`"]);
    check("x: int\nprint(x)\n", &PLAIN, &["2: HF304 undefined name `x`"]);
    check("__all__ = ['gone', 'x']\nx = 1\n", &PLAIN, &["1: HF305 `__all__` names `gone`"]);
    check("ExceptionGroup\n", &PLAIN, &["1: HF304 undefined name `ExceptionGroup`"]);
    ok("ExceptionGroup\n", &Demands { python: (3, 11), ..PLAIN });
}

#[test]
fn names_that_are_fine() {
    ok("print(__file__, __name__, len, __doc__)\n", &PLAIN);
    ok("def f():\n    return later\nlater = 1\n", &PLAIN);
    ok("from os import *\nprint(getcwd())\n", &PLAIN);
    ok("def f():\n    global made\n    made = 1\ndef g():\n    return made\n", &PLAIN);
    ok("for i in range(3):\n    if i:\n        print(x)\n    x = i\n", &PLAIN);
    ok("try:\n    unicode\nexcept NameError:\n    unicode = str\n", &PLAIN);
    ok("if (n := 3) > 2:\n    print(n)\n[last := i for i in range(n)]\nprint(last)\n", &PLAIN);
    ok(
        "match [1, 2]:\n    case [a, *rest] if a:\n        print(a, rest)\n    case {'k': v, **kw}:\n        print(v, kw)\n",
        &PLAIN,
    );
    ok(
        "class C:\n    x = 1\n    y = x\n    z = [i for i in range(x)]\n    def f(self):\n        return __class__\n",
        &PLAIN,
    );
    ok("from __future__ import annotations\ndef f(a: Later) -> Later: ...\nclass Later: ...\n", &PLAIN);
    ok("class Node:\n    def add(self, other: 'Node') -> 'Node': ...\n", &PLAIN);
    ok("e = None\ntry:\n    pass\nexcept OSError as e:\n    pass\nprint(e)\n", &PLAIN);
    ok("x = 1\ndel x\nx = 2\nprint(x)\n", &PLAIN);
    ok("def outer():\n    def inner():\n        nonlocal n\n        n += 1\n    n = 0\n    return inner\n", &PLAIN);
    ok("with open('a') as f, open('b') as (g, h):\n    print(f, g, h)\n", &PLAIN);
    ok("import os.path as p, sys\nprint(p, sys)\nimport a.b\na.b.c()\n", &PLAIN);
    ok(
        "def f[T](x: T) -> T:\n    return x\nclass C[T]:\n    y: T\ntype A[T] = list[T] | A\n",
        &Demands { python: (3, 12), ..PLAIN },
    );
    ok("x = lambda a, *b, c=1, **d: (a, b, c, d)\n", &PLAIN);
    ok("class C:\n    def __init__(self):\n        self.__x = 1\n", &PLAIN);
    ok("def f():\n    x: int = 1\n    return x\n", &PLAIN);
}

#[test]
fn duplicates() {
    check("def f(): ...\ndef f(): ...\n", &PLAIN, &["2: HF306 `f` is defined twice; the definition on line 1"]);
    check("class C:\n    def m(self): ...\n    def m(self): ...\n", &PLAIN, &["3: HF306 `m` is defined twice"]);
    check(
        "def test_a():\n    assert f()\ntest_a()\ndef test_a():\n    assert f()\ndef f(): ...\n",
        &TEST,
        &["4: HF308 test `test_a` replaces"],
    );
    check("{'a': 1, 'b': 2, 'a': 3}\n", &PLAIN, &["1: HF307 the key `'a'` stands twice"]);
    check("{1: 1, True: 2}\n", &PLAIN, &["1: HF307 the key `True` stands twice"]);
    ok("def f(): ...\nf()\ndef f(): ...\n", &PLAIN);
    ok("if 1:\n    def f(): ...\nelse:\n    def f(): ...\n", &PLAIN);
    ok(
        "from typing import overload\n@overload\ndef f(a: int): ...\n@overload\ndef f(a: str): ...\ndef f(a): ...\n",
        &PLAIN,
    );
    ok("class C:\n    @property\n    def x(self): ...\n    @x.setter\n    def x(self, v): ...\n", &PLAIN);
    ok("import app\n@app.get('/a')\ndef page(): ...\n@app.get('/b')\ndef page(): ...\n", &PLAIN);
    ok("a = 1\n{a: 1, a: 2, 'x': 1, b'x': 2, **{}}\n", &PLAIN);
}

#[test]
fn class_names() {
    let names =
        ClassNames::new(["BertModel", "BeitForImageClassification", "CanineModel", "AutoModel", "RoFormerForMaskedLM"]);
    let demands = Demands { class_names: Some(&names), ..PLAIN };
    let found = check(
        "from transformers import BEiTForImageClassification, AutoModel, is_torch_available, MODEL_MAPPING\n",
        &demands,
        &["1: HF310 transformers has no class `BEiTForImageClassification`"],
    );
    assert_eq!(found.issues[0].help.as_deref(), Some("did you mean `BeitForImageClassification`?"));
    check(
        "import transformers\ntransformers.CanineForMaskedLM\n",
        &demands,
        &["2: HF310 transformers has no class `CanineForMaskedLM`"],
    );
    check(
        "import transformers as tf\ntf.RoformerForMaskedLM\n",
        &demands,
        &["2: HF310 transformers has no class `RoformerForMaskedLM`"],
    );
    check("class C:\n    def f(self):\n        return self.transformers.Mosaic_mptModel\n", &demands, &["3: HF310"]);
    check("import transformers\ngetattr(transformers, 'Video_llavaModel')\n", &demands, &["2: HF310"]);
    check(
        "from transformers.models.bert.modeling_bert import BertModle\n",
        &demands,
        &["1: HF310 transformers has no class `BertModle`"],
    );
    check("import transformers\ntransformers.models.bert.modeling_bert.LLAMALMHeadModel\n", &demands, &["2: HF310"]);
    check(
        "from transformers import AutoModelForfillmask, EfficientnetModel, Data2vec_audioModel\n",
        &demands,
        &["1: HF310", "1: HF310", "1: HF310"],
    );
    ok("import transformers\ntransformers.BertModel.from_pretrained\ntransformers.utils.x\n", &demands);
    ok("from other import BEiTForImageClassification\n", &demands);
    ok("from transformers import Nonsense\n", &PLAIN);
}

#[test]
fn placeholders() {
    check("import transformers\ntransformers.ModelTypeForMaskedLM\n", &PLAIN, &["2: HF311 `ModelTypeForMaskedLM`"]);
    check("class TestModelTypeModels: ...\n", &PLAIN, &["1: HF311 `TestModelTypeModels`"]);
    check("def f():\n    {device_init_code}\n", &PLAIN, &["2: HF311 `{device_init_code}`", "2: HF304 undefined name"]);
    check("x = '{{tokens_per_second}}'\n", &PLAIN, &["1: HF311 `{{tokens_per_second}}`"]);
    check("x = 'running {model_name} now'\n", &PLAIN, &["1: HF311 `{model_name}`"]);
    check("# {{model.type}} is tested\n", &PLAIN, &["1: HF311 `{{model.type}}`"]);
    check("# Replace BERT, bert-base-uncased, fill-mask with actual values\n", &PLAIN, &["1: HF311 `Replace BERT"]);
    check("def f():\n    '''Tests of <MODEL>.'''\n", &PLAIN, &["2: HF311 `<MODEL>`"]);
    check("TODO_FILL = 1  # TODO: implement\n", &PLAIN, &["1: HF311 `TODO_FILL`", "1: HF311 `TODO: implement`"]);
    check("x = 'your-model-here'\n", &PLAIN, &["1: HF311 `your-model`"]);
    check("f'ModelTypeForMaskedLM {1}'\n", &PLAIN, &["1: HF311 `ModelTypeForMaskedLM`"]);
    ok("x = '{model_name}'.format(model_name=1)\n", &PLAIN);
    ok("T = 'a {model_name} b {{x}}'\nprint(T.format(model_name=1))\n", &PLAIN);
    ok("x = '{% for m in messages %}{{ m.content }}{% endfor %}'\n", &PLAIN);
    ok("x = '<s> <image> <PAD> <|im_start|> {} {0} {key}'\n", &PLAIN);
    ok("# tokens per {second} are replaced\nx = {'a': {}}\nmodel_type = f'{x}'\n", &PLAIN);
    ok("x = {y for y in ()}\n", &PLAIN);
}

#[test]
fn braces_and_escapes() {
    check(
        "class C:\n    def f(self):\n        return f\"Testing {{self.model_id}} ...\"\n",
        &PLAIN,
        &["3: HF312 the f-string prints `{self.model_id}`"],
    );
    check("x = 1\nf'{{x}} {x}'\n", &PLAIN, &["2: HF312 the f-string prints `{x}`"]);
    check("f'{{unknown}}'\n", &PLAIN, &["1: HF312? the f-string prints `{unknown}`"]);
    ok("x = 1\nf'{{\"k\": {x}}} {{}} {{1}} {{{x}}}'\n", &PLAIN);
    check("green = \"\\\\033[32m\"\n", &PLAIN, &["1: HF313 the escape sequence `\\033[`"]);
    ok("green = \"\\033[32m\"\npattern = r\"\\x1b\\[\\d+m\"\nother = '\\\\n'\n", &PLAIN);
}

#[test]
fn absolute_paths() {
    check("x = '/home/me/models'\n", &PLAIN, &["1: HF314 `/home/me/models` is a path of one machine"]);
    check("x = f'/tmp/{1}/x'\n", &PLAIN, &["1: HF314 `/tmp/`"]);
    check("x = 'C:\\\\Users\\\\me'\n", &PLAIN, &["1: HF314 `C:\\Users\\me`"]);
    check("x = 'file:///Users/me/x'\n", &PLAIN, &["1: HF314 `/Users/me/x`"]);
    check("x = 'cache at /root/.cache now'\n", &PLAIN, &["1: HF314 `/root/.cache`"]);
    ok(
        "x = 'https://x.org/home/me', '/dev/null', 'a/home/b', '/usr/bin/env', './tmp/x', '/homes', '/workspaces', 'c:d'\n",
        &PLAIN,
    );
    ok("# see /home/me\n", &PLAIN);
}

#[test]
fn suites() {
    check("x = 1\n", &TEST, &["1: HF320 the file holds no test"]);
    ok("x = 1\n", &PLAIN);
    check(
        "class TestX:\n    def __init__(self): ...\n    def test_a(self):\n        assert self\n",
        &TEST,
        &["1: HF320", "2: HF321 pytest collects no test of `TestX`"],
    );
    check(
        "class TestX:\n    x = 1\ndef test_a():\n    assert TestX.x == 1\n",
        &TEST,
        &["1: HF320 class `TestX` holds no test"],
    );
    check(
        "import pytest\n@pytest.mark.parametrize('x', [])\ndef test_a(x):\n    assert x\n",
        &TEST,
        &["2: HF320 `test_a` runs for no parameter"],
    );
    ok("class TestX:\n    def test_a(self):\n        assert self\n", &TEST);
    ok(
        "import unittest\nclass Bert(unittest.TestCase):\n    def __init__(self, *a): super().__init__(*a)\n    def test_a(self):\n        self.assertTrue(self)\n",
        &TEST,
    );
    ok("from support import BertTests\nclass TestBert(BertTests): ...\n", &TEST);
    ok("from support import *\n", &TEST);
    ok("from support import make\ntest_a = make('a')\n", &TEST);
    ok(
        "class TestHelper:\n    __test__ = False\n    def __init__(self): ...\ndef test_a():\n    assert TestHelper()\n",
        &TEST,
    );
}

#[test]
fn tests_that_cannot_fail() {
    let no = |body: &str, expected: &[&str]| {
        let body = body.replace('\n', "\n    ");
        check(
            &format!("import pytest, sys, contextlib, helpers\nf = g = helpers\ndef test_a():\n    {body}\n"),
            &TEST,
            expected,
        );
    };
    no("pass", &["3: HF322 `test_a` can't fail: no assertion can be reached"]);
    no("return f() == g", &["3: HF322"]);
    no("print('ok')\nreturn\nassert f", &["3: HF322"]);
    no("raise NotImplementedError\nassert f", &[]);
    no("pytest.skip('x')\nassert f", &["3: HF322"]);
    no("if False:\n    assert f", &["3: HF322"]);
    no("for x in []:\n    assert x", &["3: HF322"]);
    no("while True:\n    pass\nassert f", &["3: HF322"]);
    no("assert True", &["3: HF322", "4: HF323 this assertion always holds"]);
    no("assert (f, 'message')", &["3: HF322", "4: HF323"]);
    no("def inner():\n    assert f\n", &["3: HF322"]);
    no("x = lambda: helpers.check_it()", &["3: HF322"]);
    no(
        "try:\n    assert f\nexcept Exception:\n    print('x')",
        &["6: HF324 `test_a` can't fail: its assertions are swallowed here"],
    );
    no("try:\n    assert f\nexcept:\n    pass", &["6: HF324"]);
    no("try:\n    assert f\nexcept (ValueError, AssertionError) as e:\n    pytest.skip(str(e))", &["6: HF324"]);
    no("with contextlib.suppress(Exception):\n    assert f", &["4: HF324"]);
    no("try:\n    assert f\nfinally:\n    return", &["7: HF324"]);
}

#[test]
fn tests_that_can_fail() {
    let yes = |body: &str| {
        let body = body.replace('\n', "\n    ");
        ok(&format!("import pytest, sys, contextlib, helpers\nf = g = helpers\ndef test_a():\n    {body}\n"), &TEST);
    };
    yes("assert f");
    yes("if g:\n    return\nassert f");
    yes("if g:\n    pytest.skip('no device')\nassert f");
    yes("with pytest.raises(ValueError):\n    f()");
    yes("helpers.assert_close(f, g)");
    yes("f.testing.assert_allclose(1, 2)");
    yes("helpers._check_shapes(f)");
    yes("x = helpers.expect(f)");
    yes("if f != g:\n    pytest.fail('differs')");
    yes("if f != g:\n    raise AssertionError('differs')");
    yes("try:\n    assert f\nexcept ValueError:\n    pass");
    yes("try:\n    assert f\nexcept Exception as e:\n    print(e)\n    raise");
    yes("try:\n    f()\nexcept Exception as e:\n    pytest.fail(str(e))");
    yes("try:\n    f()\nexcept Exception:\n    pass\nelse:\n    pytest.fail('no error')");
    yes("def inner():\n    assert f\ninner()");
    yes("def inner():\n    assert f\nhelpers.run(inner)");
    yes("for x in f:\n    assert x");
    yes("while True:\n    if f:\n        break\nassert f");
    ok("def run(x):\n    assert x\ndef test_a():\n    run(1)\n", &TEST);
    ok(
        "class Base:\n    def run(self):\n        assert self\nclass TestX(Base):\n    def test_a(self):\n        self.run()\n",
        &TEST,
    );
    let asserting = Contract { asserting: vec!["same_*".into()], ..Contract::default() };
    ok(
        "from helpers import same_tensors\ndef test_a():\n    same_tensors(1, 2)\n",
        &Demands { contract: Some(&asserting), ..TEST },
    );
    // A helper of the same file counts by what it does, not by its name.
    check("def check(x):\n    return x\ndef test_a():\n    check(1)\n", &TEST, &["3: HF322"]);
    check("def check(x):\n    check(x)\ndef test_a():\n    check(1)\n", &TEST, &["3: HF322"]);
}

#[test]
fn failure_with_exit_0() {
    let source = "import sys\ntry:\n    run = 1\nexcept Exception:\n    print('failed')\n    sys.exit(0)\n";
    check(source, &PLAIN, &["6: HF325 `sys.exit(0)` leaves with success after a failure"]);
    ok("import sys\ntry:\n    x = 1\nexcept Exception:\n    sys.exit(1)\nsys.exit(0)\n", &PLAIN);
    ok("import sys\ntry:\n    x = 1\nexcept KeyboardInterrupt:\n    sys.exit(0)\n", &PLAIN);
}

const CONTRACT: &str = r#"
imports = ["pytest"]
min_tests = 2
asserting = ["same_tensors"]

[[class]]
name = "hf_{ident}"

[[class.method]]
name = "__init__"
params = ["self", "resources=", "metadata="]

[[class.method]]
name = "init_{each}"
for_each = ["cpu", "cuda"]
params = ["self", "model", "device", "_", "..."]
returns_tuple = 5

[[class.method]]
name = "create_{each}_*_endpoint_handler"
for_each = ["cpu", "cuda"]

[[function]]
name = "run_test"
params = []
"#;

const MODULE: &str = "import pytest


class hf_gpt_neo:
    def __init__(self, resources=None, metadata=None):
        self.resources = resources

    def init_cpu(self, model, device, cpu_label):
        if model is None:
            raise ValueError(model)
        return model, None, device, 1, cpu_label

    def init_cuda(self, model, device, cuda_label, *extra):
        return self.init_cpu(model, device, cuda_label)

    def create_cpu_lm_endpoint_handler(self): ...
    def create_cuda_lm_endpoint_handler(self): ...


def test_a():
    assert hf_gpt_neo()


def test_b():
    assert hf_gpt_neo().resources is None


def run_test():
    return pytest.main([__file__])
";

#[test]
fn contracts() {
    let contract: Contract = toml::from_str(CONTRACT).expect("a contract");
    let model = Some(ModelWords { model_type: "gpt-neo", ident: "gpt_neo" });
    let demands = Demands { contract: Some(&contract), model, ..TEST };
    ok(MODULE, &demands);
    let with = |from: &str, to: &str, expected: &[&str]| {
        assert!(MODULE.contains(from), "{from}");
        check(&MODULE.replace(from, to), &demands, expected);
    };
    with("import pytest\n", "from x import pytest\n", &["1: HF330 the contract demands `import pytest`"]);
    with(
        "class hf_gpt_neo",
        "class hf_gptneo",
        &["1: HF330 the contract demands a class `hf_gpt_neo`", "21: HF304", "25: HF304"],
    );
    with("def run_test", "def run_tests", &["1: HF330 the contract demands a function `run_test`"]);
    with("create_cuda_lm", "create_cuda", &["4: HF330 the contract demands a method `create_cuda_*_endpoint_handler`"]);
    // Another name of a method is one too, and takes what that takes.
    let factory = "def create_cuda_lm_endpoint_handler(self): ...";
    with(factory, "create_cuda_lm_endpoint_handler = create_cpu_lm_endpoint_handler", &[]);
    with(
        factory,
        "create_cuda_lm_endpoint_handler = print",
        &["4: HF330 the contract demands a method `create_cuda_*"],
    );
    with(
        "def init_cuda(self, model, device, cuda_label, *extra):\n        return self.init_cpu(model, device, cuda_label)",
        "init_cuda = __init__",
        &[
            "5: HF331 `init_cuda` takes (self, resources=, metadata=)",
            "5: HF332 `init_cuda` can run past its end and return None",
        ],
    );
    with("metadata=None", "metadata", &["5: HF300"]);
    with(
        ", metadata=None",
        "",
        &["5: HF331 `__init__` takes (self, resources=), the contract demands (self, resources=, metadata=)"],
    );
    with(
        "model, device, cpu_label):",
        "device, model, cpu_label):",
        &["8: HF331 `init_cpu` takes (self, device, model, cpu_label)"],
    );
    with("def test_b", "def b", &["1: HF333 the contract demands 2 tests, the file holds 1"]);
    let none = Demands { model: None, ..demands };
    check(MODULE, &none, &["1: HF330 the contract's name `hf_{ident}` can't be filled"]);
}

#[test]
fn five_tuples() {
    let contract: Contract = toml::from_str(CONTRACT).expect("a contract");
    let model = Some(ModelWords { model_type: "gpt-neo", ident: "gpt_neo" });
    let demands = Demands { contract: Some(&contract), model, ..TEST };
    let with = |body: &str, expected: &[&str]| {
        let body = body.replace('\n', "\n        ");
        check(&MODULE.replace("return self.init_cpu(model, device, cuda_label)", &body), &demands, expected);
    };
    with(
        "return model, None, device, # todo: 1, cuda_label",
        &["14: HF332 `init_cuda` returns 3 values, the contract demands a tuple of 5"],
    );
    with("return None", &["14: HF332 `init_cuda` returns None"]);
    with("return", &["14: HF332 `init_cuda` returns None"]);
    with("print(model)", &["13: HF332 `init_cuda` can run past its end and return None"]);
    with("if model:\n    return 1, 2, 3, 4, 5", &["13: HF332 `init_cuda` can run past its end"]);
    with(
        "try:\n    return 1, 2, 3, 4, 5\nexcept OSError:\n    print(model)",
        &["13: HF332 `init_cuda` can run past its end"],
    );
    with("yield 1, 2, 3, 4, 5", &["13: HF332 `init_cuda` is a generator", "13: HF332 `init_cuda` can run past"]);
    with("return [1, 2, 3, 4, 5]", &["14: HF332 `init_cuda` returns no tuple"]);
    with("return (1, 2, 3, 4, 5) if model else None", &["14: HF332 `init_cuda` returns None"]);
    with(
        "return self.create_cpu_lm_endpoint_handler()",
        &["14: HF332 `init_cuda` returns what `create_cpu_lm_endpoint_handler` gives"],
    );
    with("return device.open(model)", &["14: HF332? `init_cuda` returns a value whose length can't be seen"]);
    with("result = 1, 2, 3\nreturn result", &["14: HF332 `init_cuda` returns 3 values"]);
    with("return *model, 1", &["14: HF332? `init_cuda` returns a tuple whose length can't be seen"]);
    with("result = (1, 2, 3, 4, 5)\nreturn result", &[]);
    with("raise NotImplementedError", &[]);
    with("while True:\n    if model:\n        return 1, 2, 3, 4, 5", &[]);
    with("try:\n    return 1, 2, 3, 4, 5\nexcept OSError as e:\n    raise RuntimeError from e", &[]);
    with("if model:\n    return 1, 2, 3, 4, 5\nelse:\n    return 5, 4, 3, 2, 1", &[]);
    with("def inner():\n    return None\nreturn 1, 2, 3, 4, inner", &[]);
}

#[test]
fn regressions_of_other_generators() {
    // R08: a docstring on the column of its `def`.
    let source = "try:\n    import x\nexcept ImportError:\n    class Mock:\n        def __init__(self):\n        \"\"\"Doc.\"\"\"\n";
    check(source, &PLAIN, &["6: HF300"]);
    // R09: statements joined on one line.
    check("try:     import torch\nHAS = 1\n", &PLAIN, &["2: HF300"]);
    check("import logger\nlogger.warning('x')        if not logger:\n    pass\n", &PLAIN, &["2: HF300", "3: HF300"]);
    // R14: a triple quote ends the template.
    check("text = f\"\"\"\ndef x():\n    \"\"\"docstring\"\"\"\n\"\"\"\n", &PLAIN, &["3: HF300"]);
    // R15: an escaped operator.
    check("device = 1\nif device \\!= 'cpu':\n    pass\n", &PLAIN, &["2: HF300", "3: HF300"]);
}

#[test]
fn file_kinds() {
    assert_eq!(FileKind::of_path("generated/test_hf_bert.py"), FileKind::Test);
    assert_eq!(FileKind::of_path("bert_test.py"), FileKind::Test);
    assert_eq!(FileKind::of_path("conftest.py"), FileKind::Module);
    assert_eq!(FileKind::of_path("tests/support.py"), FileKind::Module);
}

#[test]
fn lines_map_both_ways() {
    let source = "import os\n\n\n\nx = {'a': 1,\n     'b': os}; y = 2\ndef f(a,\n      b): return (a,\n  b)\nz = ['aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', 'cccccccccccccccccccccccccccccc', 'ddddddddddd']\nlast = 1\n";
    let found = check(source, &PLAIN, &[]);
    let (raw, formatted): (Vec<&str>, Vec<&str>) = (source.lines().collect(), found.text.lines().collect());
    let lines = found.lines(source);
    let line = |list: &[&str], words: &str| {
        u32::try_from(
            list.iter().position(|line| line.contains(words)).unwrap_or_else(|| panic!("{words} in {list:#?}")) + 1,
        )
        .unwrap()
    };
    // In the formatted text, its line; in the raw text, its line.
    for (new, old) in [
        ("import os", "import os"),
        ("x = {", "x = {"),
        ("y = 2", "y = 2"),
        ("def f(", "def f("),
        ("return", "return"),
        ("cccc", "cccc"),
        ("last = 1", "last = 1"),
    ] {
        assert_eq!(lines.to_raw(line(&formatted, new)), line(&raw, old), "{new}: {}", found.text);
    }
    for (old, new) in [
        ("import os", "import os"),
        ("'b': os", "y = 2"),
        ("def f(", "def f("),
        ("z = [", "z = ["),
        ("last = 1", "last = 1"),
    ] {
        let expected = if old == "'b': os" {
            line(&formatted, "\"b\": os").min(line(&formatted, new))
        } else {
            line(&formatted, new)
        };
        assert_eq!(lines.to_formatted(line(&raw, old)), expected, "{old}: {}", found.text);
    }
    // A text that is clean keeps its lines, whatever is asked.
    let clean = check("x = 1\n", &PLAIN, &[]);
    let lines = clean.lines("x = 1\n");
    assert_eq!((clean.text.as_str(), lines.to_raw(1), lines.to_formatted(7)), ("x = 1\n", 1, 7));
}

/// What the ruff binary makes of a text; None where it is not there, or is of another series than the formatter here.
fn ruff(text: &str) -> Option<String> {
    let system = OsSystem;
    let program = system.env("HFGEN_RUFF").unwrap_or_else(|| "ruff".to_owned());
    let here = Path::new(".");
    let version = system.run(&program, &["--version"], here, b"").ok()?;
    if !String::from_utf8_lossy(&version.stdout).starts_with("ruff 0.16.") {
        return None;
    }
    let options = ["format", "--isolated", "--line-length=120", "--target-version=py313", "--stdin-filename=x.py", "-"];
    let ran = system.run(&program, &options, here, text.as_bytes()).ok()?;
    assert!(ran.ok(), "{}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).ok()
}

#[test]
fn formats_as_ruff_does() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let demands = Demands { python: (3, 13), ..PLAIN };
    let mut compared = 0;
    for path in
        OsSystem.walk(&folder).expect("a corpus").iter().filter(|path| path.extension().is_some_and(|e| e == "py"))
    {
        let source = OsSystem.read_text(&folder.join(path)).expect("a seed");
        let found = python(&source, &demands);
        let again = python(&found.text, &demands);
        assert_eq!(again.text, found.text, "{} is laid out once and for all", path.display());
        assert_eq!(again.lines(&found.text), LineShift::default());
        let Some(expected) = ruff(&source) else {
            eprintln!("skipped: no ruff 0.16 as `ruff` or HFGEN_RUFF");
            return;
        };
        assert_eq!(found.text, expected, "{}", path.display());
        compared += 1;
    }
    assert!(compared >= 8, "{compared}");
}
