//! What every rule on a Dockerfile needs, worked out once for each file.

pub(in crate::rules) mod fetching;
mod heirs;
mod mounts;
mod operands;
mod repeated;
mod started;

use std::collections::BTreeMap;

use super::{Expectations, Place, Region};
use crate::dockerfile::shell::{self, Command, Script};
use crate::dockerfile::{
    Dockerfile, Form, Graph, Instruction, Keyword, LineIndex, Scopes, Span, Stage, graph_and_scopes,
};

pub use operands::{FromWords, Operand, Transfer};
pub use started::Start;

/// A Dockerfile, and what follows from its text.
#[derive(Debug)]
pub struct Analysis<'a> {
    /// The file as it was named.
    pub path: &'a str,
    /// Its bytes.
    pub bytes: &'a [u8],
    /// What it says.
    pub file: &'a Dockerfile,
    /// Where its lines are.
    pub lines: LineIndex,
    /// What each stage starts from, and which are used.
    pub graph: Graph,
    /// The stages whose base a further context of the settings takes the place of, with its name.
    pub replaced: BTreeMap<usize, String>,
    /// The variables that each instruction sees.
    pub scopes: Scopes,
    /// The instructions in the order of the file; those behind `ONBUILD` in its place.
    pub steps: Vec<Step<'a>>,
    /// What the settings ask for.
    pub expectations: &'a Expectations,
}

/// An instruction, or the one behind `ONBUILD`.
#[derive(Debug)]
pub struct Step<'a> {
    /// The index in [`Dockerfile::instructions`].
    pub index: usize,
    /// The stage that it belongs to; `None` above the first `FROM`.
    pub stage: Option<usize>,
    /// What it does.
    pub instruction: &'a Instruction,
    /// Whether it stands behind `ONBUILD`.
    pub onbuild: bool,
    /// The program of the `SHELL` in force, `["/bin/sh", "-c"]` where there is none.
    pub shell: Vec<String>,
    /// What a shell runs: of RUN, CMD, ENTRYPOINT and HEALTHCHECK. Empty where the shell is none that is understood.
    pub bodies: Vec<Body>,
}

/// A piece of shell in a Dockerfile.
#[derive(Debug)]
pub struct Body {
    /// What it runs.
    pub script: Script,
    /// The text that the script's ranges are of.
    pub text: String,
    place: BodyPlace,
}

#[derive(Debug)]
enum BodyPlace {
    /// The arguments of the instruction, from this byte on.
    Arguments(usize),
    /// The JSON form: one place for all of it.
    Exec,
    /// A here-document that begins at this byte of the file.
    Heredoc(usize),
}

impl<'a> Analysis<'a> {
    /// Reads what the rules need out of `file`.
    pub fn new(
        path: &'a str,
        bytes: &'a [u8],
        file: &'a Dockerfile,
        expectations: &'a Expectations,
    ) -> Analysis<'a> {
        let (mut graph, scopes) = graph_and_scopes(file, &expectations.build_args);
        let replaced = expectations.replace(file, &mut graph.bases);
        Analysis {
            path,
            bytes,
            file,
            lines: LineIndex::new(bytes),
            graph,
            replaced,
            scopes,
            steps: steps(bytes, file),
            expectations,
        }
    }

    /// The steps of one kind, those behind `ONBUILD` too.
    pub fn of(&self, keyword: Keyword) -> impl Iterator<Item = &Step<'a>> {
        self.steps.iter().filter(move |step| step.instruction.keyword == keyword)
    }

    /// The steps of a stage, its `FROM` first.
    pub fn of_stage(&self, stage: usize) -> impl Iterator<Item = &Step<'a>> {
        let range = self.file.stages.get(stage).map_or(0..0, |stage| stage.instructions.clone());
        self.steps.get(range).unwrap_or_default().iter()
    }

    /// The stages with their indices.
    pub fn stages(&self) -> impl Iterator<Item = (usize, &'a Stage)> {
        self.file.stages.iter().enumerate()
    }

    /// The stage that is built: the one that the settings name, else the last.
    pub fn target(&self) -> Option<usize> {
        let wanted = self.expectations.target.as_deref().map(str::to_lowercase);
        let named = wanted.and_then(|name| {
            self.file.stages.iter().rposition(|stage| stage.name.as_deref() == Some(name.as_str()))
        });
        named.or_else(|| self.file.stages.len().checked_sub(1))
    }

    /// The place of a step, with the whole instruction as its region.
    pub fn place(&self, step: &Step<'_>) -> Place {
        self.place_at(step, step.instruction.span)
    }

    /// The place of a step, with the text of `span` as its region.
    pub fn place_at(&self, step: &Step<'_>, span: Span) -> Place {
        let anchor = self.file.instructions.get(step.index).map_or(span, |i| i.span);
        let start = self.lines.position(anchor.start);
        Place {
            path: self.path.to_owned(),
            line: start.line,
            column: start.column,
            region: Some(self.region(span)),
            field: None,
        }
    }

    /// The place of some text that belongs to no instruction.
    pub fn place_of(&self, span: Span) -> Place {
        let region = self.region(span);
        let (line, column) = (region.start.line, region.start.column);
        Place { path: self.path.to_owned(), line, column, region: Some(region), field: None }
    }

    /// Lines and columns of a piece of the file.
    pub fn region(&self, span: Span) -> Region {
        Region { span, start: self.lines.position(span.start), end: self.lines.position(span.end) }
    }
}

