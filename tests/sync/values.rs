//! What defaults come to, one by one: the expression in a configuration class, and how it stands in the lock.

use crate::mini::{locked, mini_with, sync};

/// Puts `default` into a configuration class below some constants and reads it back.
fn field(default: &str) -> String {
    let source = format!(
        "from ...configuration_utils import PreTrainedConfig\n\
         from ...constants import MEAN, STD as SPREAD\n\
         WORDS = [\"a\", \"b\"]\n\
         TABLE = {{\"x\": 1, **{{\"y\": 2}}}}\n\
         mono = interval(min=1, max=1)\n\
         class BertConfig(PreTrainedConfig):\n    width: int = 8\n    it: object = {default}\n"
    );
    let system = mini_with("models/bert/configuration_bert.py", &source);
    system.put("/site/transformers/constants.py", "from .deeper import MEAN\nSTD = tuple(x / 2 for x in (1, 3))\n");
    system.put("/site/transformers/deeper.py", "MEAN = [0.5] * 3\n");
    let said = sync(&system);
    assert_eq!(said.code, 0, "{}", said.err);
    locked(&system).models["bert"].config.as_ref().unwrap().fields["it"].to_string()
}

fn check(rows: &[(&str, &str)]) {
    for (default, expected) in rows {
        assert_eq!(field(default), *expected, "{default}");
    }
}

#[test]
fn literals() {
    check(&[
        ("5", "5"),
        ("-1", "-1"),
        ("+7", "7"),
        ("0x10", "16"),
        ("1_000", "1000"),
        ("9223372036854775808", "{ py = \"9223372036854775808\" }"),
        ("1e-12", "1e-12"),
        ("1e16", "1e16"),
        ("2.0", "2.0"),
        ("True", "true"),
        ("None", "{ py = \"None\" }"),
        ("\"gelu\"", "\"gelu\""),
        ("\"a\" \"b\"", "\"ab\""),
        ("'quote\" back\\\\ line\\n'", "\"quote\\\" back\\\\ line\\n\""),
        ("\"\\x00é\"", "\"\\u0000é\""),
        ("[1, 2.5, None]", "[1, 2.5, { py = \"None\" }]"),
        ("(1, \"x\")", "{ py = \"(1, 'x')\" }"),
        ("(1,)", "{ py = \"(1,)\" }"),
        ("()", "{ py = \"()\" }"),
        ("{\"a\": [1e-05, 1e+20], 2: \"it's\"}", "{ py = \"{'a': [1e-05, 1e+20], 2: \\\"it's\\\"}\" }"),
        ("[*(1, 2), *[3]]", "[1, 2, 3]"),
    ]);
}

#[test]
fn calls_that_make_constants() {
    check(&[
        ("field(default_factory=lambda: [1, 2])", "[1, 2]"),
        ("field(default_factory=list)", "[]"),
        ("field(default_factory=dict)", "{ py = \"{}\" }"),
        ("field(default=3)", "3"),
        ("interval(min=0, max=9)(default=4)", "4"),
        ("mono(default=1)", "1"),
        ("float(\"inf\")", "inf"),
        ("-float(\"inf\")", "-inf"),
        ("float(\"nan\")", "nan"),
        ("(float(\"inf\"),)", "{ py = \"(float('inf'),)\" }"),
        ("list(range(3))", "[0, 1, 2]"),
        ("tuple(range(4, 0, -2))", "{ py = \"(4, 2)\" }"),
        ("len(WORDS)", "2"),
        ("max(3, 7)", "7"),
        ("sum([1, 2.5])", "3.5"),
        ("int(3.9)", "3"),
        ("sorted({3, 1, 2})", "[1, 2, 3]"),
    ]);
}

#[test]
fn arithmetic_as_python_does_it() {
    check(&[
        ("2 * 3 + 1", "7"),
        ("7 / 2", "3.5"),
        ("-7 // 2", "-4"),
        ("-7 % 3", "2"),
        ("2**10", "1024"),
        ("2**-1", "0.5"),
        ("1 << 4", "16"),
        ("[0] * 3 + [1]", "[0, 0, 0, 1]"),
        ("\"ab\" + \"c\"", "\"abc\""),
        ("width * 4", "32"),
        ("0.1 + 0.2", "0.30000000000000004"),
        ("3 if width > 4 else 5", "3"),
        ("None or 3", "3"),
        ("not 0", "true"),
    ]);
}

