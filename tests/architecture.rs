//! The walls: the import table of ARCHITECTURE.md, what rooms keep to themselves, and the rules that tests obey.

#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The modules at the root that every room may use.
const ROOT: [&str; 7] = ["environment", "error", "event", "file", "shell", "stop", "token"];

/// Rooms that do no I/O.
const PURE: [&str; 5] = ["dockerfile", "plan", "image", "rules", "expect"];

struct Room {
    may_use: BTreeSet<String>,
    keeps: BTreeSet<String>,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The words in backticks of one cell.
fn ticked(cell: &str) -> BTreeSet<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn table() -> BTreeMap<String, Room> {
    let text = read(&root().join("ARCHITECTURE.md"));
    let rows = text.lines().skip_while(|line| !line.starts_with("| room |")).skip(2);
    let rooms: BTreeMap<String, Room> = rows
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').collect();
            let [room, _, may_use, keeps] = cells[..] else { panic!("not four cells: {line}") };
            let name = ticked(room).pop_first().unwrap_or_else(|| panic!("no room: {line}"));
            (name, Room { may_use: ticked(may_use), keeps: ticked(keeps) })
        })
        .collect();
    assert!(rooms.len() > 5, "the table of ARCHITECTURE.md was not found");
    rooms
}

/// Every `.rs` file below `folder`.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
    found
}

/// The source without comments; doc comments go too, since examples in them may import anything.
fn code(path: &Path) -> Vec<(usize, String)> {
    read(path)
        .lines()
        .enumerate()
        .map(|(number, line)| (number + 1, line.split("//").next().unwrap_or_default().to_owned()))
        .collect()
}

/// [`code`] without tests, which may use what they like.
fn product(path: &Path) -> Vec<(usize, String)> {
    let inside = path.strip_prefix(root().join("src")).expect("below src");
    let is_test =
        |name: &std::ffi::OsStr| ["tests", "tests.rs", "testing.rs"].iter().any(|test| name == *test);
    if inside.iter().any(is_test) {
        return Vec::new();
    }
    code(path).into_iter().take_while(|(_, line)| line.trim() != "#[cfg(test)]").collect()
}

/// The identifiers that follow `prefix` in `line`.
fn paths_after<'a>(line: &'a str, prefix: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    for (at, _) in line.match_indices(prefix) {
        let before = line[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        let rest = &line[at + prefix.len()..];
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        found.push(&rest[..end]);
    }
    found
}

#[test]
fn rooms_import_only_what_the_table_allows() {
    let rooms = table();
    let mut problems = Vec::new();
    for (name, room) in &rooms {
        for path in sources(&root().join("src").join(name)) {
            for (number, line) in code(&path) {
                for used in paths_after(&line, "crate::") {
                    let allowed = used == name
                        || used.is_empty()
                        || ROOT.contains(&used)
                        || room.may_use.contains(used);
                    if !allowed {
                        problems.push(format!("{}:{number}: {name} may not use {used}", path.display()));
                    }
                }
                assert!(!line.contains("use crate::{"), "{}:{number}: one use per room", path.display());
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn third_party_crates_stay_in_their_rooms() {
    let rooms = table();
    let mut owners: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, room) in &rooms {
        for kept in &room.keeps {
            owners.entry(kept).or_default().insert(name);
        }
    }
    let mut problems = Vec::new();
    for path in sources(&root().join("src")) {
        let relative = path.strip_prefix(root().join("src")).expect("below src");
        let room = relative.components().next().and_then(|c| c.as_os_str().to_str()).expect("room");
        for (number, line) in product(&path) {
            for (kept, allowed) in &owners {
                let used = !paths_after(&line, &format!("{kept}::")).is_empty();
                if used && !allowed.contains(room) {
                    problems.push(format!("{}:{number}: {kept} belongs to {allowed:?}", relative.display()));
                }
            }
            let reads_process =
                ["env::var", "env::args", "env::current_dir", "env::temp_dir", "env::home_dir", "IsTerminal"]
                    .iter()
                    .any(|w| line.contains(w));
            if reads_process && room != "cli" && room != "main.rs" {
                problems.push(format!(
                    "{}:{number}: only cli reads environment and terminal",
                    relative.display()
                ));
            }
            if line.contains("tokio::signal") && room != "flow" {
                problems.push(format!("{}:{number}: signals belong to flow", relative.display()));
            }
            let io = ["std::fs", "std::process", "tokio::", "TcpStream", "UdpSocket"]
                .iter()
                .find(|w| line.contains(**w));
            if let Some(io) = io
                && PURE.contains(&room)
            {
                problems.push(format!("{}:{number}: {room} does no I/O, but uses {io}", relative.display()));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_folder_is_in_the_table_and_has_docs_in_its_mod() {
    let rooms = table();
    for entry in fs::read_dir(root().join("src")).expect("src") {
        let path = entry.expect("entry").path();
        if path.is_dir() {
            let name = path.file_name().and_then(|n| n.to_str()).expect("name").to_owned();
            assert!(rooms.contains_key(&name), "{name} is not in the table of ARCHITECTURE.md");
        }
    }
    for name in rooms.keys() {
        assert!(root().join("src").join(name).join("mod.rs").is_file(), "{name} has no mod.rs");
    }
}

#[test]
fn mod_files_hold_docs_and_re_exports_only() {
    for path in sources(&root().join("src")) {
        if path.file_name().is_some_and(|name| name == "mod.rs") {
            assert!(read(&path).starts_with("//!"), "{} has no docs", path.display());
            for (number, line) in code(&path) {
                for word in ["fn ", "struct ", "enum ", "trait ", "impl ", "static "] {
                    let defines = line.trim_start().trim_start_matches("pub ").starts_with(word);
                    assert!(!defines, "{}:{number}: mod.rs defines something", path.display());
                }
            }
        }
    }
}

#[test]
fn no_test_skips_itself() {
    let mut problems = Vec::new();
    let folders = [root().join("src"), root().join("tests")];
    for path in folders.iter().flat_map(|folder| sources(folder)) {
        if path.ends_with("architecture.rs") {
            continue;
        }
        let mut in_test = false;
        for (number, line) in code(&path) {
            let line = line.trim();
            // rustfmt ends a test function at the indentation it began at; a line `fn` begins the next.
            if line == "#[test]" || line.starts_with("#[tokio::test") {
                in_test = true;
            } else if line.starts_with("mod ") || line.starts_with("impl ") {
                in_test = false;
            }
            let gated = line.starts_with("#[ignore") || line.starts_with("#[cfg(feature");
            let leaves = in_test && (line.ends_with("{ return; }") || line.ends_with("else { return };"));
            if gated || leaves {
                problems.push(format!("{}:{number}: {line}", path.display()));
            }
        }
    }
    assert!(problems.is_empty(), "a test never skips itself:\n{}", problems.join("\n"));
}
