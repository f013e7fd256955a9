//! The pages below `docs/rules/`: one for each rule, and a table of all.

use crate::rules::registry::RULES;
use crate::rules::{Check, Rule, documentation};

/// The page of `rule` in Markdown, for `docs/rules/CODE.md`.
pub fn page(rule: &Rule) -> String {
    let documentation = documentation(rule);
    let text = documentation.trim();
    let facts = facts(rule);
    let facts: String = facts.iter().map(|(label, value)| format!("- {label}: {value}\n")).collect();
    let waivers = waivers(rule);
    let waivers =
        waivers.iter().map(|(words, language, code)| format!("{words}:\n\n```{language}\n{code}\n```\n"));
    let waivers = waivers.collect::<Vec<_>>().join("\n");
    format!("# {} {}\n\n{facts}\n{text}\n\n## How to waive it\n{waivers}", rule.code, rule.name)
}

/// The table of all rules in Markdown, for `docs/rules/README.md`; it links to their pages.
pub fn index() -> String {
    let mut text = "# Rules\n\n\
        What `imgbuild check` finds. `imgbuild explain ID` shows the same in a terminal; an ID is a code, a name or what \
        another\ntool calls the rule. The numbers of practices are those of the scorecard.\n\n\
        | code | name | level | practices | also called |\n|---|---|---|---|---|\n"
        .to_owned();
    for rule in RULES {
        let items: Vec<String> = rule.items.iter().map(|item| item.number().to_string()).collect();
        let (code, name, level) = (rule.code, rule.name, rule.level);
        let row = format!(
            "| [{code}]({code}.md) | {name} | {level} | {} | {} |\n",
            items.join(", "),
            aliases(rule)
        );
        text += &row;
    }
    text
}

/// What is known of a rule apart from its documentation: labels and values.
pub(super) fn facts(rule: &Rule) -> Vec<(&'static str, String)> {
    let items = rule.items.iter().map(|item| format!("{} ({})", item.number(), item.title()));
    let items = items.collect::<Vec<_>>().join(", ");
    let judged = match rule.check {
        Check::Text(_) => "Dockerfiles",
        Check::Base(_) => "Dockerfiles, with what registries say of base images",
        Check::Context(_) => "the build context as it is sent",
        Check::Git(_) => "the build context by what git says of it",
        Check::Image(_) => "the image that was built",
        Check::Layers(_) => "the files in the layers of the image that was built",
        Check::Running(_) => "running containers of the image that was built",
        Check::Builder => "Dockerfiles, by the builder's own checks",
        Check::Reading => "files and waivers while they are read",
    };
    let facts = [
        ("level", rule.level.to_string()),
        ("practices", items),
        ("judges", judged.to_owned()),
        ("also called", aliases(rule)),
        ("remedy", rule.remedy.to_owned()),
    ];
    facts.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

/// The ways to accept a finding: what to say, the language, and the code.
pub(super) fn waivers(rule: &Rule) -> Vec<(&'static str, &'static str, String)> {
    let code = rule.code;
    let inline = matches!(rule.check, Check::Text(_) | Check::Base(_) | Check::Builder | Check::Reading);
    let comment = (
        "On the line above the instruction",
        "dockerfile",
        format!("# imgbuild ignore={code} reason=\"why it is fine here\" until=2030-12-31"),
    );
    let table = (
        "In `imgbuild.toml`",
        "toml",
        format!(
            "[[checks.ignore]]\nrule = \"{code}\"\nreason = \"why it is fine here\"\nuntil = \"2030-12-31\""
        ),
    );
    let all = [inline.then_some(comment), Some(table)];
    all.into_iter().flatten().collect()
}

fn aliases(rule: &Rule) -> String {
    rule.aliases.join(", ")
}
