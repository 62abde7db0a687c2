//! Codes HF200 to HF299: templates.

use super::{Code, CodeId};

pub const SYNTAX: CodeId = CodeId(200);
pub const UNCLOSED: CodeId = CodeId(201);
pub const UNKNOWN_HELPER: CodeId = CodeId(202);
pub const HELPER_ARGUMENTS: CodeId = CodeId(203);
pub const TOO_DEEP: CodeId = CodeId(204);
pub const TOO_LARGE: CodeId = CodeId(205);
pub const RAW_BLOCK: CodeId = CodeId(206);
pub const DYNAMIC_PARTIAL: CodeId = CodeId(207);
pub const PARTIAL_BLOCK: CodeId = CodeId(208);
pub const STRAY_CONTENT: CodeId = CodeId(209);
pub const BLOCK_TWICE: CodeId = CodeId(210);
pub const MISSING_PARTIAL: CodeId = CodeId(220);
pub const CYCLE: CodeId = CodeId(221);
pub const DUPLICATE_TEMPLATE: CodeId = CodeId(222);
pub const BAD_TEMPLATE_NAME: CodeId = CodeId(223);
pub const UNKNOWN_BLOCK: CodeId = CodeId(224);
pub const EXPANDS: CodeId = CodeId(225);
pub const NOTHING_OVERRIDDEN: CodeId = CodeId(226);
pub const UNKNOWN_FIELD: CodeId = CodeId(240);
pub const NO_FIELDS: CodeId = CodeId(241);
pub const BARE_VALUE: CodeId = CodeId(242);
pub const MULTI_LINE: CodeId = CodeId(243);
pub const UNREAD: CodeId = CodeId(244);
pub const WRONG_KIND: CodeId = CodeId(245);
pub const UNUSED_PARTIAL: CodeId = CodeId(260);
pub const NEVER_THERE: CodeId = CodeId(261);
pub const DEAD_BRANCH: CodeId = CodeId(262);
pub const PYTHON_BRACES: CodeId = CodeId(263);
pub const BLOCK_HIDES_TEMPLATE: CodeId = CodeId(264);

