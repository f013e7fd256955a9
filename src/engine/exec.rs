//! A command in a running container.

use std::time::Duration;

use bollard::exec::CreateExecOptions;
use serde_json::json;

use crate::error::{Error, Kind, Result};

use super::client::{CALL, Engine};
use super::containers::short;
use super::fault::{Fault, seconds};
use super::inspect::answer;
use super::logs::{Frames, Output};
use super::wire::{escape, within};

/// A command to run.
#[derive(Debug, Clone, Default)]
pub struct ExecSpec {
    /// Program and arguments; no shell is added.
    pub command: Vec<String>,
    /// `KEY=value` on top of the container's.
    pub env: Vec<String>,
    /// As whom; the container's user where there is none.
    pub user: Option<String>,
    /// Of the whole command. The process is not stopped by it: removing the container does.
    pub timeout: Duration,
    /// Bytes of output that are kept; the command is not cut by it.
    pub max_bytes: usize,
}

/// How a command ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExecOutcome {
    /// Its exit code.
    pub exit: i64,
    /// What it wrote; `max_bytes` at most.
    pub output: Output,
    /// The program does not exist in the container or cannot be run: there was no exit code of its own.
    pub not_found: bool,
}

answer! { struct Inspected {
    running: bool = "Running",
    exit: Option<i64> = "ExitCode",
} }

impl Engine {
    /// Runs a command in the running container `id` and gives its exit code and output.
    pub async fn exec(&self, id: &str, spec: &ExecSpec) -> Result<ExecOutcome> {
        let what = || {
            format!("run {:?} in container {}", spec.command.first().map_or("", String::as_str), short(id))
        };
        tokio::time::timeout(spec.timeout, self.exec_unbounded(id, spec)).await.map_or_else(
            |_| {
                Err(Error::new(
                    Kind::Tests,
                    format!("cannot {}: it did not end within {}", what(), seconds(spec.timeout)),
                ))
            },
            |outcome| outcome.or_else(|fault| refused(fault).map_err(|fault| self.told(fault, what()))),
        )
    }

    async fn exec_unbounded(&self, id: &str, spec: &ExecSpec) -> Result<ExecOutcome, Fault> {
        let options = CreateExecOptions {
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            tty: Some(false),
            env: Some(spec.env.clone()),
            cmd: Some(spec.command.clone()),
            user: spec.user.clone(),
            ..Default::default()
        };
        let exec = self.limit(CALL, self.docker.create_exec(id, options)).await?.id;
        let path = format!("/exec/{}", escape(&exec));
        // Without an Upgrade header the engine answers with the frames as an ordinary body.
        let body = json!({"Detach": false, "Tty": false});
        let mut reply = within(CALL, self.wire.post(&format!("{path}/start"), &[], &body, &[])).await?;
        let mut outcome = ExecOutcome::default();
        let mut frames = Frames::new(false);
        while let Some(chunk) = reply.chunk().await? {
            // What is too much is read all the same: the command must not wait for a reader.
            frames.push(&chunk, &mut |source, bytes| outcome.output.keep(source, bytes, spec.max_bytes))?;
        }
        drop(reply);
        // The stream ends a moment before the engine notes the exit code.
        loop {
            let state: Inspected = self.wire.get(&format!("{path}/json"), &[], CALL).await?;
            match state.exit {
                Some(exit) if !state.running => {
                    outcome.exit = exit;
                    outcome.not_found = matches!(exit, 126 | 127) && runtime_failed(&outcome);
                    return Ok(outcome);
                }
                _ => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    }
}

/// 20.10 prints the runtime's error on stdout and reports 126; a shell's own 127 has other words.
fn runtime_failed(outcome: &ExecOutcome) -> bool {
    [&outcome.output.stdout, &outcome.output.stderr].into_iter().any(|bytes| {
        let start = String::from_utf8_lossy(bytes.get(..4096.min(bytes.len())).unwrap_or_default());
        start.contains("OCI runtime exec failed") || start.contains("crun: ")
    })
}

/// Podman and engines since 27 refuse the start of a missing program instead.
fn refused(fault: Fault) -> Result<ExecOutcome, Fault> {
    let words = ["executable file not found", "no such file or directory", "OCI runtime exec failed"];
    if fault.status().is_some_and(|status| status >= 400)
        && words.iter().any(|word| fault.message().contains(word))
    {
        return Ok(ExecOutcome {
            exit: 127,
            output: Output { stderr: fault.message().as_bytes().to_vec(), ..Output::default() },
            not_found: true,
        });
    }
    Err(fault)
}
