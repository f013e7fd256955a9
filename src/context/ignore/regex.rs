//! Reads the regular expressions that [`translate`](super::translate) writes, with the syntax and the errors of Go's
//! `regexp/syntax` under its Perl flags. Groups exist in one form only, `(.*/)?`: what users write is escaped.

use super::class::Class;

/// Alternatives, each a sequence.
pub(super) type Regex = Vec<Vec<Node>>;

/// One element of a sequence and how often it stands there.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) atom: Atom,
    pub(super) min: u32,
    /// Unbounded where there is none.
    pub(super) max: Option<u32>,
}

#[derive(Debug)]
pub(super) enum Atom {
    /// One character.
    Rune(u32),
    /// One character of a set; shared by the copies that a repetition makes.
    Class(Class),
    /// Any character but a newline.
    Dot,
    /// `(.*/)?`: nothing, or any folders with their slashes.
    Folders,
    /// A place between characters.
    Assert(Assertion),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Assertion {
    Begin,
    End,
    WordBoundary,
    NoWordBoundary,
}

/// Go refuses the expression; moby calls that a syntax error in the pattern when it first uses it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused;

/// Go's limit on counts in `{n,m}`.
const MOST: i64 = 1000;

/// Reads a whole expression.
pub(super) fn read(text: &[char]) -> Result<Regex, Refused> {
    let mut reader = Reader { rest: text, no_posix_end: false };
    let mut alternatives = vec![Vec::new()];
    let mut after_repeat = false;
    while let Some(&first) = reader.rest.first() {
        let sequence: &mut Vec<Node> = alternatives.last_mut().ok_or(Refused)?;
        let mut repeats = false;
        match first {
            '|' => {
                reader.skip(1);
                alternatives.push(Vec::new());
            }
            '*' => {
                reader.skip(1);
                repeat(sequence, 0, None, after_repeat)?;
                repeats = true;
            }
            '{' => match reader.count() {
                None => {
                    reader.skip(1);
                    sequence.push(once(Atom::Rune(u32::from('{'))));
                }
                Some((min, max)) => {
                    if !(0..=MOST).contains(&min) || max.is_some_and(|max| max > MOST || min > max) {
                        return Err(Refused);
                    }
                    let count = |n: i64| u32::try_from(n).map_err(|_| Refused);
                    repeat(sequence, count(min)?, max.map(count).transpose()?, after_repeat)?;
                    repeats = true;
                }
            },
            _ => repeats = reader.atoms(first, sequence)?,
        }
        after_repeat = repeats;
    }
    Ok(alternatives)
}

fn once(atom: Atom) -> Node {
    Node { atom, min: 1, max: Some(1) }
}

/// Repeats what was read last. `a**` is no syntax of Go's, and nothing can be repeated at the start.
fn repeat(sequence: &mut [Node], min: u32, max: Option<u32>, after_repeat: bool) -> Result<(), Refused> {
    let node = sequence.last_mut().filter(|_| !after_repeat).ok_or(Refused)?;
    (node.min, node.max) = (min, max);
    Ok(())
}

struct Reader<'a> {
    rest: &'a [char],
    /// No `:]` follows any more: it is not looked for again and again.
    no_posix_end: bool,
}

