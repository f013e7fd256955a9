//! What a builder refuses of a single instruction, told from its text.

mod durations;
mod flags;
mod mounts;
mod variables;

pub(super) use variables::split;

use std::ops::Range;

use super::words::{BLANKS, assignments, declarations, words};
use super::{Directives, Form, Instruction, Keyword, Pair, Problem, Span, heredoc};

/// The longest piece of a file that a message repeats, in characters.
const MAX_QUOTED: usize = 60;
/// Problems of one instruction; a line may hold ten thousand wrong flags.
const MAX_FOUND: usize = 10;

/// The problems of one instruction.
pub(super) struct Found {
    line: u32,
    problems: Vec<Problem>,
}

impl Found {
    fn add(&mut self, span: Span, message: String) {
        self.problems.push(Problem::malformed(self.line, span, message));
    }

    fn full(&self) -> bool {
        self.problems.len() >= MAX_FOUND
    }
}

/// The problems of `instruction`; `written` is its first word.
pub(super) fn instruction(instruction: &Instruction, written: &str, directives: &Directives) -> Vec<Problem> {
    let mut found = Found { line: instruction.line, problems: Vec::new() };
    match (instruction.keyword, instruction.trigger.as_deref()) {
        // Another frontend may know more instructions than we do.
        (Keyword::Unknown, _) if directives.foreign() => {}
        (Keyword::Unknown, _) => found.add(instruction.keyword_span, unknown(written)),
        (_, Some(trigger)) => {
            flags::check(instruction, directives, &mut found);
            of_trigger(trigger, directives, &mut found);
        }
        _ => of_instruction(instruction, directives, &mut found),
    }
    found.problems
}

fn unknown(written: &str) -> String {
    let shown: String = written.chars().take(MAX_QUOTED).collect();
    match Keyword::nearest(written) {
        Some(near) => format!("unknown instruction: {shown} (did you mean {}?)", near.name()),
        None => format!("unknown instruction: {shown}"),
    }
}

fn of_trigger(trigger: &Instruction, directives: &Directives, found: &mut Found) {
    let span = trigger.keyword_span;
    match trigger.keyword {
        Keyword::Onbuild => found.add(span, "ONBUILD cannot trigger another ONBUILD".to_owned()),
        Keyword::From | Keyword::Maintainer => {
            found.add(span, format!("{} is not allowed as a trigger of ONBUILD", trigger.keyword.name()));
        }
        Keyword::Unknown if directives.foreign() => {}
        Keyword::Unknown => found.add(span, "unknown instruction behind ONBUILD".to_owned()),
        _ => of_instruction(trigger, directives, found),
    }
}

fn of_instruction(instruction: &Instruction, directives: &Directives, found: &mut Found) {
    flags::check(instruction, directives, found);
    if let Some((message, range)) = of_arguments(instruction, directives.escape) {
        let narrow = range.filter(|range| range.start < range.end).map(|range| instruction.place(range));
        found.add(narrow.unwrap_or(instruction.keyword_span), message);
        return;
    }
    variables::check(instruction, directives.escape, found);
}

/// What is wrong, and the bytes of the arguments that are; `None` for the whole instruction.
type Wrong = (String, Option<Range<usize>>);

fn of_arguments(instruction: &Instruction, escape: char) -> Option<Wrong> {
    let keyword = instruction.keyword;
    let name = keyword.name();
    let arguments = instruction.arguments.as_str();
    let whole = Some(0..arguments.len());
    let wants_some = !matches!(keyword, Keyword::Run | Keyword::Cmd | Keyword::Entrypoint);
    if arguments.is_empty() && wants_some {
        return Some((format!("{name} needs an argument"), None));
    }
    let form = instruction.form();
    if form == Form::Invalid {
        return Some((format!("{name}: an array in JSON form may hold strings only"), whole));
    }
    match keyword {
        Keyword::Add | Keyword::Copy => sources(name, arguments, &form),
        Keyword::Arg => {
            let blank = declarations(arguments, escape).into_iter().find(|pair| pair.name.is_empty())?;
            Some(("ARG: a name is empty".to_owned(), Some(blank.range)))
        }
        Keyword::Env | Keyword::Label => match assignments(arguments, escape) {
            Err((why, range)) => Some((format!("{name}: {why}"), Some(range))),
            Ok(pairs) => {
                let blank = pairs.into_iter().find(|pair| pair.name.is_empty())?;
                Some((format!("{name}: a name is empty"), Some(blank.range)))
            }
        },
        Keyword::Healthcheck => healthcheck(arguments).map(|why| (why.to_owned(), whole)),
        Keyword::Shell => match form {
            Form::Exec(words) if words.is_empty() => Some(("SHELL needs an argument".to_owned(), whole)),
            Form::Exec(_) => None,
            _ => Some(("SHELL wants a JSON array of strings".to_owned(), whole)),
        },
        Keyword::Volume => match form {
            Form::Exec(words) if words.is_empty() => Some(("VOLUME needs an argument".to_owned(), whole)),
            Form::Exec(words) if words.iter().any(|word| word.trim().is_empty()) => {
                Some(("VOLUME: a path is empty".to_owned(), whole))
            }
            _ => None,
        },
        _ => None,
    }
}

