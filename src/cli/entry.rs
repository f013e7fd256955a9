//! From the process to a command and back to an exit code.

use std::ffi::OsString;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use super::args::Cli;
use super::{commands, output};
use crate::environment::Environment;
use crate::error::{Error, Kind, Result};
use crate::report::escape;

/// Runs the process: arguments, environment and folder are read here and nowhere else.
pub fn main() -> ExitCode {
    let code = catch_unwind(AssertUnwindSafe(|| start(std::env::args_os().collect())));
    code.unwrap_or_else(|_| {
        // The panic's own message is on stderr by now.
        let _ =
            writeln!(std::io::stderr(), "this is a bug in imgbuild: please report it with the lines above");
        ExitCode::from(Kind::Internal.exit_code())
    })
}

fn start(arguments: Vec<OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // `--help` and `--version` come this way too. A closed pipe is no failure.
            let is_hostile = |argument: &OsString| {
                let argument = argument.to_string_lossy();
                escape::line(&argument, usize::MAX) != argument
            };
            let _ = match arguments.iter().any(is_hostile) {
                false => error.print(),
                // The message repeats arguments as they are, and a line of theirs may be a command to a CI.
                true => writeln!(
                    std::io::stderr(),
                    "{}",
                    escape::line(error.to_string().trim_end(), escape::LOG_COLUMNS)
                ),
            };
            return ExitCode::from(if error.use_stderr() { Kind::Usage.exit_code() } else { 0 });
        }
    };
    let environment = Environment::from_pairs(std::env::vars_os());
    let output = output::Output::new(&cli.global, &environment);
    let ended = directory(&cli).and_then(|directory| commands::run(&cli, environment, directory, &output));
    match ended {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            output.error(&error);
            ExitCode::from(error.kind().exit_code())
        }
    }
}

/// The folder to work in, with links resolved, so that it can be compared with what git says.
fn directory(cli: &Cli) -> Result<PathBuf> {
    let directory = match &cli.global.directory {
        Some(directory) => directory.canonicalize(),
        None => std::env::current_dir().and_then(|directory| directory.canonicalize()),
    };
    directory.map_err(|cause| {
        let named = cli.global.directory.as_ref().map(|d| d.display().to_string());
        Error::new(
            Kind::Usage,
            format!("cannot work in {}", named.unwrap_or_else(|| "this folder".to_owned())),
        )
        .because(cause)
    })
}
