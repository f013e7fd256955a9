//! Variables, quotes and escapes in a word, as BuildKit's lexer treats them.

use std::collections::BTreeSet;
use std::fmt;
use std::iter::Peekable;
use std::str::Chars;

use super::pattern::{Pattern, PatternError};

/// How deep `${a:-${b:-…}}` may nest: far beyond what people write, far below what a stack holds.
const MAX_DEPTH: u32 = 128;
/// The longest an expanded word may grow, in bytes: forty ARGs that double each other are a terabyte.
const MAX_RESULT: usize = 1 << 20;

/// Why a word cannot be expanded. The text may hold parts of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpandError(pub(super) String);

impl fmt::Display for ExpandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl ExpandError {
    /// The text, cut where it repeats much of the file.
    pub(super) fn short(&self) -> String {
        self.0.chars().take(200).collect()
    }
}

impl std::error::Error for ExpandError {}

impl From<PatternError> for ExpandError {
    fn from(error: PatternError) -> Self {
        ExpandError(error.to_string())
    }
}

type Result<T> = std::result::Result<T, ExpandError>;

fn fail<T>(message: impl Into<String>) -> Result<T> {
    Err(ExpandError(message.into()))
}

/// A word with its variables replaced.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expanded {
    /// The whole text, blanks kept.
    pub text: String,
    /// The text split at blanks that were not quoted; values are split too, unless they stand in quotes.
    pub words: Vec<String>,
    /// Names that were used and have no value.
    pub unmatched: BTreeSet<String>,
    /// Names that were used and have one.
    pub matched: BTreeSet<String>,
}

/// What to keep as it is.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Raw {
    pub(super) quotes: bool,
    pub(super) escapes: bool,
    pub(super) unset: bool,
}

/// Expands `word` with the values that `lookup` knows: `$x`, `${x}`, `:-` `-` `:+` `+` `:?` `?` `#` `##` `%` `%%` `/`
/// `//`, quotes, and `escape` before any character. Unset variables become empty; values are not expanded again.
pub fn expand(word: &str, escape: char, lookup: &dyn Fn(&str) -> Option<String>) -> Result<Expanded> {
    lex(word, escape, Raw::default(), lookup)
}

pub(super) fn lex(
    word: &str,
    escape: char,
    raw: Raw,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<Expanded> {
    // The scanner of the reference swallows a byte order mark.
    let word = word.strip_prefix('\u{feff}').unwrap_or(word);
    let mut lexer = Lexer {
        chars: word.chars().peekable(),
        escape,
        raw,
        raw_escapes: raw.escapes,
        lookup,
        depth: 0,
        word: String::new(),
        out: Expanded::default(),
    };
    let (text, words) = lexer.until(None, raw.escapes)?;
    Ok(Expanded { text, words, ..lexer.out })
}

struct Lexer<'a> {
    chars: Peekable<Chars<'a>>,
    escape: char,
    raw: Raw,
    /// Whether escapes are kept at this moment: patterns of `#`, `%` and `/` keep theirs.
    raw_escapes: bool,
    lookup: &'a dyn Fn(&str) -> Option<String>,
    depth: u32,
    /// The word under construction. The reference has one buffer for all levels, so that `x${a:-b}` makes the word `b`
    /// and the text `xb`; what a build sees is what counts here.
    word: String,
    out: Expanded,
}

