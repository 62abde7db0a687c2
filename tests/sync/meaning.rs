//! The hash of what a model's files mean: comments, docstrings and layout don't count, code does.

use crate::mini::{BERT_CONFIG, BERT_MODEL, locked, mini, mini_with, sync};

fn meaning(path: &str, text: &str) -> String {
    let system = mini_with(path, text);
    assert_eq!(sync(&system).code, 0);
    locked(&system).models["bert"].meaning.clone()
}

fn plain() -> String {
    let system = mini();
    sync(&system);
    locked(&system).models["bert"].meaning.clone()
}

#[test]
fn comments_docstrings_and_layout_do_not_count() {
    const CONFIG: &str = "models/bert/configuration_bert.py";
    const MODEL: &str = "models/bert/modeling_bert.py";
    let same = |what: &str, path: &str, text: String| assert_eq!(meaning(path, &text), plain(), "{what}");
    same("a comment changed", CONFIG, BERT_CONFIG.replace("# the width", "# how wide it is"));
    same("a comment gone", CONFIG, BERT_CONFIG.replace("  # the width", ""));
    same("a comment added", CONFIG, format!("# Copyright\n{BERT_CONFIG}\n# the end\n"));
    same("a docstring changed", CONFIG, BERT_CONFIG.replace("A docstring.", "Another\n\n    docstring."));
    same("a docstring of the module gone", CONFIG, BERT_CONFIG.replace("\"\"\"BERT model configuration\"\"\"\n", ""));
    same("a docstring of a function changed", MODEL, BERT_MODEL.replace("Runs it.", "Runs."));
    same("a docstring of a function gone", MODEL, BERT_MODEL.replace("        \"\"\"Runs it.\"\"\"\n", ""));
    same("blank lines", CONFIG, BERT_CONFIG.replace("    vocab_size", "\n\n\n    vocab_size"));
    same(
        "lines broken",
        MODEL,
        BERT_MODEL.replace("(self, input_ids=None, labels", "(\n    self, input_ids=None,\n labels"),
    );
    same("white space", CONFIG, BERT_CONFIG.replace("hidden_size: int = 768", "hidden_size : int  =  768"));
    same("another indent", MODEL, BERT_MODEL.replace("    ", "  "));
    same("line ends", CONFIG, BERT_CONFIG.replace('\n', "\r\n"));
}

#[test]
fn code_counts() {
    const MODEL: &str = "models/bert/modeling_bert.py";
    let other = |what: &str, path: &str, text: String| assert_ne!(meaning(path, &text), plain(), "{what}");
    other("a default", "models/bert/configuration_bert.py", BERT_CONFIG.replace("768", "769"));
    other("a string that is a value", MODEL, BERT_MODEL.replace("return labels", "return \"labels\""));
    other("a name", MODEL, BERT_MODEL.replace("return labels", "return input_ids"));
    other(
        "nesting",
        MODEL,
        BERT_MODEL.replace("        return labels", "        if labels:\n            return labels"),
    );
    other("a call", MODEL, BERT_MODEL.replace("return labels", "return (labels())"));
    other("a file of its own", "models/bert/processing_bert.py", "x = 1\n".to_owned());
    other("another file", "models/bert/tokenization_bert.py", "x = 1\n".to_owned());
    let tokens = BERT_MODEL.replace("return labels", "returnlabels");
    other("tokens drawn together", MODEL, tokens);
}

#[test]
fn other_models_do_not_count() {
    let system = mini_with("models/eye/processing_eye.py", "x = 1\n");
    sync(&system);
    assert_eq!(locked(&system).models["bert"].meaning, plain());
}
