//! What `$`, backquotes, `<(` and `>(` begin in a word. Their commands are read on the way.

use super::Context;
use super::commands::{Stop, Stops};
use super::reader::Reader;
use super::words::{Building, is_name};

impl Reader<'_> {
    pub(super) fn dollar(&mut self, word: &mut Building, quoted: bool) {
        let (start, mark) = (self.pos, word.text.len());
        match self.peek_at(1) {
            Some(b'(') => {
                let arithmetic =
                    if self.peek_at(2) == Some(b'(') { self.arithmetic_end(start + 3) } else { None };
                match arithmetic {
                    Some(end) => {
                        self.pos += 1;
                        self.arithmetic(word, end);
                    }
                    None => {
                        self.pos += 2;
                        self.substitution();
                    }
                }
            }
            Some(b'{') => {
                self.pos += 2;
                self.nested(None, |reader| reader.parameter(word, quoted));
            }
            Some(b'\'') if !quoted => {
                self.pos += 2;
                self.ansi_quoted(word);
                return;
            }
            Some(b'"') if !quoted => {
                self.pos += 1;
                self.double_quoted(word);
                return;
            }
            Some(byte) if is_name(byte) && !byte.is_ascii_digit() => {
                self.pos += 1;
                self.skip_while(is_name);
            }
            Some(b'0'..=b'9' | b'@' | b'*' | b'#' | b'?' | b'-' | b'$' | b'!') => self.pos += 2,
            _ => {
                self.pos += 1;
                word.text.push('$');
                return;
            }
        }
        self.verbatim(word, mark, start);
    }

    /// The commands up to the `)` of a substitution.
    fn substitution(&mut self) {
        if self.list(Stops::of(&[Stop::Paren]), Some(Context::Substitution)).is_none() {
            self.complete = false;
        }
    }

    /// `<(…)` or `>(…)`.
    pub(super) fn process(&mut self, word: &mut Building) {
        let (start, mark) = (self.pos, word.text.len());
        self.pos += 2;
        self.substitution();
        self.verbatim(word, mark, start);
    }

    /// `` `…` ``. It ends at the next `` ` `` whatever the quotes inside say; escaped ones make a second level.
    pub(super) fn backquoted(&mut self, word: &mut Building, delimiter: &str) {
        let (start, mark) = (self.pos, word.text.len());
        self.pos += delimiter.len();
        let from = self.pos;
        let rest = self.rest();
        let mut at = 0;
        let mut close = None;
        while let Some(byte) = rest.get(at) {
            if rest.get(at..).is_some_and(|rest| rest.starts_with(delimiter.as_bytes())) {
                close = Some(from + at);
                break;
            }
            at += if *byte == b'\\' { 2 } else { 1 };
        }
        if close.is_none() {
            self.complete = false;
        }
        self.backticks += 1;
        self.until(close.unwrap_or(self.text.len()), |reader| {
            reader.list(Stops::NONE, Some(Context::Substitution));
        });
        self.backticks -= 1;
        self.eat(delimiter);
        self.verbatim(word, mark, start);
    }

    /// Behind `${`, up to its `}`.
    fn parameter(&mut self, word: &mut Building, quoted: bool) {
        let mark = word.text.len();
        while let Some(byte) = self.peek() {
            match byte {
                b'}' => {
                    self.pos += 1;
                    return;
                }
                b'\\' => self.escaped(word),
                b'\'' if !quoted => {
                    self.pos += 1;
                    self.single_quoted();
                }
                b'"' => self.double_quoted(word),
                b'$' => self.dollar(word, quoted),
                b'`' => self.backquoted(word, "`"),
                _ => {
                    self.skip_while(|byte| !matches!(byte, b'}' | b'\\' | b'\'' | b'"' | b'$' | b'`'));
                    if self.peek() == Some(b'\'') && quoted {
                        self.pos += 1;
                    }
                }
            }
            // The caller takes the whole as it is written.
            word.text.truncate(mark);
        }
        self.complete = false;
    }

    /// Where the `((` that was opened before `from` ends, behind its `))`. None where the parentheses do not match: then
    /// they are two subshells.
    pub(super) fn arithmetic_end(&mut self, from: usize) -> Option<usize> {
        let rest = self.rest().get(from - self.pos..)?;
        let (mut open, mut at, mut quote) = (0_usize, 0, None);
        let mut end = None;
        while let Some(&byte) = rest.get(at) {
            match (quote, byte) {
                (Some(b'\''), b'\\') => {}
                (_, b'\\') => at += 1,
                (Some(open), _) if open == byte => quote = None,
                (Some(_), _) => {}
                (None, b'\'' | b'"') => quote = Some(byte),
                (None, b'(') => open += 1,
                (None, b')') if open > 0 => open -= 1,
                (None, b')') => {
                    end = (rest.get(at + 1) == Some(&b')')).then_some(from + at + 2);
                    break;
                }
                _ => {}
            }
            at += 1;
        }
        self.charge(at);
        end
    }

    /// `((…))`, which is known to end at `end`: only the expansions in it matter.
    pub(super) fn arithmetic(&mut self, word: &mut Building, end: usize) {
        self.pos += 2;
        let mark = word.text.len();
        self.nested(None, |reader| {
            reader.until(end - 2, |reader| {
                while let Some(byte) = reader.peek() {
                    match byte {
                        b'\\' => reader.escaped(word),
                        b'$' => reader.dollar(word, true),
                        b'`' => reader.backquoted(word, "`"),
                        _ => {
                            reader.skip_while(|byte| !matches!(byte, b'\\' | b'$' | b'`'));
                        }
                    }
                    word.text.truncate(mark);
                }
            });
        });
        self.eat("))");
    }
}