impl Lexer<'_> {
    /// Reads up to `stop`, which is consumed, or to the end where there is none.
    fn until(&mut self, stop: Option<char>, raw_escapes: bool) -> Result<(String, Vec<String>)> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return fail(format!("variables are nested more than {MAX_DEPTH} deep"));
        }
        let before = std::mem::replace(&mut self.raw_escapes, raw_escapes);
        let result = self.read_until(stop);
        self.raw_escapes = before;
        self.depth -= 1;
        result
    }

    fn read_until(&mut self, stop: Option<char>) -> Result<(String, Vec<String>)> {
        let mut text = String::new();
        let mut words = Vec::new();
        self.word.clear();
        while let Some(&c) = self.chars.peek() {
            if Some(c) == stop {
                self.chars.next();
                self.cut(&mut words);
                return Ok((text, words));
            }
            match c {
                '\'' | '"' => {
                    let quoted = if c == '"' { self.double_quoted()? } else { self.single_quoted()? };
                    self.word.push_str(&quoted);
                    text.push_str(&quoted);
                }
                '$' => {
                    let value = self.dollar()?;
                    value.chars().for_each(|c| self.push(c, &mut words));
                    text.push_str(&value);
                }
                c if c == self.escape => {
                    self.chars.next();
                    if self.raw_escapes {
                        self.word.push(c);
                        text.push(c);
                    }
                    // At the end an escape stands for nothing.
                    let Some(next) = self.chars.next() else { break };
                    self.word.push(next);
                    text.push(next);
                }
                c => {
                    self.chars.next();
                    self.push(c, &mut words);
                    text.push(c);
                }
            }
            if text.len() > MAX_RESULT {
                return fail(format!("the text grows beyond {MAX_RESULT} bytes"));
            }
        }
        if let Some(stop) = stop {
            return fail(format!("syntax error: missing '{stop}' in ${{}}"));
        }
        self.cut(&mut words);
        Ok((text, words))
    }

    fn push(&mut self, c: char, words: &mut Vec<String>) {
        if c.is_whitespace() {
            self.cut(words);
        } else {
            self.word.push(c);
        }
    }

    fn cut(&mut self, words: &mut Vec<String>) {
        if !self.word.is_empty() {
            words.push(std::mem::take(&mut self.word));
        }
    }

    fn single_quoted(&mut self) -> Result<String> {
        self.chars.next();
        let mut text = String::new();
        loop {
            match self.chars.next() {
                None => return fail("unexpected end of statement while looking for matching single-quote"),
                Some('\'') => return Ok(if self.raw.quotes { format!("'{text}'") } else { text }),
                Some(c) => text.push(c),
            }
        }
    }

    fn double_quoted(&mut self) -> Result<String> {
        self.chars.next();
        let mut text = String::new();
        loop {
            match self.chars.peek().copied() {
                None => return fail("unexpected end of statement while looking for matching double-quote"),
                Some('"') => {
                    self.chars.next();
                    return Ok(if self.raw.quotes { format!("\"{text}\"") } else { text });
                }
                Some('$') => text.push_str(&self.dollar()?),
                Some(c) => {
                    self.chars.next();
                    if c != self.escape {
                        text.push(c);
                    } else {
                        if self.raw_escapes {
                            text.push(c);
                        }
                        match self.chars.peek().copied() {
                            None => {}
                            Some(next) if next == '"' || next == '$' || next == self.escape => {
                                self.chars.next();
                                text.push(next);
                            }
                            Some(_) => text.push(c),
                        }
                    }
                }
            }
            if text.len() > MAX_RESULT {
                return fail(format!("the text grows beyond {MAX_RESULT} bytes"));
            }
        }
    }

    fn dollar(&mut self) -> Result<String> {
        self.chars.next();
        if self.chars.peek() != Some(&'{') {
            let name = self.name();
            if name.is_empty() {
                return Ok("$".to_owned());
            }
            return Ok(match self.value(&name) {
                None if self.raw.unset => format!("${name}"),
                value => value.unwrap_or_default(),
            });
        }
        self.chars.next();
        match self.chars.peek() {
            None => return fail("syntax error: missing '}'"),
            Some('{' | '}' | ':') => return fail("syntax error: bad substitution"),
            Some(_) => {}
        }
        let name = self.name();
        match self.chars.next() {
            Some('}') => Ok(match self.value(&name) {
                None if self.raw.unset => format!("${{{name}}}"),
                value => value.unwrap_or_default(),
            }),
            Some(':') => match self.chars.next() {
                Some(operator) => self.operator(&name, operator, true),
                None => fail("syntax error: missing '}'"),
            },
            Some(operator @ ('+' | '-' | '?' | '#' | '%')) => self.operator(&name, operator, false),
            Some('/') => self.replacement(&name),
            Some(other) => fail(format!("unsupported modifier ({other}) in substitution")),
            None => fail("syntax error: missing '}'"),
        }
    }

    /// The part of `${name…}` behind the operator; with `colon`, an empty value counts as none.
    fn operator(&mut self, name: &str, operator: char, colon: bool) -> Result<String> {
        let mark = if colon { ":" } else { "" };
        let (word, _) = self.until(Some('}'), matches!(operator, '#' | '%'))?;
        let value = self.value(name);
        if self.raw.unset && value.is_none() {
            return Ok(format!("${{{name}{mark}{operator}{word}}}"));
        }
        let missing = value.as_ref().is_none_or(|v| colon && v.is_empty());
        match operator {
            '-' => Ok(if missing { word } else { value.unwrap_or_default() }),
            '+' => Ok(if missing { String::new() } else { word }),
            '?' if missing => {
                let state = if value.is_none() { "unset" } else { "empty" };
                let why = if word.is_empty() { format!("is not allowed to be {state}") } else { word };
                fail(format!("{name}: {why}"))
            }
            '?' => Ok(value.unwrap_or_default()),
            // `:#` and `:%` are read as if they were operators, and refused.
            '#' | '%' if !colon => {
                let (pattern, longest) = match word.strip_prefix(operator) {
                    Some(rest) => (rest, true),
                    None => (word.as_str(), false),
                };
                let pattern = Pattern::parse(pattern)?;
                let value = value.unwrap_or_default();
                let kept = if operator == '#' {
                    pattern.without_prefix(&value, longest)?
                } else {
                    pattern.without_suffix(&value, longest)?
                };
                Ok(kept)
            }
            other => fail(format!("unsupported modifier ({mark}{other}) in substitution")),
        }
    }

    /// `${name/pattern/text}` and `${name//pattern/text}`.
    fn replacement(&mut self, name: &str) -> Result<String> {
        let all = self.chars.next_if_eq(&'/').is_some();
        let (pattern, _) = self.until(Some('/'), true)?;
        let (text, _) = self.until(Some('}'), true)?;
        let value = self.value(name);
        if self.raw.unset && value.is_none() {
            return Ok(format!("${{{name}/{pattern}/{text}}}"));
        }
        let value = value.unwrap_or_default();
        Ok(Pattern::parse(&pattern)?.replace(&value, &text, all, MAX_RESULT)?)
    }

    /// A name: letters, digits and `_`; or only digits; or one special parameter. Empty where there is none.
    fn name(&mut self) -> String {
        let mut name = String::new();
        match self.chars.peek().copied() {
            Some(first) if first.is_ascii_digit() => {
                while let Some(digit) = self.chars.next_if(char::is_ascii_digit) {
                    name.push(digit);
                }
            }
            Some(special @ ('@' | '*' | '#' | '?' | '-' | '$' | '!')) => {
                self.chars.next();
                name.push(special);
            }
            _ => {
                while let Some(c) = self.chars.next_if(|c| c.is_alphanumeric() || *c == '_') {
                    name.push(c);
                }
            }
        }
        name
    }

    fn value(&mut self, name: &str) -> Option<String> {
        let value = (self.lookup)(name);
        if value.is_some() { &mut self.out.matched } else { &mut self.out.unmatched }.insert(name.to_owned());
        value
    }
}

#[cfg(test)]
mod tests;
