//! What goes to ShellCheck, and what comes back. Running it is somebody else's affair.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::Deserialize;

use super::analysis::{Analysis, Body, Step};
use super::found::Found;
use super::registry::reading::shell_script_problem;
use super::{Finding, Level};
use crate::dockerfile::{Keyword, Span};

/// A script as ShellCheck gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShellScript {
    /// Lines of ours that say which shell it is and which variables are set, then the script.
    pub text: String,
    /// Where each line behind ours stands.
    lines: Vec<Origin>,
}

/// Where the text of a line begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// At this byte of the instruction's shell.
    Shell(usize),
    /// At this byte of the file.
    File(usize),
}

/// How many lines of a script are ours.
const PREAMBLE: usize = 2;

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

/// The scripts of every `RUN` in the order of the file: its shell with the here-documents that feed it, or the
/// here-document that is the script.
pub fn shell_scripts(file: &Analysis<'_>) -> Vec<ShellScript> {
    scripts(file).map(|(_, script)| script).collect()
}

/// Adds what ShellCheck said of each of [`shell_scripts`], in their order.
pub fn shell_findings(file: &Analysis<'_>, remarks: &[Vec<Remark>], findings: &mut Vec<Finding>) {
    let mut found = Found::new(&shell_script_problem::RULE, findings);
    for ((step, script), remarks) in scripts(file).zip(remarks) {
        let lines: Vec<&str> = script.text.split('\n').skip(PREAMBLE).collect();
        let at = |line: usize, column: usize| {
            let index = line.saturating_sub(PREAMBLE + 1).min(script.lines.len().saturating_sub(1));
            let text = lines.get(index).copied().unwrap_or_default();
            let column = if line > PREAMBLE { column.saturating_sub(1) } else { 0 };
            let offset = text.char_indices().nth(column).map_or(text.len(), |(at, _)| at);
            match script.lines.get(index) {
                Some(Origin::File(start)) => Origin::File(start + offset),
                Some(Origin::Shell(start)) => Origin::Shell(start + offset),
                None => Origin::Shell(0),
            }
        };
        for remark in remarks {
            let start = at(remark.line, remark.column);
            let span = span(step, start, at(remark.end_line, remark.end_column));
            let level = match remark.level.as_str() {
                "error" | "warning" => Level::Warning,
                _ => Level::Info,
            };
            let code = format!("SC{:04}", remark.code);
            found
                .add(file.place_at(step, span), &remark.message)
                .remedy(format!("see https://www.shellcheck.net/wiki/{code}"))
                .known_as(code)
                .level(level);
        }
    }
}

/// The bytes of the file between two places of a script.
fn span(step: &Step<'_>, start: Origin, end: Origin) -> Span {
    let shell = |range| step.bodies.first().map_or_else(Span::default, |body| step.span(body, range));
    if let (Origin::Shell(start), Origin::Shell(end)) = (start, end) {
        return shell(start..end.max(start));
    }
    let byte = |origin| match origin {
        Origin::Shell(at) => shell(at..at).start,
        Origin::File(at) => at.min(step.instruction.span.end),
    };
    Span { start: byte(start), end: byte(end).max(byte(start)) }
}

fn scripts<'f, 'a>(file: &'f Analysis<'a>) -> impl Iterator<Item = (&'f Step<'a>, ShellScript)> {
    file.of(Keyword::Run)
        .flat_map(move |step| of_step(file, step).into_iter().map(move |script| (step, script)))
}

fn of_step(file: &Analysis<'_>, step: &Step<'_>) -> Vec<ShellScript> {
    let heredocs = &step.instruction.heredocs;
    let Some((shell, documents)) = step.bodies.split_first() else { return Vec::new() };
    // The shell in force is the one that runs it.
    let program = step.shell.first().map_or("sh", String::as_str);
    if heredocs.is_empty() || documents.is_empty() {
        let mut script = begin(file, step, program);
        script.shell(shell);
        for heredoc in heredocs {
            script.document(file.bytes, heredoc.body);
            script.line(&heredoc.name, Origin::File(heredoc.body.end));
        }
        return vec![script];
    }
    let scripts = heredocs.iter().filter_map(|heredoc| {
        // One that names its interpreter is run by that.
        let program = interpreter(heredoc.body.of(file.bytes)).unwrap_or_else(|| program.to_owned());
        let is_shell = matches!(base(&program), "sh" | "bash" | "dash" | "ksh" | "ash" | "busybox");
        let is_shell = is_shell || step.shell.first() == Some(&program);
        is_shell.then(|| {
            let mut script = begin(file, step, &program);
            script.document(file.bytes, heredoc.body);
            script
        })
    });
    scripts.collect()
}

fn base(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or(program)
}

/// The program behind `#!`, or behind `#!/usr/bin/env`.
fn interpreter(body: &[u8]) -> Option<String> {
    let line = body.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    let line = String::from_utf8_lossy(line);
    let mut words = line.split_whitespace();
    let first = words.next().unwrap_or_default();
    let is_env = base(first) == "env";
    Some(words.find(|word| is_env && !word.starts_with('-')).unwrap_or(first).to_owned())
}

