//! One function per command: call the flow, print what came back.

use std::path::PathBuf;

use super::args::{Cli, Command, ContextArgs, PromoteArgs, RollbackArgs};
use super::ci::Files;
use super::output::Output;
use super::{check, completions, flags, hook, init, man};
use crate::config::Flags;
use crate::environment::Environment;
use crate::error::{Error, Kind, Result};
use crate::event::Events;
use crate::flow::{self, Deployments, Ended, Planned, Run, Session};
use crate::report::{self, Format, ReportDir, ReportFile, RunReport};

/// Runs the command and gives the exit code.
pub(super) fn run(cli: &Cli, environment: Environment, directory: PathBuf, output: &Output) -> Result<u8> {
    if cli.global.format.is_of_findings() && !matches!(cli.command, Command::Check(_) | Command::Hook { .. })
    {
        return Err(Error::new(
            Kind::Usage,
            "this format is one of findings, and only `imgbuild check` has it",
        ));
    }
    if let Command::Inside { job } = &cli.command {
        flow::inside(&flags::of_inside(job), &mut |line| output.out(&format!("{line}\n")))?;
        return Ok(0);
    }
    if let Command::Completions { shell } = &cli.command {
        return output.out(&completions::script(*shell)).map(|()| 0);
    }
    if let Command::Man { dir } = &cli.command {
        let folder = dir.as_ref().map(|dir| directory.join(dir));
        return folder.map_or_else(|| output.out(&man::page()?), |folder| man::write(&folder)).map(|()| 0);
    }
    let (events, receiver) = Events::channel();
    let report_path = flags::report(&cli.global, &environment, &directory);
    let junit_path = flags::junit(&cli.command, &directory);
    let report_dir = flags::report_dir(&cli.command, &environment, &directory);
    let (config, masker) = (cli.global.config.clone(), output.masker.clone());
    let mut session = Session::begin(environment, directory, config, events, masker)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|cause| Error::new(Kind::Internal, "cannot start the runtime").because(cause))?;
    let is_run = matches!(
        cli.command,
        Command::Ci(_)
            | Command::Build(_)
            | Command::Test(_)
            | Command::Publish { .. }
            | Command::Copy { .. }
            | Command::Promote(PromoteArgs { plan: false, .. })
            | Command::Deploy(_)
            | Command::Rollback(RollbackArgs { list: false, .. })
    );
    // A report that cannot be written is found out before a long run, not after it.
    let leaves_report = is_run || matches!(cli.command, Command::Plan { .. });
    let file = report_path.filter(|_| leaves_report).map(|path| ReportFile::open(&path)).transpose()?;
    let junit = junit_path.map(|path| ReportFile::open(&path)).transpose()?;
    let dir = report_dir.map(|path| ReportDir::open(&path)).transpose()?;
    let reports = Reports { file, junit, dir };
    session.own = reports.own();
    if is_run {
        output.mask(&session.environment);
    }
    let reporters = if is_run { report::standard(&output.mode) } else { Vec::new() };
    let reporter = report::spawn(receiver, reporters, output.masker.clone())?;

    let done = runtime.block_on(dispatch(cli, &session, output, reports.are_any()));
    // A first pass that was cut off polls the stop flag; the process does not wait for it.
    runtime.shutdown_background();
    let mut report = RunReport::new("", &session.run, String::new());
    drop(session);
    let finished = reporter.join().unwrap_or_default();
    let error = match done {
        Done::Run(ended) => {
            report = ended.report;
            finished.recording.complete(&mut report);
            let lost = finished.lost.into_iter().find(|(name, _)| *name == "ndjson");
            let lost =
                lost.map(|(_, cause)| Error::new(Kind::Io, "cannot write events to stdout").because(cause));
            return conclude(output, &report, ended.error.or(lost), reports);
        }
        Done::Printed(ended) => {
            report = ended.report;
            finished.recording.complete(&mut report);
            output.remarks(&report);
            let files = reports.files();
            let written = reports.write(&report, output);
            output.ci.checked(&report, files, output);
            return match (ended.error, written) {
                (Some(error), written) => {
                    written.inspect_err(|unwritten| output.error(unwritten)).ok();
                    Err(error)
                }
                (None, written) => written.map(|_| 0),
            };
        }
        Done::Command(result) => {
            finished.recording.complete(&mut report);
            output.remarks(&report);
            result.err()
        }
    };
    error.map_or(Ok(0), Err)
}

/// What a command came to.
enum Done {
    Run(Box<Ended>),
    /// A check or a plan that leaves a report; what it found is printed.
    Printed(Box<Ended>),
    Command(Result<()>),
}