/// `ADD` and `COPY`: at least one source, and a destination that is a path.
fn sources(name: &str, arguments: &str, form: &Form) -> Option<Wrong> {
    let (count, last, range) = match form {
        Form::Exec(words) => (words.len(), words.last().cloned(), 0..arguments.len()),
        _ => {
            let (mut count, mut last, mut range) = (0, None, 0..0);
            for (word, at) in split(arguments) {
                (count, last, range) = (count + 1, Some(word), at);
            }
            (count, last.map(str::to_owned), range)
        }
    };
    if count < 2 {
        return Some((format!("{name} needs a source and a destination"), Some(0..arguments.len())));
    }
    let is_document = last.is_some_and(|word| heredoc::opens(&word));
    is_document.then(|| (format!("{name}: a here-document cannot be the destination"), Some(range)))
}

/// Whether the arguments of a `HEALTHCHECK` begin with `NONE`.
fn is_none(arguments: &str) -> bool {
    let word = arguments.split(char::is_whitespace).next().unwrap_or_default();
    word.eq_ignore_ascii_case("NONE")
}

fn healthcheck(arguments: &str) -> Option<&'static str> {
    let (kind, rest) = arguments.split_once(char::is_whitespace).unwrap_or((arguments, ""));
    let rest = rest.trim_start();
    match kind.to_ascii_uppercase().as_str() {
        "NONE" if rest.is_empty() => None,
        "NONE" => Some("HEALTHCHECK NONE takes no arguments"),
        "CMD" => match Form::of(rest) {
            Form::Invalid => Some("HEALTHCHECK: an array in JSON form may hold strings only"),
            Form::Exec(words) if words.is_empty() => Some("HEALTHCHECK CMD needs a command"),
            Form::Shell if rest.is_empty() => Some("HEALTHCHECK CMD needs a command"),
            _ => None,
        },
        _ => Some("HEALTHCHECK is followed by CMD or NONE"),
    }
}

impl Instruction {
    /// How the arguments are written; what takes no JSON form is always [`Form::Shell`].
    pub fn form(&self) -> Form {
        match self.keyword {
            Keyword::Add
            | Keyword::Cmd
            | Keyword::Copy
            | Keyword::Entrypoint
            | Keyword::Run
            | Keyword::Shell
            | Keyword::Volume => Form::of(&self.arguments),
            _ => Form::Shell,
        }
    }

    /// The words of the arguments, split at blanks outside of quotes; quotes and variables as written.
    pub fn words(&self, escape: char) -> Vec<String> {
        words(&self.arguments, escape).into_iter().map(|(word, _)| word).collect()
    }

    /// The same [`words`](Instruction::words), each with its bytes in the arguments.
    pub fn word_ranges(&self, escape: char) -> Vec<(String, Range<usize>)> {
        words(&self.arguments, escape)
    }

    /// The pairs of an `ENV`, a `LABEL` or an `ARG`; none of any other instruction. Fails, with what is wrong, where a
    /// builder would refuse them.
    pub fn pairs(&self, escape: char) -> Result<Vec<Pair>, String> {
        match self.keyword {
            Keyword::Env | Keyword::Label => assignments(&self.arguments, escape).map_err(|(why, _)| why),
            Keyword::Arg => Ok(declarations(&self.arguments, escape)),
            _ => Ok(Vec::new()),
        }
    }

    /// The value of the flag `name`, the last where it is given twice; empty where the flag has none.
    pub fn flag(&self, name: &str) -> Option<&str> {
        self.flags.iter().rfind(|f| f.name == name).map(|f| f.value.as_deref().unwrap_or_default())
    }
}
