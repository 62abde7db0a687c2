//! `hfgen test`: builds, runs what is not known, and says what is red.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::args::{Shard, TestArgs, WhyArg};
use super::engine::options;
use super::running::{self, Ground};
use super::stop::{Ended, Stop};
use super::{Context, Exit, interrupt};
use crate::build::blame::Blame;
use crate::finding::Finding;
use crate::report::{self, Format, Look, Report};
use crate::run::files::{Suite, TestFile};
use crate::run::findings::{flaky, libraries_missing, not_run, red};
use crate::run::pool::Pool;
use crate::run::session::{How, Session};
use crate::run::sources::Sources;
use crate::run::test::{TestResult, Tested, had_failures, test};

pub fn run(context: &Context<'_>, args: &TestArgs) -> Ended {
    let started = Instant::now();
    let options = options(context, &args.engine)?;
    let hardware = running::hardware(context, &args.select, &options, &args.run)?;
    let mut suite = running::suite(context, &args.select, &hardware, &options)?;
    let how = running::how(&hardware, &args.run);
    // What failed the last time is known; asking for it is asking for another try.
    let anew = how.anew.or(args.failed.then_some("--failed"));
    let how = How { fail_fast: args.fail_fast, retries: args.retries, anew, ..how };
    let (mut kept, _held) = running::kept(context, &options, &how);
    if args.failed {
        suite.files.retain(|file| had_failures(&kept, &how.slot(file)));
        if suite.files.is_empty() {
            context.console.note("no test failed the last time\n");
            tell(context, args, &Tested::default(), &[], started.elapsed(), Exit::Fine)?;
            return Ok(Exit::Fine);
        }
    }
    if let Some(shard) = args.shard {
        share(&mut suite, shard);
    }
    if suite.files.is_empty() {
        return running::nothing(&args.select);
    }
    if !args.run.no_cache {
        interrupt::told(context, "hfgen test");
    }
    let progress = context.progress();
    if let Some(exit) = running::built(context, &options, &args.report, &progress)? {
        return Ok(exit);
    }
    suite.read(context.system, &options.root);
    let Ground { program, versions, transformers } =
        running::ground(context, &options, args.run.python.as_deref(), &hardware)?;
    let sources = transformers.map(|package| Sources::open(context.system, &options.root, &package));
    let mut pool = Pool::new(context.system, &options, &program, args.engine.jobs, &progress);
    let session = Session {
        system: context.system,
        root: &options.root,
        suite: &suite,
        how: &how,
        versions: &versions,
        sources: sources.as_ref(),
        progress: &progress,
    };
    let mut tested = test(&session, &mut kept, &mut pool)?;
    if tested.has_news() {
        let blame = Blame::open(context.system, &options)?;
        tested.explain(&session, &|path, before| blame.behind(path, before));
    }
    let mut found = not_run(&tested.gathered);
    let texts = texts(context, &options.root, tested.red().chain(tested.flaky()));
    found.extend(tested.red().map(|result| red(result, &texts[&*result.file])));
    found.extend(tested.flaky().map(|result| flaky(result, &texts[&*result.file])));
    found.extend(libraries_missing(&suite, &versions));
    let exit = if found.iter().any(Finding::is_error) { Exit::Findings } else { Exit::Fine };
    tell(context, args, &tested, &found, started.elapsed(), exit)?;
    Ok(exit)
}

/// The texts of the files that hold some tests, each read once.
fn texts<'a>(
    context: &Context<'_>,
    root: &Path,
    results: impl Iterator<Item = &'a TestResult>,
) -> BTreeMap<&'a str, String> {
    let files: BTreeSet<&str> = results.map(|result| &*result.file).collect();
    files.into_iter().map(|file| (file, context.system.read_text(&root.join(file)).unwrap_or_default())).collect()
}

/// Every `of`-th file, beginning with the `number`-th: neighbours are alike, and so each share has some of each kind.
fn share(suite: &mut Suite, Shard { number, of }: Shard) {
    let files = std::mem::take(&mut suite.files);
    let mine = |(at, file): (usize, TestFile)| (at % of == number - 1).then_some(file);
    suite.files = files.into_iter().enumerate().filter_map(mine).collect();
}

fn tell(
    context: &Context<'_>,
    args: &TestArgs,
    tested: &Tested,
    found: &[Finding],
    elapsed: Duration,
    exit: Exit,
) -> Result<(), Stop> {
    let report = Report { exit: exit.code(), ..Report::of_findings(context.command, found) };
    let human = |look: &Look| {
        let asked = args.run.why;
        let why = asked.map_or_else(String::new, |w| report::running::why(&tested.gathered, w == WhyArg::Full, look));
        let outputs = report::test::outputs(tested, look);
        why + &outputs + &report::human::render(&report, look) + &report::test::human(tested, elapsed, look)
    };
    let value = || {
        let mut value = serde_json::json!({"version": 1, "command": context.command, "exit": exit.code()});
        if let (Value::Object(all), Value::Object(own)) = (&mut value, report::test::value(tested)) {
            all.extend(own);
        }
        value["findings"] = report::json::findings(&report);
        value
    };
    let render = |format: Format, look: &Look| match format {
        Format::Human => human(look),
        Format::Json => format!("{:#}\n", value()),
        Format::Jsonl => report::json::lines(value(), "results", "test"),
        Format::Junit => report::test::junit::render(tested, found, elapsed),
        Format::Markdown => report::test::markdown::render(tested, found, elapsed),
        Format::Html => report::test::html::render(tested, found, elapsed),
        other => report::render(&report, other, look, &context.prefix_in_repository()),
    };
    context.show(&report, &args.report, &render, &|| report::test::markdown::render(tested, found, elapsed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_all_files_once() {
        let file = |number: usize| TestFile {
            path: format!("{number}.py"),
            model: None,
            family: None,
            hardware: None,
            digest: crate::digest::Digest::default(),
            size: 0,
        };
        let part = |number| {
            let mut suite = Suite { files: (0..7).map(file).collect(), ..Suite::default() };
            share(&mut suite, Shard { number, of: 3 });
            suite.files.into_iter().map(|file| file.path).collect::<Vec<_>>()
        };
        assert_eq!([part(1), part(2), part(3)].concat().len(), 7);
        assert_eq!(part(2), ["1.py", "4.py"]);
    }
}