async fn dispatch(cli: &Cli, session: &Session, output: &Output, reported: bool) -> Done {
    let run = |ended: Ended| Done::Run(Box::new(ended));
    match &cli.command {
        Command::Ci(args) => match flags::of_build(args, &cli.global) {
            Ok(flags) => run(flow::ci(session, &flags).await),
            Err(error) => Done::Command(Err(error)),
        },
        Command::Build(args) => match flags::of_build(args, &cli.global) {
            Ok(flags) => run(flow::build(session, &flags).await),
            Err(error) => Done::Command(Err(error)),
        },
        Command::Test(args) => {
            run(flow::test(session, &flags::of_test(args, &cli.global), &args.image).await)
        }
        Command::Publish { undo } => run(flow::undo(session, &Flags::default(), undo).await),
        Command::Copy { source, destination } => {
            run(flow::copy(session, &Flags::default(), source, destination).await)
        }
        Command::Promote(args) if !args.plan => {
            let (flags, options) = flags::of_promote(args);
            run(flow::promote(session, &flags, &options).await)
        }
        Command::Deploy(args) => run(flow::deploy(session, &Flags::default(), &flags::of_deploy(args)).await),
        Command::Rollback(args) if !args.list => {
            run(flow::rollback(session, &Flags::default(), &flags::of_rollback(args)).await)
        }
        Command::Check(args) if reported => {
            Done::Printed(Box::new(check::reported(args, &cli.global, session, output).await))
        }
        Command::Plan { dev, build } if reported => {
            let flags = flags::of_build(build, &cli.global);
            let (mut ended, planned) = flow::plan_reported(session, run_of(*dev), flags).await;
            if let Some(Err(unprinted)) = planned.map(|planned| print_plan(&planned, output)) {
                ended.error.get_or_insert(unprinted);
            }
            Done::Printed(Box::new(ended))
        }
        command => Done::Command(other(cli, command, session, output).await),
    }
}

/// Which run is planned.
fn run_of(dev: bool) -> Run {
    if dev { Run::Build } else { Run::Ci }
}

fn print_plan(planned: &Planned, output: &Output) -> Result<()> {
    output.ci.outputs(&planned.outputs, output);
    match output.mode.format {
        Format::Human => output.lines(&planned.text),
        Format::Json | Format::Ndjson => output.json(&planned.json),
    }
}

async fn other(cli: &Cli, command: &Command, session: &Session, output: &Output) -> Result<()> {
    match command {
        Command::Plan { dev, build } => {
            let planned = flow::plan(session, run_of(*dev), &flags::of_build(build, &cli.global)?).await?;
            print_plan(&planned, output)
        }
        Command::Check(args) => check::check(args, &cli.global, session, output).await,
        Command::Explain { rule } => check::explain(rule.as_deref(), output),
        Command::Init(args) => init::init(args, session, output),
        Command::Hook { what } => hook::hook(what, &cli.global, session, output).await,
        Command::Context(args) => context(args, session, output).await,
        Command::Tags { repository, all } => {
            let tags = flow::tags(session, &Flags::default(), repository, *all).await?;
            match output.mode.format {
                Format::Human => output.lines(&tags.text),
                Format::Json | Format::Ndjson => output.json(&tags.json.to_string()),
            }
        }
        Command::Verify(args) => {
            let verified = flow::verify(session, &flags::verify_options(args)).await?;
            match output.mode.format {
                Format::Human => output.lines(&verified.text),
                Format::Json | Format::Ndjson => output.json(&verified.json.to_string()),
            }?;
            verified.error.map_or(Ok(()), Err)
        }
        Command::Inspect { reference, keys } => {
            let inspected = flow::inspect(session, reference, keys).await?;
            match output.mode.format {
                Format::Human => output.lines(&inspected.text),
                Format::Json | Format::Ndjson => output.json(&inspected.json.to_string()),
            }
        }
        Command::Drift { references } => {
            let drifted = flow::drift(session, references).await?;
            match output.mode.format {
                Format::Human => output.lines(&drifted.text),
                Format::Json | Format::Ndjson => output.json(&drifted.json.to_string()),
            }?;
            drifted.error.map_or(Ok(()), Err)
        }
        Command::Promote(args) => {
            let (flags, options) = flags::of_promote(args);
            let foreseen = flow::foresee(session, &flags, &options).await?;
            match output.mode.format {
                Format::Human => output.lines(&foreseen.text),
                Format::Json | Format::Ndjson => output.json(&foreseen.json),
            }
        }
        Command::Clean(args) => {
            let flags = Flags::default();
            let cleaned = match &args.registry {
                None => flow::clean(session, &flags, &flags::of_clean(args)).await?,
                Some(name) => flow::clean_registry(session, &flags, &flags::of_retention(args, name)).await?,
            };
            match output.mode.format {
                Format::Human => output.lines(&cleaned.text),
                Format::Json | Format::Ndjson => output.json(&cleaned.json.to_string()),
            }?;
            cleaned.error.map_or(Ok(()), Err)
        }
        Command::Deployments(args) => {
            let list = flow::deployments(session, args.host.as_deref()).await?;
            deployments(&list, output)
        }
        Command::Rollback(args) => {
            let host = args.host.host.as_deref();
            let list = flow::rollback_list(session, &Flags::default(), &args.name, host).await?;
            deployments(&list, output)
        }
        Command::CiInfo => {
            let info = flow::ci_info(session).await?;
            match output.mode.format {
                Format::Human => output.lines(&info.text),
                Format::Json | Format::Ndjson => output.json(&info.json.to_string()),
            }
        }
        Command::Doctor => {
            let checkup = flow::doctor(session).await?;
            match output.mode.format {
                // Its lines are escaped and broken to the width already.
                Format::Human => output.out(&checkup.text(&output.mode.of_stdout())),
                Format::Json | Format::Ndjson => output.json(&checkup.json().to_string()),
            }?;
            checkup.error().map_or(Ok(()), Err)
        }
        Command::Config { origin, build } => {
            let settings = flow::settings(session, &flags::of_build(build, &cli.global)?).await?;
            match output.mode.format {
                Format::Human => output.lines(&crate::config::to_toml(&settings, *origin)),
                Format::Json | Format::Ndjson => output.json(&crate::config::to_json(&settings)),
            }
        }
        Command::Ci(_)
        | Command::Build(_)
        | Command::Test(_)
        | Command::Publish { .. }
        | Command::Copy { .. }
        | Command::Deploy(_)
        | Command::Completions { .. }
        | Command::Man { .. }
        | Command::Inside { .. } => {
            Err(Error::new(Kind::Internal, "a run came the way of the other commands"))
        }
    }
}

