//! What goes to ShellCheck, and what comes back. Running it is somebody else's affair.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::analysis::{Analysis, Body, Step};
use super::found::Found;
use super::registry::reading::shell_script_problem;
use super::{Finding, Level};
use crate::dockerfile::Keyword;

/// A script as ShellCheck gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShellScript {
    /// Lines of ours that say which shell it is and which variables are set, then the script.
    pub text: String,
    /// How many lines are ours.
    preamble: usize,
}

/// One remark of ShellCheck, as `--format json1` has it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Remark {
    line: usize,
    end_line: usize,
    column: usize,
    end_column: usize,
    level: String,
    code: u32,
    message: String,
}

/// What `shellcheck --format json1` prints.
#[derive(Debug, Deserialize)]
pub struct Remarks {
    /// In the order of the script.
    pub comments: Vec<Remark>,
}

/// The scripts of every `RUN`, here-documents included, in the order of the file.
pub fn shell_scripts(file: &Analysis<'_>) -> Vec<ShellScript> {
    bodies(file).map(|(step, body)| script(file, step, body)).collect()
}

/// Adds what ShellCheck said of each of [`shell_scripts`], in their order.
pub fn shell_findings(file: &Analysis<'_>, remarks: &[Vec<Remark>], findings: &mut Vec<Finding>) {
    let mut found = Found::new(&shell_script_problem::RULE, findings);
    for ((step, body), remarks) in bodies(file).zip(remarks) {
        let preamble = script(file, step, body).preamble;
        for remark in remarks {
            let start = offset(&body.text, remark.line, remark.column, preamble);
            let end = offset(&body.text, remark.end_line, remark.end_column, preamble).max(start);
            let level = match remark.level.as_str() {
                "error" | "warning" => Level::Warning,
                _ => Level::Info,
            };
            let code = format!("SC{:04}", remark.code);
            found
                .add(file.place_at(step, step.span(body, start..end)), &remark.message)
                .remedy(format!("see https://www.shellcheck.net/wiki/{code}"))
                .known_as(code)
                .level(level);
        }
    }
}

fn bodies<'f, 'a>(file: &'f Analysis<'a>) -> impl Iterator<Item = (&'f Step<'a>, &'f Body)> {
    file.of(Keyword::Run).flat_map(|step| step.bodies.iter().map(move |body| (step, body)))
}

fn script(file: &Analysis<'_>, step: &Step<'_>, body: &Body) -> ShellScript {
    let program = step.shell.first().map_or("sh", |program| program.rsplit('/').next().unwrap_or(program));
    let dialect = match program {
        "bash" | "dash" | "ksh" => program,
        "ash" | "busybox" => "dash",
        _ => "sh",
    };
    let is_name = |name: &&str| {
        name.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let scope = file.scopes.at(step.index);
    let known = scope.variables();
    let names: BTreeSet<&str> = known.keys().copied().filter(is_name).collect();
    // ShellCheck cannot know what ARG and ENV set.
    let names = names.into_iter().map(|name| format!(" {name}=")).collect::<String>();
    let export = if names.is_empty() { ":".to_owned() } else { format!("export{names}") };
    ShellScript { text: format!("#!/bin/{dialect}\n{export}\n{}\n", body.text), preamble: 2 }
}

/// The byte of `text` at a line and a column of the script, both 1-based; a column is a character.
fn offset(text: &str, line: usize, column: usize, preamble: usize) -> usize {
    let Some(index) = line.checked_sub(preamble + 1) else { return 0 };
    let start = text.split_inclusive('\n').take(index).map(str::len).sum::<usize>();
    let rest = text.get(start..).unwrap_or_default();
    let column = rest.char_indices().nth(column.saturating_sub(1)).map_or(rest.len(), |(at, _)| at);
    start + column
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::parse;
    use crate::rules::Expectations;

    #[test]
    fn remarks_come_back_to_their_place() {
        let text = "FROM alpine:3.20\nARG version\nRUN echo hello && \\\n    # a remark\n    echo $version\nRUN <<EOF\necho ä $x\nEOF\n";
        let file = parse(text.as_bytes());
        let expectations = Expectations::default();
        let analysis = Analysis::new("Dockerfile", text.as_bytes(), &file, &expectations);
        let scripts = shell_scripts(&analysis);
        let texts: Vec<_> = scripts.iter().map(|script| script.text.as_str()).collect();
        assert_eq!(texts.len(), 3, "{texts:?}");
        assert_eq!(texts[0], "#!/bin/sh\nexport version=\necho hello &&     echo $version\n");
        let remark = |line, column, end_column| {
            let json = serde_json::json!({
                "line": line, "endLine": line, "column": column, "endColumn": end_column, "level": "info",
                "code": 2086, "message": "Double quote it.",
            });
            serde_json::from_value::<Remark>(json).unwrap()
        };
        let mut findings = Vec::new();
        let remarks = [vec![remark(3, 24, 32)], vec![], vec![remark(3, 8, 10)]];
        shell_findings(&analysis, &remarks, &mut findings);
        let shown: Vec<_> = findings
            .iter()
            .map(|finding| {
                let region = finding.place.region.unwrap();
                let text = String::from_utf8_lossy(region.span.of(text.as_bytes())).into_owned();
                (finding.place.line, region.start.line, text, finding.aliases().join(" "))
            })
            .collect();
        let code = || "SC2086".to_owned();
        assert_eq!(shown, [(3, 5, "$version".to_owned(), code()), (6, 7, "$x".to_owned(), code())]);
    }
}
