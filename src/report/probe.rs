//! What a probe found, for people and for programs. Its findings are told as all others are.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};

use super::look::Look;
use super::text::{number, one_line, plural, time};
use crate::discover::probe::Tally;
use crate::registry::lock::Lock;

/// A probe that was done, or that would be.
pub struct Probed<'a> {
    /// Model types that were probed, or are to be, each with the reason.
    pub due: Vec<(String, String)>,
    /// Where it was done: how long it took.
    pub elapsed: Option<Duration>,
    /// The lock as it stands now.
    pub lock: &'a Lock,
    pub tally: &'a Tally,
}

/// What was done, then the counts.
pub fn human(probed: &Probed<'_>, look: &Look) -> String {
    let count = plural(probed.due.len(), "model type");
    let done = match probed.elapsed {
        _ if probed.due.is_empty() => "nothing to probe: the proven facts are up to date".to_owned(),
        None => format!("{count} to probe: run `hfgen probe`"),
        Some(elapsed) => format!("{} {count} in {}", look.strong("probed"), time(elapsed)),
    };
    format!("{done}\n{}", counts(probed.tally, look))
}

/// `types` has an object for each model type that was due.
pub fn value(probed: &Probed<'_>) -> Value {
    let class = |class: &crate::registry::lock::ProvenClass| match &class.error {
        Some(error) => json!({"runs": false, "error": error}),
        None => {
            json!({"runs": true, "seconds": class.seconds, "megabytes": class.megabytes, "parameters": class.parameters})
        }
    };
    let types = probed.due.iter().map(|(key, why)| {
        let proven = probed.lock.models.get(key).and_then(|facts| facts.proven.as_ref());
        let classes = proven.map(|proven| {
            proven
                .classes
                .iter()
                .map(|(name, facts)| (name.as_str(), class(facts)))
                .collect::<indexmap::IndexMap<_, _>>()
        });
        json!({"type": key, "why": why, "classes": classes})
    });
    json!({
        "probed": probed.elapsed.is_some(), "seconds": probed.elapsed.map(|elapsed| elapsed.as_secs_f64()),
        "summary": probed.tally, "types": types.collect::<Vec<_>>(),
    })
}

fn counts(tally: &Tally, look: &Look) -> String {
    let mut text = String::new();
    let mut line = |words: &str, part: usize, whole: usize| {
        let _ = writeln!(
            text,
            "  {words:<22}{:>6} of {:>5}  {}",
            number(part),
            number(whole),
            look.dim(&share(part, whole))
        );
    };
    if tally.types_probed < tally.types {
        line("model types probed", tally.types_probed, tally.types);
    }
    if tally.types_probed > 0 {
        line("model types that run", tally.types_run, tally.types_probed);
        line("classes that build", tally.classes_built, tally.classes_probed);
        line("classes that run", tally.classes_run, tally.classes_probed);
    }
    let mut causes = |words: &str, causes: &BTreeMap<String, usize>| {
        if causes.is_empty() {
            return;
        }
        let _ = writeln!(text, "{} {words}:", number(causes.values().sum()));
        let mut causes: Vec<_> = causes.iter().collect();
        causes.sort_by_key(|(cause, count)| (std::cmp::Reverse(**count), (*cause).clone()));
        for (cause, count) in causes {
            let _ = writeln!(text, "{:>6}  {}", number(*count), one_line(cause));
        }
    };
    causes("not running, with a cause in registry.toml", &tally.explained);
    causes("not running, and nothing says why", &tally.unexplained);
    text
}

#[expect(clippy::cast_precision_loss, reason = "small numbers, for people")]
fn share(part: usize, whole: usize) -> String {
    // Cut, not rounded: 100 % is said of all only.
    let share = if whole == 0 { 0.0 } else { (1000.0 * part as f64 / whole as f64).floor() / 10.0 };
    format!("{share:.1} %")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counts_are_told_with_their_causes() {
        let tally = Tally {
            types: 776,
            types_probed: 776,
            types_run: 775,
            classes: 1736,
            classes_probed: 1736,
            classes_built: 1734,
            classes_run: 1732,
            explained: [("needs the compiled kernel natten".to_owned(), 3)].into(),
            unexplained: [("forward: RuntimeError".to_owned(), 1)].into(),
        };
        let lock = Lock::default();
        let due = vec![("bert".to_owned(), "never probed".to_owned())];
        let mut probed = Probed { due, elapsed: Some(Duration::from_secs(240)), lock: &lock, tally: &tally };
        let expected = "\
probed 1 model type in 4 min 0 s
  model types that run     775 of   776  99.8 %
  classes that build     1,734 of 1,736  99.8 %
  classes that run       1,732 of 1,736  99.7 %
3 not running, with a cause in registry.toml:
     3  needs the compiled kernel natten
1 not running, and nothing says why:
     1  forward: RuntimeError
";
        assert_eq!(human(&probed, &Look::PLAIN), expected);
        assert_eq!(value(&probed)["types"][0]["type"], "bert");
        probed.elapsed = None;
        assert!(human(&probed, &Look::PLAIN).starts_with("1 model type to probe: run `hfgen probe`\n"));
        probed.due.clear();
        assert!(human(&probed, &Look::PLAIN).starts_with("nothing to probe"));
    }
}
