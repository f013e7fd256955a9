//! Words: quotes, escapes, and the expansions in them, whose commands are read on the way.

use super::commands::{Stop, Stops};
use super::reader::Reader;
use super::{Context, Word};

/// What a word has come to so far.
#[derive(Debug, Default)]
struct Building {
    text: String,
    quoted: bool,
    expands: bool,
}

/// Whether `byte` ends a word that is not quoted.
pub(super) fn ends_word(byte: u8) -> bool {
    matches!(
        byte,
        b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')'
    )
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c)
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Whether `text` is `NAME=` or `NAME+=`: in `local a=(b c)` an array follows.
fn assigns(text: &str) -> bool {
    let name = text.strip_suffix('=').map(|name| name.strip_suffix('+').unwrap_or(name));
    name.is_some_and(|name| !name.is_empty() && name.bytes().all(is_name))
}

/// Where a word stands: what it may hold depends on that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The first word of a command: `!(` opens a subshell.
    Name,
    Argument,
    /// Between `[[` and `]]` operators are words, `;` aside.
    Test,
}

impl Reader<'_> {
    /// The word that begins here; none where an operator or the end does.
    pub(super) fn word(&mut self, place: Place) -> Option<Word> {
        let start = self.pos;
        let mut word = Building::default();
        while let Some(byte) = self.peek() {
            match byte {
                b'<' | b'>' if self.peek_at(1) == Some(b'(') => self.process(&mut word),
                b'(' if place == Place::Argument && word.text.ends_with(['?', '*', '+', '@', '!']) => {
                    self.extended_glob(&mut word);
                }
                b'(' if place == Place::Argument && !word.quoted && assigns(&word.text) => {
                    let array = self.array();
                    word.text.push_str(&array.text);
                    word.expands = true;
                }
                _ if is_blank(byte) || byte == b';' => break,
                _ if place != Place::Test && ends_word(byte) => break,
                // `[[ a ]]&&` ends the test, too.
                _ if ends_word(byte) && word.text == "]]" && !word.quoted => break,
                b'\'' => {
                    self.pos += 1;
                    word.quoted = true;
                    word.text.push_str(self.single_quoted());
                }
                b'"' => self.double_quoted(&mut word),
                b'\\' => self.escaped(&mut word),
                b'$' => self.dollar(&mut word, false),
                b'`' => self.backquoted(&mut word, "`"),
                _ => {
                    let plain = self.skip_while(|byte| {
                        !(ends_word(byte) || matches!(byte, b'\'' | b'"' | b'\\' | b'$' | b'`'))
                    });
                    // Between `[[` and `]]`, an operator.
                    let plain = if plain.is_empty() { self.step() } else { plain };
                    word.text.push_str(plain);
                }
            }
        }
        if self.pos == start {
            return None;
        }
        Some(self.finish(word, start))
    }

    fn finish(&mut self, mut word: Building, start: usize) -> Word {
        word.text.shrink_to_fit();
        self.charge(size_of::<Word>() + word.text.len());
        Word { text: word.text, range: start..self.pos, quoted: word.quoted, literal: !word.expands }
    }

    /// `(a b c)` behind the `=` of an assignment.
    pub(super) fn array(&mut self) -> Word {
        let start = self.pos;
        self.pos += 1;
        self.nested(None, |reader| {
            loop {
                reader.lines();
                if reader.eat(")") {
                    break;
                }
                if reader.peek().is_none() {
                    reader.complete = false;
                    break;
                }
                if reader.word(Place::Argument).is_none() {
                    reader.complete = false;
                    reader.step();
                }
            }
        });
        let word = Building { text: self.slice(start).to_owned(), expands: true, ..Building::default() };
        self.finish(word, start)
    }

    /// Whether the `((` here opens an arithmetic command.
    pub(super) fn at_arithmetic(&mut self) -> bool {
        self.arithmetic_end(self.pos + 2).is_some()
    }

    /// `((…))` as a command.
    pub(super) fn arithmetic_command(&mut self) -> Option<Word> {
        let start = self.pos;
        let end = self.arithmetic_end(start + 2)?;
        let mut word = Building::default();
        self.arithmetic(&mut word, end);
        self.verbatim(&mut word, 0, start);
        Some(self.finish(word, start))
    }

    /// Behind the opening quote. To the closing one, which is stepped over.
    fn single_quoted(&mut self) -> &str {
        let from = self.pos;
        self.skip_while(|byte| byte != b'\'');
        let end = self.pos;
        if !self.eat("'") {
            self.complete = false;
        }
        self.text.get(from..end).unwrap_or_default()
    }

    fn double_quoted(&mut self, word: &mut Building) {
        self.pos += 1;
        word.quoted = true;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => {
                    self.pos += 1;
                    return;
                }
                b'\\' if self.joint(0) > 0 => self.pos += self.joint(0),
                b'\\' => match self.peek_at(1) {
                    Some(b'`') if self.backticks == 1 => self.backquoted(word, "\\`"),
                    Some(b'$' | b'`' | b'"' | b'\\') => {
                        self.pos += 1;
                        word.text.push_str(self.step());
                    }
                    _ => word.text.push_str(self.step()),
                },
                b'$' => self.dollar(word, true),
                b'`' => self.backquoted(word, "`"),
                _ => {
                    let plain = self.skip_while(|byte| !matches!(byte, b'"' | b'\\' | b'$' | b'`'));
                    word.text.push_str(plain);
                }
            }
        }
        self.complete = false;
    }

    fn escaped(&mut self, word: &mut Building) {
        match self.joint(0) {
            0 if self.backticks == 1 && self.peek_at(1) == Some(b'`') => self.backquoted(word, "\\`"),
            0 => {
                let backslash = self.step();
                let next = self.step();
                word.quoted |= !next.is_empty();
                word.text.push_str(if next.is_empty() { backslash } else { next });
            }
            len => self.pos += len,
        }
    }

    /// Puts what was read since `start` into `word` as it is written, in place of what stands behind `mark`.
    fn verbatim(&mut self, word: &mut Building, mark: usize, start: usize) {
        word.text.truncate(mark);
        word.text.push_str(self.slice(start));
        word.expands = true;
        self.charge(self.pos - start);
    }

    fn dollar(&mut self, word: &mut Building, quoted: bool) {
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
    fn process(&mut self, word: &mut Building) {
        let (start, mark) = (self.pos, word.text.len());
        self.pos += 2;
        self.substitution();
        self.verbatim(word, mark, start);
    }

    /// `` `…` ``. It ends at the next `` ` `` whatever the quotes inside say; escaped ones make a second level.
    fn backquoted(&mut self, word: &mut Building, delimiter: &str) {
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
    fn arithmetic_end(&mut self, from: usize) -> Option<usize> {
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
    fn arithmetic(&mut self, word: &mut Building, end: usize) {
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

    /// `@(a|b)` and the like.
    fn extended_glob(&mut self, word: &mut Building) {
        let start = self.pos;
        let mut open = 0_usize;
        while let Some(byte) = self.peek() {
            match byte {
                b'(' => open += 1,
                b')' if open == 1 => {
                    self.pos += 1;
                    word.text.push_str(self.slice(start));
                    return;
                }
                b')' => open -= 1,
                b'\\' => self.pos += 1,
                b'\n' => break,
                _ => {}
            }
            self.step();
        }
        self.complete = false;
        word.text.push_str(self.slice(start));
    }

    /// Behind `$'`: escapes as in C.
    fn ansi_quoted(&mut self, word: &mut Building) {
        word.quoted = true;
        while let Some(byte) = self.peek() {
            match byte {
                b'\'' => {
                    self.pos += 1;
                    return;
                }
                b'\\' => {
                    self.pos += 1;
                    self.ansi_escape(word);
                }
                _ => word.text.push_str(self.skip_while(|byte| !matches!(byte, b'\'' | b'\\'))),
            }
        }
        self.complete = false;
    }

    fn ansi_escape(&mut self, word: &mut Building) {
        let (radix, most) = match self.peek() {
            Some(b'x') => (16, 2),
            Some(b'u') => (16, 4),
            Some(b'U') => (16, 8),
            Some(b'0'..=b'7') => (8, 3),
            _ => {
                let letter = self.step();
                word.text.push_str(match letter {
                    "n" => "\n",
                    "t" => "\t",
                    "r" => "\r",
                    "a" => "\u{7}",
                    "b" => "\u{8}",
                    "e" | "E" => "\u{1b}",
                    "f" => "\u{c}",
                    "v" => "\u{b}",
                    other => other,
                });
                return;
            }
        };
        if radix == 16 {
            self.pos += 1;
        }
        let from = self.pos;
        while self.pos - from < most && self.peek().is_some_and(|byte| char::from(byte).is_digit(radix)) {
            self.pos += 1;
        }
        let code = u32::from_str_radix(self.slice(from), radix).ok();
        word.text.push(code.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER));
    }
}
