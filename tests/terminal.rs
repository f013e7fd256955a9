//! What a terminal, a pipe and a shell meet: colour, glyphs, closed streams, completions, manual pages and the reference.
//! No engine.

#![cfg(test)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use imgbuild::cli::{completions, man, reference};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// What a folder has to hold; with UPDATE set, it is written first.
fn compare(folder: &str, made: &BTreeMap<String, String>) {
    let folder = root().join(folder);
    if std::env::var_os("UPDATE").is_some() {
        fs::create_dir_all(&folder).unwrap();
        for (name, text) in made {
            fs::write(folder.join(name), text).unwrap();
        }
    }
    let committed: BTreeMap<String, String> = fs::read_dir(&folder)
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap()))
        .collect();
    let differing =
        made.iter().filter(|(name, text)| committed.get(*name) != Some(text)).map(|(name, _)| name);
    let stale = committed.keys().filter(|name| !made.contains_key(*name));
    let wrong: Vec<&String> = differing.chain(stale).collect();
    assert!(
        wrong.is_empty(),
        "{} is out of date: {wrong:?}: run UPDATE=1 cargo test --test terminal, and remove what is of no command",
        folder.display()
    );
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
