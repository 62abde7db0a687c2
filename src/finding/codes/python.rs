//! Codes HF300 to HF399: the generated Python.

use super::{Code, CodeId};

pub const SYNTAX_ERROR: CodeId = CodeId(300);
pub const NEWER_SYNTAX: CodeId = CodeId(301);
pub const SOURCE_ENCODING: CodeId = CodeId(302);
pub const NOT_FORMATTED: CodeId = CodeId(303);
pub const UNDEFINED_NAME: CodeId = CodeId(304);
pub const UNDEFINED_EXPORT: CodeId = CodeId(305);
pub const DUPLICATE_DEFINITION: CodeId = CodeId(306);
pub const DUPLICATE_KEY: CodeId = CodeId(307);
pub const DUPLICATE_TEST: CodeId = CodeId(308);
pub const UNKNOWN_CLASS: CodeId = CodeId(310);
pub const PLACEHOLDER: CodeId = CodeId(311);
pub const BRACES_PRINTED: CodeId = CodeId(312);
pub const DOUBLED_ESCAPE: CodeId = CodeId(313);
pub const ABSOLUTE_PATH: CodeId = CodeId(314);
pub const EMPTY_SUITE: CodeId = CodeId(320);
pub const UNCOLLECTED_CLASS: CodeId = CodeId(321);
pub const NO_ASSERTION: CodeId = CodeId(322);
pub const ALWAYS_TRUE: CodeId = CodeId(323);
pub const ASSERTION_SWALLOWED: CodeId = CodeId(324);
pub const FAILURE_EXITS_ZERO: CodeId = CodeId(325);
pub const MISSING_STRUCTURE: CodeId = CodeId(330);
pub const PARAMETERS: CodeId = CodeId(331);
pub const RETURN_ARITY: CodeId = CodeId(332);
pub const TOO_FEW_TESTS: CodeId = CodeId(333);