/// The codes of this room, in order of number.
pub const CODES: &[Code] = &[
    Code {
        id: SYNTAX,
        name: "template-syntax",
        summary: "A tag can't be understood",
        page: r#"A tag holds something that Handlebars, or hfgen's stricter reading of it, doesn't know.

```
print(f"{{}}")
```

Python's braces reach the output when each pair is escaped: `\{{`. Otherwise write a path (`{{model.type}}`), a helper with its
values (`{{py model.tags}}`), a block (`{{#if x}}`) or a partial (`{{> name}}`)."#,
    },
    Code {
        id: UNCLOSED,
        name: "unclosed-tag",
        summary: "A tag, block or comment is opened and not closed, or closed and not opened",
        page: r#"Every `{{#if x}}` needs its `{{/if}}`, every `{{` its `}}`, in the right order.

```
{{#if model.tags}}
{{/each}}
```

Close what is open, innermost first; the finding names it and shows where it was opened."#,
    },
    Code {
        id: UNKNOWN_HELPER,
        name: "unknown-helper",
        summary: "A helper or block of that name does not exist",
        page: r#"```
{{uper model.type}}
```

The finding suggests the near miss. Blocks are `if`, `unless`, `each` and `with`; any other helper stands inside one:
`{{#if (eq a b)}}`."#,
    },
    Code {
        id: HELPER_ARGUMENTS,
        name: "helper-arguments",
        summary: "A helper or block was given too many or too few values",
        page: r#"```
{{eq model.type}}
```

The finding shows how the helper is written. A field that has a helper's name is reached as `{{this.first}}`."#,
    },
    Code {
        id: TOO_DEEP,
        name: "template-too-deep",
        summary: "Blocks, parentheses or paths nest too deeply",
        page: r#"Blocks may nest 100 deep (`{{else if}}` counts), parentheses 32, and a path may have 32 parts. Move the inner part to a partial."#,
    },
    Code {
        id: TOO_LARGE,
        name: "template-too-large",
        summary: "A template file is too large",
        page: r#"A template may have 1 MiB. Large constant text is better read by the generated tests than repeated in them."#,
    },
    Code {
        id: RAW_BLOCK,
        name: "raw-block",
        summary: "Four braces open a raw block",
        page: r#"```
f"{{{{x}}}}"
```

Handlebars takes this for a raw block, which templates don't have. Escape each pair of braces that should reach the output:
`\{{\{{x}}}}`."#,
    },
    Code {
        id: DYNAMIC_PARTIAL,
        name: "dynamic-partial",
        summary: "The name of a partial is computed",
        page: r#"```
{{> (lookup model "family")}}
```

What an output depends on must be known before it is rendered. Choose between named partials:
`{{#if (eq model.family "moe")}}{{> moe}}{{/if}}`, or let rules choose between templates."#,
    },
    Code {
        id: PARTIAL_BLOCK,
        name: "partial-block",
        summary: "`@partial-block` is not supported",
        page: r#"It loses the indentation of what is passed to it. Name the block: `{{#> body}}default{{/body}}` where it is shown, and
`{{#*inline "body"}}...{{/inline}}` where it is filled."#,
    },
    Code {
        id: STRAY_CONTENT,
        name: "stray-content",
        summary: "Content beside the blocks of an override is shown by nothing",
        page: r#"```
{{#> base}}
{{#*inline "body"}}...{{/inline}}
lost
{{/base}}
```

Inside `{{#> base}}` only inline blocks count. Put the text into one, or outside."#,
    },
    Code {
        id: BLOCK_TWICE,
        name: "block-twice",
        summary: "One template defines a block twice",
        page: r#"Two inline blocks of one name at the same level: one of them would never show. Delete or rename one."#,
    },
    Code {
        id: MISSING_PARTIAL,
        name: "missing-template",
        summary: "A template that is called or used does not exist",
        page: r#"A partial is named by its path below `templates/` without extensions: `{{> check/determinism}}` is
`templates/check/determinism.py.hbs`. A block that other templates fill is written `{{#> name}}default{{/name}}`."#,
    },
    Code {
        id: CYCLE,
        name: "template-cycle",
        summary: "Templates call each other in a circle",
        page: r#"```
a -> b -> c -> a
```

Such templates never end. The finding shows each call on the shortest way round; remove one of them."#,
    },
    Code {
        id: DUPLICATE_TEMPLATE,
        name: "duplicate-template",
        summary: "Two files of one layer have the same template name",
        page: r#"The name is the path without its extensions, so `base.py.hbs` and `base.md.hbs` are both `base`. Rename one of them."#,
    },
    Code {
        id: BAD_TEMPLATE_NAME,
        name: "bad-template-name",
        summary: "A file name can't be a template's",
        page: r#"Templates are named after what they make: `base.py.hbs`, `ci.yml.hbs`. A variant is marked with `@`:
`family/decoder_only@quantised.py.hbs`."#,
    },
    Code {
        id: UNKNOWN_BLOCK,
        name: "unknown-block",
        summary: "An inline block overrides or fills nothing",
        page: r#"```
{{#> base}}{{#*inline "bdoy"}}...{{/inline}}{{/base}}
```

Neither `base` nor anything it calls has a block of that name. The finding suggests the near miss or lists the blocks."#,
    },
    Code {
        id: EXPANDS,
        name: "template-expands",
        summary: "A template expands without end",
        page: r#"A template shows itself through others, a loop is far too long, or partials that each call others several times multiply. An
output may have 8 MiB, five million steps, 250 levels and 100,000 calls of partials."#,
    },
    Code {
        id: NOTHING_OVERRIDDEN,
        name: "nothing-overridden",
        summary: "A block shows itself",
        page: r#"Inside an override, its own name shows what it overrides:

```
{{#*inline "imports"}}
{{> imports}}
import numpy
{{/inline}}
```

Here there is nothing to override."#,
    },
    Code {
        id: UNKNOWN_FIELD,
        name: "unknown-field",
        summary: "A template names a field that the data doesn't have",
        page: r#"Templates are strict: an absent field is an error everywhere, in `{{#if}}`, in arguments, in loops. A field that is there and null
is fine in conditions, and `{{py x}}` prints it as `None`.

In `each`, `with` and partials with a context `this` is another; the data is reached from `@root`. A field that may be absent is
read with `{{default model.set.size 32}}` or tested with `{{#if (has model.set "size")}}`."#,
    },
    Code {
        id: NO_FIELDS,
        name: "no-fields",
        summary: "A field is asked of a value that has none",
        page: r#"```
{{model.config.class}}
```

where `model.config` is null. Guard it with `{{#if model.config}}`."#,
    },
    Code {
        id: BARE_VALUE,
        name: "bare-value",
        summary: "A value without text of its own is printed bare",
        page: r#"`{{x}}` prints texts and numbers. A boolean, null, list or object is printed as a Python literal: `{{py x}}`."#,
    },
    Code {
        id: MULTI_LINE,
        name: "multi-line-value",
        summary: "A text of several lines is printed bare",
        page: r#"Its further lines would stand at the wrong indentation. Print it as a literal (`{{py x}}`), as comment lines (`{{comment x}}`), in a
docstring (`{{doc x}}`) or as lines at the tag's indentation (`{{lines x}}`)."#,
    },
    Code {
        id: UNREAD,
        name: "unread-value",
        summary: "A value that could not be read from the sources is used",
        page: r#"Some defaults are computed when transformers runs and can't be read statically. Give the value in the model's `set`, or write
`{{default value fallback}}`."#,
    },
    Code {
        id: WRONG_KIND,
        name: "wrong-kind",
        summary: "A helper or loop was given a value of the wrong kind",
        page: r#"```
{{#each model.type}}
```

`each` goes over lists and objects, `join` takes a list, `upper` a text. The finding says what the value is."#,
    },
    Code {
        id: UNUSED_PARTIAL,
        name: "unused-template",
        summary: "No rule uses a template, directly or through others",
        page: r#"No rule names it and no template calls it, so nothing is made from it. Name it in a rule, call it with `{{> name}}`,
or delete it."#,
    },
    Code {
        id: NEVER_THERE,
        name: "field-never-there",
        summary: "No data has a field that a template names",
        page: r#"Over all models of all rules that use the template, what should have the field is there and the field is not. It is an error
even in a branch that nothing takes, and a note where `default` takes its absence."#,
    },
    Code {
        id: DEAD_BRANCH,
        name: "dead-branch",
        summary: "A branch that no data takes, or a condition that decides nothing",
        page: r#"The condition has the same value for every model of every rule that uses the template. Delete it, or check what it asks."#,
    },
    Code {
        id: PYTHON_BRACES,
        name: "python-braces",
        summary: "Handlebars reads braces that may be Python's",
        page: r#"```
f"{{x}}"
```

In Python this is a literal `{x}`; here it prints the data's `x` when the file is made. Escape braces that should reach the output:
`f"\{{x}}"`. Three braces, `{{{x}}}`, print without any; leave a space where a brace belongs around the value: `{ {{x}} }`."#,
    },
    Code {
        id: BLOCK_HIDES_TEMPLATE,
        name: "block-hides-template",
        summary: "A block has the name of a template",
        page: r#"`{{#> name}}default{{/name}}` is always a block here, while Handlebars elsewhere would show the template. Give the block another
name, or show the template with `{{> name}}`."#,
    },
];
