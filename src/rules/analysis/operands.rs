//! The words that instructions name things by.

use super::{Analysis, Step};
use crate::dockerfile::{Form, Span};
use crate::rules::words::unquoted;

/// A word of an instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operand {
    /// Quotes and escapes removed, variables as written.
    pub text: String,
    /// The bytes of the file that it is written in; of the JSON form all of it.
    pub span: Span,
}

/// What a `COPY` or an `ADD` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// At least one; `<<NAME` stands for a here-document.
    pub sources: Vec<Operand>,
    /// The last word.
    pub destination: Operand,
}

/// The words of a `FROM`, as they are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FromWords {
    /// The image or stage.
    pub base: Operand,
    /// The word `AS`, in whatever case.
    pub keyword: Option<Operand>,
    /// The stage's name, in whatever case.
    pub name: Option<Operand>,
}

impl<'a> Analysis<'a> {
    /// The file's escape character.
    pub fn escape(&self) -> char {
        self.file.directives.escape
    }

    /// The words of a step, of the JSON form where it is one that the instruction takes.
    pub fn operands(&self, step: &Step<'_>) -> Vec<Operand> {
        let instruction = step.instruction;
        if let Form::Exec(words) = instruction.form() {
            let span = instruction.place(0..instruction.arguments.len());
            return words.into_iter().map(|text| Operand { text, span }).collect();
        }
        let words = instruction.word_ranges(self.escape()).into_iter();
        words
            .map(|(word, range)| Operand {
                text: unquoted(&word, self.escape()),
                span: instruction.place(range),
            })
            .collect()
    }

    /// Sources and destination of a `COPY` or an `ADD`; `None` where one is missing.
    pub fn transfer(&self, step: &Step<'_>) -> Option<Transfer> {
        let mut sources = self.operands(step);
        let destination = sources.pop()?;
        (!sources.is_empty()).then_some(Transfer { sources, destination })
    }

    /// The `FROM` of a stage.
    pub fn from_of(&self, stage: usize) -> Option<&Step<'a>> {
        self.steps.get(self.file.stages.get(stage)?.instructions.start)
    }

    /// The words of a `FROM`, which have no quotes for the builder.
    pub fn from_words(&self, step: &Step<'_>) -> Option<FromWords> {
        let text = step.instruction.arguments.as_str();
        let mut words = Vec::new();
        let mut at = 0;
        for word in text.split(|c: char| c.is_ascii_whitespace() || c == '\u{b}') {
            if !word.is_empty() {
                let span = step.instruction.place(at..at + word.len());
                words.push(Operand { text: word.to_owned(), span });
            }
            at += word.len() + 1;
        }
        let mut words = words.into_iter();
        let base = words.next()?;
        let keyword = words.next().filter(|word| word.text.eq_ignore_ascii_case("AS"));
        let name = words.next().filter(|_| keyword.is_some());
        Some(FromWords { base, keyword, name })
    }

    /// What messages call a stage.
    pub fn stage_title(&self, stage: usize) -> String {
        match self.file.stages.get(stage).and_then(|stage| stage.name.as_deref()) {
            Some(name) => format!("the stage {name}"),
            None => format!("stage {stage}"),
        }
    }

    /// `word` with the values of its variables; `None` where the file does not decide them all.
    pub fn expanded(&self, step: &Step<'_>, word: &str) -> Option<String> {
        let resolved = self.scopes.at(step.index).expand(word)?;
        (resolved.unknown.is_empty() && resolved.unset.is_empty()).then_some(resolved.text)
    }
}
