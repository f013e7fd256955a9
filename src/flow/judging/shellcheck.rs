//! ShellCheck, where it is on PATH.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::TextFile;
use super::texts::analysed;
use crate::environment::Environment;
use crate::error::{Error, Kind, Result};
use crate::event::Events;
use crate::rules::{Expectations, Remark, Remarks, ShellScript, Verdicts, shell_findings, shell_scripts};

/// The longest that it may take for one script.
const PATIENCE: Duration = Duration::from_secs(60);
/// The longest script that it gets: its time grows faster than the script.
const MAX_SCRIPT: usize = 32 << 10;
/// Remarks that make no sense of a script out of a Dockerfile: files that are sourced are in the image, not here.
const LEFT_OUT: &str = "SC1090,SC1091,SC2148,SC2187";

/// Adds what ShellCheck says of the scripts of `files`. Nothing is written to disk, and no settings of ShellCheck's own
/// are read: those of the repository are the repository's word.
pub(super) async fn judge(
    program: &Path,
    files: &[TextFile],
    expectations: &Expectations,
    environment: &Environment,
    events: &Events,
) -> Verdicts {
    let scripts: Vec<Vec<ShellScript>> =
        files.iter().map(|file| analysed(file, expectations, shell_scripts)).collect();
    let too_long = scripts.iter().flatten().filter(|script| script.text.len() > MAX_SCRIPT).count();
    if too_long > 0 {
        events.warn(format!(
            "{too_long} scripts of more than {} KiB are too long for shellcheck",
            MAX_SCRIPT >> 10
        ));
    }
    let at_once = std::thread::available_parallelism().map_or(1, usize::from);
    let all = scripts.iter().flatten().map(|script| async {
        if script.text.len() > MAX_SCRIPT {
            return Vec::new();
        }
        // What it says is of use, and nothing that anybody waits for.
        ask(program, script, environment).await.unwrap_or_else(|error| {
            events.warn(format!("{error}"));
            Vec::new()
        })
    });
    let mut remarks = stream::iter(all).buffered(at_once).collect::<Vec<_>>().await.into_iter();
    let mut verdicts = Verdicts::default();
    for (file, scripts) in files.iter().zip(&scripts) {
        let own: Vec<Vec<Remark>> = remarks.by_ref().take(scripts.len()).collect();
        analysed(file, expectations, |analysis| {
            let mut findings = Vec::new();
            shell_findings(analysis, &own, &mut findings);
            verdicts.take(findings, analysis.bytes);
        });
    }
    verdicts
}

async fn ask(program: &Path, script: &ShellScript, environment: &Environment) -> Result<Vec<Remark>> {
    let failed = |what: &str| Error::new(Kind::Io, format!("{} {what}", program.display()));
    let mut child = Command::new(program)
        .args(["--norc", "--format=json1", "--exclude", LEFT_OUT, "-"])
        .env_clear()
        .envs(environment.get_os("PATH").map(|path| ("PATH", path)))
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|cause| failed("cannot be started").because(cause))?;
    let stdin = child.stdin.take();
    let feed = async {
        if let Some(mut stdin) = stdin {
            // One that ends early says so by its answer.
            let _ = stdin.write_all(script.text.as_bytes()).await;
        }
    };
    let answer = tokio::time::timeout(PATIENCE, async { tokio::join!(feed, child.wait_with_output()).1 });
    let output = answer.await.map_err(|_| failed("took longer than a minute for one script"))?;
    let output = output.map_err(|cause| failed("broke off").because(cause))?;
    // 0 and 1 are answers; anything else is a failure of its own.
    if !matches!(output.status.code(), Some(0 | 1)) {
        return Err(failed(&format!("failed: {}", output.status)));
    }
    let remarks: Remarks = serde_json::from_slice(&output.stdout)
        .map_err(|cause| failed("gave an answer that is none of json1").because(cause))?;
    Ok(remarks.comments)
}
