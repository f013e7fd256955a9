//! Words: what ends them, quotes and escapes; what `$` and backquotes begin is in `expansions`.

use super::Word;
use super::reader::Reader;

/// What a word has come to so far.
#[derive(Debug, Default)]
pub(super) struct Building {
    pub(super) text: String,
    pub(super) quoted: bool,
    pub(super) expands: bool,
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

pub(super) fn is_name(byte: u8) -> bool {
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
    pub(super) fn single_quoted(&mut self) -> &str {
        let from = self.pos;
        self.skip_while(|byte| byte != b'\'');
        let end = self.pos;
        if !self.eat("'") {
            self.complete = false;
        }
        self.text.get(from..end).unwrap_or_default()
    }

    pub(super) fn double_quoted(&mut self, word: &mut Building) {
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

    pub(super) fn escaped(&mut self, word: &mut Building) {
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
    pub(super) fn verbatim(&mut self, word: &mut Building, mark: usize, start: usize) {
        word.text.truncate(mark);
        word.text.push_str(self.slice(start));
        word.expands = true;
        self.charge(self.pos - start);
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
    pub(super) fn ansi_quoted(&mut self, word: &mut Building) {
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
