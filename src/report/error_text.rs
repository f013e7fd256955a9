//! The one printer of errors: `error: message: causes`, then the hints behind an empty line.

use super::look::Look;
use super::{Masker, OutputMode};
use crate::error::Error;

/// `error` for stderr, with a final newline. Everything in it is masked, escaped and wrapped to the mode's width.
pub fn error_text(error: &Error, mode: &OutputMode, masker: &Masker) -> String {
    let hints: Vec<String> = error.hints().iter().map(|hint| masker.text(hint)).collect();
    let mut text = render(&masker.text(error.to_string()), &hints, mode.into()).join("\n");
    text.push('\n');
    text
}

/// What to know, for stderr, in the same way.
pub fn note_text(note: &str, mode: &OutputMode, masker: &Masker) -> String {
    let look = Look::from(mode);
    look.message(&format!("{} ", look.cyan("note:")), &masker.text(note), 6).join("\n") + "\n"
}

pub(super) fn render(message: &str, hints: &[String], look: Look) -> Vec<String> {
    let mut out = look.message(&format!("{} ", look.red("error:")), message, 2);
    if !hints.is_empty() {
        out.push(String::new());
    }
    for hint in hints {
        out.extend(look.message(&format!("{} ", look.cyan("hint:")), hint, 6));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;
    use crate::report::{OutputFlags, Surroundings, resolve};

    fn example() -> Error {
        Error::new(Kind::Engine, "cannot reach the engine at unix:///var/run/docker.sock with token s3cr3t")
            .because(Error::new(Kind::Io, "permission denied\x1b[2J\n::error::x"))
            .hint("add yourself to the group: sudo usermod -aG docker $USER, then log in again")
            .hint("or set DOCKER_HOST")
    }

    fn text(columns: usize, color: bool) -> String {
        let around = Surroundings { stderr_tty: true, columns: Some(columns), ..Surroundings::default() };
        let mode = OutputMode { color, unicode: true, ..resolve(&OutputFlags::default(), &around) };
        let masker = Masker::default();
        masker.add("s3cr3t");
        error_text(&example(), &mode, &masker)
    }

    #[test]
    fn errors_end_with_what_to_do() {
        assert_eq!(
            text(80, false),
            "\
error: cannot reach the engine at unix:///var/run/docker.sock with token ***:
  permission denied\\u{1b}[2J
  \\u{3a}:error::x

hint: add yourself to the group: sudo usermod -aG docker $USER, then log in
      again
hint: or set DOCKER_HOST
"
        );
        assert_eq!(
            text(40, false),
            "\
error: cannot reach the engine at
  unix:///var/run/docker.sock with token
  ***: permission denied\\u{1b}[2J
  \\u{3a}:error::x

hint: add yourself to the group: sudo
      usermod -aG docker $USER, then log
      in again
hint: or set DOCKER_HOST
"
        );
    }

    #[test]
    fn colour_is_only_on_the_words_that_are_ours() {
        let text = text(200, true);
        assert!(text.starts_with("\x1b[31m\x1b[1merror:\x1b[0m cannot reach"), "{text:?}");
        assert!(text.contains("\n\x1b[36mhint:\x1b[0m add yourself"), "{text:?}");
        assert_eq!(text.matches('\x1b').count(), 7);
    }
}
