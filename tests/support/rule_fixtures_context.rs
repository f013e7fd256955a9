//! Fixtures of rules on the build context: a list of its files, their contents, and what git says of them.
//!
//! ```text
//! # error: [IMG601] keys/a.pem warning    one finding: its file, `FILE:LINE`, and the level where it matters
//! file dist/a.js ignored                  a file; `ignored` or `untracked` by git, `generated`, `link`
//! .env <<< A=b                            a file with a line of text
//! run.sh <<<                              a file with text, up to the line `>>>`
//! git none                                no repository; `git folder`: its `.git` lies beside the files
//! dockerfile changed                      against the commit; `config changed`, `config committed`
//! ```

use std::collections::{BTreeMap, BTreeSet};

use imgbuild::context::Ignore;
use imgbuild::dockerfile::parse;
use imgbuild::rules::facts::{
    ContextEntry, ContextFacts, ContextFiles, GitFacts, copies, may_hold_secret, signs, started_scripts,
};
use imgbuild::rules::{Analysis, Expectations, Fact, Rule, Verdicts};

use super::rule_fixtures::Block;

const DOCKERFILE: &str = "Dockerfile";

/// What a block says.
#[derive(Default)]
struct Told {
    expected: BTreeSet<String>,
    files: BTreeMap<String, Vec<String>>,
    texts: BTreeMap<String, String>,
    without_git: bool,
    has_repository: bool,
    dockerfile_changed: bool,
    config: Option<bool>,
}

/// Judges a block, and compares with its markers.
pub(crate) fn check(rule: &Rule, block: &Block) -> Result<(), String> {
    let told = read(rule, &block.text)?;
    let facts = facts(&told);
    let mut verdicts = Verdicts::default();
    verdicts.of_context(&Fact::Known(facts));
    let mut found = BTreeSet::new();
    for finding in verdicts.findings.iter().filter(|finding| finding.rule.code == rule.code) {
        let line = if finding.place.line > 0 { format!(":{}", finding.place.line) } else { String::new() };
        let place = format!("{}{line}", finding.place.path);
        let full = format!("{place} {}", finding.level);
        found.insert(if told.expected.contains(&full) { full } else { place });
    }
    if found == told.expected {
        return Ok(());
    }
    let messages: Vec<_> =
        verdicts.findings.iter().map(|f| format!("{} {}: {}", f.rule.code, f.level, f.message)).collect();
    Err(format!("flagged {found:?}, expected {:?}: {}", told.expected, messages.join("; ")))
}

fn read(rule: &Rule, text: &str) -> Result<Told, String> {
    let mut told = Told::default();
    let marker = format!("# error: [{}] ", rule.code);
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(expected) = line.strip_prefix(&marker) {
            told.expected.insert(expected.to_owned());
        } else if let Some((path, first)) = line.split_once(" <<<") {
            let mut content = first.trim().to_owned();
            if content.is_empty() {
                let body: Vec<&str> = lines.by_ref().take_while(|line| *line != ">>>").collect();
                content = body.join("\n");
            }
            let mut words = path.split(' ').map(str::to_owned);
            let path = words.next().unwrap_or_default();
            told.texts.insert(path.clone(), format!("{content}\n"));
            told.files.insert(path, words.collect());
        } else {
            let words: Vec<&str> = line.split(' ').collect();
            match words.as_slice() {
                ["file", path, states @ ..] => {
                    told.files.insert((*path).to_owned(), states.iter().map(|s| (*s).to_owned()).collect());
                }
                ["git", "none"] => told.without_git = true,
                ["git", "folder"] => told.has_repository = true,
                ["dockerfile", "changed"] => told.dockerfile_changed = true,
                ["config", state] => told.config = Some(*state == "committed"),
                _ => return Err(format!("makes no sense: {line}")),
            }
        }
    }
    told.files.entry(DOCKERFILE.to_owned()).or_default();
    told.texts.entry(DOCKERFILE.to_owned()).or_insert_with(|| "FROM scratch\n".to_owned());
    Ok(told)
}

fn facts(told: &Told) -> ContextFacts {
    let ignore_text = told.texts.get(".dockerignore");
    let ignore = Ignore::parse(ignore_text.map_or("", String::as_str).as_bytes()).expect("patterns");
    let mut entries = ContextFiles::default();
    let mut git = GitFacts {
        dockerfile_committed: !told.dockerfile_changed,
        config_committed: told.config,
        config: told.config.map(|_| "imgbuild.toml".to_owned()),
        ..GitFacts::default()
    };
    for (path, states) in &told.files {
        let is = |state: &str| states.iter().any(|s| s == state);
        let left_out = ignore.matches(path.as_bytes()).expect("patterns");
        if left_out && path != DOCKERFILE {
            continue;
        }
        for (state, set) in [
            ("ignored", &mut git.ignored),
            ("untracked", &mut git.untracked),
            ("generated", &mut git.generated),
        ] {
            if is(state) {
                set.insert(path.clone());
            }
        }
        let size = told.texts.get(path).map_or(1, |text| text.len() as u64);
        entries.push(ContextEntry { path, size, is_link: is("link"), forced: left_out });
    }
    let text = &told.texts[DOCKERFILE];
    let file = parse(text.as_bytes());
    let expectations = Expectations::default();
    let analysis = Analysis::new(DOCKERFILE, text.as_bytes(), &file, &expectations);
    let entries = entries.sorted();
    let sent = |path: &String| entries.find(path).is_some();
    let worth = told.texts.iter().filter(|(path, _)| sent(path) && may_hold_secret(path).is_some());
    let signs = worth.map(|(path, text)| (path.clone(), signs(path, text.as_bytes())));
    let scripts = started_scripts(&analysis, &entries).into_iter();
    let scripts = scripts.filter_map(|path| Some((path.clone(), told.texts.get(&path)?.clone())));
    ContextFacts {
        root: ".".to_owned(),
        signs: signs.filter(|(_, signs)| !signs.is_empty()).collect(),
        dockerfile: DOCKERFILE.to_owned(),
        ignore_file: ignore_text.map(|_| ".dockerignore".to_owned()),
        ambiguities: ignore.ambiguous_patterns().into_iter().map(|a| (a.line, a.message)).collect(),
        ignore_warnings: Vec::new(),
        has_repository: told.has_repository,
        copies: copies(&analysis, &ignore, &entries),
        scripts: scripts.collect(),
        git: if told.without_git { Fact::Missing("no repository".to_owned()) } else { Fact::Known(git) },
        entries,
    }
}
