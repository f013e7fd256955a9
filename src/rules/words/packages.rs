//! Versions in the words that name packages, by the package managers that several rules share.

use crate::dockerfile::shell::{Command, Word};

use super::commands::{has_verb, operands};

/// The packages that `yum`, `dnf` or `microdnf install` names without a version; of `module install`, the modules without
/// a stream.
pub(in crate::rules) fn unpinned_rpms(command: &Command, tools: &[&str]) -> Vec<Word> {
    if !tools.contains(&command.name()) || !has_verb(command, &["install"]) {
        return Vec::new();
    }
    let with_value = [
        "c",
        "config",
        "x",
        "exclude",
        "enablerepo",
        "disablerepo",
        "repo",
        "repoid",
        "setopt",
        "installroot",
        "releasever",
        "disableplugin",
        "enableplugin",
        "forcearch",
        "comment",
        "R",
        "d",
        "e",
    ];
    let is_module = command.subcommand() == "module";
    // Groups have no version.
    if command.subcommand() == "group" && command.name() != "yum" {
        return Vec::new();
    }
    let words = operands(command, &["install", "module"], &with_value);
    let is_loose = |word: &&Word| {
        if is_module { !word.text.contains(':') } else { !ends_in_version(&word.text) }
    };
    words.into_iter().filter(is_loose).cloned().collect()
}

/// Whether `name-1.2-3.el9.x86_64` or `name-2:1.2` ends in a version: a dash, perhaps an epoch, and what begins with a
/// digit and holds nothing that a version cannot. `java-11-openjdk` looks like one, too.
fn ends_in_version(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "._+-~^:".contains(c);
    // The longest tail that a version could be made of.
    let start = text
        .rfind(|c| !is_part(c))
        .map_or(0, |at| at + text.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8));
    let tail = text.get(start..).unwrap_or_default().as_bytes();
    // The name stands before the dash.
    let has_name = |at: usize| start > 0 || at > 0;
    tail.windows(2)
        .enumerate()
        .any(|(at, pair)| matches!(pair, [b'-', digit] if digit.is_ascii_digit()) && has_name(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_rpms() {
        for text in [
            "a-1",
            "a-1.2-3.el8.x86_64",
            "a-2x",
            "a-0:1.2",
            "java-11-openjdk",
            "gcc-c++-9",
            "a:1-1",
            "https://host/a-1.rpm",
        ] {
            assert!(ends_in_version(text), "{text}");
        }
        for text in [
            "a",
            "a-b",
            "a-v1",
            "a-1*",
            "a-1.el8*",
            "a-$V",
            "a-1.2-${V}",
            "a=1",
            "389-ds",
            "python3.9",
            "@group",
            "a.rpm",
            "",
            "é-",
            "-1",
        ] {
            assert!(!ends_in_version(text), "{text}");
        }
    }
}
