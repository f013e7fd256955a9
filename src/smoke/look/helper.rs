//! A container that holds imgbuild's own executable and shares namespaces with the one under test.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::executable::{self, EXECUTABLE, LIBRARIES};
use super::inside::Inside;
use crate::engine::{Container, ContainerSpec, EngineInfo, Keeper, Limits, LogLine, LogOptions, LogSource};
use crate::error::{Error, Kind, Result};

/// What it may use.
const LIMITS: Limits = Limits {
    memory_bytes: 128 << 20,
    pids: 64,
    drop_capabilities: true,
    no_new_privileges: true,
    log_bytes: 4 << 20,
};
/// How long its job may take, beyond what it was given.
const PATIENCE: Duration = Duration::from_secs(30);
/// What is read of its log.
const MAX_LOG: u64 = 4 << 20;

/// The container for `job`, as it is created; the error says why there can be none.
pub(super) async fn spec(keeper: &Keeper, job: &Inside) -> Result<ContainerSpec, String> {
    let image = keeper.helper().get_or_init(|| image(keeper)).await.clone()?;
    Ok(ContainerSpec {
        image,
        entrypoint: Some(vec![EXECUTABLE.to_owned()]),
        command: Some(job.arguments()),
        env: BTreeMap::from([("LD_LIBRARY_PATH".to_owned(), LIBRARIES.to_owned())]),
        limits: LIMITS,
        network: Some("none".to_owned()),
        user: Some("0:0".to_owned()),
        read_only: true,
        unset_health: true,
        ..ContainerSpec::default()
    })
}

/// Does `job` in the namespaces of `container`, and gives what it printed; the error says why it could not be done.
pub(super) async fn look(keeper: &Keeper, container: &Container, job: &Inside) -> Result<Vec<Value>, String> {
    let mut spec = spec(keeper, job).await?;
    let shared = format!("container:{}", container.id);
    let takes = match job {
        Inside::Connect { within, .. } => PATIENCE.saturating_add(*within),
        _ => PATIENCE,
    };
    match job {
        Inside::Stop | Inside::Continue => {
            spec.pid_mode = Some(shared);
            spec.cap_add = vec!["KILL".to_owned()];
        }
        Inside::Sockets | Inside::Connect { .. } | Inside::Dns => spec.network = Some(shared),
    }
    let ran = async {
        let id = keeper.container(spec).await?;
        let ran = run(keeper, &id, takes).await;
        keeper.remove(&id).await?;
        ran
    };
    ran.await.map_err(|error| reason(&error))
}

/// Runs the created container to its end.
async fn run(keeper: &Keeper, id: &str, takes: Duration) -> Result<Vec<Value>> {
    let engine = keeper.engine();
    engine.start_container(id).await?;
    let exit = tokio::time::timeout(takes, engine.wait_container(id)).await.map_err(|_| {
        Error::new(Kind::Engine, format!("a helper container did not end within {} s", takes.as_secs()))
    })??;
    let log = log(keeper, id).await?;
    if exit == 0 { Ok(log.values) } else { Err(log.failure(exit)) }
}

/// What a helper printed.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// Its values, in order.
    pub(super) values: Vec<Value>,
    /// The last line that it complained with.
    complaint: Option<String>,
}

impl Log {
    /// Takes a line. What is no value is passed over.
    pub(super) fn take(&mut self, line: LogLine) {
        match line.source {
            LogSource::Stdout => self.values.extend(serde_json::from_str::<Value>(&line.text).ok()),
            LogSource::Stderr if line.text.trim().is_empty() => {}
            // The first line is the error, those below it are hints.
            LogSource::Stderr => _ = self.complaint.get_or_insert(line.text),
        }
    }

    /// Why it ended with `exit`.
    pub(super) fn failure(self, exit: i64) -> Error {
        let said = self.complaint.unwrap_or_else(|| format!("it ended with {exit}"));
        Error::new(Kind::Engine, format!("a helper container failed: {said}"))
    }
}

/// Reads the log of a helper.
pub(super) async fn log(keeper: &Keeper, id: &str) -> Result<Log> {
    let mut log = Log::default();
    let options = LogOptions { max_bytes: MAX_LOG, ..LogOptions::default() };
    keeper.engine().container_logs(id, &options, &mut |line| log.take(line)).await?;
    Ok(log)
}

/// An error as a fragment.
pub(super) fn reason(error: &Error) -> String {
    error.to_string()
}

/// Makes the image.
async fn image(keeper: &Keeper) -> Result<String, String> {
    runs_here(keeper.engine().info())?;
    let (path, withheld) = (keeper.executable().to_owned(), keeper.withheld().to_vec());
    let write = move |sink: &mut dyn std::io::Write| {
        executable::write(&path, &withheld, sink).map_err(|cause| {
            Error::new(Kind::Io, "cannot read imgbuild's own executable for a helper container")
                .because(cause)
        })
    };
    keeper.import(write, &[]).await.map_err(|error| reason(&error))
}

/// Whether the engine's machine runs this executable.
fn runs_here(engine: &EngineInfo) -> Result<(), String> {
    let (os, arch) = (std::env::consts::OS, go_arch(std::env::consts::ARCH));
    // Of podman's answers some name the architecture as the kernel does.
    if engine.os == os && go_arch(&engine.arch) == arch {
        return Ok(());
    }
    Err(format!(
        "a helper container would have to be {}/{}, and imgbuild is {os}/{arch}",
        engine.os, engine.arch
    ))
}

/// An architecture's name as images write it.
fn go_arch(arch: &str) -> &str {
    match arch {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        "powerpc64" if cfg!(target_endian = "little") => "ppc64le",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_complaints_of_a_log() {
        let mut log = Log::default();
        let lines = [
            (LogSource::Stdout, r#"{"a":1}"#),
            (LogSource::Stdout, "not a value"),
            (LogSource::Stderr, ""),
            (LogSource::Stderr, "error: no"),
            (LogSource::Stderr, "hint: yes"),
            (LogSource::Stdout, r#"{"b":2}"#),
        ];
        for (source, text) in lines {
            log.take(LogLine { source, text: text.to_owned() });
        }
        assert_eq!(log.values, [serde_json::json!({"a": 1}), serde_json::json!({"b": 2})]);
        assert!(log.failure(8).message().ends_with("error: no"));
        assert!(Log::default().failure(8).message().ends_with("ended with 8"));
    }
}
