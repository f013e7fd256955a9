//! `hook`: what it prints, and what it asks.

use std::ffi::OsString;
use std::io::{IsTerminal as _, Read as _};

use super::args::{Global, HookArgs, HookCommand, Manager};
use super::check;
use super::output::Output;
use crate::error::{Error, Kind, Result};
use crate::flow::{self, HookOptions, PushOptions, Session};

/// More than anybody pushes at once, in bytes.
const MOST_STDIN: u64 = 16 << 20;
/// How many of the refs that were not judged are named.
const NAMED: usize = 10;

pub(super) async fn hook(
    what: &HookCommand,
    global: &Global,
    session: &Session,
    output: &Output,
) -> Result<()> {
    let manager = |manager: &Manager| match manager {
        Manager::GitConfig => flow::Manager::GitConfig,
        Manager::Husky => flow::Manager::Husky,
        Manager::Lefthook => flow::Manager::Lefthook,
        Manager::PreCommit => flow::Manager::PreCommit,
        Manager::Plain => flow::Manager::Plain,
    };
    match what {
        HookCommand::Install { manager: named, how } => {
            let program = std::env::current_exe().unwrap_or_else(|_| "imgbuild".into());
            let options = HookOptions { manager: named.as_ref().map(manager), program, uninstall: false };
            change(&options, how, session, output)
        }
        HookCommand::Uninstall { how } => {
            change(&HookOptions { uninstall: true, ..HookOptions::default() }, how, session, output)
        }
        HookCommand::PrePush { remote, url } => {
            pre_push(remote.as_ref(), url.as_ref(), global, session, output).await
        }
    }
}

fn change(options: &HookOptions, how: &HookArgs, session: &Session, output: &Output) -> Result<()> {
    let hooked = flow::hook(session, options)?;
    if let Some(manager) = hooked.manager {
        output.say(&format!("the pre-push hook goes by {manager}"));
    }
    if hooked.is_done() {
        output.say(if options.uninstall { "there is no hook of imgbuild's" } else { "it is there already" });
    } else {
        output.lines(&hooked.text())?;
        if how.dry_run {
            output.say("nothing was changed");
        } else if how.yes || output.ask("change this?")?.unwrap_or(true) {
            hooked.apply()?;
            output.say("done");
        } else {
            output.say("nothing was changed");
            return Ok(());
        }
    }
    for note in hooked.notes() {
        output.say(&format!("note: {note}"));
    }
    Ok(())
}

async fn pre_push(
    remote: Option<&OsString>,
    url: Option<&OsString>,
    global: &Global,
    session: &Session,
    output: &Output,
) -> Result<()> {
    if let Some(variable) = flow::is_skipped(&session.environment) {
        output.say(&format!("imgbuild: nothing is judged: {variable} says so"));
        return Ok(());
    }
    let text = |name: Option<&OsString>| name.map(|name| name.to_string_lossy().into_owned());
    let options = PushOptions { remote: text(remote), url: text(url), stdin: stdin()? };
    let gate = flow::pre_push(session, &options).await?;
    for passed in gate.passed.iter().take(NAMED) {
        output.say(&format!("imgbuild: not judged: {passed}"));
    }
    if gate.passed.len() > NAMED {
        output.say(&format!("imgbuild: not judged: {} refs more", gate.passed.len() - NAMED));
    }
    let mut failed = None;
    for mut judged in gate.judged {
        let count = judged.checked.judgement.standing().count();
        let findings = if count == 1 { "1 finding".to_owned() } else { format!("{count} findings") };
        output.say(&format!("imgbuild: {}: {findings}", judged.name));
        if output.mode.format == crate::report::Format::Human {
            // Nobody pushes to read what else there is to know.
            judged.checked.scorecard.clear();
            judged.checked.judgement.skipped.clear();
        }
        if count > 0 || output.mode.format != crate::report::Format::Human {
            let document = check::document(&judged.checked, global.format, output);
            output.out(&output.masker.text(&document))?;
        }
        failed = failed.or_else(|| judged.checked.error());
    }
    failed.map_or(Ok(()), |error| Err(error.hint("`git push --no-verify` pushes without the hook")))
}

fn stdin() -> Result<Vec<u8>> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        return Err(Error::new(
            Kind::Usage,
            "a pre-push hook is told by git what is pushed, and this is a terminal",
        )
        .hint("`imgbuild check` judges the folder; `imgbuild hook install` has git call the hook"));
    }
    let mut bytes = Vec::new();
    let read = stdin.lock().take(MOST_STDIN + 1).read_to_end(&mut bytes);
    read.map_err(|cause| Error::new(Kind::Io, "cannot read what is pushed from stdin").because(cause))?;
    if bytes.len() as u64 > MOST_STDIN {
        return Err(Error::new(Kind::Usage, "stdin is longer than anything that git tells a pre-push hook"));
    }
    Ok(bytes)
}