impl Reader<'_> {
    fn skip(&mut self, n: usize) {
        self.rest = self.rest.get(n..).unwrap_or_default();
    }

    fn next(&mut self) -> Option<char> {
        let (&first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    /// Reads what is no operator. True where it ends in a repetition.
    fn atoms(&mut self, first: char, sequence: &mut Vec<Node>) -> Result<bool, Refused> {
        match first {
            '(' => {
                self.skip("(.*/)?".len());
                sequence.push(once(Atom::Folders));
                return Ok(true);
            }
            '[' => sequence.push(once(Atom::Class(self.class()?))),
            '\\' => self.escape(sequence)?,
            _ => {
                self.skip(1);
                sequence.push(once(match first {
                    '^' => Atom::Assert(Assertion::Begin),
                    '$' => Atom::Assert(Assertion::End),
                    '.' => Atom::Dot,
                    plain => Atom::Rune(u32::from(plain)),
                }));
            }
        }
        Ok(false)
    }

    /// What starts with a `\` outside of brackets.
    fn escape(&mut self, sequence: &mut Vec<Node>) -> Result<(), Refused> {
        let letter = self.rest.get(1).copied().ok_or(Refused)?;
        let assertion = match letter {
            'A' => Assertion::Begin,
            'z' => Assertion::End,
            'b' => Assertion::WordBoundary,
            'B' => Assertion::NoWordBoundary,
            'Q' => {
                self.skip(2);
                let end = self.rest.windows(2).position(|pair| pair == ['\\', 'E']);
                let quoted = self.rest.get(..end.unwrap_or(self.rest.len())).unwrap_or_default();
                sequence.extend(quoted.iter().map(|&c| once(Atom::Rune(u32::from(c)))));
                self.skip(quoted.len() + if end.is_some() { 2 } else { 0 });
                return Ok(());
            }
            _ => {
                let mut class = Class::default();
                let atom = if self.class_escape(&mut class)? {
                    Atom::Class(class)
                } else {
                    Atom::Rune(self.rune()?)
                };
                sequence.push(once(atom));
                return Ok(());
            }
        };
        self.skip(2);
        sequence.push(once(Atom::Assert(assertion)));
        Ok(())
    }

    /// `\d`, `\pL`, `\p{Greek}` and the like; false, and nothing read, where none of them stands there.
    fn class_escape(&mut self, class: &mut Class) -> Result<bool, Refused> {
        let &['\\', letter, ref after @ ..] = self.rest else { return Ok(false) };
        if !matches!(letter, 'p' | 'P') {
            let known = class.add_perl(letter);
            self.skip(if known { 2 } else { 0 });
            return Ok(known);
        }
        let (name, length) = match after.first().ok_or(Refused)? {
            '{' => {
                let end = after.iter().position(|&c| c == '}').ok_or(Refused)?;
                (after.get(1..end).unwrap_or_default().iter().collect::<String>(), end + 1)
            }
            single => (single.to_string(), 1),
        };
        self.skip(2 + length);
        if class.add_unicode(&name, letter == 'P') { Ok(true) } else { Err(Refused) }
    }

    /// A class in brackets.
    fn class(&mut self) -> Result<Class, Refused> {
        let mut class = Class::default();
        self.skip(1);
        if self.rest.first() == Some(&'^') {
            self.skip(1);
            class.negate();
        }
        let mut first = true;
        while first || self.rest.first() != Some(&']') {
            first = false;
            if self.posix(&mut class)? || self.class_escape(&mut class)? {
                continue;
            }
            let low = self.member()?;
            let mut high = low;
            // A `-` before the end is itself.
            if let ['-', end, ..] = self.rest
                && *end != ']'
            {
                self.skip(1);
                high = self.member()?;
            }
            if high < low {
                return Err(Refused);
            }
            class.add(low, high);
        }
        self.skip(1);
        Ok(class)
    }

    /// `[:alpha:]` within brackets.
    fn posix(&mut self, class: &mut Class) -> Result<bool, Refused> {
        if self.no_posix_end || self.rest.len() < 3 || !self.rest.starts_with(&['[', ':']) {
            return Ok(false);
        }
        let after = self.rest.get(2..).unwrap_or_default();
        let Some(end) = after.windows(2).position(|pair| pair == [':', ']']) else {
            self.no_posix_end = true;
            return Ok(false);
        };
        let name: String = after.iter().take(end).collect();
        self.skip(2 + end + 2);
        if class.add_posix(&name) { Ok(true) } else { Err(Refused) }
    }

    fn member(&mut self) -> Result<u32, Refused> {
        match self.rest.first() {
            Some('\\') => self.rune(),
            _ => self.next().map(u32::from).ok_or(Refused),
        }
    }

    /// The one character that an escape stands for.
    fn rune(&mut self) -> Result<u32, Refused> {
        self.skip(1);
        let letter = self.next().ok_or(Refused)?;
        let octal = |c: Option<&char>| c.and_then(|c| c.to_digit(8));
        Ok(match letter {
            // A single digit would be a reference back, which Go has not.
            '0'..='7' if letter == '0' || octal(self.rest.first()).is_some() => {
                let mut value = letter.to_digit(8).ok_or(Refused)?;
                for _ in 0..2 {
                    let Some(digit) = octal(self.rest.first()) else { break };
                    value = value * 8 + digit;
                    self.skip(1);
                }
                value
            }
            'x' => self.hex()?,
            'a' => 0x07,
            'f' => 0x0c,
            'n' => 0x0a,
            'r' => 0x0d,
            't' => 0x09,
            'v' => 0x0b,
            plain if plain.is_ascii() && !plain.is_ascii_alphanumeric() => u32::from(plain),
            _ => return Err(Refused),
        })
    }

    /// `\x41` or `\x{41}`, the `\x` being read.
    fn hex(&mut self) -> Result<u32, Refused> {
        let mut digit = || self.next().ok_or(Refused).map(|c| (c, c.to_digit(16)));
        match digit()? {
            ('{', _) => {
                let mut value = None;
                loop {
                    match digit()? {
                        ('}', _) => return value.ok_or(Refused),
                        (_, Some(d)) => value = Some(value.unwrap_or(0) * 16 + d),
                        _ => return Err(Refused),
                    }
                    if value > Some(u32::from(char::MAX)) {
                        return Err(Refused);
                    }
                }
            }
            (_, Some(high)) => Ok(high * 16 + digit()?.1.ok_or(Refused)?),
            _ => Err(Refused),
        }
    }

    /// `{n}`, `{n,}` or `{n,m}`; nothing is read where it is none of them, and then `{` is itself. A number too big
    /// to hold is below zero.
    fn count(&mut self) -> Option<(i64, Option<i64>)> {
        let (mut min, rest) = number(self.rest.get(1..)?)?;
        let (max, rest) = match rest {
            [',', '}', ..] => (None, rest.get(1..)?),
            [',', ..] => {
                let (max, rest) = number(rest.get(1..)?)?;
                if max < 0 {
                    min = -1;
                }
                (Some(max), rest)
            }
            _ => (Some(min), rest),
        };
        let (&end, rest) = rest.split_first()?;
        if end != '}' {
            return None;
        }
        self.rest = rest;
        Some((min, max))
    }
}

/// A decimal number without leading zeros.
fn number(text: &[char]) -> Option<(i64, &[char])> {
    let digits = text.iter().take_while(|c| c.is_ascii_digit()).count();
    let (number, rest) = text.split_at(digits);
    match number {
        [] | ['0', _, ..] => None,
        _ if number.len() > 8 => Some((-1, rest)),
        _ => Some((number.iter().fold(0, |n, c| n * 10 + i64::from(c.to_digit(10).unwrap_or(0))), rest)),
    }
}
