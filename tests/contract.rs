//! What is promised in public: exit codes in `--help`, README and code; the acceptance list.

#![cfg(test)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use imgbuild::error::Kind;

fn read(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name))
        .unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_imgbuild")).args(arguments).env_clear().output().expect("imgbuild");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn exit_codes_are_the_same_everywhere() {
    let (_, help, _) = run(&["--help"]);
    let readme = read("README.md");
    for kind in Kind::ALL {
        let (code, summary) = (kind.exit_code(), kind.summary());
        assert!(readme.contains(&format!("| {code} | {summary} |")), "README: {code} {summary}");
        // The help wraps.
        let flat = help.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(&format!("{code} {summary}")), "--help: {code} {summary}\n{help}");
    }
}

#[test]
fn the_command_line_answers_with_the_right_codes() {
    assert_eq!(run(&["--version"]).0, Some(0));
    assert!(run(&["--version"]).1.starts_with("imgbuild "));
    assert_eq!(run(&["--help"]).0, Some(0));
    assert_eq!(run(&[]).0, Some(2));
    assert_eq!(run(&["no-such-command"]).0, Some(2));
    assert_eq!(run(&["ci", "--push", "perhaps"]).0, Some(2));
    assert_eq!(run(&["-C", "/nowhere", "ci"]).0, Some(2));
}

#[test]
fn the_committed_schema_of_reports_is_the_types_own() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/report.schema.json");
    let made = imgbuild::report::report_schema();
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &made).expect("write");
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == made,
        "docs/report.schema.json is out of date: run UPDATE=1 cargo test --test contract schema"
    );
}

#[test]
fn help_fits_80_columns() {
    for command in [&["--help"][..], &["ci", "--help"], &["context", "--help"], &["clean", "--help"]] {
        for line in run(command).1.lines() {
            assert!(line.chars().count() <= 80, "{command:?}: {line}");
        }
    }
}

/// The proof itself is made by the compiler, when `cargo test` runs the examples of the documentation.
#[test]
fn publish_takes_what_only_smoke_makes() {
    let verified = read("src/smoke/verified.rs");
    for code in ["compile_fail,E0451", "compile_fail,E0308"] {
        assert_eq!(verified.matches(code).count(), 1, "{code}");
    }
    let order = read("src/publish/order.rs");
    assert!(order.contains("pub async fn publish(\n    image: &VerifiedImage,\n"));
}

#[test]
fn every_name_in_the_acceptance_list_is_a_test() {
    let mut tests = BTreeSet::new();
    let mut folders = vec![
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests"),
        Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
    ];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("folder") {
            let path = entry.expect("entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(&path).expect("source");
                let names =
                    text.lines().filter_map(|line| line.trim().split("fn ").nth(1)?.split('(').next());
                tests.extend(names.map(str::to_owned));
            }
        }
    }
    let list = read("tests/ACCEPTANCE.md");
    let rows: Vec<&str> = list.lines().filter(|line| line.starts_with("| ") && line.contains('`')).collect();
    assert!(rows.len() > 10, "the list was not found");
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split('|').collect();
        let [_, names, engine] = cells[..] else { panic!("not three cells: {row}") };
        assert!(["real", "fake", "none", "make"].contains(&engine.trim()), "{row}");
        for name in names.split('`').skip(1).step_by(2) {
            let name = name.rsplit("::").next().expect("name");
            assert!(tests.contains(name) || name.starts_with("make "), "{name} is no test: {row}");
        }
    }
}
