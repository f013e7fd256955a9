//! Credential helpers: programs that hold logins for docker.

use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

use super::{Credential, Secret};
use crate::environment::Environment;
use crate::error::{Error, Kind, Result};

/// How long a helper may take: some ask a human or a cloud.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);
/// More than any login takes.
const MAX_OUTPUT: u64 = 64 << 10;
/// What a helper prints, by the protocol, where it knows no login. Every other failure is one.
const NOT_FOUND: &str = "credentials not found in native keychain";
/// The user that marks the secret as an identity token.
const TOKEN_USER: &str = "<token>";

/// Asks `docker-credential-SUFFIX` for the login of `server`; `None` where it knows none.
///
/// Nothing that the helper prints is ever repeated, since it may hold the secret; its stderr is not even read.
pub(super) async fn ask(
    suffix: &str,
    server: &str,
    environment: &Environment,
    timeout: Duration,
) -> Result<Option<Credential>> {
    if suffix.contains(['/', '\0']) {
        return Err(Error::new(Kind::Config, format!("{suffix:?} is not the suffix of a credential helper")));
    }
    let program = format!("docker-credential-{suffix}");
    let fail = |why: String| {
        Error::new(Kind::Registry, format!("{program} gave no login for {server}: {why}"))
            .hint(format!("see for yourself: echo {server} | {program} get"))
            .hint("docker's config.json names the helper under credHelpers or credsStore")
    };
    let (code, output) = match tokio::time::timeout(timeout, run(&program, server, environment)).await {
        Ok(Ok(result)) => result,
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(fail("it is not installed (not in PATH)".to_owned()));
        }
        Ok(Err(error)) => return Err(fail(error.to_string())),
        Err(_) => return Err(fail(format!("no answer within {} s", timeout.as_secs_f32()))),
    };
    if too_long(&output) {
        return Err(fail(format!("it printed more than {MAX_OUTPUT} bytes")));
    }
    if code != Some(0) {
        if output.trim_ascii() == NOT_FOUND.as_bytes() {
            return Ok(None);
        }
        return Err(fail(match code {
            Some(code) => format!("it ended with exit code {code}"),
            None => "it was killed".to_owned(),
        }));
    }
    let Some(Ok(Value::Object(answer))) = serde_json::Deserializer::from_slice(&output).into_iter().next()
    else {
        return Err(fail("it did not print a JSON object".to_owned()));
    };
    let text = |name: &str| {
        let found = answer.iter().rfind(|(key, _)| key.eq_ignore_ascii_case(name));
        found.and_then(|(_, value)| value.as_str()).unwrap_or_default()
    };
    let (username, secret) = (text("Username"), text("Secret"));
    Ok(Some(if username == TOKEN_USER {
        Credential { identity_token: Secret::new(secret), ..Credential::password(server, "", "", program) }
    } else {
        Credential::password(server, username, secret, program)
    }))
}

/// The exit code, and what was printed: one byte more than is allowed where it was too much, and then without a code.
async fn run(
    program: &str,
    server: &str,
    environment: &Environment,
) -> std::io::Result<(Option<i32>, Vec<u8>)> {
    let child = Command::new(program)
        .arg("get")
        .env_clear()
        .envs(environment.handed_on())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()?;
    let mut running = Running(child);
    let child = &mut running.0;
    if let Some(mut stdin) = child.stdin.take() {
        // A helper that answers without reading closes the pipe: no failure.
        let _ = stdin.write_all(server.as_bytes()).await;
    }
    let mut output = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        stdout.take(MAX_OUTPUT + 1).read_to_end(&mut output).await?;
    }
    if too_long(&output) {
        return Ok((None, output));
    }
    Ok((child.wait().await?.code(), output))
}

fn too_long(output: &[u8]) -> bool {
    u64::try_from(output.len()).is_ok_and(|length| length > MAX_OUTPUT)
}

/// A helper under way. Where nobody waits for it any more, it is killed with all that it started; the runtime collects
/// it, so that even one that cannot die holds up nothing.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // An id that was collected may be somebody else's by now; this one is `None` from then on.
        let id = self.0.id().and_then(|id| i32::try_from(id).ok());
        if let Some(group) = id.and_then(Pid::from_raw) {
            // It may have ended by itself a moment ago.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}