impl Step<'_> {
    /// The commands of all its pieces of shell.
    pub fn commands(&self) -> impl Iterator<Item = (&Body, &Command)> {
        self.bodies.iter().flat_map(|body| body.script.commands.iter().map(move |command| (body, command)))
    }

    /// The bytes of the file behind a range of a body's text.
    pub fn span(&self, body: &Body, range: std::ops::Range<usize>) -> Span {
        match body.place {
            BodyPlace::Arguments(offset) => self.instruction.place(range.start + offset..range.end + offset),
            BodyPlace::Exec => self.instruction.place(0..self.instruction.arguments.len()),
            BodyPlace::Heredoc(start) => Span {
                start: (start + range.start).min(self.instruction.span.end),
                end: (start + range.end).min(self.instruction.span.end),
            },
        }
    }

    /// Whether the shell in force is one whose language is understood here.
    pub fn is_posix(&self) -> bool {
        posix(&self.shell)
    }
}

fn posix(shell: &[String]) -> bool {
    let name = shell.first().map_or("sh", |program| program.rsplit(['/', '\\']).next().unwrap_or(program));
    matches!(name, "sh" | "bash" | "ash" | "dash" | "ksh" | "zsh" | "mksh" | "busybox" | "env")
}

fn steps<'a>(bytes: &[u8], file: &'a Dockerfile) -> Vec<Step<'a>> {
    let default = || vec!["/bin/sh".to_owned(), "-c".to_owned()];
    let mut steps = Vec::with_capacity(file.instructions.len());
    let mut stages = 0..0;
    let mut next = 0;
    let mut shell = default();
    for (index, outer) in file.instructions.iter().enumerate() {
        if file.stages.get(next).is_some_and(|stage| stage.instructions.start == index) {
            next += 1;
            stages = next - 1..next;
            shell = default();
        }
        let instruction = outer.trigger.as_deref().unwrap_or(outer);
        // Behind ONBUILD it is the next image's shell that changes.
        if instruction.keyword == Keyword::Shell
            && outer.trigger.is_none()
            && let Form::Exec(words) = instruction.form()
        {
            shell = words;
        }
        let bodies = if posix(&shell) { bodies(bytes, instruction) } else { Vec::new() };
        steps.push(Step {
            index,
            stage: stages.clone().next(),
            instruction,
            onbuild: outer.trigger.is_some(),
            shell: shell.clone(),
            bodies,
        });
    }
    steps
}

/// The pieces of shell of an instruction. The JSON form is read as if its words stood on a line: what they run is the
/// same but for the shell.
fn bodies(bytes: &[u8], instruction: &Instruction) -> Vec<Body> {
    let arguments = instruction.arguments.as_str();
    let (offset, text) = match instruction.keyword {
        Keyword::Run | Keyword::Cmd | Keyword::Entrypoint => (0, arguments),
        Keyword::Healthcheck => {
            let head = arguments.find(char::is_whitespace).unwrap_or(arguments.len());
            let (kind, rest) = arguments.split_at(head);
            if !kind.eq_ignore_ascii_case("CMD") {
                return Vec::new();
            }
            (arguments.len() - rest.trim_start().len(), rest.trim_start())
        }
        _ => return Vec::new(),
    };
    let mut bodies = match Form::of(text) {
        Form::Exec(words) => vec![body(words.join(" "), BodyPlace::Exec)],
        _ => vec![body(text.to_owned(), BodyPlace::Arguments(offset))],
    };
    // Only RUN's documents are scripts; one that feeds another program is that program's input.
    let feeds = bodies.iter().any(|body| body.script.commands.iter().any(|c| !c.words.is_empty()));
    if instruction.keyword == Keyword::Run && !feeds {
        for heredoc in &instruction.heredocs {
            let text = String::from_utf8_lossy(heredoc.body.of(bytes)).into_owned();
            bodies.push(body(text, BodyPlace::Heredoc(heredoc.body.start)));
        }
    }
    bodies
}

fn body(text: String, place: BodyPlace) -> Body {
    Body { script: shell::parse(&text), text, place }
}
