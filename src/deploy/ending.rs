//! How a swap ends that did not come to its end: what served before is back, or somebody else sees to it.

use super::decide::{Aftermath, aftermath};
use super::lock::{Holder, Regained};
use super::swap::Swap;
use crate::error::{Error, Kind, Result};

/// How a swap that did not come to its end was ended.
enum Ended {
    /// Another run has the lock, and the containers are its affair.
    LeftTo(Holder),
    /// The new one serves.
    Serves,
    /// What served before does so again, for all that the run knows; with a lock that it had lost meanwhile it knows less.
    Back { had_lost_it: bool },
}

impl Swap<'_> {
    /// Ends a swap of this run that failed for `error`, or was cut off: what served before is back, unless the old one is gone
    /// already, or another run has the lock.
    pub async fn failed(&self, error: Error) -> Error {
        // What is under way on the engine is over first.
        drop(self.busy.write().await);
        let told = match Box::pin(self.ended()).await {
            Ok(Ended::LeftTo(holder)) => self.left_to(&holder, &error),
            Ok(Ended::Serves) => {
                self.tell_passed();
                self.serves_although(&error)
            }
            Ok(Ended::Back { had_lost_it }) => {
                let kind = match error.kind() {
                    kind @ (Kind::Interrupted | Kind::Terminated | Kind::Refused) => kind,
                    _ if had_lost_it => Kind::Refused,
                    _ => Kind::Deploy,
                };
                Error::new(kind, error.to_string())
            }
            Err(why) => {
                let what = format!("{error}; and what served before could not be brought back");
                self.not_back(what, &why).await
            }
        };
        error.hints().iter().cloned().fold(told, Error::hint)
    }

    async fn ended(&self) -> Result<Ended> {
        let had_lost_it = match self.lock.regain(self.engine()).await? {
            Regained::Theirs(holder) => return Ok(Ended::LeftTo(holder)),
            regained => matches!(regained, Regained::Again),
        };
        let (found, passed) = (self.find().await?, self.passed.get().is_some());
        match aftermath(&found, &self.record.run, passed).map_err(|conflict| self.in_the_way(&conflict))? {
            Aftermath::Serves => Ok(Ended::Serves),
            Aftermath::Back(steps) => self.steps(&steps, true).await.map(|()| Ended::Back { had_lost_it }),
        }
    }

    /// The error of a run whose lock another one has by now.
    fn left_to(&self, holder: &Holder, error: &Error) -> Error {
        let kind = match error.kind() {
            kind @ (Kind::Interrupted | Kind::Terminated) => kind,
            _ => Kind::Refused,
        };
        let names = self.names();
        Error::new(kind, format!("{error}; what becomes of {names} is left to {holder}, who has the lock"))
            .hint("`imgbuild deployments` says what runs, once that run is over")
    }

    /// The error of a run whose new container serves, and which did not come to its end.
    fn serves_although(&self, error: &Error) -> Error {
        let (reference, names) = (&self.record.reference, self.names());
        Error::new(
            Kind::Engine,
            format!("{reference} runs as {names}, and only the clean-up behind that was cut off: {error}"),
        )
        .hint(format!(
            "what it left are images beyond the {} that are kept: `imgbuild clean` lists them, `--yes` removes them",
            self.wanted.deploy.keep
        ))
        .hint(format!("`imgbuild rollback {}` goes back", self.wanted.deploy.name))
    }

    /// The error of a deployment of which nothing may serve. Where another run has the lock by now, that one sees to it.
    pub(super) async fn not_back(&self, what: String, why: &Error) -> Error {
        if let Ok(Regained::Theirs(holder)) = self.lock.regain(self.engine()).await {
            return self.left_to(&holder, &Error::new(why.kind(), format!("{what}: {why}")));
        }
        not_back(what, why, &self.wanted.deploy.name)
    }
}

/// The error of a deployment of which nothing may serve.
fn not_back(what: String, why: &Error, name: &str) -> Error {
    let error = Error::new(Kind::Rollback, format!("{what}: {why}"));
    // Docker 20.10 that is killed while it starts a container may hold that one's port for good.
    let error = match why.to_string().contains("port is already allocated") {
        false => error,
        true => error.hint(
            "something has this port of the host; where no container and no process does, the engine lost track of it, as it may when it was killed: restart the engine",
        ),
    };
    error.hint(format!(
        "`imgbuild rollback {name}` or another `imgbuild deploy` brings it back, once the cause is mended"
    ))
}
