//! Templates, topic by topic: one `check` a topic, one line a case. No disk.

use hfgen::finding::Finding;
use hfgen::template::{RenderInput, Rendered, Template, parse, render, render_with_map};
use serde_json::{Value, json};

/// Templates by name; the first is the root.
fn set(files: &[(&str, &str)]) -> Result<Vec<Template>, Finding> {
    files.iter().map(|(name, source)| parse(name, &format!("templates/{name}.py.hbs"), source)).collect()
}

fn mapped(files: &[(&str, &str)], data: &Value) -> Result<Rendered, Finding> {
    let templates = set(files)?;
    let partials: Vec<&Template> = templates[1..].iter().collect();
    let input = RenderInput { root: &templates[0], partials: &partials, data };
    let rendered = render_with_map(&input)?;
    assert_eq!(rendered.text, render(&input)?, "the map changes the text");
    assert_eq!(rendered.text.lines().count(), rendered.map.len(), "a line without an origin");
    Ok(rendered)
}

fn data() -> Value {
    json!({
        "model": {
            "type": "gpt-neo", "ident": "gpt_neo", "custom": false, "nothing": null, "zero": 0, "empty": [], "big": 1e22,
            "config": {"class": "GPTNeoConfig", "fields": {"hidden_size": 64, "eps": 1e-05, "pair": {"$py": "(1, 2)"},
                       "lost": {"$unread": "computed at run time"}}},
            "tags": ["slow", "moe"],
            "tasks": [{"mapping": "CAUSAL_LM", "pipeline": "text-generation", "classes": ["GPTNeoForCausalLM"]},
                      {"mapping": "BASE", "pipeline": null, "classes": ["GPTNeoModel", "GPTNeoPreTrainedModel"]}],
            "note": "first\nsecond\n\nlast", "quote": "it's \"quoted\"\\", "html": "<a href='x'>&</a>",
        },
        "family": {"name": "decoder-only", "set": {"word": "text"}},
    })
}

/// One template, over `data()`.
#[track_caller]
fn check(source: &str, expected: &str) {
    check_set(&[("root", source)], expected);
}

/// Several templates, the first of which is rendered.
#[track_caller]
fn check_set(files: &[(&str, &str)], expected: &str) {
    match mapped(files, &data()) {
        Ok(rendered) => assert_eq!(rendered.text, expected),
        Err(finding) => panic!("{finding:#?}"),
    }
}

/// A failure: its code's number, `line:column:width` of its place, and parts of its message and help.
#[track_caller]
fn check_fails(source: &str, code: u16, place: &str, parts: &[&str]) {
    check_set_fails(&[("root", source)], code, place, parts);
}

#[track_caller]
fn check_set_fails(files: &[(&str, &str)], code: u16, place: &str, parts: &[&str]) {
    let finding = mapped(files, &data()).expect_err("this must fail");
    let at = finding.place.as_ref().expect("a place");
    let shown = format!("{}:{}:{}", at.line, at.column, at.width);
    let text = format!("{}\n{}", finding.message, finding.help.as_deref().unwrap_or(""));
    assert_eq!((finding.code.0, shown.as_str()), (code, place), "{finding:#?}");
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
}

#[test]
fn values() {
    check(
        "{{model.type}} {{model.config.fields.hidden_size}} {{model/ident}} {{model.[ident]}}",
        "gpt-neo 64 gpt_neo gpt_neo",
    );
    check("{{model.html}} {{{model.html}}} {{&model.html}}", "<a href='x'>&</a> <a href='x'>&</a> <a href='x'>&</a>");
    check("{{model.config.fields.eps}} {{model.big}}", "1e-05 1e+22");
    check("{{model.tags.[0]}} {{model.tags.1}}", "slow moe");
    check("{{@root.model.type}} {{this.model.type}} {{./family.name}}", "gpt-neo gpt-neo decoder-only");
}

