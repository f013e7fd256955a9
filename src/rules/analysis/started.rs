//! What the container starts.

use super::{Analysis, Step};
use crate::dockerfile::shell::{self, Command, Script};
use crate::dockerfile::{BaseImage, Form, Keyword, Span};

/// What `CMD`, `ENTRYPOINT` or `HEALTHCHECK CMD` start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start<'a> {
    /// The words of a program: no shell looks at them.
    Exec(Vec<String>),
    /// A text for the shell in force; may be empty.
    Shell(&'a str),
}

impl<'a> Analysis<'a> {
    /// What a step starts when a container runs; `None` where it is no `CMD`, `ENTRYPOINT` or `HEALTHCHECK CMD`.
    pub fn start(&self, step: &Step<'a>) -> Option<Start<'a>> {
        let arguments = step.instruction.arguments.as_str();
        let text = match step.instruction.keyword {
            Keyword::Cmd | Keyword::Entrypoint => arguments,
            Keyword::Healthcheck => {
                let head = arguments.find(char::is_whitespace).unwrap_or(arguments.len());
                let (kind, rest) = arguments.split_at(head);
                kind.eq_ignore_ascii_case("CMD").then_some(rest.trim())?
            }
            _ => return None,
        };
        Some(match Form::of(text) {
            Form::Exec(words) => Start::Exec(words),
            _ => Start::Shell(text),
        })
    }

    /// The `CMD` and the `ENTRYPOINT` of the image that is built: the last of each, its own or of a stage that it
    /// continues, and the last of each that it has for the images that are built from it (`ONBUILD`). What is longer than
    /// a line may be for a builder is left out.
    pub fn starters(&self) -> Vec<&Step<'a>> {
        const LONGEST: usize = 65_535;
        let stages = self.target().map(|target| self.graph.chain(target)).unwrap_or_default();
        let mut last: [Option<&Step<'a>>; 4] = [None; 4];
        for step in stages.iter().flat_map(|stage| self.of_stage(*stage)) {
            let slot = match (step.instruction.keyword, step.onbuild) {
                (Keyword::Entrypoint, false) => 0,
                (Keyword::Cmd, false) => 1,
                (Keyword::Entrypoint, true) => 2,
                (Keyword::Cmd, true) => 3,
                _ => continue,
            };
            if let Some(slot) = last.get_mut(slot) {
                *slot = Some(step);
            }
        }
        let mut starters: Vec<_> = last.into_iter().flatten().collect();
        starters.retain(|step| step.instruction.arguments.len() <= LONGEST);
        starters.sort_by_key(|step| step.index);
        starters
    }

    /// The commands that a step starts, those of `sh -c` strings too. Of the JSON form, ranges mean nothing: see
    /// [`started_span`](Self::started_span).
    pub fn started(&self, step: &Step<'a>) -> Script {
        match self.start(step) {
            Some(Start::Exec(words)) => {
                let text = quoted(&words);
                shell::parse(&text).with_inner(&text)
            }
            Some(Start::Shell(_)) => match step.bodies.first() {
                Some(body) => body.script.clone().with_inner(&body.text),
                None => Script::default(),
            },
            None => Script::default(),
        }
    }

    /// Where a command that a step starts is written; the whole of the arguments in the JSON form.
    pub fn started_span(&self, step: &Step<'a>, command: &Command) -> Span {
        match (self.start(step), step.bodies.first()) {
            (Some(Start::Shell(_)), Some(body)) => step.span(body, command.range.clone()),
            _ => step.instruction.place(0..step.instruction.arguments.len()),
        }
    }

    /// The stage that a stage continues, where it is one of the file.
    pub fn parent(&self, stage: usize) -> Option<usize> {
        match self.graph.bases.get(stage) {
            Some(BaseImage::Stage(parent)) => Some(*parent),
            _ => None,
        }
    }
}

/// Words as a shell would have to be told them.
fn quoted(words: &[String]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("'{}'", word.replace('\'', r"'\''"))).collect();
    quoted.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_json_form_stay_words() {
        let words = ["sh", "-c", "a 'b' && c", "x & y"].map(str::to_owned);
        let text = quoted(&words);
        let script = shell::parse(&text).with_inner(&text);
        let names: Vec<_> = script.commands.iter().map(|command| command.raw_name().to_owned()).collect();
        assert_eq!(names, ["sh", "a", "c"]);
        assert_eq!(script.commands[0].words[3].text, "x & y");
    }
}
