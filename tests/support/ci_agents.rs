//! The agents of CIs, as far as they read the log of a step: which commands took effect.

use std::collections::BTreeMap;

/// A command that an agent found and obeyed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Obeyed {
    pub(crate) name: String,
    pub(crate) properties: BTreeMap<String, String>,
    pub(crate) data: String,
}

impl Obeyed {
    fn new(name: &str, properties: BTreeMap<String, String>, data: String) -> Obeyed {
        Obeyed { name: name.to_owned(), properties, data }
    }

    /// The value of a property; empty where it is missing.
    pub(crate) fn property(&self, name: &str) -> &str {
        self.properties.get(name).map_or("", String::as_str)
    }
}

/// The commands' names, in order.
pub(crate) fn names(obeyed: &[Obeyed]) -> Vec<&str> {
    obeyed.iter().map(|command| command.name.as_str()).collect()
}

/// Agents end a line at either of CR and LF.
fn lines(log: &str) -> impl Iterator<Item = &str> {
    log.split(['\n', '\r'])
}

/// Where `marker` begins in `line`, whatever the case of its letters.
fn find(line: &str, marker: &str) -> Option<usize> {
    line.to_ascii_lowercase().find(marker)
}

const GITHUB: [&str; 17] = [
    "group",
    "endgroup",
    "add-mask",
    "stop-commands",
    "error",
    "warning",
    "notice",
    "debug",
    "set-output",
    "save-state",
    "set-env",
    "add-path",
    "add-matcher",
    "remove-matcher",
    "echo",
    "internal-set-repo-path",
    "stop",
];

/// As GitHub's runner does: `::name key=value,…::data` behind white space, `##[name key=value;…]data` anywhere, and
/// nothing between `::stop-commands::TOKEN` and `::TOKEN::`.
pub(crate) fn github(log: &str) -> Vec<Obeyed> {
    let mut obeyed = Vec::new();
    let mut token: Option<String> = None;
    for line in lines(log) {
        let Some(found) = github_new(line.trim()).or_else(|| github_old(line)) else { continue };
        if let Some(stopped) = &token {
            if found.name.eq_ignore_ascii_case(stopped) {
                token = None;
            }
            continue;
        }
        if !GITHUB.iter().any(|known| found.name.eq_ignore_ascii_case(known)) {
            continue;
        }
        if found.name == "stop-commands" {
            assert!(found.data.len() >= 16, "a token that can be guessed: {}", found.data);
            token = Some(found.data);
        } else {
            obeyed.push(found);
        }
    }
    assert_eq!(token, None, "commands were never heeded again");
    obeyed
}

fn github_new(line: &str) -> Option<Obeyed> {
    let (head, data) = line.strip_prefix("::")?.split_once("::")?;
    let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
    let unescaped = |text: &str| text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%");
    let pairs = properties.split(',').filter_map(|pair| pair.split_once('='));
    let property = |text: &str| unescaped(&text.replace("%3A", ":").replace("%2C", ","));
    let properties = pairs.map(|(key, value)| (key.trim().to_owned(), property(value))).collect();
    Some(Obeyed::new(name, properties, unescaped(data)))
}

fn github_old(line: &str) -> Option<Obeyed> {
    let (head, data) = line[line.find("##[")? + 3..].split_once(']')?;
    let name = head.split(' ').next().unwrap_or_default();
    Some(Obeyed::new(name, BTreeMap::new(), data.to_owned()))
}

/// As Azure's agent does: `##vso[area.name key=value;…]data` and `##[name]` anywhere in a line.
pub(crate) fn azure(log: &str) -> Vec<Obeyed> {
    let mut obeyed = Vec::new();
    for line in lines(log) {
        let vso = find(line, "##vso[").and_then(|at| line[at + 6..].split_once(']'));
        if let Some((head, data)) = vso {
            let data_of = |text: &str| text.replace("%0D", "\r").replace("%0A", "\n").replace("%AZP25", "%");
            let property = |text: &str| data_of(&text.replace("%3B", ";").replace("%5D", "]"));
            let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
            let pairs = properties.split(';').filter_map(|pair| pair.split_once('='));
            let properties = pairs.map(|(key, value)| (key.trim().to_owned(), property(value))).collect();
            obeyed.push(Obeyed::new(name, properties, data_of(data)));
        } else if let Some(at) = line.find("##[")
            && let Some((name, data)) = line[at + 3..].split_once(']')
        {
            obeyed.push(Obeyed::new(name, BTreeMap::new(), data.to_owned()));
        }
    }
    obeyed
}