/// The codes of this room, in order of number.
pub const CODES: &[Code] = &[
    Code {
        id: SYNTAX_ERROR,
        name: "syntax-error",
        summary: "the output is not valid Python",
        page: "Python would refuse to compile this output, so it is never written over a valid one. \
               The finding names the template line that made the bad line.\n\n\
               Look at the output as it would be with `hfgen build --diff`, then mend the template. Frequent causes: a value \
               printed without `{{py value}}`, a name printed without `{{ident name}}`, a block that loses its indentation, \
               a triple quote inside a docstring (`{{doc text}}` is safe there).",
    },
    Code {
        id: NEWER_SYNTAX,
        name: "newer-syntax",
        summary: "the output uses syntax that the project's lowest Python does not have",
        page: "`[project] python` in registry.toml names the lowest Python that the outputs must run on. This syntax came later: \
               for example `except*` needs 3.11, and nesting the same quotes in an f-string needs 3.12.\n\n\
               Write it in the older way, or raise `[project] python`.",
    },
    Code {
        id: SOURCE_ENCODING,
        name: "source-encoding",
        summary: "the output is not plain UTF-8 text",
        page: "Outputs are UTF-8 without NUL bytes. A comment such as `# -*- coding: latin-1 -*-` in the first two lines makes \
               Python read the file otherwise.\n\nRemove the comment from the template, or the byte that is named.",
    },
    Code {
        id: NOT_FORMATTED,
        name: "not-formatted",
        summary: "the formatter could not lay the output out",
        page: "The output is valid Python, but the formatter gave up on it; it is written as it was rendered.\n\n\
               This is rare. Cut the construct that is named into smaller statements.",
    },
    Code {
        id: UNDEFINED_NAME,
        name: "undefined-name",
        summary: "a name refers to nothing where it is used",
        page: "Running this line raises `NameError`: the name is never bound, is bound only further down, or was \
               taken away again by `del` or by the end of `except ... as name`.\n\n```python\nassert loss < 1   # \
               nothing is called `loss`\n```\n\nBind it, import it, or mend its spelling in the template. A star \
               import turns this check off for its file.",
    },
    Code {
        id: UNDEFINED_EXPORT,
        name: "undefined-export",
        summary: "`__all__` names something that the module does not define",
        page: "`from module import *` would raise `AttributeError`. Define the name, or take it out of `__all__`.",
    },
    Code {
        id: DUPLICATE_DEFINITION,
        name: "duplicate-definition",
        summary: "a function or class is defined twice in one place",
        page: "The second definition replaces the first, which nothing has used: usually a block that a template \
               includes twice. Rename one, or include it once.",
    },
    Code {
        id: DUPLICATE_KEY,
        name: "duplicate-key",
        summary: "a dict display holds one key twice",
        page: "Python keeps the last value without a word: `{\"cpu\": 1, \"cpu\": 2}` is `{\"cpu\": 2}`. Remove one \
               of them. `1`, `1.0` and `True` are one key.",
    },
    Code {
        id: DUPLICATE_TEST,
        name: "duplicate-test",
        summary: "two tests of one place have the same name",
        page: "pytest collects only the last one, so the first never runs and its fault goes unnoticed. Give each \
               test its own name.",
    },
    Code {
        id: UNKNOWN_CLASS,
        name: "unknown-class",
        summary: "a class is looked up in transformers that does not exist there",
        page: "The class is neither in `transformers` nor in its modeling files, for the version that registry.lock \
               names. `BEiTForImageClassification` is `BeitForImageClassification`: names can't be derived from a \
               model type.\n\nTake them from the model's facts (`model.primary.name`, `model.classes`), and run \
               `hfgen sync` after an upgrade.",
    },
    Code {
        id: PLACEHOLDER,
        name: "placeholder",
        summary: "a placeholder that nothing filled",
        page: "A token, string or comment looks like one that a template should have filled: `{{model}}`, \
               `{model_name}` in a plain string, `ModelTypeForMaskedLM`, `TODO_FILL`, `<MODEL>`, `Replace BERT with \
               actual values`.\n\nPython braces are safe in templates; what stands in doubled braces belongs to the \
               template engine. Texts that are passed to `.format` are left alone.",
    },
    Code {
        id: BRACES_PRINTED,
        name: "braces-printed",
        summary: "an f-string prints a name in braces instead of its value",
        page: "`f\"testing {{self.model_id}}\"` prints `testing {self.model_id}`. Write single braces. It is a \
               warning where no such name is known in the file, as the braces may be meant.",
    },
    Code {
        id: DOUBLED_ESCAPE,
        name: "doubled-escape",
        summary: "an escape sequence with a doubled backslash",
        page: "`\"\\\\033[32m\"` prints the characters `\\033[32m` instead of switching to green. Write one \
               backslash, or print the value with `{{py value}}`.",
    },
    Code {
        id: ABSOLUTE_PATH,
        name: "absolute-path",
        summary: "a path that only one machine has",
        page: "The output would work on one machine only, and its bytes would differ between machines. Use \
               `tmp_path`, a path relative to `__file__`, or an environment variable.",
    },
    Code {
        id: EMPTY_SUITE,
        name: "empty-suite",
        summary: "a test file, test class or parametrised test without anything to run",
        page: "pytest would collect nothing here and still be green (or exit 5 for a whole run). A test is a \
               function `test_...` at the module's level or in a class `Test...`; `parametrize` needs at least one \
               value.",
    },
    Code {
        id: UNCOLLECTED_CLASS,
        name: "uncollected-class",
        summary: "a test class with a constructor, which pytest does not collect",
        page: "pytest skips classes that define `__init__` or `__new__`, with a warning only. Use fixtures, \
               `setup_method`, or rename the class if it is none of pytest's.",
    },
    Code {
        id: NO_ASSERTION,
        name: "no-assertion",
        summary: "a test that can't fail, because no assertion can be reached",
        page: "A check that cannot fail is worth nothing. Assertions are: `assert` of something that is no literal, \
               `raise`, `pytest.raises`, `pytest.fail`, and calls of helpers whose name starts with `assert`, \
               `check` or `expect`, or that the contract lists under `asserting`. Helpers of the same file are \
               looked into. What stands behind `return`, `raise` or `pytest.skip(...)` is not reached.",
    },
    Code {
        id: ALWAYS_TRUE,
        name: "always-true",
        summary: "an assertion that holds whatever happens",
        page: "`assert True`, or `assert (condition, \"message\")`, which is a tuple that is not empty. Assert \
               something that a fault can change.",
    },
    Code {
        id: ASSERTION_SWALLOWED,
        name: "assertion-swallowed",
        summary: "a test whose assertions an `except` swallows",
        page: "`AssertionError` is an `Exception`: a broad `except`, `contextlib.suppress(Exception)` or a `return` \
               in `finally` turns a failure into success. A `pytest.skip` there hides it too. Catch a narrower \
               exception, or raise again.",
    },
    Code {
        id: FAILURE_EXITS_ZERO,
        name: "failure-exits-zero",
        summary: "an exception ends in a successful exit",
        page: "`except Exception: sys.exit(0)` tells whoever runs the file that all is well. Let the exception out, \
               or leave with another status.",
    },
    Code {
        id: MISSING_STRUCTURE,
        name: "missing-structure",
        summary: "something that the rule's contract demands is not there",
        page: "The rule's `contract` lists classes, methods, functions and imports that each of its outputs must \
               have, so that others can rely on them. Add it to the template, or correct the contract in \
               rules/*.toml.",
    },
    Code {
        id: PARAMETERS,
        name: "parameters",
        summary: "a function does not take the parameters that the contract demands",
        page: "Callers pass arguments by position, so the order is part of the contract. In a contract `_` stands \
               for any name, `...` for any number of parameters, and a `=` at the end demands a default.",
    },
    Code {
        id: RETURN_ARITY,
        name: "return-arity",
        summary: "a way out of a function gives another number of values than the contract demands",
        page: "The caller unpacks the result: `endpoint, tokenizer, handler, queue, batch_size = \
               module.init_cpu(...)`. A shorter tuple, `None`, or running past the end breaks it far from its \
               cause. A comment can swallow the rest of a line:\n\n```python\nreturn endpoint, tokenizer, handler,  \
               # todo: asyncio.Queue(16), 1\n```\n\nReturn all values on every path, or raise. It is a warning \
               where the length can't be seen.",
    },
    Code {
        id: TOO_FEW_TESTS,
        name: "too-few-tests",
        summary: "fewer tests than the contract demands",
        page: "`min_tests` of the contract says how many tests pytest must be able to collect, parameters not \
               counted.",
    },
];
