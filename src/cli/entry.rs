//! From the process to a command and back to an exit code.

use std::ffi::OsString;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};

use super::args::{Cli, Color};
use super::{commands, flags, output};
use crate::environment::Environment;
use crate::error::{Error, Kind, Result};
use crate::flow::detect;
use crate::report::{OutputFlags, escape};

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
    let environment = Environment::from_pairs(std::env::vars_os());
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => return unparsed(&error, &arguments, &environment),
    };
    let environment = flags::withholding_keys(&cli.command, environment);
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

/// Prints what the parser says: `--help` and `--version` come this way too.
fn unparsed(error: &clap::Error, arguments: &[OsString], environment: &Environment) -> ExitCode {
    let flags = OutputFlags { color: output::choice(color(arguments)), ..OutputFlags::default() };
    let mode = output::resolve(&flags, environment, &detect(environment));
    let is_hostile = |argument: &OsString| {
        let argument = argument.to_string_lossy();
        escape::line(&argument, usize::MAX) != argument
    };
    let text = match (arguments.iter().any(is_hostile), error.use_stderr()) {
        // The message repeats arguments as they are, and a line of theirs may be a command to a CI.
        (true, _) => mode.line(error.to_string().trim_end(), escape::LOG_COLUMNS) + "\n",
        (false, true) if mode.color => error.render().ansi().to_string(),
        (false, false) if mode.stdout_color => error.render().ansi().to_string(),
        (false, _) => error.render().to_string(),
    };
    // A closed pipe is no failure.
    let _ = match error.use_stderr() {
        true => std::io::stderr().write_all(text.as_bytes()),
        false => std::io::stdout().write_all(text.as_bytes()),
    };
    ExitCode::from(if error.use_stderr() { Kind::Usage.exit_code() } else { 0 })
}

/// What `--color` says among arguments that could not be parsed.
fn color(arguments: &[OsString]) -> Color {
    let mut words =
        arguments.iter().skip(1).map(|word| word.to_string_lossy()).take_while(|word| word != "--");
    let mut found = Color::Auto;
    while let Some(word) = words.next() {
        let value = match word.as_ref() {
            "--color" => words.next(),
            other => other.strip_prefix("--color=").map(|value| value.to_owned().into()),
        };
        if let Some(color) = value.and_then(|value| Color::from_str(&value, false).ok()) {
            found = color;
        }
    }
    found
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_is_asked_for_even_where_the_rest_makes_no_sense() {
        let table: [(&[&str], Color); 6] = [
            (&["imgbuild", "--help"], Color::Auto),
            (&["imgbuild", "--color", "never", "--help"], Color::Never),
            (&["imgbuild", "no-such", "--color=always"], Color::Always),
            (&["imgbuild", "--color", "always", "--color=never"], Color::Never),
            (&["imgbuild", "--color", "perhaps"], Color::Auto),
            (&["imgbuild", "check", "--", "--color=always"], Color::Auto),
        ];
        for (arguments, expected) in table {
            let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
            assert_eq!(color(&arguments), expected, "{arguments:?}");
        }
    }
}
