//! `init`: what it prints, and what it asks.

use std::path::Path;

use super::args::{Ci, InitArgs, Language};
use super::output::Output;
use crate::error::{Error, Kind, Result};
use crate::flow::{self, InitOptions, Initiated, Session};
use crate::report::Format;

pub(super) fn init(args: &InitArgs, session: &Session, output: &Output) -> Result<()> {
    let program = std::env::current_exe().unwrap_or_else(|_| "imgbuild".into());
    let folder = args.folder.as_deref().unwrap_or(Path::new(""));
    let initiated = flow::init(session, folder, &options(args), args.hooks, program)?;
    let is_human = output.mode.format == Format::Human;
    if is_human {
        let found = initiated.found();
        if !found.is_empty() {
            output.say(&format!("found: {found}"));
        }
        output.lines(&initiated.text())?;
    }
    let outcome = outcome(args, &initiated, output)?;
    let written = outcome == Outcome::Written;
    if !is_human {
        output.json(&initiated.json(written).to_string())?;
    }
    match outcome {
        Outcome::Nothing if initiated.has_additions() => output.say("no file is missing"),
        Outcome::Nothing => output.say("nothing is missing"),
        Outcome::Written => {
            let files: Vec<&str> = initiated.files().collect();
            let wrote = if files.is_empty() { "the hook".to_owned() } else { files.join(", ") };
            output.say(&format!("wrote {wrote}"));
        }
        Outcome::Shown | Outcome::Unasked => output.say("nothing was written"),
    }
    for note in &initiated.notes {
        output.note(note);
    }
    match outcome {
        Outcome::Unasked => {
            Err(Error::new(Kind::Usage, "there is no terminal on which to ask whether to write this")
                .hint("--yes writes it, --dry-run only shows it"))
        }
        Outcome::Written => {
            output.say("next: imgbuild check judges it; then commit what was written");
            Ok(())
        }
        Outcome::Nothing | Outcome::Shown => Ok(()),
    }
}

/// What came of a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// There was nothing to write.
    Nothing,
    /// It was written.
    Written,
    /// It was shown, and not to be written.
    Shown,
    /// Nobody was there to say whether it is.
    Unasked,
}

fn outcome(args: &InitArgs, initiated: &Initiated, output: &Output) -> Result<Outcome> {
    if initiated.is_done() {
        return Ok(Outcome::Nothing);
    }
    if args.dry_run {
        return Ok(Outcome::Shown);
    }
    match if args.yes { Some(true) } else { output.ask("write this?")? } {
        Some(true) => initiated.apply().map(|()| Outcome::Written),
        Some(false) => Ok(Outcome::Shown),
        None => Ok(Outcome::Unasked),
    }
}

fn options(args: &InitArgs) -> InitOptions {
    InitOptions {
        ci: args.ci.map(|ci| match ci {
            Ci::Github => Some(flow::Ci::GitHub),
            Ci::Gitlab => Some(flow::Ci::GitLab),
            Ci::Jenkins => Some(flow::Ci::Jenkins),
            Ci::Buildkite => Some(flow::Ci::Buildkite),
            Ci::Tekton => Some(flow::Ci::Tekton),
            Ci::None => None,
        }),
        language: args.language.map(|language| match language {
            Language::Go => flow::Language::Go,
            Language::Rust => flow::Language::Rust,
            Language::Dotnet => flow::Language::Dotnet,
            Language::Java => flow::Language::Java,
            Language::Python => flow::Language::Python,
            Language::Node => flow::Language::Node,
            Language::Static => flow::Language::Static,
            Language::Generic => flow::Language::Generic,
        }),
        image: args.image.clone(),
        dockerfile: args.dockerfile.clone(),
        start: args.start.clone(),
        port: args.port,
        health_path: args.health_path.clone(),
        action: args.action.clone(),
        imgbuild_image: args.imgbuild_image.clone(),
        credentials: args.credentials.clone(),
    }
}
