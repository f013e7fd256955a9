//! TeamCity's properties files: Java's format. They hold secrets too, so only what is asked for is kept.

use serde_json::{Map, Value};

/// Each root's branch stands behind it.
pub(super) const VCS_BRANCH: &str = "teamcity.build.vcs.branch.";

/// Where the first file names the second.
pub(super) const CONFIGURATION: &str = "teamcity.configuration.properties.file";

const WANTED: [&str; 11] = [
    CONFIGURATION,
    "teamcity.build.branch",
    "teamcity.build.checkoutDir",
    "teamcity.build.id",
    "teamcity.build.triggeredBy.username",
    "teamcity.pullRequest.number",
    "teamcity.pullRequest.source.branch",
    "teamcity.pullRequest.target.branch",
    "teamcity.serverUrl",
    "vcsroot.branch",
    "vcsroot.url",
];

/// Roots of one build that are looked at.
const MOST_ROOTS: usize = 64;

/// Longer values are none that anybody wants, in bytes.
const LONGEST: usize = 4096;

/// Puts what is wanted of a properties file into `found`; what is there stays.
pub(super) fn read(text: &str, found: &mut Map<String, Value>) {
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let line = line.trim_start();
        if line.is_empty() || line.starts_with(['#', '!']) {
            continue;
        }
        let mut whole = line.to_owned();
        while ends_open(&whole) {
            whole.pop();
            let Some(more) = lines.next() else { break };
            whole.push_str(more.trim_start());
        }
        let (key, value) = split(&whole);
        let roots = found.keys().filter(|key| key.starts_with(VCS_BRANCH)).count();
        let wanted = WANTED.contains(&key.as_str()) || (key.starts_with(VCS_BRANCH) && roots < MOST_ROOTS);
        if wanted && value.len() <= LONGEST && key.len() <= LONGEST && !found.contains_key(&key) {
            found.insert(key, Value::String(value));
        }
    }
}

/// A line whose last backslash is not itself escaped goes on in the next one.
fn ends_open(line: &str) -> bool {
    line.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1
}

/// Key and value, unescaped: the key ends at the first bare `=`, `:` or white space.
fn split(line: &str) -> (String, String) {
    let mut escaped = false;
    let end = line.find(|c: char| {
        let ends = !escaped && matches!(c, '=' | ':' | ' ' | '\t' | '\u{c}');
        escaped = !escaped && c == '\\';
        ends
    });
    let (key, rest) = line.split_at(end.unwrap_or(line.len()));
    let rest = rest.trim_start_matches([' ', '\t', '\u{c}']);
    let rest = rest.strip_prefix(['=', ':']).unwrap_or(rest).trim_start_matches([' ', '\t', '\u{c}']);
    (unescape(key), unescape(rest))
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match rest.next() {
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some('f') => out.push('\u{c}'),
            Some('u') => {
                let digits = rest.as_str().get(..4).unwrap_or_default();
                match u32::from_str_radix(digits, 16) {
                    Ok(code) => {
                        // Half of a pair is no character; branch names that need one are rare.
                        out.push(char::from_u32(code).unwrap_or('\u{fffd}'));
                        rest.nth(3);
                    }
                    Err(_) => out.push('u'),
                }
            }
            Some(other) => out.push(other),
            None => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Map<String, Value> {
        let mut found = Map::new();
        read(text, &mut found);
        found
    }

    #[test]
    fn javas_way_of_writing() {
        let found = of(
            "#Tue\n! too\n\n  vcsroot.url=https\\://host/a\\=b\nteamcity.build.branch : feat/\\\n   x\\u00e4\n\
                        teamcity.build.vcs.branch.Root = refs/heads/main\nsecret.password=hunter2\n\
                        teamcity.build.id\nteamcity.build.branch=second\nteamcity.serverUrl=\\u12\\",
        );
        assert_eq!(found["vcsroot.url"], "https://host/a=b");
        assert_eq!(found["teamcity.build.branch"], "feat/xä");
        assert_eq!(found["teamcity.build.vcs.branch.Root"], "refs/heads/main");
        assert_eq!(found["teamcity.build.id"], "");
        assert_eq!(found["teamcity.serverUrl"], "u12");
        assert_eq!(found.len(), 5, "{found:?}");
    }

    #[test]
    fn a_hostile_file_stays_small() {
        let roots: String = (0..100_000).map(|n| format!("{VCS_BRANCH}{n}=x\n")).collect();
        assert_eq!(of(&roots).len(), MOST_ROOTS);
        assert_eq!(of(&format!("vcsroot.url={}", "x".repeat(LONGEST + 1))).len(), 0);
        assert_eq!(of(&"vcsroot.url=\\\n".repeat(10_000)).len(), 0);
    }
}
