//! The one mapping from a model type to the identifier that stands in file and class names.

use crate::finding::{CodeId, Finding, did_you_mean};

/// Words that Python keeps for itself, and that a module or class suffix must not be alone.
const KEYWORDS: [&str; 35] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
    "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal",
    "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

/// `kosmos-2.5` to `kosmos_2_5`: hyphens and dots become underscores, nothing else is changed.
pub fn ident(model_type: &str) -> String {
    model_type.chars().map(|c| if matches!(c, '-' | '.') { '_' } else { c }).collect()
}

/// Why `model_type` can't be a model type, if it can't: `hf_<ident>` has to be an identifier and a file name everywhere.
pub fn refusal(model_type: &str, code: CodeId) -> Option<Finding> {
    let wrong = |what: &str| Finding::error(code, format!("model type {model_type:?} {what}"));
    let rule = "a model type is made of ASCII letters, digits, `_`, `-` and `.`, and starts with a letter or digit";
    if model_type.is_empty() {
        return Some(wrong("is empty").help(rule));
    }
    if model_type.starts_with('-') {
        return Some(wrong("looks like a command line flag").help(rule));
    }
    if model_type.contains(['/', '\\']) || model_type.contains("..") {
        let last = model_type.rsplit(['/', '\\']).next().unwrap_or_default();
        return Some(
            wrong("looks like a path or a checkpoint's name").help(format!(
                "name the type in transformers' CONFIG_MAPPING_NAMES, not a checkpoint such as `{last}`"
            )),
        );
    }
    if let Some(bad) = model_type.chars().find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))) {
        return Some(wrong(&format!("holds {bad:?}")).help(rule));
    }
    if !model_type.starts_with(|c: char| c.is_ascii_alphanumeric()) || model_type.ends_with('.') {
        return Some(wrong("starts or ends with a sign").help(rule));
    }
    if KEYWORDS.contains(&model_type) {
        return Some(wrong("is a Python keyword").help(
            did_you_mean(model_type, ["none"]).unwrap_or_else(|| "choose another name for this custom type".to_owned()),
        ));
    }
    if model_type.len() > 120 {
        return Some(wrong("is longer than 120 characters").help("file names end at 255 bytes"));
    }
    None
}
