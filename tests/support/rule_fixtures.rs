//! Fixtures of rules: Markdown whose fenced blocks are judged.

use std::collections::{BTreeMap, BTreeSet};

use imgbuild::config::model::Date;
use imgbuild::dockerfile::parse;
use imgbuild::rules::facts::BaseFacts;
use imgbuild::rules::registry::reading::shell_script_problem;
use imgbuild::rules::waiver::inline_waivers;
use imgbuild::rules::{
    Analysis, BuilderRemark, Expectations, Fact, FileWaivers, Finding, Found, InlineTrust, Judgement, Place,
    Regime, Rule, Verdicts, fix, settle,
};

use super::{
    rule_fixtures_base, rule_fixtures_context, rule_fixtures_image, rule_fixtures_layers,
    rule_fixtures_running,
};

/// A fenced block.
pub(crate) struct Block {
    /// The first word behind the fence.
    pub(crate) kind: String,
    /// The other words behind the fence.
    pub(crate) options: Vec<String>,
    /// What is inside, with a final newline.
    pub(crate) text: String,
    /// The line of the fence, from 1.
    pub(crate) line: usize,
}

impl Block {
    /// Whether something in it is flagged.
    pub(crate) fn is_bad(&self) -> bool {
        let is_flagged = |option: &String| option.split('=').next() == Some("flagged");
        self.text.contains("# error: [") || self.options.iter().any(is_flagged)
    }
}

/// The fenced blocks of a Markdown text.
pub(crate) fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = false;
    for (index, line) in text.lines().enumerate() {
        match (line.strip_prefix("```"), open) {
            (Some(_), true) => open = false,
            (Some(words), false) => {
                open = true;
                let mut words = words.split_whitespace().map(str::to_owned);
                blocks.push(Block {
                    kind: words.next().unwrap_or_default(),
                    options: words.collect(),
                    text: String::new(),
                    line: index + 1,
                });
            }
            (None, true) => {
                let block = blocks.last_mut().expect("a fence was opened");
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, false) => {}
        }
    }
    assert!(!open, "a fence is not closed");
    blocks
}

/// The findings on a Dockerfile, judged with everything that its text alone decides.
pub(crate) fn judge(text: &str, options: &[String]) -> Judgement {
    judge_bytes(text.as_bytes(), options)
}

/// The same of a file that need not be UTF-8.
pub(crate) fn judge_bytes(bytes: &[u8], options: &[String]) -> Judgement {
    judge_with(bytes, options, &Fact::Missing("no registry in this test".to_owned()))
}

/// The same with its base images.
fn judge_with(bytes: &[u8], options: &[String], bases: &Fact<BaseFacts>) -> Judgement {
    let file = parse(bytes);
    let mut expectations = Expectations::default();
    for option in options {
        match option.split_once('=') {
            Some(("trusted", list)) => {
                expectations.trusted_registries = list.split(',').map(str::to_owned).collect();
            }
            Some(("allow-services", list)) => {
                expectations.allow_services = list.split(',').map(str::to_owned).collect();
            }
            Some(("context", context)) => {
                let (name, value) = context.split_once('=').expect("name=value");
                expectations.contexts.insert(name.to_owned(), value.to_owned());
            }
            Some(("target", stage)) => expectations.target = Some(stage.to_owned()),
            Some(("tests", answer)) => expectations.has_tests = Some(answer == "yes"),
            _ => {}
        }
    }
    let mut regime = regime(options);
    let analysis = Analysis::new("Dockerfile", bytes, &file, &expectations);
    let mut verdicts = Verdicts::default();
    verdicts.of_file(&analysis, bases);
    for option in options.iter().filter_map(|option| option.strip_prefix("shellcheck=")) {
        let (code, line) = option.split_once('@').expect("code@line");
        let line = line.parse().expect("a line");
        let place = Place { line, column: 1, ..Place::file("Dockerfile") };
        Found::new(&shell_script_problem::RULE, &mut verdicts.findings)
            .add(place, "a problem")
            .known_as(code);
    }
    let told = options.iter().filter_map(|option| option.strip_prefix("builder="));
    let remark = |(check, line): (&str, &str)| BuilderRemark {
        line: line.parse().expect("a line"),
        check: Some(check.to_owned()),
        message: "a problem".to_owned(),
        url: String::new(),
    };
    let remarks: Vec<_> = told.map(|option| remark(option.split_once('@').expect("check@line"))).collect();
    verdicts.of_builder(&analysis, &remarks);
    let inline = inline_waivers("Dockerfile", bytes, &file);
    // The base branch has those waivers of the file whose rules the option names.
    if let Some(rules) = options.iter().find_map(|option| option.strip_prefix("base-has=")) {
        let of_base = inline.waivers.iter().filter(|waiver| rules.split(',').any(|rule| rule == waiver.rule));
        let known = of_base.map(|waiver| (waiver.key(), 1)).collect();
        regime.inline = InlineTrust::Only(BTreeMap::from([("Dockerfile".to_owned(), known)]));
    }
    let waivers = FileWaivers { path: "Dockerfile".to_owned(), inline };
    settle(verdicts, vec![waivers], &regime)
}

