//! A container without a network in which a name server notes what is asked for.

use tokio::sync::Notify;

use super::helper::{self, Log};
use super::inside::{Inside, LISTENING, NAME};
use crate::engine::{Keeper, LogOptions};
use crate::error::{Error, Kind, Result};
use crate::rules::Fact;

/// How long the name server may take to be up.
const START: std::time::Duration = std::time::Duration::from_secs(30);

/// A container that holds a network namespace in which nothing is reached, with a name server at 127.0.0.1 that says at
/// once that there is no such name. It is there before whoever shares the namespace, so that it sees the first question.
pub struct DnsSink<'a> {
    keeper: &'a Keeper,
    id: String,
}

impl<'a> DnsSink<'a> {
    /// Starts it, and waits until it listens. An error is a fault of the engine's.
    pub async fn start(keeper: &'a Keeper) -> Result<Fact<DnsSink<'a>>> {
        let mut spec = match helper::spec(keeper, &Inside::Dns).await {
            Ok(spec) => spec,
            Err(why) => return Ok(Fact::Missing(why)),
        };
        spec.dns = vec!["127.0.0.1".to_owned()];
        // Names with the domains of the engine's machine behind them are nobody's.
        spec.dns_search = vec![".".to_owned()];
        spec.cap_add = vec!["NET_BIND_SERVICE".to_owned()];
        let started = async {
            let sink = DnsSink { keeper, id: keeper.container(spec).await? };
            let up = sink.up().await;
            if up.is_err() {
                keeper.remove(&sink.id).await?;
            }
            up.map(|()| sink)
        };
        Ok(started.await.map_or_else(|error| Fact::Missing(helper::reason(&error)), Fact::Known))
    }

    /// What a container's network has to be so that it shares the namespace.
    pub fn network_mode(&self) -> String {
        format!("container:{}", self.id)
    }

    /// Ends it, and gives the names that were asked for, in their order, each once; those of the machine itself are left
    /// out. Whoever shares the namespace finds no name server from now on.
    pub async fn names(self) -> Result<Vec<String>> {
        let engine = self.keeper.engine();
        // The engine writes down what it said before it tells its end.
        engine.kill_container(&self.id, "SIGKILL").await?;
        engine.wait_container(&self.id).await?;
        let log = helper::log(self.keeper, &self.id).await?;
        self.keeper.remove(&self.id).await?;
        Ok(log.values.iter().filter_map(|value| Some(value.get(NAME)?.as_str()?.to_owned())).collect())
    }

    async fn up(&self) -> Result<()> {
        let engine = self.keeper.engine();
        engine.start_container(&self.id).await?;
        let (listens, mut log) = (Notify::new(), Log::default());
        let options = LogOptions { follow: true, tail: None, max_bytes: 0 };
        let mut take = |line| {
            log.take(line);
            if log.values.iter().any(|value| value.get(LISTENING).is_some()) {
                listens.notify_one();
            }
        };
        tokio::select! {
            biased;
            () = listens.notified() => return Ok(()),
            ended = engine.container_logs(&self.id, &options, &mut take) => {
                ended?;
            }
            () = tokio::time::sleep(START) => {
                return Err(Error::new(Kind::Engine, "the name server of a helper container did not come up"));
            }
        }
        let exit = engine.wait_container(&self.id).await?;
        Err(log.failure(exit))
    }
}
