//! husky: lines at the top of `.husky/pre-push`. What it keeps in `.husky/_` is its own.

use std::path::PathBuf;

use super::block;
use super::proposal::{Proposal, Step, content, without_block};
use crate::error::Result;
use crate::source::HookPlace;

/// Goes first, since what stands behind `exec` or `exit` never runs, and gives back the stdin that it read.
const LINES: &str = "\
imgbuild_refs=$(cat)
if [ -n \"$imgbuild_refs\" ]; then
    printf '%s\\n' \"$imgbuild_refs\" | imgbuild hook pre-push \"$@\" || exit
    exec <<IMGBUILD_REFS
$imgbuild_refs
IMGBUILD_REFS
fi
";

/// husky's folder: `.husky/_` is where it sends git, from wherever in the repository its package lies.
pub(super) fn folder(place: &HookPlace) -> Option<PathBuf> {
    let configured = place.configured.as_ref().filter(|path| !path.is_for_all).map(|path| &path.folder);
    let configured = configured.and_then(|path| {
        let path = if path.ends_with("_") { path.parent()? } else { path };
        path.ends_with(".husky").then(|| path.to_owned())
    });
    configured.or_else(|| Some(place.root.join(".husky")).filter(|path| path.is_dir()))
}

pub(super) fn install(place: &HookPlace) -> Result<Proposal> {
    let mut proposal = Proposal::default();
    let path = folder(place).unwrap_or_else(|| place.root.join(".husky")).join("pre-push");
    let before = content(&path)?;
    let text = before.as_deref().map(String::from_utf8_lossy);
    if place.configured.is_none() {
        proposal.notes.push("husky is not active in this clone: `npx husky` (or the package's prepare script) sets core.hooksPath".to_owned());
    }
    if text.as_deref().is_some_and(block::is_in) {
        return Ok(proposal);
    }
    let at = text.as_deref().map_or(0, behind_the_start);
    let after = block::put(text.as_deref(), at, LINES).into_bytes();
    proposal.steps.push(Step::Write { path, before, after, mode: 0o755 });
    Ok(proposal)
}

pub(super) fn uninstall(place: &HookPlace) -> Result<Proposal> {
    let Some(folder) = folder(place) else { return Ok(Proposal::default()) };
    without_block(&folder.join("pre-push"))
}

/// Behind the line that names the shell, and behind the one by which husky 8 begins each hook: that runs it once more.
fn behind_the_start(text: &str) -> usize {
    let mut at = 0;
    let mut found = 0;
    for line in text.split_inclusive('\n') {
        at += line.len();
        if found == 0 && line.starts_with("#!") || line.contains("husky.sh") {
            found = at;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_goes_behind_what_has_to_be_first() {
        assert_eq!(behind_the_start("npm test\n"), 0);
        assert_eq!(behind_the_start("#!/bin/sh\nnpm test\n"), 10);
        let eight = "#!/usr/bin/env sh\n. \"$(dirname -- \"$0\")/_/husky.sh\"\n\nnpm test\n";
        assert!(eight[behind_the_start(eight)..].starts_with("\nnpm test"));
    }
}
