//! `hfgen test`: builds, runs what is not known, and says what is red.

use std::time::{Duration, Instant};

use super::answer::answer;
use super::args::{Shard, TestArgs, WhyArg};
use super::engine::options;
use super::running;
use super::stop::{Ended, Stop};
use super::{Context, Exit};
use crate::finding::Finding;
use crate::report::{self, Format, Report};
use crate::run::files::{Suite, TestFile};
use crate::run::findings::{libraries_missing, not_run, red};
use crate::run::pool::Pool;
use crate::run::session::{How, Session};
use crate::run::test::{Tested, had_failures, test};

pub fn run(context: &Context<'_>, args: &TestArgs) -> Ended {
    let started = Instant::now();
    let options = options(context, &args.engine)?;
    let mut suite = running::suite(context, &args.select, &options)?;
    let how = running::how(&args.select, &args.run);
    // What failed the last time is known; asking for it is asking for another try.
    let how = How { fail_fast: args.fail_fast, anew: how.anew || args.failed, ..how };
    let mut kept = running::kept(context, &options);
    if args.failed {
        suite.files.retain(|file| had_failures(&kept, &how.slot(file)));
        if suite.files.is_empty() {
            context.console.note("no test failed the last time\n");
            return Ok(Exit::Fine);
        }
    }
    if let Some(shard) = args.shard {
        share(&mut suite, shard);
    }
    if suite.files.is_empty() {
        return running::nothing(&args.select);
    }
    let progress = context.progress();
    if let Some(exit) = running::built(context, &options, &args.report, &progress)? {
        return Ok(exit);
    }
    suite.read(context.system, &options.root);
    let (program, versions) = running::python(context, &options, &args.run)?;
    let mut pool = Pool::new(context.system, &options, &program, args.engine.jobs);
    let session = Session {
        system: context.system,
        root: &options.root,
        suite: &suite,
        how: &how,
        versions: &versions,
        progress: &progress,
    };
    let tested = test(&session, &mut kept, &mut pool)?;
    let mut found = not_run(&tested.gathered);
    found.extend(tested.red().map(red));
    found.extend(libraries_missing(&suite, &versions));
    let exit = if found.iter().any(Finding::is_error) { Exit::Findings } else { Exit::Fine };
    tell(context, args, &tested, &found, started.elapsed(), exit)?;
    Ok(exit)
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
    if !matches!(args.report.format, Format::Human | Format::Json | Format::Jsonl) {
        return context.report(&report, &args.report);
    }
    let look = &context.console.out;
    let human = || {
        let asked = args.run.why;
        let why = asked.map_or_else(String::new, |w| report::running::why(&tested.gathered, w == WhyArg::Full, look));
        let outputs = report::test::outputs(tested, look);
        why + &outputs + &report::human::render(&report, look) + &report::test::human(tested, elapsed, look)
    };
    let mut value = report::test::value(tested);
    value["findings"] = report::json::findings(&report);
    value["exit"] = exit.code().into();
    answer(context, &args.report, human, value, "results")
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