#[test]
fn names_and_comprehensions() {
    check(&[
        ("WORDS", "[\"a\", \"b\"]"),
        ("WORDS[-1]", "\"b\""),
        ("WORDS[:1]", "[\"a\"]"),
        ("TABLE", "{ py = \"{'x': 1, 'y': 2}\" }"),
        ("TABLE[\"y\"]", "2"),
        ("list(TABLE.items())", "[{ py = \"('x', 1)\" }, { py = \"('y', 2)\" }]"),
        ("MEAN", "[0.5, 0.5, 0.5]"),
        ("tuple(MEAN)", "{ py = \"(0.5, 0.5, 0.5)\" }"),
        ("SPREAD", "{ py = \"(0.5, 1.5)\" }"),
        ("[x * y for x in range(2) for y in (1, 2) if x]", "[1, 2]"),
        ("{w: i for i, w in enumerate(WORDS)}", "{ py = \"{'a': 0, 'b': 1}\" }"),
        ("f\"{WORDS[0]}-{width}\"", "\"a-8\""),
        ("\"-\".join(WORDS)", "\"a-b\""),
    ]);
}

#[test]
fn what_only_running_tells_is_never_guessed() {
    check(&[
        ("make_it(1)", "{ unread = \"make_it(1)\" }"),
        ("[UNKNOWN]", "{ unread = \"[UNKNOWN]\" }"),
        ("1 / 0", "{ unread = \"1 / 0\" }"),
        ("2 ** 100000", "{ unread = \"2 ** 100000\" }"),
        ("[0] * 10**12", "{ unread = \"[0] * 10**12\" }"),
        ("list(range(10**12))", "{ unread = \"list(range(10**12))\" }"),
        ("\"x\" * 10**12", "{ unread = \"\\\"x\\\" * 10**12\" }"),
        ("WORDS[7]", "{ unread = \"WORDS[7]\" }"),
        ("1 + None", "{ unread = \"1 + None\" }"),
        ("[\n    make(),\n]", "{ unread = \"[ make(), ]\" }"),
    ]);
}

/// The fields of one class of a file, in the order of the lock.
fn fields(source: &str) -> Vec<String> {
    let source = format!("from ...configuration_utils import PreTrainedConfig\n{source}");
    let system = mini_with("models/bert/configuration_bert.py", &source);
    let said = sync(&system);
    assert_eq!(said.code, 0, "{}", said.err);
    let lock = locked(&system);
    let config = lock.models["bert"].config.clone().unwrap();
    config.fields.iter().map(|(name, value)| format!("{name}={value}")).collect()
}

#[test]
fn fields_are_inherited_as_dataclasses_do() {
    let source = "\
class Root(PreTrainedConfig):
    a: int = 1
    b: int = 2
    note: ClassVar[int] = 5
    plain = 3

class Side(PreTrainedConfig):
    s: int = 9

class BertConfig(Root, Side):
    c: int = 3
    a: int = 10
    b = 20
    s: int
    is_encoder_decoder: bool = True
    needed: int
";
    let expected = ["s=9", "a=10", "b=2", "c=3", "is_encoder_decoder=true", "needed={ unread = \"required\" }"];
    assert_eq!(fields(source), expected);
}

#[test]
fn fields_of_the_old_style_are_parameters() {
    let source = "\
class Root(PreTrainedConfig):
    def __init__(self, a=1, b=[1, 2], **kwargs):
        super().__init__(**kwargs)

class BertConfig(Root):
    model_type = \"bert\"
    def __init__(self, c, d=2.5, *, e=None, **kwargs):
        self.c = c
        super().__init__(a=7, pad_token_id=d, **kwargs)
";
    let expected =
        ["a=7", "b=[1, 2]", "c={ unread = \"required\" }", "d=2.5", "e={ py = \"None\" }", "pad_token_id=2.5"];
    assert_eq!(fields(source), expected);
}
