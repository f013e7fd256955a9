//! What a terminal, a pipe and a shell meet: colour, glyphs, closed streams, completions, manual pages and the reference.
//! No engine.

#![cfg(test)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use imgbuild::cli::{completions, man, reference};
use support::committed;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn compare(folder: &str, made: &BTreeMap<String, String>) {
    committed::compare(&root().join(folder), made, &[], "terminal");
}

#[test]
fn the_committed_completions_are_the_command_lines_own() {
    let made = completions::SHELLS.map(|shell| (completions::file_name(shell), completions::script(shell)));
    compare("completions", &made.into());
}

#[test]
fn the_committed_manual_pages_are_the_command_lines_own() {
    compare("man", &man::pages().unwrap().into_iter().collect());
}

#[test]
fn the_committed_reference_is_the_types_own() {
    let made = [
        ("commands.md".to_owned(), reference::commands()),
        ("config.md".to_owned(), imgbuild::config::reference()),
    ];
    compare("docs/reference", &made.into());
}

/// A folder of the test's own, with a Dockerfile that has findings, and without a git repository.
fn world() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("Dockerfile"), "FROM debian\nMAINTAINER me\nRUN cd /tmp\n").unwrap();
    folder
}

/// The binary and its arguments, with these variables and no other but PATH and HOME.
fn imgbuild(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Command {
    prepared(Command::new(env!("CARGO_BIN_EXE_imgbuild")), folder, arguments, variables)
}

fn prepared(mut command: Command, folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Command {
    command.args(arguments).current_dir(folder).env_clear().stdin(Stdio::null());
    command.env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", folder);
    command.envs(variables.iter().copied());
    command
}

/// What the binary prints on a terminal of `columns`, stdout and stderr as they come.
fn on_a_terminal(
    folder: &Path,
    columns: usize,
    arguments: &str,
    variables: &[(&str, &str)],
) -> (i32, String) {
    let binary = env!("CARGO_BIN_EXE_imgbuild");
    let line = format!("stty columns {columns}; exec {binary} {arguments}");
    let command = prepared(Command::new("script"), folder, &["-qec", &line, "/dev/null"], variables);
    let mut command = command;
    let output = command.env("SHELL", "/bin/sh").output().expect("script, of util-linux");
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

const ESC: char = '\x1b';

/// `--color`, variables; whether there is colour in a pipe, and on a terminal.
type Row<'a> = (&'a str, Vec<(&'a str, &'a str)>, bool, bool);

#[test]
fn colour_goes_by_flag_then_variables_then_ci_then_terminal() {
    let folder = world();
    let github = [("CI", "true"), ("GITHUB_ACTIONS", "true")];
    let jenkins = [("CI", "true"), ("JENKINS_URL", "https://ci/"), ("BUILD_ID", "7"), ("BUILD_NUMBER", "7")];
    let [no, force, forced] = [("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1"), ("FORCE_COLOR", "1")];
    let smart = ("TERM", "xterm-256color");
    let table: [Row; 15] = [
        ("auto", vec![smart], false, true),
        ("auto", vec![], false, false),
        ("auto", vec![("TERM", "dumb")], false, false),
        ("auto", vec![smart, ("NO_COLOR", "")], false, true),
        ("auto", vec![smart, no], false, false),
        ("auto", vec![smart, no, force, forced], false, false),
        ("auto", vec![smart, force], true, true),
        ("auto", vec![("TERM", "dumb"), forced], true, true),
        ("auto", vec![smart, ("FORCE_COLOR", "0"), ("CLICOLOR_FORCE", "false")], false, true),
        ("auto", github.to_vec(), true, true),
        ("auto", [&github[..], &[no]].concat(), false, false),
        ("auto", [&jenkins[..], &[smart]].concat(), false, false),
        ("auto", [&jenkins[..], &[forced]].concat(), true, true),
        ("always", vec![smart, no], true, true),
        ("never", [&github[..], &[smart, force, forced]].concat(), false, false),
    ];
    for (flag, variables, piped, terminal) in table {
        // Findings go to stdout, errors to stderr, and what the parser says to either.
        for arguments in
            ["check --offline --no-shellcheck", "test no/such/image --config nowhere", "--help", "nothing"]
        {
            let with_flag = format!("--color {flag} {arguments}");
            let words: Vec<&str> = with_flag.split(' ').collect();
            let output = imgbuild(folder.path(), &words, &variables).output().unwrap();
            let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
            assert_eq!(text.contains(ESC), piped, "in a pipe: {with_flag} {variables:?}:\n{text}");
            let (_, text) = on_a_terminal(folder.path(), 100, &with_flag, &variables);
            assert_eq!(text.contains(ESC), terminal, "on a terminal: {with_flag} {variables:?}:\n{text}");
        }
    }
}

#[test]
fn a_locale_without_utf8_gets_ascii_alone() {
    let folder = world();
    fs::write(folder.path().join("imgbuild.toml"), "[checks]\nignore = [{ rule = \"IMG105\" }]\n").unwrap();
    let commands =
        ["check", "explain", "explain IMG105", "doctor", "ci", "config", "--help", "ci --help", "ci-info"];
    for variables in [
        &[("LC_ALL", "C"), ("LANG", "de_DE.UTF-8")][..],
        &[("LC_CTYPE", "POSIX"), ("LANG", "de_DE.UTF-8")],
        &[("LANG", "de_DE.ISO-8859-1")],
        &[],
    ] {
        for command in commands {
            let words: Vec<&str> = command.split(' ').collect();
            let output = imgbuild(folder.path(), &words, variables).output().unwrap();
            let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
            assert!(text.is_ascii() && !text.is_empty(), "{command} {variables:?}: {text}");
        }
    }
    let output = imgbuild(folder.path(), &["ci"], &[("LANG", "de_DE.UTF-8")]).output().unwrap();
    assert_eq!(output.status.code(), Some(4));
    // What is a name and no glyph of ours stays what it is.
    let named = folder.path().join("ä");
    fs::create_dir(&named).unwrap();
    let output = imgbuild(&named, &["doctor"], &[("LC_ALL", "C")]).output().unwrap();
    assert!(String::from_utf8(output.stdout).unwrap().contains('ä'));
}

#[test]
fn nothing_is_redrawn_on_a_dumb_terminal() {
    let folder = world();
    let variables = [("TERM", "dumb"), ("DOCKER_HOST", "unix:///nowhere.sock"), ("LC_ALL", "C.UTF-8")];
    for arguments in ["--progress live build", "build", "--progress live ci", "check --offline"] {
        let (_, text) = on_a_terminal(folder.path(), 80, arguments, &variables);
        let controls: Vec<char> =
            text.chars().filter(|c| c.is_control() && !matches!(c, '\r' | '\n')).collect();
        assert!(controls.is_empty(), "{arguments}: {text:?}");
        assert!(
            text.split('\r').all(|part| part.is_empty() || part.starts_with('\n') || !part.contains('\r'))
        );
        assert!(text.replace("\r\n", "").matches('\r').count() == 0, "{arguments}: {text:?}");
    }
}

#[test]
fn forty_columns_are_enough() {
    let folder = world();
    let variables = [("TERM", "xterm"), ("LC_ALL", "C.UTF-8"), ("NO_COLOR", "1")];
    for arguments in
        ["check --offline --no-shellcheck", "doctor", "explain", "explain IMG105", "ci", "test x"]
    {
        let (_, text) = on_a_terminal(folder.path(), 40, arguments, &variables);
        for line in text.lines() {
            let line = line.trim_end_matches('\r');
            let width = console_width(line);
            // Code of examples stays as it is.
            let is_code = arguments == "explain IMG105" && line.starts_with("    ");
            assert!(width <= 40 || is_code, "{arguments}: {width} columns: {line:?}");
        }
    }
}

/// Columns of a line of ASCII and narrow glyphs, without colours.
fn console_width(line: &str) -> usize {
    line.chars().filter(|c| !c.is_control()).count()
}

/// A command line of bash, with `imgbuild` for the binary: exit code, stdout, stderr.
fn bash(folder: &Path, line: &str, variables: &[(&str, &str)]) -> (i32, String, String) {
    let line =
        format!("set -o pipefail; imgbuild() {{ '{}' \"$@\"; }}; {line}", env!("CARGO_BIN_EXE_imgbuild"));
    let mut command =
        prepared(Command::new("bash"), folder, &["--noprofile", "--norc", "-c", &line], variables);
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    let folder = world();
    // Each prints more than `head` reads; a pipe's buffer is smaller than the completions and the list of rules are twice.
    for command in
        ["explain", "--help", "completions bash", "man", "config", "explain --format json", "context --tar"]
    {
        let (code, _, stderr) =
            bash(folder.path(), &format!("imgbuild {command} | head -c 1 >/dev/null"), &[]);
        assert_eq!((code, stderr.as_str()), (0, ""), "{command}");
        let line = format!("imgbuild {command} > >(exec true)");
        let (code, _, stderr) = bash(folder.path(), &line, &[]);
        assert_eq!((code, stderr.as_str()), (0, ""), "{command}");
    }
    // The exit code stays that of what was done.
    let line = "imgbuild check --offline --no-shellcheck --fail-on warning | head -n 1 >/dev/null";
    assert_eq!(bash(folder.path(), line, &[]).0, 1);
}

#[test]
fn closed_streams_are_no_failure() {
    let folder = world();
    for (line, code) in [
        ("imgbuild explain >&-", 0),
        ("imgbuild check --offline --no-shellcheck >&- 2>&-", 0),
        ("imgbuild ci 2>&-", 4),
        ("imgbuild ci 2> >(exec true)", 4),
        ("imgbuild no-such >&- 2>&-", 2),
        ("imgbuild doctor --format json >&- 2>&- <&-", 4),
    ] {
        let (ended, _, stderr) = bash(folder.path(), line, &[("DOCKER_HOST", "unix:///nowhere.sock")]);
        assert_eq!(ended, code, "{line}: {stderr}");
        assert!(!stderr.contains("panicked"), "{stderr}");
    }
    // A disk that is full is one, since what was asked for is lost.
    let (code, _, stderr) = bash(folder.path(), "imgbuild explain >/dev/full", &[]);
    assert_eq!(code, 74, "{stderr}");
}

/// What bash offers for a command line, by the committed script.
fn offered(line: &[&str]) -> Vec<String> {
    let words: Vec<String> = line.iter().map(|word| format!("'{word}'")).collect();
    let last = line.len() - 1;
    let script = root().join("completions/imgbuild.bash");
    let line = format!(
        "source '{}'; COMP_WORDS=({}); COMP_CWORD={last}; \
         \"$(complete -p imgbuild | sed 's/.*-F \\([^ ]*\\).*/\\1/')\" imgbuild '{}' '{}'; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        script.display(),
        words.join(" "),
        line[last],
        line[last - 1],
    );
    let folder = tempfile::tempdir().unwrap();
    let (code, stdout, stderr) = bash(folder.path(), &line, &[]);
    assert_eq!((code, stderr.as_str()), (0, ""), "{line}");
    stdout.lines().map(str::to_owned).filter(|word| !word.is_empty()).collect()
}

#[test]
fn bash_completes_commands_options_and_values() {
    let commands = offered(&["imgbuild", ""]);
    for command in ["ci", "build", "doctor", "hook", "completions"] {
        assert!(commands.iter().any(|offered| offered == command), "{command}: {commands:?}");
    }
    assert!(!commands.iter().any(|offered| offered == "inside"), "{commands:?}");
    assert_eq!(offered(&["imgbuild", "doc"]), ["doctor"]);
    assert_eq!(offered(&["imgbuild", "hook", "inst"]), ["install"]);
    assert_eq!(offered(&["imgbuild", "ci", "--prob"]), ["--probes"]);
    assert_eq!(offered(&["imgbuild", "ci", "--push", "al"]), ["always"]);
    assert_eq!(
        offered(&["imgbuild", "completions", ""]).iter().filter(|word| !word.starts_with('-')).count(),
        4
    );
}

#[test]
fn the_binary_prints_the_committed_completions_and_pages() {
    let folder = world();
    for (shell, file) in [
        ("bash", "imgbuild.bash"),
        ("zsh", "_imgbuild"),
        ("fish", "imgbuild.fish"),
        ("powershell", "_imgbuild.ps1"),
    ] {
        let output = imgbuild(folder.path(), &["completions", shell], &[]).output().unwrap();
        let committed = fs::read(root().join("completions").join(file)).unwrap();
        assert_eq!((output.status.code(), output.stdout == committed), (Some(0), true), "{shell}");
    }
    assert_eq!(
        imgbuild(folder.path(), &["completions", "tcsh"], &[]).output().unwrap().status.code(),
        Some(2)
    );
    let output = imgbuild(folder.path(), &["man"], &[]).output().unwrap();
    assert_eq!(output.stdout, fs::read(root().join("man/imgbuild.1")).unwrap());
    let output = imgbuild(folder.path(), &["man", "--dir", "share/man1"], &[]).output().unwrap();
    assert_eq!((output.status.code(), output.stdout.is_empty()), (Some(0), true));
    for page in fs::read_dir(root().join("man")).unwrap() {
        let page = page.unwrap();
        let written = folder.path().join("share/man1").join(page.file_name());
        assert_eq!(fs::read(page.path()).unwrap(), fs::read(written).unwrap(), "{page:?}");
    }
    let output = imgbuild(folder.path(), &["man", "--dir", "Dockerfile"], &[]).output().unwrap();
    assert_eq!(output.status.code(), Some(74));
}

#[test]
fn the_manual_pages_render_without_a_warning() {
    for page in fs::read_dir(root().join("man")).unwrap() {
        let page = page.unwrap().path();
        let output = Command::new("groff")
            .args(["-man", "-ww", "-rLL=80n", "-Tutf8", "-P-cbou"])
            .arg(&page)
            .env("LC_ALL", "C.UTF-8")
            .output()
            .expect("groff, which scripts/test installs");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{page:?}");
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).unwrap();
        for word in ["NAME", "SYNOPSIS", "OPTIONS", "EXIT STATUS", "imgbuild manual"] {
            assert!(text.contains(word), "{page:?} has no {word}:\n{text}");
        }
    }
}

#[test]
fn quiet_says_nothing_but_results_and_errors() {
    let folder = world();
    let output = imgbuild(folder.path(), &["--quiet", "ci"], &[]).output().unwrap();
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(4), &b""[..]));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("error:") && !stderr.contains("started"), "{stderr}");
    let output = imgbuild(folder.path(), &["-q", "config"], &[("IMGBUILD_REPOSITRY", "x")]).output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}
