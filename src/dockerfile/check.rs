//! What a builder refuses of a single instruction, told from its text.

use std::ops::Range;

use super::words::{assignments, declarations, words};
use super::{Form, Instruction, Keyword, Pair, Problem};

/// The longest piece of a file that a message repeats, in characters.
const MAX_QUOTED: usize = 60;

/// The problems of `instruction`; `written` is its first word.
pub(super) fn instruction(instruction: &Instruction, written: &str, escape: char) -> Option<Problem> {
    let message = match (instruction.keyword, instruction.trigger.as_deref()) {
        (Keyword::Unknown, _) => Some(unknown(written)),
        (_, Some(trigger)) => of_trigger(trigger, escape),
        _ => of_arguments(instruction, escape),
    }?;
    Some(Problem { line: instruction.line, span: instruction.span, message })
}

fn unknown(written: &str) -> String {
    let shown: String = written.chars().take(MAX_QUOTED).collect();
    match Keyword::nearest(written) {
        Some(near) => format!("unknown instruction: {shown} (did you mean {}?)", near.name()),
        None => format!("unknown instruction: {shown}"),
    }
}

fn of_trigger(trigger: &Instruction, escape: char) -> Option<String> {
    match trigger.keyword {
        Keyword::Onbuild => Some("ONBUILD cannot trigger another ONBUILD".to_owned()),
        Keyword::From | Keyword::Maintainer => {
            Some(format!("{} is not allowed as a trigger of ONBUILD", trigger.keyword.name()))
        }
        Keyword::Unknown => Some("unknown instruction behind ONBUILD".to_owned()),
        _ => of_arguments(trigger, escape),
    }
}

fn of_arguments(instruction: &Instruction, escape: char) -> Option<String> {
    let keyword = instruction.keyword;
    let name = keyword.name();
    let arguments = instruction.arguments.as_str();
    let wants_some = !matches!(keyword, Keyword::Run | Keyword::Cmd | Keyword::Entrypoint);
    if arguments.is_empty() && wants_some {
        return Some(format!("{name} needs an argument"));
    }
    let form = instruction.form();
    if form == Form::Invalid {
        return Some(format!("{name}: an array in JSON form may hold strings only"));
    }
    match keyword {
        Keyword::Add | Keyword::Copy => {
            let count = match form {
                Form::Exec(words) => words.len(),
                _ => arguments.split_ascii_whitespace().take(2).count(),
            };
            (count < 2).then(|| format!("{name} needs a source and a destination"))
        }
        Keyword::Arg => declarations(arguments, escape)
            .iter()
            .any(|pair| pair.name.is_empty())
            .then(|| "ARG: a name is empty".to_owned()),
        Keyword::Env | Keyword::Label => match assignments(arguments, escape) {
            Err((why, _)) => Some(format!("{name}: {why}")),
            Ok(pairs) if pairs.iter().any(|pair| pair.name.is_empty()) => {
                Some(format!("{name}: a name is empty"))
            }
            Ok(_) => None,
        },
        Keyword::Healthcheck => healthcheck(arguments),
        Keyword::Shell if form == Form::Shell => Some("SHELL wants a JSON array of strings".to_owned()),
        _ => None,
    }
}

fn healthcheck(arguments: &str) -> Option<String> {
    let (kind, rest) = arguments.split_once(char::is_whitespace).unwrap_or((arguments, ""));
    let rest = rest.trim_start();
    match kind.to_ascii_uppercase().as_str() {
        "NONE" if rest.is_empty() => None,
        "NONE" => Some("HEALTHCHECK NONE takes no arguments".to_owned()),
        "CMD" if rest.is_empty() => Some("HEALTHCHECK CMD needs a command".to_owned()),
        "CMD" if Form::of(rest) == Form::Invalid => {
            Some("HEALTHCHECK: an array in JSON form may hold strings only".to_owned())
        }
        "CMD" => None,
        _ => Some("HEALTHCHECK is followed by CMD or NONE".to_owned()),
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
