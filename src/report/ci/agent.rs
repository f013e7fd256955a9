//! `buildkite-agent`, which sets the outputs and shows the summary. Whatever becomes of it, the run stays what it is.

use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::Outputs;
use crate::environment::Environment;

/// What one call may take, retries of the agent's own included.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often a call is looked at.
const LOOK: Duration = Duration::from_millis(10);

/// The agent's program.
#[derive(Debug)]
pub struct Agent {
    program: PathBuf,
    /// Variables that it is not handed.
    withheld: Vec<OsString>,
    /// What annotations of this step are known by.
    context: String,
}

impl Agent {
    /// `program` is its absolute path. Of `environment` it needs what Buildkite calls the step, where it has a name, and
    /// the names of keys, which the agent is not handed.
    pub fn new(program: PathBuf, environment: &Environment) -> Agent {
        let step = environment.get("BUILDKITE_STEP_KEY");
        let context = step.map_or_else(|| "imgbuild".to_owned(), |step| format!("imgbuild-{step}"));
        Agent { program, withheld: environment.withheld().map(OsStr::to_owned).collect(), context }
    }

    /// Shows `page`, which is Markdown, on the page of the build. The reason why not is one line.
    pub fn annotate(&self, page: &str, ok: bool) -> Result<(), String> {
        let style = if ok { "success" } else { "error" };
        self.call(&["annotate", "--style", style, "--context", &self.context], page)
    }

    /// Sets the outputs of what was published as meta-data, by their names behind `imgbuild:`: they belong together, and are
    /// of the whole build, so that a step that published nothing leaves them as they are. The first that cannot be set ends it.
    pub fn set(&self, outputs: &Outputs) -> Result<(), String> {
        if !outputs.is_published() {
            return Ok(());
        }
        // It takes no empty value.
        let values = outputs.pairs().into_iter().filter(|(_, value)| !value.is_empty());
        for (name, value) in values {
            self.call(&["meta-data", "set", &format!("imgbuild:{name}")], &value)?;
        }
        Ok(())
    }

    /// Text goes by stdin: arguments can be read by every process of the machine.
    fn call(&self, arguments: &[&str], text: &str) -> Result<(), String> {
        let name = format!("buildkite-agent {}", arguments.first().copied().unwrap_or_default());
        let mut command = Command::new(&self.program);
        self.withheld.iter().for_each(|name| _ = command.env_remove(name));
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|cause| format!("cannot start {name}: {cause}"))?;
        // One that does not read must not hold up the run.
        let (stdin, text) = (child.stdin.take(), text.to_owned());
        std::thread::spawn(move || stdin.map(|mut stdin| stdin.write_all(text.as_bytes())));
        match ended(&mut child) {
            Ok(Some(status)) if status.success() => Ok(()),
            Ok(Some(status)) => Err(format!("{name} failed: {status}")),
            Ok(None) => Err(format!("{name} did not end within {} s", PATIENCE.as_secs())),
            Err(cause) => Err(format!("cannot wait for {name}: {cause}")),
        }
    }
}

/// `None` where it had to be ended.
fn ended(child: &mut Child) -> std::io::Result<Option<ExitStatus>> {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        std::thread::sleep(LOOK);
    }
    child.kill()?;
    child.wait()?;
    Ok(None)
}
