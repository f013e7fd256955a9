//! A file in the folder of hooks. The hook that was there is kept beside it, and runs after ours.

use std::fs;
use std::path::{Path, PathBuf};

use super::proposal::{Proposal, Step, content};
use crate::error::{Error, Kind, Result};
use crate::source::HookPlace;

const NAME: &str = "pre-push";
/// What the hook that was there is called meanwhile.
const KEPT: &str = "pre-push.before-imgbuild";
/// By this our own hook is known.
const MARK: &str = "# Made by `imgbuild hook install`";

pub(super) fn install(place: &HookPlace, program: &Path) -> Result<Proposal> {
    let mut proposal = Proposal::default();
    if let Some(configured) = &place.configured {
        let folder = configured.folder.display();
        if configured.is_for_all {
            return Err(Error::new(
                Kind::Refused,
                format!(
                    "core.hooksPath is {folder} for all repositories: a hook there would run in each of them"
                ),
            )
            .hint("give this repository its own: git config --local core.hooksPath .githooks")
            .hint("or have that folder's pre-push run `imgbuild hook pre-push \"$@\"` itself"));
        }
        if !configured.folder.starts_with(&place.root) {
            proposal.notes.push(format!("{folder} lies outside of the repository: others may use it, too"));
        }
    }
    let (hook, kept) = paths(place);
    let script = script(program).into_bytes();
    let there = hook.symlink_metadata().is_ok();
    let before = if there { ours(&hook)? } else { None };
    match &before {
        Some(before) if *before == script => return Ok(proposal),
        Some(_) => {}
        None if there && kept.symlink_metadata().is_ok() => {
            return Err(Error::new(
                Kind::Refused,
                format!("{} was replaced since imgbuild kept the hook before it", hook.display()),
            )
            .hint(format!("look at both, and remove {} if it is not needed any more", kept.display())));
        }
        None if there => proposal.steps.push(Step::Rename { from: hook.clone(), to: kept }),
        None => {}
    }
    proposal.steps.push(Step::Write { path: hook, before, after: script, mode: 0o755 });
    Ok(proposal)
}

pub(super) fn uninstall(place: &HookPlace) -> Result<Proposal> {
    let mut proposal = Proposal::default();
    let (hook, kept) = paths(place);
    let is_kept = kept.symlink_metadata().is_ok();
    if hook.symlink_metadata().is_ok() && ours(&hook)?.is_some() {
        proposal.steps.push(if is_kept { Step::Rename { from: kept, to: hook } } else { Step::Remove(hook) });
    } else if is_kept {
        proposal.notes.push(format!(
            "{} was written by somebody else since: {} stays beside it",
            hook.display(),
            kept.display()
        ));
    }
    Ok(proposal)
}

fn paths(place: &HookPlace) -> (PathBuf, PathBuf) {
    (place.folder().join(NAME), place.folder().join(KEPT))
}

/// The hook's content, where it is ours; a link, or what is no text, never is.
fn ours(hook: &Path) -> Result<Option<Vec<u8>>> {
    if !hook.symlink_metadata().is_ok_and(|metadata| metadata.is_file()) {
        return Ok(None);
    }
    // A hook may be a program of any size.
    if fs::metadata(hook).is_ok_and(|metadata| metadata.len() > 64 << 10) {
        return Ok(None);
    }
    let bytes = content(hook)?.unwrap_or_default();
    Ok(String::from_utf8_lossy(&bytes).contains(MARK).then_some(bytes))
}

/// The hook. What git writes to its stdin is read once, for both.
fn script(program: &Path) -> String {
    let program = program.to_string_lossy().replace('\'', r"'\''");
    format!(
        r#"#!/bin/sh
{MARK}; `imgbuild hook uninstall` puts back what was here.
imgbuild=imgbuild
command -v imgbuild >/dev/null 2>&1 || imgbuild='{program}'
command -v "$imgbuild" >/dev/null 2>&1 || {{
    echo "imgbuild: not found, so that nothing can be judged; git push --no-verify pushes without it" >&2
    exit 1
}}
refs=$(cat)
refs() {{ [ -z "$refs" ] || printf '%s\n' "$refs"; }}
refs | "$imgbuild" hook pre-push "$@" || exit
before=${{0%/*}}/{KEPT}
[ ! -x "$before" ] || refs | "$before" "$@"
"#
    )
}
