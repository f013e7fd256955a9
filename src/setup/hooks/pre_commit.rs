//! pre-commit: a hook of the repository's own in its configuration. It tells what is pushed by variables.

use std::path::{Path, PathBuf};

use super::block;
use super::proposal::{Proposal, Step, content, refused, without_block};
use super::yaml::Lines;
use crate::error::Result;

const NAME: &str = ".pre-commit-config.yaml";

/// Its configuration in the repository at `root`.
pub(super) fn file(root: &Path) -> Option<PathBuf> {
    Some(root.join(NAME)).filter(|path| path.symlink_metadata().is_ok())
}

pub(super) fn install(root: &Path) -> Result<Proposal> {
    let path = root.join(NAME);
    let mut proposal = Proposal::default();
    proposal.notes.push(
        "`pre-commit install --hook-type pre-push` has git call it, where that was not done in this clone"
            .to_owned(),
    );
    let before = content(&path)?;
    let text = before.as_deref().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    if text.as_deref().is_some_and(block::is_in) {
        return Ok(proposal);
    }
    let place = match text.as_deref() {
        None => Some((0, format!("repos:\n{}", hook(0)))),
        Some(text) => below_repos(text),
    };
    let Some((at, lines)) = place else { return Err(refused(&path, &format!("repos:\n{}", hook(0)))) };
    let after = block::put(text.as_deref(), at, &lines).into_bytes();
    proposal.steps.push(Step::Write { path, before, after, mode: 0o644 });
    Ok(proposal)
}

pub(super) fn uninstall(root: &Path) -> Result<Proposal> {
    without_block(&root.join(NAME))
}

/// Right below `repos:`, as what is there is indented.
fn below_repos(text: &str) -> Option<(usize, String)> {
    let lines = Lines::of(text)?;
    let repos = lines.key(0, 0, "repos")??;
    let first = lines.text(lines.next(repos)?);
    let item = first.trim_start_matches(' ');
    item.starts_with("- ").then(|| (lines.end(repos), hook(first.len() - item.len())))
}

/// `system` is what newer versions call `unsupported`, and all understand.
fn hook(indent: usize) -> String {
    let lines = [
        "- repo: local",
        "  hooks:",
        "  - id: imgbuild-pre-push",
        "    name: imgbuild",
        "    entry: imgbuild hook pre-push",
        "    language: system",
        "    stages: [pre-push]",
        "    pass_filenames: false",
        "    always_run: true",
    ];
    lines.iter().map(|line| format!("{}{line}\n", " ".repeat(indent))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hook_is_put_in_front_of_the_others() {
        for (text, indent) in [
            ("repos:\n- repo: https://x\n  rev: v1\n", 0),
            ("repos:\n  # ours\n  - repo: https://x\n    rev: v1\nci:\n  autofix_prs: false\n", 2),
        ] {
            let (at, lines) = below_repos(text).unwrap();
            assert_eq!(at, "repos:\n".len());
            assert!(lines.starts_with(&format!("{}- repo: local\n", " ".repeat(indent))), "{lines}");
        }
        for text in ["repos: []\n", "repos:\n", "- repo: x\n", "", "repos: &all\n- repo: x\n"] {
            assert_eq!(below_repos(text), None, "{text}");
        }
    }
}
