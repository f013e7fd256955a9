//! Around every command that makes something on an engine: signals, the awaited clean-up, and the report.

use std::cell::OnceCell;

use super::clock;
use super::gather;
use super::session::Session;
use super::signals::Signals;
use crate::engine::Keeper;
use crate::error::{Error, Kind, Result};
use crate::event::{Event, Stage};
use crate::report::RunReport;

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    /// The report, before the events' part is merged in.
    pub report: RunReport,
    /// Why it failed.
    pub error: Option<Error>,
}

/// Runs `stages` until they end or a first signal cuts them off, then cleans up, whatever happened.
///
/// `stages` puts its keeper into the slot as soon as it is about to make something. The same signal again ends the
/// clean-up; what is left then is in the journal.
pub(super) async fn supervise(
    session: &Session,
    command: &str,
    stages: impl AsyncFnOnce(&mut RunReport, &OnceCell<Keeper>) -> Result<()>,
) -> Ended {
    supervise_then(session, command, Late::Cancels, stages, async |_, result| result).await
}

/// What comes of a signal that arrives when the command has done all that it was to do, and cleans up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Late {
    /// It counts: the run was cancelled.
    Cancels,
    /// It is told and changes nothing: "cancelled" would say that what was there before is back.
    ComesToNothing,
}

/// The same for a command that must not be left in the middle of what it does: `then` is told what its stages came to, with
/// the error of a signal where one cut them off, and has the last word, before the clean-up.
pub(super) async fn supervise_then(
    session: &Session,
    command: &str,
    late: Late,
    stages: impl AsyncFnOnce(&mut RunReport, &OnceCell<Keeper>) -> Result<()>,
    then: impl AsyncFnOnce(&Keeper, Result<()>) -> Result<()>,
) -> Ended {
    let mut report = RunReport::new(command, &session.run, clock::rfc3339(session.now));
    report.folder = gather::folder(session).to_string_lossy().into_owned();
    session.events.emit(Event::RunStarted { command: command.to_owned(), run: session.run.clone() });
    let slot = OnceCell::new();
    let mut signals = match Signals::listen() {
        Ok(signals) => signals,
        Err(error) => return conclude(session, report, Err(error)),
    };
    let mut result = signals.until_first(&session.events, &session.stop, stages(&mut report, &slot)).await;
    if let Some(keeper) = slot.into_inner() {
        result = match signals.until_repeated(then(&keeper, result)).await {
            Ok(result) => result,
            Err(hurried) => {
                Err(hurried.hint("it was cut off in the middle: the same command again brings order into it"))
            }
        };
        let cleaning = session.stage(Stage::Teardown, clean_up(keeper, signals.first().is_some()));
        let cleaned = match signals.until_repeated(cleaning).await {
            Ok(cleaned) => cleaned,
            Err(hurried) => Err(hurried.hint("the clean-up was cut off: `imgbuild clean` finishes it")),
        };
        // The first failure is the one that matters; a clean-up that failed as well is told beside it.
        result = match (result, cleaned) {
            (Ok(()), Ok(())) => match signals.first() {
                None => Ok(()),
                Some(caught) if late == Late::Cancels => Err(caught.error()),
                Some(caught) => {
                    session.events.note(format!("{} came when all was done", caught.name()));
                    Ok(())
                }
            },
            (Ok(()), Err(left)) => Err(left),
            (Err(error), Ok(())) => Err(error),
            (Err(error), Err(left)) => Err(error.hint(left.to_string())),
        };
    }
    conclude(session, report, result)
}

async fn clean_up(keeper: Keeper, cancelled: bool) -> Result<()> {
    let cleaned = if cancelled { keeper.finish().await } else { keeper.finish_unhurried().await };
    cleaned?.into_result()
}

fn conclude(session: &Session, mut report: RunReport, result: Result<()>) -> Ended {
    let error = result.err();
    report.conclude(clock::rfc3339(clock::now()), error.as_ref());
    session.events.emit(Event::RunFinished {
        exit_code: error.as_ref().map_or(0, |error| error.kind().exit_code()),
        error: error.as_ref().map(Error::to_string),
        hints: error.as_ref().map(|error| error.hints().to_vec()).unwrap_or_default(),
    });
    Ended { report, error }
}

/// The error of a stage that was given nothing to do it on; reaching it is a bug.
pub(super) fn missing(what: &str) -> Error {
    Error::new(Kind::Internal, format!("{what} is missing"))
}
