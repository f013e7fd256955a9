//! lefthook: an entry below `pre-push` in its configuration. Without `use_stdin` it would wait for ever.

use std::path::{Path, PathBuf};

use super::block;
use super::proposal::{Proposal, Step, content, refused, without_block};
use super::yaml::Lines;
use crate::error::Result;

/// Where its configuration may lie.
const STEMS: [&str; 3] = ["lefthook", ".lefthook", ".config/lefthook"];
const ENDINGS: [&str; 5] = ["yml", "yaml", "toml", "json", "jsonc"];
const RUN: &str = "imgbuild hook pre-push '{1}' '{2}'";

/// Its configuration in the repository at `root`.
pub(super) fn file(root: &Path) -> Option<PathBuf> {
    let named =
        STEMS.iter().flat_map(|stem| ENDINGS.iter().map(move |end| root.join(format!("{stem}.{end}"))));
    named.into_iter().find(|path| path.symlink_metadata().is_ok())
}

pub(super) fn install(root: &Path) -> Result<Proposal> {
    let path = file(root).unwrap_or_else(|| root.join("lefthook.yml"));
    let mut proposal = Proposal::default();
    proposal
        .notes
        .push("`lefthook install` has git call it, where that was not done in this clone".to_owned());
    let before = content(&path)?;
    let text = before.as_deref().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    if text.as_deref().is_some_and(block::is_in) {
        return Ok(proposal);
    }
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let old = text.as_deref().unwrap_or_default();
    let place = match ending {
        "yml" | "yaml" => yaml(old),
        "toml" => toml(old),
        _ => None,
    };
    let Some((at, lines)) = place else {
        return Err(refused(&path, &format!("pre-push:\n{}", command(2, 2))));
    };
    let after = block::put(text.as_deref(), at, &lines).into_bytes();
    proposal.steps.push(Step::Write { path, before, after, mode: 0o644 });
    Ok(proposal)
}

pub(super) fn uninstall(root: &Path) -> Result<Proposal> {
    file(root).map_or_else(|| Ok(Proposal::default()), |path| without_block(&path))
}

fn toml(text: &str) -> Option<(usize, String)> {
    // Tables in one line are closed.
    let closed = |line: &str| line.starts_with("pre-push") || line.starts_with("commands");
    let quoted = format!("[pre-push.commands.imgbuild]\nrun = \"{RUN}\"\nuse_stdin = true\n");
    (!text.lines().any(|line| closed(line.trim_start()))).then_some((text.len(), quoted))
}

/// A command of ours as an entry of `commands`, which stands at `indent`; each level adds `by`.
fn command(indent: usize, by: usize) -> String {
    format!("{}commands:\n{}", " ".repeat(indent), entry(indent + by, by))
}

fn entry(indent: usize, by: usize) -> String {
    let (pad, inner) = (" ".repeat(indent), " ".repeat(indent + by));
    format!("{pad}imgbuild:\n{inner}run: {RUN}\n{inner}use_stdin: true\n")
}

/// Where ours goes, and how it is indented. `None` where the text is not plain blocks.
fn yaml(text: &str) -> Option<(usize, String)> {
    let lines = Lines::of(text)?;
    let Some(own) = lines.key(0, 0, "pre-push")? else {
        return Some((text.len(), format!("pre-push:\n{}", command(2, 2))));
    };
    let indent = lines.indent_below(own)?.filter(|indent| *indent > 0).unwrap_or(2);
    if let Some(commands) = lines.key(own + 1, indent, "commands")? {
        let inner = lines.indent_below(commands)?.filter(|inner| *inner > indent)?;
        return Some((lines.end(commands), entry(inner, 2)));
    }
    if let Some(jobs) = lines.key(own + 1, indent, "jobs")? {
        let inner = lines.indent_below(jobs)?.filter(|inner| *inner >= indent)?;
        let pad = " ".repeat(inner);
        let job = format!("{pad}- name: imgbuild\n{pad}  run: {RUN}\n{pad}  use_stdin: true\n");
        return Some((lines.end(jobs), job));
    }
    Some((lines.end(own), command(indent, 2)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(text: &str) -> Option<String> {
        let (at, lines) = yaml(text)?;
        Some(format!("{}{lines}{}", &text[..at], &text[at..]))
    }

    #[test]
    fn an_entry_is_put_where_it_belongs() {
        assert_eq!(
            with("pre-commit:\n  commands:\n    a:\n      run: b\n").unwrap(),
            format!(
                "pre-commit:\n  commands:\n    a:\n      run: b\npre-push:\n  commands:\n    imgbuild:\n      run: {RUN}\n      use_stdin: true\n"
            )
        );
        assert_eq!(
            with("pre-push: # all\n    parallel: true\n    commands:\n        a:\n            run: b\n")
                .unwrap(),
            format!(
                "pre-push: # all\n    parallel: true\n    commands:\n        imgbuild:\n          run: {RUN}\n          use_stdin: true\n        a:\n            run: b\n"
            )
        );
        assert_eq!(
            with("---\npre-push:\n  jobs:\n  - run: b\n").unwrap(),
            format!(
                "---\npre-push:\n  jobs:\n  - name: imgbuild\n    run: {RUN}\n    use_stdin: true\n  - run: b\n"
            )
        );
        assert_eq!(
            with("pre-push:\n  scripts:\n    \"a.sh\":\n      runner: bash\n").unwrap(),
            format!(
                "pre-push:\n  commands:\n    imgbuild:\n      run: {RUN}\n      use_stdin: true\n  scripts:\n    \"a.sh\":\n      runner: bash\n"
            )
        );
    }

    #[test]
    fn what_is_no_plain_block_is_left_alone() {
        for text in [
            "pre-push: {commands: {}}\n",
            "\"pre-push\":\n  jobs: []\n",
            "pre-push: *other\n",
            "pre-push:\n  jobs: []\n",
            "pre-push:\n  commands:\n",
            "a: 1\n---\nb: 2\n",
            "{}\n",
            "pre-push:\n\tcommands:\n",
        ] {
            assert_eq!(with(text), None, "{text}");
        }
        assert!(toml("[pre-push]\n").is_some() && toml("pre-push = {}\n").is_none());
    }
}
