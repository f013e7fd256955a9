//! `invalid-definition-description`.

use crate::dockerfile::Keyword;
use crate::rules::analysis::Analysis;
use crate::rules::analysis::Step;
use crate::rules::words::shown;
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports a comment above an `ARG` or a stage with a name that does not begin with that name. As this check is
    /// an experiment of BuildKit, it is made only where the file asks for it by `# check=experimental=`.
    ///
    /// ## Why is this bad?
    /// BuildKit shows these comments as the description of arguments and targets, and finds them by the name.
    ///
    /// ## Example
    /// ```dockerfile
    /// # check=experimental=InvalidDefinitionDescription
    /// # the version of Debian
    /// ARG TAG=12
    /// FROM debian:$TAG
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// # check=experimental=InvalidDefinitionDescription
    /// # TAG is the version of Debian
    /// ARG TAG=12
    /// FROM debian:$TAG
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/build-checks/invalid-definition-description/>
    IMG226 "invalid-definition-description" {
        level: Info,
        items: [BestPractice],
        aliases: ["InvalidDefinitionDescription"],
        remedy: "begin the comment with the name, or put an ARG or a stage of its own below it",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    let Some(check) = file.file.directives.check.as_ref().filter(|check| is_asked_for(&check.value)) else {
        return;
    };
    let comments = &file.file.comments;
    let mut behind = check.line;
    for step in &file.steps {
        let Some(instruction) = file.file.instructions.get(step.index) else { continue };
        let next = comments.partition_point(|comment| comment.line < instruction.line);
        let comment = next.checked_sub(1).and_then(|last| comments.get(last)).filter(|c| c.line > behind);
        behind = instruction.end_line;
        let (Some(comment), Some(name)) = (comment, name(file, step)) else { continue };
        let first = comment.text.split_whitespace().next().unwrap_or_default();
        if first != name {
            let mut place = file.place(step);
            place.region = Some(file.region(comment.span));
            found.add(place, format!("the comment above {} does not begin with that name", shown(&name)));
        }
    }
}

fn is_asked_for(check: &str) -> bool {
    let options = check.split(';').filter_map(|option| option.split_once('='));
    let names = options.filter(|(key, _)| key.trim().eq_ignore_ascii_case("experimental"));
    let mut names = names.flat_map(|(_, names)| names.split(',').map(str::trim));
    names.any(|name| name.eq_ignore_ascii_case("all") || name == "InvalidDefinitionDescription")
}

/// What an instruction defines, where that is one thing.
fn name(file: &Analysis<'_>, step: &Step<'_>) -> Option<String> {
    match step.instruction.keyword {
        Keyword::Arg if !step.onbuild => {
            let pairs = step.instruction.pairs(file.escape()).ok()?;
            let [pair] = pairs.as_slice() else { return None };
            Some(pair.name.clone())
        }
        Keyword::From => file.from_words(step)?.name.map(|name| name.text),
        _ => None,
    }
}
