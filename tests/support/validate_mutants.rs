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
const WORDS: &[&str] = &[
    "return", "yield", "await", "async", "lambda", "def", "class", "if", "else", "for", "in", "not", "is", "None", "True",
    "except", "finally", "import", "from", "as", "global", "nonlocal", "del", "pass", "break", "continue", "with", "match",
    "case", "type", "print", "__debug__", "...", "*", "**", ":", ":=", "=", "==", "+=", "->", ",", ";", ".", "(", ")", "[",
    "]", "{", "}", "@", "!", "$", "?", "0777", "1_", "0x", "'", "\"", "\"\"\"", "f\"{\"", "b'\\xe9'", "\\", "x", "1", "<>", "`", "é",
];

/// Statements that are wrong somewhere, or everywhere. `NAME` is a name of the file, `|` a new line at the same indentation.
const STATEMENTS: &[&str] = &[
    "return", "return NAME", "yield", "yield NAME", "x = yield", "yield from NAME", "await NAME", "x = await NAME", "break",
    "continue", "pass", "global NAME", "nonlocal NAME", "global NAME; NAME = 1", "NAME = 1; global NAME",
    "print(NAME); nonlocal NAME", "global zz|nonlocal zz", "nonlocal zz|global zz", "global zz, zz", "nonlocal __class__",
    "NAME: int|global NAME", "global NAME|NAME: int = 1", "import NAME|global NAME", "def f(zz):|    global zz",
    "def f(zz):|    nonlocal zz", "def f():|    zz = 1|    def g():|        nonlocal zz|        zz = 2",
    "def f():|    def g():|        nonlocal zz|    zz = 1", "def f():|    class C:|        zz = 1|        def g(self):|            nonlocal zz",
    "def f():|    nonlocal f", "class C:|    nonlocal zz", "class C:|    global zz|    zz = 1", "*a", "*a,", "*a = NAME",
    "*a, = NAME", "*a, *b = NAME", "a, (b, *c), *d = NAME", "for *a in NAME: pass", "for *a, b in NAME: pass", "for x in *a, b: pass",
    "del f()", "del *a", "del (a, [b, c.d])", "del ()", "del a + b", "del __debug__", "__debug__ = 1", "x.__debug__ = 1",
    "f(__debug__=1)", "def f(__debug__): pass", "import __debug__", "from x import __debug__", "None = 1", "x.None = 1",
    "f(None=1)", "True += 1", "(a, None) = 1, 2", "def None(): pass", "class True: pass", "import None", "f() = 1", "f() += 1",
    "a + b = 1", "(a) = 1", "(a): int = 1", "(a, b): int", "a, b: int = 1", "a.b: int", "a[0]: int = 1", "[a]: int", "a: int: str",
    "x: *int", "'a' = 1", "f'{a}' = 1", "... = 1", "a = b := 1", "(a := 1)", "a := 1", "f(a := 1)", "f(a=b := 1)", "f(a=(b := 1))",
    "x[a := 1]", "x[a:=1, b:=2]", "{a := 1}", "{a: b := 1}", "(a.b := 1)", "((a, b) := 1)", "[a := 1 for a in NAME]", "[(x := i) for i in NAME]",
    "[i for i in (x := NAME)]", "[[(j := 1) for i in NAME] for j in NAME]", "[i for i in NAME if (i := 1)]", "{(x := i): 1 for i in NAME}",
    "[(lambda: (i := 1)) for i in NAME]", "[x for x in lambda: (y := 1)]", "lambda: (x := 1)", "class C:|    y = [(x := i) for i in NAME]",
    "from x import *", "from .x import *", "from x import (*)", "from x import a,", "from x import (a,)", "from x import ()", "from __future__ import annotations",
    "from __future__ import nope", "from __future__ import braces", "from __future__ import *", "import a.b as c", "import a as b.c", "import a as (b)", "from . import a", "from ... import a as b",
    "def f(a, a): pass", "def f(a, *, a): pass", "def f(a, *a): pass", "lambda x, x: 0", "lambda x, **x: 0", "def f(*): pass",
    "def f(*, **k): pass", "def f(*,): pass", "def f(a=1, b): pass", "def f(a=1, /, b): pass", "def f(a, /, b, /): pass", "def f(/, a): pass",
    "def f(*a, /): pass", "def f(**k, a): pass", "def f(*a, *b): pass", "def f(a, *, b=1, c): pass", "def f((a, b)): pass", "def f(a: int = 1, *args: str, **k: 3) -> 4: pass",
    "lambda (a, b): a", "lambda *: 0", "lambda a, /, b: 0", "lambda: (yield)", "lambda: (await x)", "f(a=1, a=2)", "f(**k, *a)", "f(*a, **k, b=1)", "f(**k, a)",
    "f(a=1, 2)", "f(a for a in b)", "f(a for a in b, 1)", "f(1, a for a in b)", "f(a, b for b in c)", "f((a for a in b), 1)", "f(a.b=1)", "f((a)=1)", "f(1=2)", "f(**a for a in b)",
    "f(*a for a in b)", "class C(x for x in y): pass", "class C(a=1, a=2): pass", "class C(*a, **b): pass", "class C(): x = 1; return x", "class C: yield 1", "class C: await x", "class C:|    def f(self): return 1|    return 2",
    "[x async for x in y]", "(x async for x in y)", "{x: y async for x, y in z}", "[await x for x in y]", "(await x for x in y)", "[[x async for x in y] for y in z]",
    "async def f():|    return [[x async for x in y] for y in z]", "async def f():|    yield 1|    return 2", "async def f():|    yield from x", "async def f():|    return [x for x in [y async for y in z]]",
    "async def f():|    def g(): await x", "async def f():|    lambda: await x", "async def f():|    class C: await x", "async def f():|    return (yield)", "async def f():|    yield|    return", "[(yield x) for x in y]", "((yield x) for x in y)",
    "{(yield from x) for x in y}", "def f(): [x for x in (yield)]", "async with a: pass", "async for a in b: pass", "async x = 1", "await x = 1", "async = 1", "await",
    "with (a as b, c as d): pass", "with (a, b) as c: pass", "with (a as b): pass", "with a as b, : pass", "with (a as b,): pass", "with a as f(): pass", "with a as b.c, d as e[0]: pass", "with a as (b, *c): pass", "with (yield): pass", "with: pass",
    "with a as 1: pass", "with (a, b): pass", "with (): pass", "with a, (b as c): pass", "try:|    pass", "try:|    pass|else:|    pass", "try:|    pass|except:|    pass|except A:|    pass", "try:|    pass|except A:|    pass|except:|    pass",
    "try:|    pass|except A, B:|    pass", "try:|    pass|except (A, B) as c:|    pass", "try:|    pass|except A as b.c:|    pass", "try:|    pass|except* A:|    pass", "try:|    pass|except* A:|    pass|except B:|    pass", "try:|    pass|except*:|    pass",
    "for x in y:|    try:|        pass|    except* A:|        break", "for x in y:|    try:|        pass|    except* A:|        continue", "def f():|    try:|        pass|    except* A:|        return", "try:|    pass|except* A:|    for x in y: break", "try:|    pass|except* A:|    def f(): return 1",
    "try:|    pass|finally:|    pass|else:|    pass", "while 1:|    try:|        pass|    finally:|        continue", "while 1:|    def f(): break", "while 1:|    class C: continue", "while 1:|    pass|else:|    break", "for x in y:|    pass|else:|    continue",
    "if x: break", "match x:|    case y: pass|    case z: pass", "match x:|    case _: pass|    case 1: pass", "match x:|    case y if y: pass|    case z: pass", "match x:|    case [y, y]: pass", "match x:|    case [*a, *b]: pass", "match x:|    case [a] | [b]: pass",
    "match x:|    case {'a': 1, 'a': 2}: pass", "match x:|    case {**rest, 'a': 1}: pass", "match x:|    case {**_}: pass", "match x:|    case {a: 1}: pass", "match x:|    case C(a=1, a=2): pass", "match x:|    case C(a=1, 2): pass", "match x:|    case C(1, a=b, c=b): pass",
    "match x:|    case y | 1: pass", "match x:|    case 1 | y: pass", "match x:|    case _ as y: pass", "match x:|    case y as _: pass", "match x:|    case (y as z) as w: pass", "match x:|    case 1 + 1: pass", "match x:|    case 1 + 1j: pass", "match x:|    case -1j | -1 - 2j: pass", "match x:|    case f'a': pass",
    "match x:|    case a.b.c: pass", "match x:|    case a.b(): pass", "match x:|    case *a: pass", "match x:|    case a, *b: pass", "match x:|    case __debug__: pass", "match x:|    case {'a': y, **y}: pass", "match x: pass", "match x:|    pass", "match (x)", "match x, y:|    case *a, b: pass", "match *x, y:|    case _: pass", "match *x:|    case _: pass",
    "case 1: pass", "match = 1", "type x = 1", "type X[T, T] = T", "type X[T: (yield)] = T", "type X = (y := 1)", "type X = (await y)", "type = 1", "type X[*T, **P] = 1", "type X[T = int] = T", "class C[T, T]: pass", "class C[T](T := 1): pass", "def f[T](x: (yield)): pass",
    "def f[T]() -> (y := 1): pass", "def f[T]():|    nonlocal T", "class C[T]:|    nonlocal T", "def f[__debug__](): pass", "def f[T: int, *U, **P](a: T) -> U: pass", "def f[](): pass", "def f(x: (yield)): pass", "def f() -> (yield): pass", "def f(x=(yield)): pass", "def f(x=(await y)): pass", "x: (yield) = 1", "x: (y := 1) = 1",
    "@x|y = 1", "@x|@y|def f(): pass", "@(yield)|def f(): pass", "@x := y|def f(): pass", "@x[0].y(1)|class C: pass", "print 'x'", "print x", "exec 'x'", "raise x, y", "raise x from", "raise from x", "raise", "raise x from y from z", "assert", "assert x, y, z", "assert (x, y)", "assert x := 1", "if x = 1: pass", "while x = 1: pass", "if x: pass else: pass",
    "if x:|pass", "if x:", "else: pass", "elif x: pass", "except: pass", "for x y: pass", "for x in y z: pass", "for f() in y: pass", "for x.y[0] in z: pass", "for 1 in y: pass", "for x in y if z: pass", "x =+ 1", "a ++ b", "a not b", "a is not not b", "not = 1", "a = not b", "a == not b", "-not a", "a if b", "a if b else", "x = a if b else c if d else e", "lambda: x = 1",
    "a <> b", "a ? b : c", "a && b", "!a", "a!", "a++", "x = 0777", "x = 00", "x = 1_000_", "x = 1__0", "x = 0b12", "x = 0o8", "x = 0xg", "x = 1e", "x = 1.e5j", "x = 1if 2else 3", "x = 1_a", "x = 5L", "x = .", "x = 0_7", "x = 1.2.3", "'\\x1'", "b'é'", "'\\N{nope}'", "'\\u12'", "'\\U00110000'", "b'\\u12'", "b'\\x1'", "'abc", "'''abc", "'a' b'b'", "f'a' b'b'", "ur'x'", "bu'x'", "rb'x' Rb'y'", "u'x'", "fb'x'",
    "f'{a b}'", "f'{}'", "f'{ }'", "f'{a'", "f'a}'", "f'{{a}'", "f'{a!x}'", "f'{a!}'", "f'{a! r}'", "f'{a!r:}'", "f'{a:{b}}'", "f'{a:{b:{c}}}'", "f'{f\"{a:{b}}\":{c}}'", "f'{a=!r:>{b}}'", "f'{lambda x: 1}'", "f'{(lambda x: 1)}'", "f'{a:=5}'", "f'{(a:=5)}'", "f'{*a}'", "f'{*a, b}'", "f'{**a}'", "f'{yield}'", "f'{await x}'", "f'{a#}'", "f'{a\\n}'", "f'{\"\\n\"}'", "f'{'a'}'", "f\"{x[\"a\"]}\"", "f'{f'{a}'}'", "f'{a,}'", "f'{a;b}'", "f'{a:b}c}'", "f'{None=}'", "f'{a if b}'", "f'{!a}'", "f'{a.b[0](1)}'", "f'{\n}'",
    "x[*a]", "x[*a, b]", "x[*a:b]", "x[]", "x[:, ::]", "x[a:=1:2]", "x[1:*a]", "(*a)", "(*a,)", "[*a]", "{*a}", "{**a}", "{**a: 1}", "{a: 1, b}", "{a, b: 1}", "{a: *b}", "{*a: 1}", "{**a for a in b}", "{a: b for a in c}", "[*a for a in b]", "{a: b, **c, d: e}", "x = *a", "x = *a, b", "x = y = *a,", "x += *a,", "return *a, b", "yield *a, b", "return *a", "x = (yield) + 1", "x = yield + 1", "x = 1 + yield", "(a, b) += 1", "[a, b] += 1", "a, b += 1", "a = b += 1", "a += b = 1",
    "if 1:|    x = 1|  y = 2", "if 1:|\tx = 1|        y = 2", "if 1:|        x = 1|\ty = 2", "if 1:| \tx = 1|\ty = 2", "  x = 1", "x = 1;", "x = 1;;", ";", "x = (1,|2)", "x = (1|", ")", "x = [1)", "\\", "x = \\|1", "x = 1 \\ |y = 1", "#", "# \\", "é = 1", "x² = 1", "x = “a”", "$x = 1", "x = `a`", "a.1", "1.a", "1 .a", "1..a", "a...b", "a. b", "from.import a", "from ...a import b", "import .a", "x = {", "()", "() = a", "[] = a", "() += a", "{} = a", "(a, b) = c = d", "a = (b = c)", "a, = b", "a = b,", ", = a", "a,, b = c",
];

/// Mutants of one source: `count` by token, and one for every statement of the list.
pub fn of(source: &str, count: usize, seed: u64) -> Vec<String> {
    let mut random = Random::new(seed);
    let tokens = split(source);
    let visible: Vec<usize> = (0..tokens.len()).filter(|at| !tokens[*at].trim().is_empty()).collect();
    let names: Vec<&str> =
        tokens.iter().copied().filter(|token| token.starts_with(|c: char| c.is_alphabetic()) && token.len() > 1).collect();
    let mut mutants: Vec<String> = (0..count).map(|_| by_token(&tokens, &visible, &mut random)).collect();
    for statement in STATEMENTS {
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
    let block: Vec<String> = statement.split('|').map(|line| format!("{indent}{line}")).collect();
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
