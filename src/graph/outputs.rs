//! From a plan entry to its checked text: what its template reads, its rendering, its validation. Plain functions: a round
//! asks once for each output that may be due, and what it then knows of it is in its trace. Only the layouts of definitions
//! are kept, for hundreds of outputs have the same.

use std::collections::BTreeMap;
use std::sync::Arc;

use salsa::Database as Db;
use serde_json::Value;

use super::context::context;
use super::header;
use super::inputs::Workspace;
use super::lock::{class_names, class_names_digest};
use super::models::{output_root, rule_book, rule_sources, settings};
use super::templates::{Closure, Name, closure, resolve};
use crate::digest::{Digest, Pieces};
use crate::finding::codes::rules::NO_COMMENT_SYNTAX;
use crate::finding::{Finding, Place};
use crate::registry::version;
use crate::rules::plan::Entry;
use crate::template::{RenderInput, render, render_with_map};
use crate::validate::{self, Before, Demands, FileKind, LONG, LaidOut, Layouts, ModelWords, Style, Validated};

/// The inputs of an output, or why its template can't be used.
pub type Inputs = Result<Prepared, Vec<Finding>>;

/// What an output is made from, by digests.
#[derive(Debug, Clone, PartialEq)]
pub struct Prepared {
    pub closure: Arc<Closure>,
    /// What the header says of it: template, model, hardware. Data that nobody reads doesn't tell models apart.
    pub made_from: String,
    /// The data's fields by path, each with the digest of what it holds: what `why` can name.
    pub held: Vec<(String, Digest)>,
    /// Of all the data.
    pub whole: Digest,
    /// Of what validation demands.
    pub demands: Digest,
}

impl Prepared {
    /// The templates with their digests, the root first.
    pub fn templates(&self) -> impl Iterator<Item = (&str, Digest)> {
        std::iter::once(&self.closure.root)
            .chain(&self.closure.partials)
            .map(|template| (template.path(), Digest::of_hash(template.digest())))
    }

    /// The key of what this makes at `path`, which findings name: same key, same bytes and findings.
    pub fn key(&self, path: &str) -> Digest {
        let mut parts: Vec<Vec<u8>> =
            vec![crate::digest::engine().0.to_vec(), path.as_bytes().to_vec(), self.made_from.as_bytes().to_vec()];
        for (path, digest) in self.templates() {
            parts.push(path.as_bytes().to_vec());
            parts.push(digest.0.to_vec());
        }
        parts.push(self.whole.0.to_vec());
        parts.push(self.demands.0.to_vec());
        Digest::of_parts(parts.iter().map(Vec::as_slice))
    }
}

/// The inputs of an output with its data, cut down to what its templates can read; or why its template can't be used.
pub fn prepared(db: &dyn Db, workspace: Workspace, entry: &Entry) -> Result<(Prepared, Value), Vec<Finding>> {
    let book = &rule_book(db, workspace).value;
    let Some(target) = book.target.get(&entry.rule) else { return Err(Vec::new()) };
    let rule_place = |rest: &str| book.place(&rule_sources(db, workspace), "target", &entry.rule, &[rest]);
    let name = match resolve(db, workspace, &target.template, target.variant.as_deref()) {
        Ok(name) => name,
        Err(finding) => return Err(vec![finding.at(rule_place("template"))]),
    };
    if header::comment_syntax(&entry.path).is_none() {
        let finding = Finding::error(NO_COMMENT_SYNTAX, format!("`{}` has no comment syntax", entry.path))
            .at(rule_place("output"))
            .help("make a format that has comments: .py, .toml, .yml, .md, .sh, .txt");
        return Err(vec![finding]);
    }
    let closure = match closure(db, workspace, Name::new(db, name)) {
        Some(Ok(closure)) => closure.clone(),
        Some(Err(findings)) => return Err(findings.clone()),
        None => return Err(Vec::new()),
    };
    let data = closure.reads.project(context(db, workspace, entry, Some(&closure.reads)));
    let (mut held, mut whole) = (Vec::new(), Pieces::default());
    fields(&data, &mut String::new(), 0, &mut held, &mut whole);
    let whole = whole.digest();
    let demands = demands_digest(db, workspace, target.contract.as_deref());
    let made_from = made_from(entry, closure.root.path());
    Ok((Prepared { closure, made_from, held, whole, demands }, data))
}

/// A field that is not told apart further: some forty checks an output would double what a trace holds.
const ONE: &str = "rule.checks";