/// As TeamCity's agent does: `##teamcity[name key='value' …]` anywhere in a line.
pub(crate) fn teamcity(log: &str) -> Vec<Obeyed> {
    let mut obeyed = Vec::new();
    for line in lines(log) {
        let Some(at) = find(line, "##teamcity[") else { continue };
        let mut rest = line[at + 11..].chars();
        let name: String = rest.by_ref().take_while(|c| !matches!(c, ' ' | ']')).collect();
        let mut properties = BTreeMap::new();
        loop {
            let key: String = rest.by_ref().take_while(|c| *c != '=').collect();
            if rest.next() != Some('\'') {
                break;
            }
            let mut value = String::new();
            while let Some(c) = rest.next() {
                match c {
                    '\'' => break,
                    '|' => match rest.next() {
                        Some('n') => value.push('\n'),
                        Some('r') => value.push('\r'),
                        Some('0') => {
                            let digits: String = rest.by_ref().skip(1).take(4).collect();
                            let unit = u32::from_str_radix(&digits, 16).expect("four hex digits");
                            value.extend(char::from_u32(unit));
                        }
                        Some(c @ ('|' | '\'' | '[' | ']')) => value.push(c),
                        other => panic!("no escape: |{other:?} in {line:?}"),
                    },
                    '[' | ']' => panic!("a bare bracket in {line:?}"),
                    c => value.push(c),
                }
            }
            properties.insert(key.trim().to_owned(), value);
            if rest.clone().next() == Some(']') {
                break;
            }
        }
        obeyed.push(Obeyed::new(&name, properties, String::new()));
    }
    obeyed
}

/// As GitLab's trace parser does: `section_start:TIME:ID[options]`, CR, `ESC[0K`, title; and `section_end`.
pub(crate) fn gitlab(log: &str) -> Vec<Obeyed> {
    let mut obeyed = Vec::new();
    let mut rest = log;
    while let Some(at) = rest.find("section_") {
        rest = &rest[at + 8..];
        let Some((head, behind)) = rest.split_once("\r\u{1b}[0K") else { break };
        let parts: Vec<&str> = head.splitn(3, ':').collect();
        let [name @ ("start" | "end"), time, id] = parts[..] else { continue };
        let (id, options) = id.split_once('[').unwrap_or((id, ""));
        let is_id =
            !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'));
        if is_id && time.parse::<u64>().is_ok() {
            let title = behind.lines().next().unwrap_or_default();
            let options = options.trim_end_matches(']');
            let properties = BTreeMap::from([
                ("id".to_owned(), id.to_owned()),
                ("options".to_owned(), options.to_owned()),
            ]);
            obeyed.push(Obeyed::new(name, properties, title.to_owned()));
        }
    }
    obeyed
}

/// As Buildkite's agent does: `---`, `+++`, `~~~` and `^^^ +++` at the beginning of a line, behind colour.
pub(crate) fn buildkite(log: &str) -> Vec<Obeyed> {
    let mut obeyed = Vec::new();
    for line in lines(log) {
        let mut line = line;
        while let Some((parameters, rest)) =
            line.strip_prefix("\u{1b}[").and_then(|rest| rest.split_once('m'))
        {
            if !parameters.chars().all(|c| c.is_ascii_digit() || c == ';') {
                break;
            }
            line = rest;
        }
        if let Some(marker) = ["---", "+++", "~~~", "^^^"].into_iter().find(|marker| line.starts_with(marker))
        {
            obeyed.push(Obeyed::new(marker, BTreeMap::new(), line[3..].trim().to_owned()));
        }
    }
    obeyed
}

/// What of a log could move a cursor or hide something, once colour and GitLab's sections are gone.
pub(crate) fn controls(log: &str) -> String {
    let log = log.replace("\r\u{1b}[0K", "").replace("\u{1b}[0Ksection_", "section_");
    let mut rest = log.as_str();
    let mut plain = String::new();
    while let Some((before, behind)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        let after = behind.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
        rest = after.strip_prefix('m').unwrap_or_else(|| {
            plain.push('\u{1b}');
            behind
        });
    }
    plain.push_str(rest);
    let hidden = |c: &char| {
        c.is_control() && *c != '\n'
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    plain.chars().filter(hidden).collect()
}

/// What a hostile build, container, branch or commit would say, a line each.
pub(crate) const HOSTILE: [&str; 16] = [
    "::set-output name=digest::x",
    "::error file=a,line=1::pwned",
    " \t::add-mask::build",
    "##[error]pwned",
    "##[group]pwned",
    "##vso[task.setvariable variable=digest]pwned",
    "x ##VSO[task.complete result=Succeeded;]",
    "##teamcity[buildProblem description='pwned']",
    "\u{1b}[0Ksection_start:1:pwned\r\u{1b}[0Kpwned",
    "--- pwned",
    "+++ pwned",
    "^^^ +++",
    "a\r::error::pwned",
    "%0A::error::pwned \u{202e}\u{1b}[2J",
    "$(touch pwned) `touch pwned`",
    "ghadelimiter_",
];
