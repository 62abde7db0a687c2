//! Mutants of Python sources, always the same ones: tokens dropped, doubled, swapped and replaced, indentation shifted,
//! and statements put where they may not stand.

/// Small, seeded, and the same on every machine.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).expect("below a usize")
    }

    fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }
}

/// What a token may be replaced with.
#[rustfmt::skip]
const WORDS: &[&str] = &[
    "return", "yield", "await", "async", "lambda", "def", "class", "if", "else", "for", "in", "not", "is", "None",
    "True", "except", "finally", "import", "from", "as", "global", "nonlocal", "del", "pass", "break", "continue",
    "with", "match", "case", "type", "print", "__debug__", "...", "*", "**", ":", ":=", "=", "==", "+=", "->", ",",
    ";", ".", "(", ")", "[", "]", "{", "}", "@", "!", "$", "?", "0777", "1_", "0x", "'", "\"", "\"\"\"", "f\"{\"",
    "b'\\xe9'", "\\", "x", "1", "<>", "`", "é",
];

/// Statements that are wrong somewhere, or everywhere, one a line. `NAME` is a name of the file, `⏎` a new line at the same
/// indentation.
const STATEMENTS: &str = include_str!("../corpus/statements.txt");

/// Mutants of one source: `count` by token, and one for every statement of the list.
pub fn of(source: &str, count: usize, seed: u64) -> Vec<String> {
    let mut random = Random::new(seed);
    let tokens = split(source);
    let visible: Vec<usize> = (0..tokens.len()).filter(|at| !tokens[*at].trim().is_empty()).collect();
    let names: Vec<&str> = tokens
        .iter()
        .copied()
        .filter(|token| token.starts_with(|c: char| c.is_alphabetic()) && token.len() > 1)
        .collect();
    let mut mutants: Vec<String> = (0..count).map(|_| by_token(&tokens, &visible, &mut random)).collect();
    for statement in STATEMENTS.lines() {
        mutants.push(with_statement(source, &statement.replace("NAME", random.pick(&names)), &mut random));
    }
    mutants
}

fn by_token(tokens: &[&str], visible: &[usize], random: &mut Random) -> String {
    let mut mutant: Vec<&str> = tokens.to_vec();
    let at = visible[random.below(visible.len())];
    let shifted;
    match random.below(6) {
        0 => mutant[at] = "",
        1 => mutant.insert(at, tokens[at]),
        2 => mutant.swap(at, visible[random.below(visible.len())]),
        3 => {
            let next = visible.iter().copied().find(|other| *other > at).unwrap_or(at);
            mutant.swap(at, next);
        }
        4 => mutant[at] = random.pick(WORDS),
        _ => {
            let line = (0..=at).rev().find(|other| tokens[*other] == "\n").unwrap_or(0);
            shifted = format!("\n{}", random.pick(&[" ", "  ", "    ", "\t", "        "]));
            mutant[line] = &shifted;
        }
    }
    mutant.concat()
}

/// The source with a statement in front of a line of its choice, at that line's indentation.
fn with_statement(source: &str, statement: &str, random: &mut Random) -> String {
    let lines: Vec<&str> = source.lines().collect();
    let at = random.below(lines.len());
    let indent: String = lines[at].chars().take_while(|c| *c == ' ').collect();
    let block: Vec<String> = statement.split('⏎').map(|line| format!("{indent}{line}")).collect();
    [lines[..at].join("\n"), block.join("\n"), lines[at..].join("\n"), String::new()].join("\n")
}

/// Words, numbers, quotes, single characters, runs of spaces, newlines: rough, as a mutation may be.
fn split(source: &str) -> Vec<&str> {
    let class = |c: char| match c {
        '\n' => 0,
        ' ' => 1,
        c if c.is_alphanumeric() || c == '_' => 2,
        _ => 3,
    };
    let mut tokens = Vec::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let kind = class(first);
        let end = match kind {
            1 | 2 => rest.find(|c| class(c) != kind).unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        let (token, after) = rest.split_at(end);
        tokens.push(token);
        rest = after;
    }
    tokens
}
