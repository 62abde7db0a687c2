//! What is wrong with a map: checks that are skipped everywhere, too little that passed.

use std::collections::BTreeMap;

use super::map::{Map, State};
use super::tally::Tally;
use crate::finding::Finding;
use crate::finding::codes::coverage::{ONLY_SKIPPED, TOO_LITTLE};

/// Checks of which every cell that could have a result is a skip.
pub fn only_skipped(map: &Map) -> Vec<Finding> {
    let mut findings = Vec::new();
    for check in &map.checks {
        let cells = || map.cells.iter().filter(|cell| cell.check == check.name);
        let settled = || cells().filter(|cell| !matches!(cell.state, State::NotRun | State::NotGenerated));
        let count = settled().count();
        if count == 0 || settled().any(|cell| cell.state != State::Skipped) {
            continue;
        }
        let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
        settled().for_each(|cell| *reasons.entry(cell.reason.as_deref().unwrap_or_default()).or_default() += 1);
        let most = reasons.into_iter().max_by_key(|(reason, count)| (*count, std::cmp::Reverse(*reason)));
        let why = most.map(|(reason, _)| reason).unwrap_or_default();
        let cells = if count == 1 { "its only cell".to_owned() } else { format!("all of its {count} cells") };
        let message = format!("check `{}` is skipped in {cells}: {why}", check.name);
        let help = "a check that never runs finds nothing: select models that it can run on, or remove it";
        findings.push(Finding::warning(ONLY_SKIPPED, message).help(help));
    }
    findings
}

/// Less passed than was asked for, in percent.
pub fn too_little(tally: &Tally, least: f64) -> Option<Finding> {
    let permille = u32::try_from(tally.permille()).unwrap_or(1000);
    (f64::from(permille) / 10.0 < least).then(|| {
        let (passed, wanted) = (tally.count(State::Passed), tally.wanted());
        let message = format!("{passed} of {wanted} cells passed: {}, which is less than {least} %", tally.percent());
        Finding::error(TOO_LITTLE, message).help("`hfgen coverage --missing` lists what has no result")
    })
}
