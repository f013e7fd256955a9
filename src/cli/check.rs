//! `check` and `explain`: what they print.

use super::args::{CheckArgs, Format, Global};
use super::flags;
use super::output::Output;
use crate::error::{Error, Kind, Result};
use crate::flow::{self, CheckOptions, Checked, Ended, Session};
use crate::report::findings::{self, PolicyRef, Results};
use crate::report::{self};
use crate::rules::{FindingRecord, registry};

/// Judges, prints, and fails where the findings do.
pub(super) async fn check(
    args: &CheckArgs,
    global: &Global,
    session: &Session,
    output: &Output,
) -> Result<()> {
    let options = options(args)?;
    let checked = flow::check(session, &flags::of_check(args), &options).await?;
    print(&checked, global, session, output)?;
    checked.error().map_or(Ok(()), Err)
}

/// The same as a run, for those who want its report.
pub(super) async fn reported(args: &CheckArgs, global: &Global, session: &Session, output: &Output) -> Ended {
    let flags = flags::of_check(args);
    let (mut ended, checked) = flow::check_reported(session, &flags, options(args)).await;
    let printed = checked.map(|checked| print(&checked, global, session, output));
    if let Some(Err(unprinted)) = printed {
        // What was found matters more than that it could not be printed.
        ended.error.get_or_insert(unprinted);
    }
    ended
}

fn options(args: &CheckArgs) -> Result<CheckOptions> {
    let stdin = args.paths.iter().any(|path| path.as_os_str() == "-").then(stdin).transpose()?;
    Ok(flags::check_options(args, stdin))
}

fn print(checked: &Checked, global: &Global, session: &Session, output: &Output) -> Result<()> {
    output.out(&output.masker.text(document(checked, global.format, output)))?;
    if global.format == Format::Human {
        let findings = checked.judgement.standing().map(FindingRecord::from).collect();
        output.ci.findings(findings, output);
    }
    if let Some(path) = flags::report(global, &session.environment, &session.directory) {
        let json = output.masker.text(document(checked, Format::Json, output));
        let unwritten = |cause| {
            Error::new(Kind::Io, format!("cannot write the report {}", path.display())).because(cause)
        };
        std::fs::write(&path, json).map_err(unwritten)?;
    }
    Ok(())
}

pub(super) fn document(checked: &Checked, format: Format, output: &Output) -> String {
    let sources = checked.texts.iter().map(|(path, text)| (path.as_str(), text.as_slice())).collect();
    let (digest, files) = &checked.policy;
    let results = Results {
        judgement: &checked.judgement,
        scorecard: &checked.scorecard,
        sources: &sources,
        folder: &checked.folder,
        files: checked.texts.len(),
        version: env!("CARGO_PKG_VERSION"),
        policy: Some(PolicyRef { digest, sources: files }),
    };
    match format {
        Format::Human => {
            let fixed = checked.fixed.map(|count| format!("{count} fixes made\n")).unwrap_or_default();
            fixed + &findings::human(&results, &output.mode.of_stdout())
        }
        Format::Json => findings::json(&results),
        Format::Ndjson => findings::ndjson(&results),
        Format::Sarif => findings::sarif(&results),
        Format::Github => findings::github(&results),
        Format::Checkstyle => findings::checkstyle(&results),
        Format::Gitlab => findings::gitlab(&results),
    }
}

fn stdin() -> Result<Vec<u8>> {
    flow::dockerfile_text(std::io::stdin().lock(), "stdin")
}

/// Prints the documentation of a rule, or the list of all.
pub(super) fn explain(id: Option<&str>, output: &Output) -> Result<()> {
    let mode = output.mode.of_stdout();
    let Some(id) = id else {
        return match output.mode.format {
            report::Format::Human => output.out(&report::rule_list(&mode)),
            report::Format::Json | report::Format::Ndjson => output.out(&report::rule_list_json()),
        };
    };
    let rules = registry::find_all(id);
    if rules.is_empty() {
        let error = Error::new(Kind::Usage, format!("there is no rule {id:?}"));
        return Err(match registry::nearest(id) {
            Some(near) => error.hint(format!("did you mean {near}?")),
            None => error.hint("`imgbuild explain` lists all rules"),
        });
    }
    for rule in rules {
        match output.mode.format {
            report::Format::Human => output.out(&report::explain(rule, &mode))?,
            report::Format::Json | report::Format::Ndjson => output.out(&report::rule_json(rule))?,
        }
    }
    Ok(())
}