async fn context(args: &ContextArgs, session: &Session, output: &Output) -> Result<()> {
    let shown = flow::context(session, &flags::of_context(args)).await?;
    if args.what.tar {
        return shown.write_tar(session, std::io::stdout()).await;
    }
    match (output.mode.format, args.what.digest, args.what.list) {
        (Format::Json | Format::Ndjson, ..) => output.json(&shown.json(args.what.list)),
        (Format::Human, true, _) => output.out(&format!("{}\n", shown.digest())),
        (Format::Human, _, true) => shown.each_line(&mut |line| output.lines(line)),
        (Format::Human, _, _) => output.lines(&shown.summary()),
    }
}

fn deployments(list: &Deployments, output: &Output) -> Result<()> {
    match output.mode.format {
        Format::Human => output.lines(&list.text),
        Format::Json | Format::Ndjson => output.json(&list.json.to_string()),
    }
}

/// Where the report goes.
struct Reports {
    file: Option<ReportFile>,
    junit: Option<ReportFile>,
    dir: Option<ReportDir>,
}

impl Reports {
    fn are_any(&self) -> bool {
        self.file.is_some() || self.junit.is_some() || self.dir.is_some()
    }

    /// What lies in folders because of them.
    fn own(&self) -> Vec<PathBuf> {
        let files = [&self.file, &self.junit].into_iter().flatten().flat_map(ReportFile::own);
        files.chain(self.dir.iter().flat_map(ReportDir::own)).collect()
    }

    /// What of them CIs read.
    fn files(&self) -> Files {
        let junit = self.junit.as_ref().map(|file| file.path().to_owned());
        Files {
            summary: self.dir.as_ref().map(ReportDir::summary),
            junit: junit.or_else(|| self.dir.as_ref().map(ReportDir::junit)),
        }
    }

    /// Writes all there is to write, and gives the file that people are told of. What could not be written does not keep
    /// the rest from being: the first failure comes back, and any further one is printed.
    fn write(self, report: &RunReport, output: &Output) -> Result<Option<PathBuf>> {
        let Reports { file, junit, dir } = self;
        let page = dir.as_ref().map(ReportDir::page);
        let path = file.as_ref().map(|file| file.path().to_owned()).or(page);
        let written = [
            file.map(|file| file.write(report)),
            junit.map(|junit| junit.write_junit(report)),
            dir.map(|dir| dir.write(report, &output.masker)),
        ];
        let mut failures = written.into_iter().flatten().filter_map(Result::err);
        let first = failures.next();
        failures.for_each(|further| output.error(&further));
        first.map_or(Ok(path), Err)
    }
}

/// Writes and prints the report, and gives the run's exit code.
fn conclude(output: &Output, report: &RunReport, error: Option<Error>, reports: Reports) -> Result<u8> {
    let files = reports.files();
    let written = reports.write(report, output);
    output.finish(report, written.as_ref().ok().and_then(|path| path.as_deref()))?;
    if written.is_err() && report.ok && output.mode.progress == report::Progress::Quiet {
        // Nobody else names the tags that moved.
        output.summary(report, None);
    }
    output.ci.concluded(report, files, output);
    match (error, written) {
        (Some(error), Ok(_)) => Ok(error.kind().exit_code()),
        (None, Ok(_)) => Ok(0),
        (None, Err(unwritten)) => Err(unwritten),
        (Some(error), Err(unwritten)) => {
            output.error(&unwritten);
            Ok(error.kind().exit_code())
        }
    }
}