/// A script without its own lines.
fn begin(file: &Analysis<'_>, step: &Step<'_>, program: &str) -> ShellScript {
    let dialect = match base(program) {
        program @ ("bash" | "dash" | "ksh") => program,
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
    // ShellCheck cannot know what ARG and ENV set. Quotes, since it takes `a= b=` for a slip (SC1007).
    let names = names.into_iter().map(|name| format!(" {name}=''")).collect::<String>();
    let export = if names.is_empty() { ":".to_owned() } else { format!("export{names}") };
    ShellScript { text: format!("#!/bin/{dialect}\n{export}\n"), lines: Vec::new() }
}

impl ShellScript {
    fn shell(&mut self, body: &Body) {
        let mut at = 0;
        for line in body.text.split('\n') {
            self.line(line, Origin::Shell(at));
            at += line.len() + 1;
        }
    }

    fn document(&mut self, file: &[u8], body: Span) {
        let mut at = body.start;
        for line in body.of(file).split_inclusive(|byte| *byte == b'\n') {
            let text = line.strip_suffix(b"\n").unwrap_or(line);
            let text = text.strip_suffix(b"\r").unwrap_or(text);
            let mut shown = String::with_capacity(text.len());
            for chunk in text.utf8_chunks() {
                shown.push_str(chunk.valid());
                // As long as what it stands for, so that the rest keeps its place.
                shown.extend(chunk.invalid().iter().map(|_| '?'));
            }
            self.line(&shown, Origin::File(at));
            at += line.len();
        }
    }

    fn line(&mut self, text: &str, origin: Origin) {
        self.text.push_str(&without_directive(text));
        self.text.push('\n');
        self.lines.push(origin);
    }
}

/// A line whose `# shellcheck …` is none, and as long as before: ShellCheck would obey it, and it is no waiver whose
/// trust was looked at.
fn without_directive(line: &str) -> Cow<'_, str> {
    const WORD: &str = "shellcheck";
    let mut out = Cow::Borrowed(line);
    for (at, _) in line.match_indices(WORD) {
        let before = line.get(..at).unwrap_or_default().trim_end_matches([' ', '\t', '\u{a0}']);
        if before.ends_with('#') {
            out.to_mut().replace_range(at..at + WORD.len(), "shell-hint");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::parse;
    use crate::rules::Expectations;

    #[test]
    fn remarks_come_back_to_their_place() {
        let text = "FROM alpine:3.20\nARG version\nRUN echo hello && \\\n    # a remark\n    echo $version\nRUN <<EOF\necho ä $x\nEOF\nRUN cat <<A $x <<-B > /x\na $y\r\nA\n\tb\n\tB\n";
        let file = parse(text.as_bytes());
        let expectations = Expectations::default();
        let analysis = Analysis::new("Dockerfile", text.as_bytes(), &file, &expectations);
        let scripts = shell_scripts(&analysis);
        let texts: Vec<_> = scripts.iter().map(|script| script.text.as_str()).collect();
        assert_eq!(
            texts,
            [
                "#!/bin/sh\nexport version=''\necho hello &&     echo $version\n",
                "#!/bin/sh\nexport version=''\necho ä $x\n",
                "#!/bin/sh\nexport version=''\ncat <<A $x <<-B > /x\na $y\nA\n\tb\nB\n",
            ]
        );
        let remark = |line, column, end_column| {
            let json = serde_json::json!({
                "line": line, "endLine": line, "column": column, "endColumn": end_column, "level": "info",
                "code": 2086, "message": "Double quote it.",
            });
            serde_json::from_value::<Remark>(json).unwrap()
        };
        let mut findings = Vec::new();
        let remarks = [
            vec![remark(3, 24, 32)],
            vec![remark(3, 8, 10)],
            vec![remark(3, 9, 11), remark(4, 3, 5), remark(6, 2, 3), remark(99, 1, 2), remark(1, 1, 2)],
        ];
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
        let expected = [
            (3, 5, "$version"),
            (6, 7, "$x"),
            (9, 9, "$x"),
            (9, 10, "$y"),
            (9, 12, "b"),
            (9, 13, "\t"),
            (9, 9, ""),
        ];
        assert_eq!(shown, expected.map(|(line, start, text)| (line, start, text.to_owned(), code())));
    }

    fn texts(text: &[u8]) -> Vec<String> {
        let file = parse(text);
        let expectations = Expectations::default();
        let analysis = Analysis::new("Dockerfile", text, &file, &expectations);
        shell_scripts(&analysis).into_iter().map(|script| script.text).collect()
    }

    #[test]
    fn documents_go_with_the_shell_that_they_feed() {
        let one = |text: &str| texts(format!("FROM a\n{text}").as_bytes());
        assert_eq!(one("RUN <<'EOT' bash\na\nEOT\n"), ["#!/bin/sh\n:\n<<'EOT' bash\na\nEOT\n"]);
        assert_eq!(one("ONBUILD RUN cat <<E\nE\n"), ["#!/bin/sh\n:\ncat <<E\nE\n"]);
        assert_eq!(
            one("RUN <<E\n#!/usr/bin/env -S bash -e\na\nE\n"),
            ["#!/bin/bash\n:\n#!/usr/bin/env -S bash -e\na\n"]
        );
        assert!(one("RUN <<E\n#!/usr/bin/python3\nimport x\nE\n").is_empty());
        assert_eq!(texts(b"FROM a\nRUN <<E\na \xff\xfe b\r\nE\n"), ["#!/bin/sh\n:\na ?? b\n"]);
    }

    #[test]
    fn directives_in_a_script_are_none() {
        let of = |text: &str| texts(format!("FROM a\nRUN <<E\n{text}\nE\n").as_bytes()).concat();
        for line in
            ["# shellcheck disable=SC2086", "\t#shellcheck  source=x", "a # \t shellcheck disable=all"]
        {
            let made = of(line);
            assert!(!made.contains("shellcheck") && made.contains("shell-hint"), "{made}");
            assert_eq!(made.len(), "#!/bin/sh\n:\n\n".len() + line.len());
        }
        assert!(of("apk add shellcheck # for shellcheck").contains("add shellcheck # for shellcheck"));
        assert!(texts(b"FROM a\nRUN a # shellcheck disable=SC2086\n").concat().contains("shell-hint"));
    }
}
