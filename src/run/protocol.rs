//! What is said to `python/runner.py` and what it answers: one file, some runs of it, a record of every test in each run.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// One generated file to run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Job {
    /// Absolute path.
    pub file: String,
    /// The folder of the outputs, absolute; the support package lies there.
    pub root: String,
    pub runs: Vec<Asked>,
    /// Seconds that one test may take.
    pub timeout: f64,
    /// Resident memory that one run may hold.
    pub megabytes: u64,
    /// `full`, or what the tests do by themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// Hardware profiles, or those that the tests find.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hardware: Option<String>,
    /// Tests that are known to be green; without it, a run without a fault says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub green: Option<Vec<String>>,
    /// Tests whose results without a fault are known and not asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub skip: Vec<String>,
    /// How often a test that is red without a fault is tried again.
    pub retries: u32,
}

/// One run of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Asked {
    /// The fault that is put in, or none.
    pub fault: Option<String>,
    /// The checks whose tests run.
    pub checks: Vec<String>,
}

/// What became of a job.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Answer {
    /// Tests in the file.
    #[serde(default)]
    pub collected: usize,
    /// Why the file could not be collected.
    #[serde(default)]
    pub error: Option<String>,
    #[serde(default)]
    pub runs: Vec<Ran>,
    #[serde(default)]
    pub seconds: f64,
    /// Files of transformers that were loaded for it, beside those that every process loads; relative to the package.
    #[serde(default)]
    pub loaded: Vec<String>,
    /// Those that every process loads.
    #[serde(skip)]
    pub core: Arc<[String]>,
}

/// One run, test by test.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Ran {
    #[serde(default)]
    pub fault: Option<String>,
    #[serde(default)]
    pub records: Vec<Record>,
}

/// One test in one run. Fields that a record of the support package has beyond these are left aside.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Its id inside the file: `test_causal[GPT2LMHeadModel-cpu]`.
    pub node: String,
    #[serde(default)]
    pub check: String,
    #[serde(default, rename = "class", skip_serializing_if = "String::is_empty")]
    pub class: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hardware: String,
    pub outcome: Outcome,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    #[serde(default)]
    pub seconds: f64,
    /// How often the fault acted while the test ran; unknown where the process did not survive it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acted: Option<u64>,
    /// How often it ran, where that was more than once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
    /// What pytest shows of a failure. Never kept.
    #[serde(default, skip_serializing)]
    pub output: String,
}

/// How a test ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    Passed,
    Failed,
    Skipped,
    /// Failed as the registry expects.
    Xfailed,
    /// Failed, and passed when it was tried again.
    Flaky,
    /// Its set-up or tear-down failed.
    Error,
    /// The process died of it, or it took longer than it may.
    Crashed,
    /// A word that this hfgen does not know.
    #[default]
    #[serde(other)]
    Unknown,
}

impl Outcome {
    /// Whether another run of the same would end so: only such results are kept.
    pub fn lasts(self) -> bool {
        !matches!(self, Self::Crashed | Self::Flaky | Self::Unknown)
    }

    /// Whether somebody who looks at the test sees that something is wrong.
    pub fn is_red(self) -> bool {
        matches!(self, Self::Failed | Self::Error | Self::Crashed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_a_newer_support_package_is_understood() {
        let text = r#"{"collected": 2, "error": null, "new": 1, "runs": [{"fault": null, "records": [
            {"node": "test_a[X-cpu]", "check": "a", "class": "X", "outcome": "passed", "seconds": 0.5, "model": "m"},
            {"node": "test_b", "outcome": "dreamt"}]}]}"#;
        let answer: Answer = serde_json::from_str(text).unwrap();
        let records = &answer.runs[0].records;
        assert_eq!((records[0].outcome, records[0].class.as_str()), (Outcome::Passed, "X"));
        assert_eq!(records[1].outcome, Outcome::Unknown);
        assert!(!Outcome::Unknown.is_red() && !Outcome::Xfailed.is_red() && Outcome::Crashed.is_red());
    }

    #[test]
    fn output_is_told_but_not_kept() {
        let record: Record = serde_json::from_str(r#"{"node": "t", "outcome": "failed", "output": "long"}"#).unwrap();
        assert_eq!(record.output, "long");
        assert!(!serde_json::to_string(&record).unwrap().contains("long"));
    }
}