/// Lists the fields of `value` to a depth at which people name them: `model.config.fields.hidden_size`. `whole`: of all of
/// them, with their names, order and nesting.
fn fields(value: &Value, path: &mut String, depth: usize, found: &mut Vec<(String, Digest)>, whole: &mut Pieces) {
    match value {
        Value::Object(object) if depth < 4 && !object.is_empty() && path != ONE => {
            whole.put(&(object.len() as u64).to_le_bytes());
            for (name, value) in object {
                whole.put(&(name.len() as u64).to_le_bytes());
                whole.put(name.as_bytes());
                let len = path.len();
                if depth > 0 {
                    path.push('.');
                }
                path.push_str(name);
                fields(value, path, depth + 1, found, whole);
                path.truncate(len);
            }
        }
        _ => {
            let digest = Digest::of_value(value);
            whole.put(&0_u64.to_le_bytes());
            whole.put(&digest.0);
            found.push((path.clone(), digest));
        }
    }
}

/// An output's text and what was found in it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Checked {
    /// The whole file, header included; `None` when it could not be rendered.
    pub text: Option<String>,
    pub findings: Vec<Finding>,
    /// The long definitions below the header that were laid out alone.
    pub long: Vec<LaidOut>,
    /// Of all data that there is, where rendering failed: the findings then name fields beside those that are read.
    pub beside: Option<Digest>,
}

/// The digest of all data that an output's template might see.
pub fn beside(db: &dyn Db, workspace: Workspace, entry: &Entry) -> Digest {
    Digest::of_value(&context(db, workspace, entry, None))
}

/// Renders and validates one output from what [`prepared`] gave. `before`: the same output, as it was made under the same
/// demands, below its header.
pub fn checked(
    db: &dyn Db,
    workspace: Workspace,
    entry: &Entry,
    prepared: &Prepared,
    data: &Value,
    before: Before<'_>,
) -> Checked {
    let input = RenderInput {
        root: &prepared.closure.root,
        partials: &prepared.closure.partials.iter().collect::<Vec<_>>(),
        data,
    };
    let raw = match render(&input) {
        Ok(raw) => raw,
        Err(finding) => {
            // The projection holds only what is read; a near miss may stand beside it.
            let all = context(db, workspace, entry, None);
            let finding = render(&RenderInput { data: &all, ..input }).err().unwrap_or(finding);
            let who = entry.model.as_deref().map_or_else(String::new, |model| format!(" (for model type `{model}`)"));
            let finding = Finding { message: format!("{}{who}", finding.message), ..finding };
            let beside = Some(Digest::of_value(&all));
            return Checked { text: None, findings: vec![finding], long: Vec::new(), beside };
        }
    };
    let (Validated { text, long, .. }, findings) = validated(db, workspace, entry, &raw, &input, before);
    let root = output_root(db, workspace);
    let below = entry.path.strip_prefix(&**root).map_or(entry.path.as_str(), |rest| rest.trim_start_matches('/'));
    let text = header::with_header(below, &prepared.made_from, &text);
    Checked { text, findings, long, beside: None }
}

/// Says in the header what an output is made from.
fn made_from(entry: &Entry, template: &str) -> String {
    let mut words = template.to_owned();
    match (&entry.model, &entry.family) {
        (Some(model), _) => words.push_str(&format!(" for model type {model}")),
        (None, Some(family)) => words.push_str(&format!(" for family {family}")),
        (None, None) => {}
    }
    if let Some(hardware) = &entry.hardware {
        words.push_str(&format!(" on {hardware}"));
    }
    words
}

/// Validates Python, and shows each issue at the template line that made the bad line.
fn validated(
    db: &dyn Db,
    workspace: Workspace,
    entry: &Entry,
    raw: &str,
    input: &RenderInput<'_>,
    before: Before<'_>,
) -> (Validated, Vec<Finding>) {
    if !entry.path.ends_with(".py") {
        return (Validated { text: raw.to_owned(), ..Validated::default() }, Vec::new());
    }
    let result = judged(db, workspace, entry, raw, before);
    if result.issues.is_empty() {
        return (result, Vec::new());
    }
    let lines = result.lines(raw);
    let map = render_with_map(input).map(|rendered| rendered.map).ok();
    let findings = result.issues.iter().map(|issue| {
        let bad = Place::in_text(entry.path.as_str(), raw, issue.range.start, issue.range.end);
        let mut shown = bad.clone();
        shown.line = lines.to_formatted(bad.line) + header::LINES;
        let mut finding = Finding::new(issue.code, issue.severity, issue.message.clone()).shown_at(shown);
        finding.help.clone_from(&issue.help);
        // What is missed at the end of the text was made by the last line that there is.
        let made = map.as_ref().and_then(|map| (1..=bad.line).rev().find_map(|line| map.line(line)));
        match made {
            Some(origin) => {
                finding = finding.at(line_of(input, origin.template, origin.line));
                for step in origin.stack.iter().filter(|step| step.item.is_none()) {
                    finding = finding.related("included here", line_of(input, step.template, step.line));
                }
            }
            None => finding = finding.at(Place::file(input.root.path())),
        }
        finding
    });
    let findings = findings.collect();
    (result, findings)
}