/// A policy, and the waivers of a base branch, out of a block's options. The day is the first of June 2026.
fn regime(options: &[String]) -> Regime {
    let mut regime = Regime { today: Some(Date { year: 2026, month: 6, day: 1 }), ..Regime::default() };
    let policy = &mut regime.policy;
    policy.source = "the policy".to_owned();
    for (key, value) in options.iter().filter_map(|option| option.split_once('=')) {
        let list = || value.split(',').map(str::to_owned);
        match key {
            "require" => policy.required.extend(list()),
            "most-days" => policy.most_days = Some(value.parse().expect("days")),
            "most-waivers" => policy.most_waivers = Some(value.parse().expect("a number")),
            "waivable" => policy.waivable.push(list().collect()),
            _ => {}
        }
    }
    regime
}

/// The lines that `rule` flags.
pub(crate) fn flagged_lines(rule: &Rule, text: &str) -> BTreeSet<u32> {
    findings(rule, &judge(text, &[])).iter().map(|finding| finding.place.line).collect()
}

fn findings<'a>(rule: &Rule, judgement: &'a Judgement) -> Vec<&'a Finding> {
    judgement.standing().filter(|finding| finding.rule.code == rule.code).collect()
}

/// Judges a block, and compares with its markers; a `fixed` block with the fixes of the block before it.
pub(crate) fn check_block(rule: &Rule, block: &Block, before: Option<&Block>) -> Result<(), String> {
    match block.kind.as_str() {
        "dockerfile" if block.options.iter().any(|option| option == "fixed") => fixed(rule, block, before),
        "context" => rule_fixtures_context::check(rule, block),
        "dockerfile" => dockerfile(rule, block, &judge(&block.text, &block.options)),
        "base" => {
            let (bases, text) = rule_fixtures_base::read(block)?;
            let judgement = judge_with(text.as_bytes(), &block.options, &Fact::Known(bases));
            let (kind, options) = (block.kind.clone(), block.options.clone());
            dockerfile(rule, &Block { kind, options, text, line: block.line }, &judgement)
        }
        "image" => rule_fixtures_image::check(rule, block),
        "layers" => rule_fixtures_layers::check(rule, block),
        "running" => rule_fixtures_running::check(rule, block),
        other => Err(format!("blocks of the kind {other:?} are not judged")),
    }
}

fn dockerfile(rule: &Rule, block: &Block, judgement: &Judgement) -> Result<(), String> {
    let marker = format!("# error: [{}]", rule.code);
    let mut expected = BTreeSet::new();
    let lines: Vec<&str> = block.text.lines().collect();
    for (index, line) in lines.iter().enumerate().filter(|(_, line)| line.trim() == marker) {
        // A waiver is flagged itself; other comments are none of the rules' business.
        let is_flagged = |line: &str| {
            !line.starts_with('#') || line.starts_with("# imgbuild") || line.starts_with("# hadolint")
        };
        let next = lines.iter().enumerate().skip(index + 1).find(|(_, line)| is_flagged(line));
        let (at, _) = next.ok_or_else(|| format!("nothing follows {line}"))?;
        expected.insert(u32::try_from(at + 1).expect("lines"));
    }
    let found = findings(rule, judgement);
    for finding in &found {
        let message = &finding.message;
        if message.is_empty()
            || message.starts_with(char::is_uppercase) && !message.starts_with(char::is_alphanumeric)
        {
            return Err(format!("no lowercase fragment: {message}"));
        }
    }
    let unfixed = block.options.iter().any(|option| option == "unfixed");
    if let Some(finding) = found.iter().find(|finding| unfixed && finding.fix.is_some()) {
        return Err(format!("line {} offers a fix", finding.place.line));
    }
    let got: BTreeSet<u32> = found.iter().map(|finding| finding.place.line).collect();
    if got != expected {
        let messages: Vec<_> = found.iter().map(|f| format!("{}: {}", f.place.line, f.message)).collect();
        return Err(format!("flagged {got:?}, expected {expected:?}: {}", messages.join("; ")));
    }
    if got.len() != found.len() && !block.options.iter().any(|option| option == "several") {
        return Err("more than one finding on a line".to_owned());
    }
    Ok(())
}

fn fixed(rule: &Rule, block: &Block, before: Option<&Block>) -> Result<(), String> {
    let before = before.ok_or("nothing stands before the fixed file")?;
    let judgement = judge(&before.text, &before.options);
    let own = judgement.standing().filter(|finding| finding.rule.code == rule.code);
    let fixed = fix(before.text.as_bytes(), own);
    let got = String::from_utf8_lossy(&fixed.bytes).into_owned();
    if got != block.text || fixed.left > 0 {
        return Err(format!("fixed to\n{got}with {} left, expected", fixed.left));
    }
    let again = judge(&got, &before.options);
    match findings(rule, &again).first() {
        Some(finding) => Err(format!("still flagged after the fix: {}", finding.message)),
        None => Ok(()),
    }
}
