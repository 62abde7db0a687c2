//! What is new between two coverage maps, for people and as bodies for a chat, a mail or an issue.

use serde_json::json;

use super::coverage::lists::names;
use super::look::Look;
use super::markdown::{cell, table};
use super::text::{clean, number, one_line, plural};
use crate::coverage::compare::{Change, Kind};
use crate::coverage::map::Map;
use crate::coverage::news::{Group, counts, groups};
use crate::coverage::tally::Tally;

/// Lines of a list for people, unless `-v` asks for all; of a mail or an issue; of a chat.
const LINES: usize = 20;
const PAGE: usize = 60;
const CHAT: usize = 10;
/// Discord takes 2,000 characters; others more.
const CHAT_LIMIT: usize = 1_900;

/// The changes between two maps, with their sums.
pub struct News {
    changes: Vec<Change>,
    before: Tally,
    now: Tally,
    versions: (String, String),
}

impl News {
    pub fn new(before: &Map, now: &Map, changes: Vec<Change>) -> Self {
        let (then, today) = (Tally::of(&before.cells), Tally::of(&now.cells));
        let versions = (before.transformers.clone(), now.transformers.clone());
        Self { changes, before: then, now: today, versions }
    }

    /// `3 newly failing, 1 newly passing; 96.1 % passed, before 97.3 %`.
    fn headline(&self) -> String {
        let share = match (self.before.percent(), self.now.percent()) {
            (before, now) if before == now => format!("{now} passed, as before"),
            (before, now) => format!("{now} passed, before {before}"),
        };
        let (before, now) = &self.versions;
        let version = if before == now { String::new() } else { format!("; transformers {before} is now {now}") };
        format!("{}; {share}{version}", sums(&self.changes))
    }

    pub fn human(&self, look: &Look) -> String {
        let shown = if look.verbosity > 0 { usize::MAX } else { LINES };
        let list = if look.verbosity < 0 { String::new() } else { lines(&self.changes, shown, look) };
        format!("{list}{} {}\n", look.strong("since then:"), self.headline())
    }

    pub fn json(&self) -> String {
        let counts: serde_json::Map<String, serde_json::Value> = counts(&self.changes)
            .into_iter()
            .map(|(kind, count)| (kind.words().replace(' ', "-"), json!(count)))
            .collect();
        let value = json!({
            "version": 1, "command": "report", "headline": self.headline(), "counts": counts,
            "before": self.before.value(), "now": self.now.value(), "changes": self.changes,
        });
        format!("{value:#}\n")
    }

    /// One object with the text under the name that the service reads.
    pub fn webhook(&self, name: &str) -> String {
        let mut text = format!("hfgen: {}\n", self.headline());
        for line in lines(&self.changes, CHAT, &Look::PLAIN).lines() {
            if text.chars().count() + line.chars().count() > CHAT_LIMIT {
                text.push_str("...\n");
                break;
            }
            text.push_str(line);
            text.push('\n');
        }
        format!("{}\n", json!({ name: text.trim_end() }))
    }

    pub fn email(&self) -> String {
        let mut text = format!("hfgen: {}\n", self.headline());
        let mut last = None;
        let all = groups(&self.changes);
        for group in all.iter().take(PAGE) {
            if last != Some(group.kind) {
                let title = group.kind.words();
                text.push_str(&format!("\n{}\n{}\n", title.to_uppercase(), "-".repeat(title.len())));
                last = Some(group.kind);
            }
            text.push_str(&format!("* {} on {}: {}\n", names(&group.checks), group.hardware, names(&group.models)));
            text.extend(group.reason.map(|reason| format!("  {}\n", one_line(reason))));
        }
        text + &more(all.len(), PAGE)
    }

    pub fn github(&self) -> String {
        let mut page = format!("### hfgen: {}\n", cell(&self.headline()));
        news_tables(&mut page, &self.changes);
        page
    }
}

/// What is other than at a revision.
pub struct Since {
    pub revision: String,
    pub commit: String,
    /// Between the graphs.
    pub planned: Vec<Change>,
    /// Between the results, where the revision holds some.
    pub results: Option<Vec<Change>>,
}

impl Since {
    fn headlines(&self) -> (String, String) {
        let results = match &self.results {
            Some(changes) => sums(changes),
            None => "not known: the revision holds no coverage.json".to_owned(),
        };
        (format!("what is tested, since {} ({}): {}", self.revision, self.commit, sums(&self.planned)), results)
    }

    pub fn human(&self, look: &Look) -> String {
        let shown = if look.verbosity > 0 { usize::MAX } else { LINES };
        let (planned, results) = self.headlines();
        let mut text = format!("{}\n{}", look.strong(&planned), lines(&self.planned, shown, look));
        text.push_str(&format!("{}\n", look.strong(&format!("results since then: {results}"))));
        text.extend(self.results.as_ref().map(|changes| lines(changes, shown, look)));
        text
    }

    pub fn json(&self, all: &Tally) -> String {
        let value = json!({
            "version": 1, "command": "coverage", "revision": self.revision, "commit": self.commit,
            "summary": {"all": all.value()}, "planned": self.planned, "results": self.results,
        });
        format!("{value:#}\n")
    }

    pub fn markdown(&self) -> String {
        let (planned, results) = self.headlines();
        let mut page = format!("### Coverage: {}\n", cell(&planned));
        news_tables(&mut page, &self.planned);
        page.push_str(&format!("\n#### Results since then: {}\n", cell(&results)));
        self.results.iter().for_each(|changes| news_tables(&mut page, changes));
        page
    }
}

fn sums(changes: &[Change]) -> String {
    let counts: Vec<String> =
        counts(changes).into_iter().map(|(kind, count)| format!("{} {}", number(count), kind.words())).collect();
    if counts.is_empty() { "nothing new".to_owned() } else { counts.join(", ") }
}

fn lines(changes: &[Change], shown: usize, look: &Look) -> String {
    let all = groups(changes);
    let line = |group: &Group<'_>| {
        let because = group.reason.map_or_else(String::new, |reason| format!("  {}", look.dim(&one_line(reason))));
        let (checks, models) = (names(&group.checks), names(&group.models));
        format!("{}  {checks} on {}: {models}{because}\n", paint(group.kind, look), group.hardware)
    };
    let text: String = all.iter().take(shown).map(line).collect();
    text + &more(all.len(), shown)
}

fn news_tables(page: &mut String, changes: &[Change]) {
    let all = groups(changes);
    let rows = all.iter().map(|group| {
        let (checks, models) = (cell(&names(&group.checks)), cell(&names(&group.models)));
        let because = group.reason.map(cell).unwrap_or_default();
        let cells = plural(group.cells, "cell");
        format!("| {} | {cells} | {checks} | {} | {models} | {because} |", group.kind.words(), group.hardware)
    });
    table(page, "| what | how many | checks | hardware | models | because |\n|---|---|---|---|---|---|", rows);
}

fn more(all: usize, shown: usize) -> String {
    if all > shown { format!("... and {} more\n", number(all - shown)) } else { String::new() }
}

fn paint(kind: Kind, look: &Look) -> String {
    let words = clean(kind.words());
    match kind {
        Kind::NewlyFailing => look.bad(&words),
        Kind::NewlyPassing | Kind::NoLongerSkipped => look.good(&words),
        Kind::NewlyFlaky | Kind::NewlyMissing | Kind::Gone | Kind::NotRunAnyMore => look.soft(&words),
        Kind::NewlySkipped | Kind::NewlyExpected | Kind::New => look.cool(&words),
    }
}
