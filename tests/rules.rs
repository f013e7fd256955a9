//! Every rule: registered, documented, and shown by examples that are flagged and examples that are not
//! (`tests/rules/CODE.md`).

#![cfg(test)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use imgbuild::rules::registry::{FILES, RULES, find};
use imgbuild::rules::{Check, HEADINGS, Rule, documentation, fix, section};
use support::rule_fixtures::{Block, blocks, check_block, flagged_lines, judge, judge_bytes};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_rule_is_registered_once() {
    let mut seen = BTreeSet::new();
    for rule in RULES {
        assert!(seen.insert(rule.code), "{} twice", rule.code);
        assert!(seen.insert(rule.name), "{} twice", rule.name);
        let digits = rule.code.strip_prefix("IMG").unwrap_or_default();
        assert!(digits.len() == 3 && digits.bytes().all(|b| b.is_ascii_digit()), "{}", rule.code);
        let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(rule.name.chars().all(kebab), "{}", rule.name);
        for id in [rule.code, rule.name] {
            assert_eq!(find(id).map(|found| found.code), Some(rule.code), "{id}");
        }
        for alias in rule.aliases {
            assert!(find(alias).is_some_and(|found| found.answers_to(alias)), "{alias}");
        }
        assert!(!rule.remedy.is_empty() && !rule.remedy.ends_with('.'), "{}: {}", rule.code, rule.remedy);
        assert!(!rule.remedy.contains('\n'), "{}", rule.code);
        assert!(
            !rule.items.is_empty() || matches!(rule.check, Check::Reading),
            "{} serves nothing",
            rule.code
        );
    }
    let mut sorted: Vec<_> = RULES.iter().map(|rule| rule.code).collect();
    sorted.sort_unstable();
    assert_eq!(sorted, RULES.iter().map(|rule| rule.code).collect::<Vec<_>>(), "in the order of the codes");
}

/// A file that the list forgot would be no rule at all; the name of the file is the rule's.
#[test]
fn every_file_is_a_rule_of_its_name() {
    let folder = root().join("src/rules/registry");
    let mut files = BTreeSet::new();
    for family in fs::read_dir(&folder).expect("families") {
        let family = family.expect("entry").path();
        for file in fs::read_dir(&family).expect("rules") {
            let file = file.expect("entry").path();
            files.insert(file.strip_prefix(&folder).expect("below").display().to_string());
        }
    }
    assert_eq!(files, FILES.iter().map(|file| (*file).to_owned()).collect(), "files and list");
    for (file, rule) in FILES.iter().zip(RULES) {
        let stem = Path::new(file).file_stem().and_then(|stem| stem.to_str()).expect("stem");
        assert_eq!(stem.replace('_', "-"), rule.name, "{file}");
        let text = read(&folder.join(file));
        assert_eq!(text.matches("rule! {").count(), 1, "{file}: one rule a file");
    }
}

#[test]
fn every_rule_is_documented() {
    for rule in RULES {
        let text = documentation(rule);
        let headings: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        assert_eq!(headings, HEADINGS, "{}", rule.code);
        for heading in HEADINGS {
            assert!(!section(&text, heading).is_empty(), "{}: {heading}", rule.code);
        }
        let references = section(&text, "References");
        assert!(
            references.lines().all(|line| line.starts_with("- <https://")),
            "{}: {references}",
            rule.code
        );
    }
}

