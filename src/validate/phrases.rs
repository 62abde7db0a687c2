//! What a placeholder looks like. Each function takes a text from the place where it may start and gives its length.

/// Words in single braces that a generator fills: nobody means them literally.
const WORDS: &[&str] = &[
    "model_name",
    "model_type",
    "model_id",
    "model_class",
    "model_ident",
    "model_path",
    "class_name",
    "config_class",
    "task_name",
    "task_type",
    "task_word",
    "family_name",
    "hardware_name",
    "backend_name",
    "ident",
    "timestamp",
    "generated_at",
    "test_name",
];

/// Words in angle brackets: `<MODEL>`, but not `<s>`, `<image>` or `<PAD>`.
const ANGLED: &[&str] =
    &["model", "model_name", "model_type", "model_id", "model_class", "task", "task_name", "class_name", "ident"];

/// What a sentence says when somebody was to finish it, in lower case.
const PHRASES: &[&str] = &[
    "todo_fill",
    "todo: fill",
    "todo: implement",
    "todo: replace",
    "fill in here",
    "fill_in_",
    "fixme: fill",
    "insert code here",
    "insert your",
    "change_me",
    "changeme",
    "replace_me",
    "your code here",
    "your_code_here",
    "your_model",
    "your-model",
    "your model here",
    "your_token",
    "your-token",
    "your_api_key",
    "your_path",
    "path/to/your",
];

/// Capital words that an identifier holds when it is one.
const CAPITALS: &[&str] = &["TODO_FILL", "FILL_ME", "FILL_IN", "REPLACE_ME", "REPLACE_WITH", "CHANGE_ME", "CHANGEME"];

/// `{{x}}`, `{{#if x}}`, `{{> partial}}`: what a template engine would have filled.
pub fn mustache(text: &str) -> Option<usize> {
    let inner = text.strip_prefix("{{")?;
    let start = inner.trim_start_matches(['{', '#', '/', '>', '!', '^', '&', '~', ' ']);
    if !start.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '@' | '.')) {
        return None;
    }
    let end = inner.find("}}")?;
    let content = &inner[..end];
    let plain = |c: char| c.is_ascii_alphanumeric() || "_@./-#>!^&~ {()\"'=".contains(c);
    (content.len() < 80 && content.chars().all(plain)).then(|| 2 + end + 2)
}

/// `{...}` on one line, without braces in it.
pub fn braced(text: &str) -> Option<usize> {
    let end = text[1..].find(['}', '{', '\n'])? + 1;
    (text.as_bytes()[end] == b'}' && end > 1).then_some(end + 1)
}

/// Whether a generator would fill `{word}`.
pub fn brace_word(word: &str) -> bool {
    WORDS.contains(&word) || (dotted(word) && (word.ends_with("_code") || word.ends_with("_placeholder")))
}

/// `a`, `self.a`, `a.b.c`
pub fn dotted(text: &str) -> bool {
    text.split('.').all(|name| {
        name.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_alphanumeric() || c == '_')
    })
}

/// `<MODEL>`, `<your token>`, `<INSERT NAME>`.
pub fn angle(text: &str) -> Option<usize> {
    let end = text.find('>').filter(|end| (2..40).contains(end))?;
    let inside = text[1..end].to_ascii_lowercase().replace('-', "_");
    let asks = ["your", "insert", "todo", "replace"]
        .iter()
        .any(|word| inside.strip_prefix(word).is_some_and(|rest| rest.starts_with(['_', ' '])));
    (asks || ANGLED.contains(&inside.as_str())).then_some(end + 1)
}

/// A phrase of the list, `Replace ... with actual values`, or an identifier such as `ModelTypeForMaskedLM`.
pub fn phrase(text: &str) -> Option<usize> {
    let initial = text.bytes().next()?.to_ascii_lowercase();
    if !matches!(initial, b't' | b'f' | b'i' | b'c' | b'r' | b'y' | b'p' | b'm') {
        return None;
    }
    if initial == b'r' && starts_with(text, "replace ") {
        let line = text.lines().next().unwrap_or(text);
        let lower = line.to_ascii_lowercase();
        let wish = ["with actual", "with the actual", "with your"];
        if let Some((at, wish)) = wish.iter().find_map(|wish| lower.find(wish).map(|at| (at, wish))) {
            return Some(at + wish.len());
        }
    }
    if let Some(phrase) = PHRASES.iter().find(|phrase| phrase.as_bytes()[0] == initial && starts_with(text, phrase)) {
        return Some(phrase.len());
    }
    let word = text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len());
    placeholder_identifier(&text[..word]).then_some(word)
}

/// `ModelTypeForMaskedLM`, `TestModelTypeModels`, `TODO_FILL`.
pub fn placeholder_identifier(name: &str) -> bool {
    if name.len() < 7 || !name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return false;
    }
    let model_type = name.find("ModelType").is_some_and(|at| {
        let after = &name[at + "ModelType".len()..];
        ["For", "Model", "Config", "Tokenizer", "Processor", "Test"].iter().any(|word| after.starts_with(word))
    });
    model_type || name.ends_with("PLACEHOLDER") || CAPITALS.iter().any(|word| name.contains(word))
}

fn starts_with(text: &str, phrase: &str) -> bool {
    text.as_bytes().get(..phrase.len()).is_some_and(|start| start.eq_ignore_ascii_case(phrase.as_bytes()))
}