#[test]
fn python_literals() {
    check("{{py model.nothing}} {{py model.custom}} {{py model.tags}}", r#"None False ["slow", "moe"]"#);
    check("{{py model.config.fields.pair}} {{py model.quote}}", r#"(1, 2) 'it\'s "quoted"\\'"#);
    check("{{py model.note}}", r#""first\nsecond\n\nlast""#);
    check(
        "{{py (lookup model.tasks 1)}}",
        r#"{"mapping": "BASE", "pipeline": None, "classes": ["GPTNeoModel", "GPTNeoPreTrainedModel"]}"#,
    );
    for (value, expected) in [
        (json!(1.0), "1.0"),
        (json!(-0.0), "-0.0"),
        (json!(0.1), "0.1"),
        (json!(0.0001), "0.0001"),
        (json!(0.00001), "1e-05"),
        (json!(1.5e-7), "1.5e-07"),
        (json!(1e15), "1000000000000000.0"),
        (json!(1e16), "1e+16"),
        (json!(1e300), "1e+300"),
        (json!(u64::MAX), "18446744073709551615"),
        (json!(-3), "-3"),
        (json!(""), "\"\""),
        (json!("a\u{0}\u{7f}\u{202e}\u{1f600}\t\r"), "\"a\\x00\\x7f\\u202e\u{1f600}\\t\\r\""),
        (json!("say \"hi\""), "'say \"hi\"'"),
        (json!({"a": [null, {"b": true}]}), "{\"a\": [None, {\"b\": True}]}"),
    ] {
        assert_eq!(hfgen::template::python_literal(&value).as_deref(), Ok(expected));
    }
}

#[test]
fn helpers() {
    check(
        "{{ident model.type}} {{camel model.type}} {{upper model.ident}} {{lower 'ABC'}}",
        "gpt_neo GptNeo GPT_NEO abc",
    );
    check("{{ident '3d'}} {{ident 'class'}} {{ident ''}} {{camel 'kosmos-2.5'}}", "_3d class_ _ Kosmos25");
    check("{{join model.tags ' + '}} {{join model.tags}} {{len model.tags}}", "slow + moe slow, moe 2");
    check(
        "{{#if (has model.tags 'moe')}}y{{/if}}{{#if (has model.config.fields 'eps')}}y{{/if}}{{#if (has model.tags 'x')}}n{{/if}}",
        "yy",
    );
    check("{{default model.nothing 'd'}} {{default model.absent 'd'}} {{default model.type 'd'}}", "d d gpt-neo");
    check(
        "{{default model.config.fields.lost 7}} {{default (lookup model 'absent') 1}} {{default (first model.empty) 2}}",
        "7 1 2",
    );
    check(
        "{{first model.tags}} {{concat 'a' 1 model.ident}} {{join (keys model.config)}}",
        "slow a1gpt_neo class, fields",
    );
    check(
        "{{#if (and model.tags (not model.custom))}}a{{/if}}{{#if (or model.custom model.zero)}}b{{else}}c{{/if}}",
        "ac",
    );
    check(
        "{{#if (eq model.type 'gpt-neo')}}a{{/if}}{{#if (ne 1 1.0)}}b{{/if}}{{#if (lt 1 2)}}c{{/if}}{{#if (gte 2 3)}}d{{/if}}",
        "ac",
    );
    check("    {{comment model.note}}\n", "    # first\n    # second\n    #\n    # last\n");
    check("    \"\"\"{{doc model.note}}\"\"\"\n", "    \"\"\"first\n    second\n\n    last\"\"\"\n");
    check("{{doc 'a\"\"\"b\\\\ \"'}}", "a\"\"\\\"b\\\\ \\\"");
    check("  {{lines model.note}}\n", "  first\n  second\n\n  last\n");
}

#[test]
fn blocks() {
    check("{{#if model.zero}}a{{else if model.tags}}b{{else}}c{{/if}}", "b");
    check("{{#unless model.custom}}a{{/unless}}{{#if model.zero includeZero=true}}b{{/if}}", "ab");
    check("{{#each model.tags}}{{@index}}{{this}}{{#unless @last}},{{/unless}}{{/each}}", "0slow,1moe");
    check("{{#each model.config.fields as |v k|}}{{k}} {{/each}}", "hidden_size eps pair lost ");
    check(
        "{{#each model.tasks as |t i|}}{{i}}{{t.mapping}}{{#each t.classes}}{{@../index}}{{../mapping}}{{/each}};{{/each}}",
        "0CAUSAL_LM0CAUSAL_LM;1BASE1BASE1BASE;",
    );
    check("{{#each model.empty}}a{{else}}none{{/each}}{{#each model.nothing}}a{{/each}}", "none");
    check(
        "{{#with model.config as |c|}}{{class}}{{c.class}}{{../family.name}}{{/with}}",
        "GPTNeoConfigGPTNeoConfigdecoder-only",
    );
    check("{{#with model.nothing}}a{{else}}b{{/with}}", "b");
}

#[test]
fn whitespace() {
    check("a\n  {{#if model.tags}}\n  b\n  {{else}}\n  c\n  {{/if}}\nd\n", "a\n  b\nd\n");
    check("a\n{{! note }}\nb{{!-- {{x}} --}}\n", "a\nb\n");
    check("a  {{~model.ident~}}  b", "agpt_neob");
    check("a\r\n{{#if model.tags}}\r\nb\r\n{{/if}}\r\n", "a\nb\n");
    check("a\n    \n\t\nb\n", "a\n\n\nb\n");
    check("\u{feff}a\n", "a\n");
    check(r"f'\{{x}}' \\{{model.ident}} \{{{{y}}}}", r"f'{{x}}' \gpt_neo {{{{y}}}}");
    check("{'k': {{py model.tags}}}", "{'k': [\"slow\", \"moe\"]}");
}

#[test]
fn strict() {
    check_fails("a\n  {{model.tpye}}", 240, "2:11:4", &["`model.tpye`", "did you mean `type`"]);
    check_fails("{{#if model.custm}}{{/if}}", 240, "1:13:5", &["did you mean `custom`"]);
    check_fails("{{#if (eq model.custm 1)}}{{/if}}", 240, "1:17:5", &["did you mean `custom`"]);
    check_fails("{{#each modle.tags}}{{/each}}", 240, "1:9:5", &["did you mean `model`"]);
    check_fails("{{#with model.cofnig}}{{/with}}", 240, "1:15:6", &["did you mean `config`"]);
    check_set_fails(&[("root", "{{> p v=model.tpye}}"), ("p", "{{v}}")], 240, "1:15:4", &["did you mean `type`"]);
    check_set_fails(&[("root", "\n{{> p}}"), ("p", "x\n{{ model.idnt }}")], 240, "2:10:4", &["did you mean `ident`"]);
    check_fails("{{#each model.tasks}}{{family.name}}{{/each}}", 240, "1:24:6", &["write `@root.family`"]);
    check_fails("{{#each model.tasks as |t|}}{{model.type}}{{/each}}", 240, "1:31:5", &["@root.model"]);
    check_fails("{{model.nothing.deep}}", 241, "1:17:4", &["`model.nothing` is null", "{{#if model.nothing}}"]);
    check_fails("{{model.type.x}}", 241, "1:14:1", &["`model.type` is a text"]);
    check_fails("{{../x}}", 240, "1:3:4", &["@root"]);
    check_fails("{{@index}}", 240, "1:3:6", &["loop"]);
    // A branch that is not taken is not looked at.
    check(
        "{{#if model.nothing}}{{model.nothing.deep}}{{/if}}{{#if (and model.nothing model.nothing.deep)}}{{/if}}",
        "",
    );
}

#[test]
fn bare_values() {
    for source in ["{{model.custom}}", "{{model.tags}}", "{{model.config}}", "{{model.nothing}}"] {
        check_fails(source, 242, &format!("1:3:{}", source.len() - 4), &["{{py model."]);
    }
    check_fails("{{eq 1 1}}", 242, "1:3:6", &["{{py (eq 1 1)}}"]);
    check_fails("{{model.note}}", 243, "1:3:10", &["{{comment model.note}}"]);
    check_fails("{{py model.config.fields}}", 244, "1:3:22", &["computed at run time", "default"]);
    check_fails("{{#if model.config.fields.lost}}{{/if}}", 244, "1:7:24", &[]);
    check_fails("{{upper model.zero}}", 245, "1:3:16", &["takes a text", "number"]);
    check_fails("{{#each model.type}}{{/each}}", 245, "1:9:10", &["list"]);
}

#[test]
fn partials() {
    check_set(
        &[
            ("root", "{{> p}}{{> p model.config}}"),
            ("p", "{{#if (has this 'class')}}{{class}}{{else}}{{model.type}};{{/if}}"),
        ],
        "gpt-neo;GPTNeoConfig",
    );
    check_set(
        &[("root", "{{> p v=model.tags w='x'}}"), ("p", "{{#each v}}{{this}}{{w}}{{/each}}{{model.ident}}")],
        "slowxmoexgpt_neo",
    );
    // Arguments reach the partials of a partial; block parameters don't.
    check_set(&[("root", "{{> p v=1}}"), ("p", "{{> q}}"), ("q", "{{v}}")], "1");
    check_set_fails(&[("root", "{{#each model.tags as |t|}}{{> p}}{{/each}}"), ("p", "{{t}}")], 241, "1:3:1", &[]);
    check_set(
        &[("root", "{{#each model.tags}}{{> p}}{{/each}}"), ("p", "{{@index}}{{this}}{{@root.model.ident}} ")],
        "0slowgpt_neo 1moegpt_neo ",
    );
    check_set(&[("root", "{{> a/b-c}} {{> 'a/b-c'}}"), ("a/b-c", "x")], "x x");
    check_set_fails(&[("root", "{{> chekc/a}}"), ("check/a", "")], 220, "1:5:7", &["did you mean `check/a`"]);
    check("{{#*inline 'm'}}<{{this}}>{{/inline}}{{#each model.tags}}{{> m}}{{/each}}", "<slow><moe>");
}

#[test]
fn indentation() {
    check_set(
        &[("root", "class A:\n    {{> p}}\nend\n"), ("p", "def f():\n    {{> q}}\n\ntail\n"), ("q", "a\n\nb\n")],
        "class A:\n    def f():\n        a\n\n        b\n\n    tail\nend\n",
    );
    check_set(
        &[
            ("root", "  {{#if model.tags}}\n    {{> p}}\n  {{/if}}\n"),
            ("p", "{{#each model.tags}}\n{{this}}\n  {{> q}}\n{{/each}}\n"),
            ("q", "x\ny"),
        ],
        "    slow\n      x\n      y\n    moe\n      x\n      y\n",
    );
    check_set(&[("root", "x = [\n    {{> p}},\n]\n"), ("p", "a,\nb")], "x = [\n    a,\n    b,\n]\n");
    check_set(
        &[("root", "  {{> p}}\n"), ("p", "{{comment model.note}}\n{{py model.note}}\n")],
        "  # first\n  # second\n  #\n  # last\n  \"first\\nsecond\\n\\nlast\"\n",
    );
    // A call that stands further left than the block keeps its place, and so does the text.
    check_set(
        &[
            ("root", "{{#> b}}\n  {{#*inline \"x\"}}\n  a\n{{> p}}\n  {{/inline}}\n{{/b}}\n"),
            ("b", "{{#> x}}{{/x}}"),
            ("p", "p\n"),
        ],
        "  a\np\n",
    );
    check_set(&[("root", "{{> p}}\n{{> p}}\n"), ("p", "no newline")], "no newline\nno newline\n");
}

const BASE: &str = "top\n{{#> body}}\nbase body\n{{/body}}\nmid\n    {{#> inner}}\n    pass\n    {{/inner}}\nend\n";
const CARD: &str = "[{{#> title}}none{{/title}}]";

#[test]
fn inheritance() {
    check_set(&[("root", BASE)], "top\nbase body\nmid\n    pass\nend\n");
    check_set(
        &[("root", "{{#> base}}\n{{#*inline \"inner\"}}\na\nb\n{{/inline}}\n{{/base}}\n"), ("base", BASE)],
        "top\nbase body\nmid\n    a\n    b\nend\n",
    );
    // Indented tags: what stands in a block is relative to its tag.
    check_set(
        &[("root", "{{#> base}}\n  {{#*inline \"inner\"}}\n  a\n    b\n  {{/inline}}\n{{/base}}\n"), ("base", BASE)],
        "top\nbase body\nmid\n    a\n      b\nend\n",
    );
    // A default that stands further left than its tag keeps its place.
    check("  {{#> b}}\nx = 1\n  y\n  {{/b}}\n", "x = 1\n  y\n");
    // Blocks given to one partial do not leak to its neighbour, nor out of it.
    let siblings = "{{#> card}}{{#*inline \"title\"}}A{{/inline}}{{/card}}{{> card}}{{#> card}}{{#*inline \"title\"}}B{{/inline}}{{/card}}";
    check_set(&[("root", siblings), ("card", CARD)], "[A][none][B]");
    // A partial that is composed, not inherited, has the last word on its own blocks.
    check_set(
        &[
            ("root", "{{#> page}}{{#*inline \"title\"}}leaf{{/inline}}{{/page}}"),
            ("page", "{{#> title}}page{{/title}} {{#> card}}{{#*inline \"title\"}}card{{/inline}}{{/card}}"),
            ("card", CARD),
        ],
        "leaf [card]",
    );
    // The idiom with the definition beside the call.
    check_set(
        &[("root", "{{#*inline \"inner\"}}\nx\n{{/inline}}\n{{> base}}\n"), ("base", BASE)],
        "top\nbase body\nmid\n    x\nend\n",
    );
    let stray = "{{#> base}}{{#*inline \"body\"}}x{{/inline}} stray{{/base}}";
    check_set_fails(&[("root", stray), ("base", BASE)], 209, "1:44:5", &["nothing shows it"]);
    check_fails("{{#> a}}{{#*inline 'x'}}1{{/inline}}{{#*inline 'x'}}2{{/inline}}{{/a}}", 210, "1:48:3", &["`x`"]);
}

/// The leaf wins and the middle shows where the leaf is silent, as in Jinja.
#[test]
fn three_levels() {
    let mid = "{{#> base}}\n{{#*inline \"body\"}}\nmid body\n{{#> deeper}}\nmid deeper\n{{/deeper}}\n{{/inline}}\n\
               {{#*inline \"inner\"}}\nmid inner\n{{/inline}}\n{{/base}}\n";
    check_set(
        &[("root", "{{#> mid}}\n{{#*inline \"inner\"}}\nleaf\n{{/inline}}\n{{/mid}}\n"), ("base", BASE), ("mid", mid)],
        "top\nmid body\nmid deeper\nmid\n    leaf\nend\n",
    );
    check_set(
        &[
            ("root", "{{#> mid}}{{#*inline \"deeper\"}}\nleaf deeper\n{{/inline}}{{/mid}}"),
            ("base", BASE),
            ("mid", mid),
        ],
        "top\nmid body\nleaf deeper\nmid\n    mid inner\nend\n",
    );
    // Inside an override its own name is what it overrides, through all levels.
    let calls_up = "{{#> base}}{{#*inline \"inner\"}}\nmid\n{{> inner}}\n{{/inline}}{{/base}}";
    check_set(
        &[
            ("root", "{{#> mid}}{{#*inline \"inner\"}}\nleaf\n{{> inner}}\n{{/inline}}{{/mid}}"),
            ("base", BASE),
            ("mid", calls_up),
        ],
        "top\nbase body\nmid\n    leaf\n    mid\n    pass\nend\n",
    );
}

#[test]
fn syntax_errors() {
    check_fails("a {{model.type", 201, "1:3:12", &["never closed"]);
    check_fails("a {{#if x}}\nb", 201, "1:3:9", &["`if`", "{{/if}}"]);
    check_fails("{{#if x}}\n{{/each}}", 201, "2:1:9", &["`if` is open"]);
    check_fails("{{/if}}", 201, "1:1:7", &["not open"]);
    check_fails("{{else}}", 201, "1:1:8", &[]);
    check_fails("{{#if x}}{{else}}{{else}}{{/if}}", 200, "1:18:8", &["already"]);
    check_fails("f\"{{}}\"", 200, "1:3:4", &["\\{{"]);
    check_fails("{{'a': 1}}", 200, "1:6:1", &[]);
    check_fails("x {{{{y}}}}", 206, "1:3:4", &["\\{{"]);
    check_fails("{{{x}}", 201, "1:1:6", &["three"]);
    check_fails("{{> (lookup . 'x')}}", 207, "1:5:14", &["must stand"]);
    check_fails("{{> @partial-block}}", 208, "1:5:14", &["inline"]);
    check_fails("{{upcase x}}", 202, "1:3:6", &["`upcase`", "helpers are"]);
    check_fails("{{uper x}}", 202, "1:3:4", &["did you mean `upper`"]);
    check_fails("{{#fi x}}{{/fi}}", 202, "1:4:2", &["did you mean `if`"]);
    check_fails("{{#tags}}{{/tags}}", 202, "1:4:4", &["{{#each tags}}"]);
    check_fails("{{eq 1}}", 203, "1:3:2", &["{{eq a b}}"]);
    check_fails("{{first}}", 203, "1:3:5", &["this.first"]);
    check_fails("{{#if a b}}{{/if}}", 203, "1:4:2", &["one value"]);
    check_fails("{{#if a}}{{#*inline 'x'}}{{/inline}}{{/if}}", 200, "1:10:16", &["inside another block"]);
    check_fails("{{! never closed", 201, "1:1:3", &["comment"]);
    check_fails("{{x \"open}}", 201, "1:1:11", &[]);
    check_fails("{{a..b}}", 200, "1:5:1", &["name is missing"]);
    check_fails("{{(eq 1 2}}", 200, "1:3:1", &["never closed"]);
    check_fails("{{*deco}}", 200, "1:1:9", &["decorators"]);
    check_fails("{{@foo}}", 200, "1:3:4", &["@foo"]);
}

#[test]
fn bounds() {
    let code = |source: &str| parse("t", "t", source).map(|_| ()).expect_err("this must fail").code.0;
    assert_eq!(code(&"{{#if model}}".repeat(10_000)), 204);
    assert_eq!(code(&format!("{{{{#if model.zero}}}}{}{{{{/if}}}}", "{{else if model.zero}}".repeat(10_000))), 204);
    assert_eq!(code(&format!("{{{{py {}1{}}}}}", "(not ".repeat(10_000), ")".repeat(10_000))), 204);
    assert_eq!(code(&"x".repeat(2 << 20)), 205);
    check(&format!("{}x{}", "{{#if model}}".repeat(100), "{{/if}}".repeat(100)), "x");

    check_set_fails(&[("root", "{{> root}}")], 225, "1:1:10", &["shows itself"]);
    check_set_fails(&[("root", "{{> a}}"), ("a", "{{> b}}"), ("b", "{{#if model}}{{> a}}{{/if}}")], 225, "1:1:7", &[]);
    let mutual = "{{#> p}}{{#*inline 'a'}}{{#> b}}{{/b}}{{/inline}}{{#*inline 'b'}}{{#> a}}{{/a}}{{/inline}}{{/p}}";
    check_set_fails(&[("root", mutual), ("p", "{{#> a}}{{/a}}")], 225, "1:25:8", &[]);
    check_fails("{{#*inline 'x'}}{{> x}}{{/inline}}{{> x}}", 226, "1:17:7", &["shows itself"]);
}

/// Nothing that can be typed makes the parser or the renderer panic, and every finding has its place.
#[test]
fn any_text() {
    let parts = [
        "{{",
        "}}",
        "{{{",
        "}}}",
        "{{{{",
        "#if ",
        "#each ",
        "#> ",
        "#*inline ",
        "/if",
        "/each",
        "/inline",
        "else",
        "^",
        "> ",
        "~",
        "!--",
        "--",
        "model",
        ".",
        "@root",
        "@index",
        "../",
        "[",
        "]",
        "(",
        ")",
        "'",
        "\"",
        "\\",
        "=",
        "|",
        "as |x|",
        " ",
        "\n",
        "\r\n",
        "é",
        "\u{1f600}",
        "py ",
        "tags",
        "{",
        "}",
        "1",
        "-",
        "null",
    ];
    let mut seed = 7_u64;
    for _ in 0..20_000 {
        let mut source = String::new();
        for _ in 0..12 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            source.push_str(parts[usize::try_from(seed >> 33).expect("small") % parts.len()]);
        }
        if let Err(finding) = mapped(&[("root", &source)], &data()) {
            let place = finding.place.expect("a place");
            assert!(place.line >= 1 && place.column >= 1, "{source}");
        }
    }
}

#[test]
fn expansion_without_end() {
    let doubling: Vec<(String, String)> =
        (0..40).map(|n| (format!("p{n}"), format!("{{{{> p{}}}}}{{{{> p{}}}}}", n + 1, n + 1))).collect();
    let mut files: Vec<(&str, &str)> = doubling.iter().map(|(name, source)| (name.as_str(), source.as_str())).collect();
    files.push(("p40", ""));
    assert_eq!(mapped(&files, &data()).expect_err("expands").code.0, 225);
    let line = "x".repeat(1000);
    files.pop();
    files.push(("p40", &line));
    assert_eq!(mapped(&files, &data()).expect_err("grows").code.0, 225);
}
