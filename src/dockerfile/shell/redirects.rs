//! Redirections.

use super::reader::{Heredoc, Reader};
use super::words::Place;
use super::{Redirect, Word};

/// Longer ones before their beginnings.
const OPERATORS: [&str; 13] = ["&>>", "&>", "<<<", "<<-", "<<", "<&", "<>", "<", ">>", ">&", ">|", ">", ""];

/// More digits than any file descriptor has.
const MAX_DIGITS: usize = 9;

impl Reader<'_> {
    /// The redirection that begins here. `place` is its command and its number there, none for that of a compound.
    pub(super) fn redirect(&mut self, place: Option<(usize, usize)>) -> Option<Redirect> {
        let digits = self.rest().iter().take(MAX_DIGITS + 1).take_while(|byte| byte.is_ascii_digit()).count();
        if digits > MAX_DIGITS {
            return None;
        }
        let rest = self.rest().get(digits..)?;
        let op = OPERATORS.into_iter().find(|op| rest.starts_with(op.as_bytes()))?;
        let process = matches!(op, "<" | ">") && rest.get(1) == Some(&b'(');
        if op.is_empty() || process || (digits > 0 && op.starts_with('&')) {
            return None;
        }
        let from = self.pos;
        self.pos += digits;
        let fd = self.slice(from).parse().ok();
        self.pos += op.len();
        self.charge(size_of::<Redirect>());
        self.blanks();
        let here = self.pos;
        let target = self.word(Place::Argument).unwrap_or_else(|| {
            self.complete = false;
            Word { range: here..here, ..Word::default() }
        });
        if matches!(op, "<<" | "<<-") {
            self.charge(size_of::<Heredoc>() + target.text.len());
            self.heredocs.push(Heredoc {
                delimiter: target.text.clone(),
                chomp: op == "<<-",
                command: place.map(|(command, _)| command),
                redirect: place.map_or(0, |(_, redirect)| redirect),
                body: None,
            });
        }
        Some(Redirect { op, fd, target, body: None })
    }

    /// Those behind a compound command.
    pub(super) fn redirects(&mut self) {
        self.blanks();
        while self.redirect(None).is_some() {
            self.blanks();
        }
    }
}
