//! The commands of the strings that `sh -c` runs.

use super::wrappers::script_word;
use super::{Command, Context, Script, Word, parse};

/// How many `sh -c` may be one inside of the other.
const MAX_DEPTH: u32 = 4;

impl Script {
    /// All commands, those of `sh -c '…'` strings too, in the order in which they begin.
    ///
    /// They are in the context [`Context::ShellString`] besides that of their command, which they share `background` with.
    /// Their ranges are exact where `text`, which this script was read from, has the string without escapes in it; else
    /// they are that of the word. Strings may nest four deep; a broken one makes the whole not complete.
    /// [`pipes`](Script::pipes) stays as it is.
    #[must_use]
    pub fn with_inner(self, text: &str) -> Script {
        let mut pipelines = self.commands.iter().map(|command| command.pipeline).max().unwrap_or_default();
        let commands = Vec::with_capacity(self.commands.len());
        let mut out = Script { commands, pipes: self.pipes, complete: self.complete };
        add(self.commands, text, MAX_DEPTH, &mut pipelines, &mut out);
        out.commands.sort_by_key(|command| command.range.start);
        out
    }
}

fn add(commands: Vec<Command>, text: &str, depth: u32, pipelines: &mut u32, out: &mut Script) {
    for command in commands {
        let unwrapped = command.unwrapped();
        let found = script_word(&unwrapped).filter(|_| depth > 0).cloned();
        let (context, background) = (command.context.with(Context::ShellString), command.background);
        drop(unwrapped);
        out.commands.push(command);
        let Some(word) = found else { continue };
        let inner = parse(&word.text);
        out.complete &= inner.complete;
        let first = *pipelines;
        let mut commands = inner.commands;
        let place = Place::of(&word, text);
        if !word.literal && matches!(place, Place::At(_)) {
            // In `sh -c "a $(b)"` it is the outer shell that runs `b`.
            commands.retain(|command| !command.context.has(Context::Substitution));
        }
        for command in &mut commands {
            command.pipeline = command.pipeline.wrapping_add(first);
            *pipelines = command.pipeline.max(*pipelines);
            command.context = command.context.union(context);
            command.background |= background;
        }
        let from = out.commands.len();
        add(commands, &word.text, depth - 1, pipelines, out);
        for command in out.commands.get_mut(from..).unwrap_or_default() {
            place.apply(command);
        }
    }
}

/// How places in a string become places in the text around it.
enum Place<'a> {
    /// The string is written as it is, from here.
    At(usize),
    Word(&'a Word),
}

impl<'a> Place<'a> {
    fn of(word: &'a Word, text: &str) -> Self {
        let written = text.get(word.range.clone()).unwrap_or_default();
        let bare = written
            .strip_prefix(['\'', '"'])
            .and_then(|rest| rest.get(..rest.len().checked_sub(1)?))
            .filter(|bare| *bare == word.text);
        match bare {
            Some(_) => Place::At(word.range.start + 1),
            None if written == word.text => Place::At(word.range.start),
            None => Place::Word(word),
        }
    }

    fn apply(&self, command: &mut Command) {
        let assigned = command.assignments.iter_mut().map(|assignment| &mut assignment.value.range);
        let words = command.words.iter_mut().map(|word| &mut word.range);
        let redirected = command.redirects.iter_mut().map(|redirect| &mut redirect.target.range);
        for range in assigned.chain(words).chain(redirected).chain([&mut command.range]) {
            *range = match self {
                Place::At(start) => range.start + start..range.end + start,
                Place::Word(word) => word.range.clone(),
            };
        }
        for redirect in &mut command.redirects {
            redirect.body = match (self, redirect.body.take()) {
                (Place::At(start), Some(body)) => Some(body.start + start..body.end + start),
                _ => None,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inner(text: &str) -> Vec<(String, String, bool)> {
        let commands = parse(text).with_inner(text).commands;
        commands
            .iter()
            .map(|c| {
                (c.name().to_owned(), text[c.range.clone()].to_owned(), c.context.has(Context::ShellString))
            })
            .collect()
    }

    #[test]
    fn strings_give_their_commands_in_place() {
        let one = |name: &str, written: &str, inner| (name.to_owned(), written.to_owned(), inner);
        assert_eq!(
            inner("a; sudo bash -c 'b x | c' d; e"),
            [
                one("a", "a", false),
                one("sudo", "sudo bash -c 'b x | c' d", false),
                one("b", "b x", true),
                one("c", "c", true),
                one("e", "e", false),
            ]
        );
        assert_eq!(
            inner(r#"sh -c "b \"c d\"; sh -c 'e'""#).into_iter().map(|c| c.1).collect::<Vec<_>>(),
            [
                r#"sh -c "b \"c d\"; sh -c 'e'""#,
                r#""b \"c d\"; sh -c 'e'""#,
                r#""b \"c d\"; sh -c 'e'""#,
                r#""b \"c d\"; sh -c 'e'""#,
            ]
        );
        assert_eq!(inner(r#"sh -c "a; sh -c 'b c'" "#)[3], one("b", "b c", true));
        let names: Vec<_> = inner(r#"sh -c "a $(b); c""#).into_iter().map(|c| c.0).collect();
        assert_eq!(names, ["sh", "a", "b", "c"]);
        assert_eq!(inner("sh -c a").last(), Some(&one("a", "a", true)));
    }

    #[test]
    fn pipelines_stay_apart_and_what_is_broken_is_told() {
        let script = parse("sh -c 'a | b' & sh -c 'c \"'").with_inner("");
        assert!(!script.complete);
        let [_, a, b, outer, c] = &script.commands[..] else { panic!("{script:?}") };
        assert_eq!(a.pipeline, b.pipeline);
        assert!(a.background && b.background && !c.background);
        assert!(a.pipeline > outer.pipeline && c.pipeline > a.pipeline);
    }
}