/// The text as it is written, and what is wrong with it.
fn judged(db: &dyn Db, workspace: Workspace, entry: &Entry, raw: &str, before: Before<'_>) -> Validated {
    let book = &rule_book(db, workspace).value;
    let contract = book.target.get(&entry.rule).and_then(|target| target.contract.as_ref());
    let words = entry.model.as_deref().map(|key| (key, crate::registry::ident::ident(key)));
    let style = style(db, workspace);
    let demands = Demands {
        python: style.python,
        line_length: style.line_length,
        kind: FileKind::of_path(&entry.path),
        contract: contract.and_then(|name| book.contract.get(name)),
        class_names: Some(&**class_names(db, workspace)).filter(|names| !names.is_empty()),
        model: words.as_ref().map(|(key, ident)| ModelWords { model_type: key, ident }),
    };
    let shared = |text: &str| match text.len() {
        ..LONG => laid_out(db, workspace, Definition::new(db, text)).clone(),
        _ => validate::definition(text, style),
    };
    validate::python_with(raw, &demands, Some(Layouts { shared: &shared, before }))
}

/// How outputs are laid out.
fn style(db: &dyn Db, workspace: Workspace) -> Style {
    let project = &settings(db, workspace).project;
    Style { python: version::python(&project.python).unwrap_or((3, 10)), line_length: project.line_length }
}

/// The text of a definition, of which many outputs may have the same.
#[salsa::interned]
struct Definition<'db> {
    #[returns(ref)]
    text: String,
}

/// Its layout, made once for all of them.
#[salsa::tracked]
fn laid_out<'db>(db: &'db dyn Db, workspace: Workspace, definition: Definition<'db>) -> Option<Arc<str>> {
    validate::definition(definition.text(db), style(db, workspace))
}

/// What a line of an output was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineOrigin {
    /// Path of the template.
    pub template: String,
    pub line: u32,
    /// The data printed on it.
    pub data: Vec<String>,
}

/// The origins of the lines of an output, by their numbers in the whole file; of several lines that layout has put on one,
/// the first. Nothing where it can't be rendered.
pub fn origins(db: &dyn Db, workspace: Workspace, entry: &Entry) -> BTreeMap<u32, LineOrigin> {
    let mut origins = BTreeMap::new();
    let Ok((prepared, data)) = prepared(db, workspace, entry) else { return origins };
    let partials: Vec<_> = prepared.closure.partials.iter().collect();
    let input = RenderInput { root: &prepared.closure.root, partials: &partials, data: &data };
    let Ok(rendered) = render_with_map(&input) else { return origins };
    let result = entry.path.ends_with(".py").then(|| judged(db, workspace, entry, &rendered.text, Before::default()));
    let lines = result.as_ref().map(|result| result.lines(&rendered.text));
    for (number, origin) in (1..).zip(rendered.map.lines()) {
        let written = lines.as_ref().map_or(number, |lines| lines.to_formatted(number)) + header::LINES;
        let place = line_of(&input, origin.template, origin.line);
        let data = origin.data.iter().map(|path| (*path).to_owned()).collect();
        origins.entry(written).or_insert(LineOrigin { template: place.path, line: origin.line, data });
    }
    origins
}

/// A line of one of the templates of `input`, by the template's name.
fn line_of(input: &RenderInput<'_>, name: &str, line: u32) -> Place {
    let template = std::iter::once(input.root).chain(input.partials.iter().copied()).find(|known| known.name() == name);
    template.map_or_else(|| Place::file(name), |template| Place::line_of(template.path(), template.source(), line))
}

/// Of everything that decides a verdict beside the text.
#[salsa::tracked]
fn common_demands(db: &dyn Db, workspace: Workspace) -> Digest {
    let project = &settings(db, workspace).project;
    Digest::of_value(&(&project.python, project.line_length, class_names_digest(db, workspace)))
}

fn demands_digest(db: &dyn Db, workspace: Workspace, contract: Option<&str>) -> Digest {
    let book = &rule_book(db, workspace).value;
    let contract = contract.and_then(|name| book.contract.get(name));
    Digest::of_value(&(common_demands(db, workspace), contract))
}
