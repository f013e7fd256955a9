//! Pattern sets that engines read differently.

use super::lines::Line;
use super::pattern::{Pattern, trim_end};
use super::program::Scratch;

/// Pairs looked at; a longer file is judged by its first patterns.
const MOST: usize = 1000;
/// Folders of a pattern looked at.
const DEEPEST: usize = 32;

/// A `!` pattern that engines read differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ambiguity {
    /// The pattern's line in the ignore file, 1-based.
    pub line: u32,
    /// What it asks for and which line is against it, as a lowercase fragment.
    pub message: String,
}

/// One for each `!` pattern with wildcards that asks for something inside of what an earlier pattern
/// excludes as a whole folder.
pub(super) fn find(patterns: &[Pattern]) -> Vec<Ambiguity> {
    let patterns = patterns.get(..patterns.len().min(MOST)).unwrap_or_default();
    let mut found = Vec::new();
    for (i, back) in patterns.iter().enumerate().filter(|(_, p)| p.negated) {
        let earlier = patterns.iter().take(i).filter(|p| !p.negated && !is_for_files(p.text()));
        if let Some(out) = { earlier }.find(|out| covers_a_folder_of(out.text(), back.text())) {
            let message = format!(
                "`!{}` asks for files in folders that line {} (`{}`) excludes; engines differ in whether they send them",
                String::from_utf8_lossy(back.text()),
                out.line,
                String::from_utf8_lossy(out.text()),
            );
            found.push(Ambiguity { line: back.line, message });
        }
    }
    found
}

/// `*.log` and the like match folders only in theory.
fn is_for_files(text: &[u8]) -> bool {
    let name = text.rsplit(|&b| b == b'/').next().unwrap_or_default();
    let extension = name.iter().position(|&b| b == b'*').and_then(|star| name.get(star + 1..));
    extension.is_some_and(|e| e.len() > 1 && e.starts_with(b".") && !is_wild(e))
}

/// Whether `out` can match a folder that lies above something `back` matches and that `back` names by a wildcard;
/// a folder that it names plainly is looked into by every engine.
fn covers_a_folder_of(out: &[u8], back: &[u8]) -> bool {
    let tail = trim_end(back).len() < back.len();
    let out: Vec<&[u8]> = out.split(|&b| b == b'/').collect();
    let back: Vec<&[u8]> = trim_end(back).split(|&b| b == b'/').collect();
    (1..=back.len().min(DEEPEST)).filter_map(|n| back.get(..n)).any(|folder| {
        let is_folder = tail || folder.len() < back.len() || folder.last().is_some_and(|c| is_any_depth(c));
        is_folder && folder.iter().any(|c| is_wild(c)) && meet(&out, folder)
    })
}

/// Whether some path matches both.
fn meet(out: &[&[u8]], folder: &[&[u8]]) -> bool {
    for (o, f) in out.iter().zip(folder) {
        let same = match (is_wild(o), is_wild(f)) {
            _ if is_any_depth(o) || is_any_depth(f) => return true,
            (true, true) => true,
            (true, false) => matches(o, f),
            (false, true) => matches(f, o),
            (false, false) => o == f,
        };
        if !same {
            return false;
        }
    }
    let longer = if out.len() > folder.len() { out.get(folder.len()) } else { folder.get(out.len()) };
    longer.is_none_or(|next| is_any_depth(next))
}

fn is_wild(component: &[u8]) -> bool {
    component.iter().any(|b| br"*?[\".contains(b))
}

fn is_any_depth(component: &[u8]) -> bool {
    component.windows(2).any(|pair| pair == b"**")
}

fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let pattern = Pattern::new(Line { number: 0, negated: false, text: pattern.to_vec() });
    pattern.matches(name, &mut Scratch::default()).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use crate::context::Ignore;

    #[test]
    fn only_wildcards_into_excluded_folders_are_ambiguous() {
        for (file, ambiguous) in [
            ("*\n!**/*.rs", true),
            ("**\n!**/*.rs", true),
            ("node_modules\n!**/*.md", true),
            ("docs\n!*/README.md", true),
            ("a/b\n!a/*/c", true),
            ("*\n!*/**", true),
            ("*\n!docs", false),
            ("*\n!docs/**", false),
            ("docs\n!docs/*.md", false),
            ("*.md\n!README*.md", false),
            ("**/*.log\n!**/keep.log", false),
            ("!**/*.rs\n*", false),
            ("docs\n!src/*/x", false),
        ] {
            let found = Ignore::parse(file.as_bytes()).unwrap().ambiguous_patterns();
            assert_eq!(!found.is_empty(), ambiguous, "{file:?}: {found:?}");
        }
    }
}