/// What the documentation calls bad is flagged, and what it says to use instead is not.
#[test]
fn the_examples_of_the_documentation_are_true() {
    let mut wrong = Vec::new();
    for rule in RULES.iter().filter(|rule| matches!(rule.check, Check::Text(_))) {
        let text = documentation(rule);
        for (heading, expected) in [("Example", true), ("Use instead", false)] {
            let part = section(&text, heading);
            for block in blocks(&part).into_iter().filter(|block| block.kind == "dockerfile") {
                let flagged = !flagged_lines(rule, &block.text).is_empty();
                if flagged != expected {
                    wrong.push(format!("{} {heading}: flagged is {flagged}\n{}", rule.code, block.text));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn fixture(rule: &Rule) -> String {
    read(&root().join(format!("tests/rules/{}.md", rule.code)))
}

#[test]
fn every_rule_has_its_fixture() {
    let mut names = BTreeSet::new();
    for rule in RULES {
        let text = fixture(rule);
        let title = format!("# {} {}", rule.code, rule.name);
        assert_eq!(text.lines().next(), Some(title.as_str()), "{}", rule.code);
        let all = blocks(&text);
        let bad = all.iter().filter(|block| block.is_bad()).count();
        let good = all.iter().filter(|block| !block.is_bad()).count();
        assert!(bad > 0 && good > 0, "{}: {bad} bad and {good} good examples", rule.code);
        names.insert(format!("{}.md", rule.code));
    }
    for entry in fs::read_dir(root().join("tests/rules")).expect("fixtures") {
        let name = entry.expect("entry").file_name().into_string().expect("name");
        assert!(names.contains(&name), "{name} belongs to no rule");
    }
}

#[test]
fn every_fixture_holds() {
    let mut wrong = Vec::new();
    for rule in RULES {
        let text = fixture(rule);
        let all = blocks(&text);
        for (index, block) in all.iter().enumerate() {
            let before: Option<&Block> = index.checked_sub(1).and_then(|index| all.get(index));
            if let Err(why) = check_block(rule, block, before) {
                wrong.push(format!("{} line {}: {why}\n{}", rule.code, block.line, block.text));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// What is read as U+FFFD is something else in the file, and no fix writes it there.
#[test]
fn no_fix_replaces_what_is_not_utf_8() {
    let mut fixes = 0;
    for rule in RULES {
        let text = fixture(rule);
        let has_fix = |block: &&Block| {
            let judgement = judge(&block.text, &block.options);
            judgement.standing().any(|finding| finding.rule.code == rule.code && finding.fix.is_some())
        };
        for block in blocks(&text).iter().filter(|block| block.kind == "dockerfile").filter(has_fix) {
            for letter in block.text.bytes().filter(u8::is_ascii_alphabetic).collect::<BTreeSet<_>>() {
                let broken = |b| if b == letter { 0xff } else { b };
                let bytes: Vec<u8> = block.text.bytes().map(broken).collect();
                let judgement = judge_bytes(&bytes, &block.options);
                let own = judgement.standing().filter(|finding| finding.rule.code == rule.code);
                let fixed = fix(&bytes, own);
                let has_replacement = fixed.bytes.windows(3).any(|part| part == "\u{fffd}".as_bytes());
                assert!(!has_replacement, "{} line {}: {letter}", rule.code, block.line);
                fixes += fixed.made;
            }
        }
    }
    assert!(fixes > 100, "{fixes} fixes were made");
}

/// The number of root is no better than its name.
#[test]
fn root_is_told_to_take_another_number() {
    let judgement = judge("FROM a\nUSER app\nUSER root\n", &[]);
    let remedies: Vec<&str> =
        judgement.standing().filter(|f| f.rule.code == "IMG220").map(|f| f.remedy.as_str()).collect();
    assert_eq!(remedies.len(), 2);
    assert!(remedies[0].contains("create the account"), "{remedies:?}");
    assert_eq!(remedies[1], "use an unprivileged number such as 10001");
}

/// What cannot be expanded is named, but for what may be a secret.
#[test]
fn words_are_named_and_values_are_not() {
    for (line, expected) in [
        ("WORKDIR ${x", "WORKDIR: cannot expand the word \"${x\": syntax error: missing '}'"),
        ("ENV A=1 TOKEN=s3cret${x", "ENV: cannot expand the value of \"TOKEN\": syntax error: missing '}'"),
        (
            "ARG TOKEN=${x#s3cret\\q}",
            "ARG: cannot expand the value of \"TOKEN\": invalid pattern: escape '\\q'",
        ),
        ("ADD https://me:s3cret@host/${x /", "ADD: cannot expand the URL: syntax error: missing '}'"),
        ("COPY --chown=${x a b", "COPY: cannot expand the flag \"chown\": syntax error: missing '}'"),
    ] {
        let judgement = judge(&format!("FROM a\n{line}\n"), &[]);
        let told: Vec<&str> =
            judgement.standing().filter(|f| f.rule.code == "IMG001").map(|f| f.message.as_str()).collect();
        assert_eq!(told, [expected], "{line}");
    }
}
