//! Character classes as Go's regular expressions know them.

use regex::Regex;

/// A set of characters.
#[derive(Debug, Default)]
pub(super) struct Class {
    negated: bool,
    ranges: Vec<(u32, u32)>,
    /// Unicode groups (`\p{Greek}`), and whether each is meant the other way round.
    groups: Vec<(bool, Regex)>,
}

const LAST: u32 = char::MAX as u32;

impl Class {
    /// Whether the character is in the set.
    pub(super) fn contains(&self, rune: u32) -> bool {
        let within = self.ranges.iter().any(|&(low, high)| (low..=high).contains(&rune));
        (within || self.groups.iter().any(|(outside, group)| in_group(group, rune) != *outside))
            != self.negated
    }

    /// Whether this is `[^/]`, by far the most frequent class.
    pub(super) fn is_not_slash(&self) -> bool {
        let slash = u32::from('/');
        self.negated && self.ranges == [(slash, slash)] && self.groups.is_empty()
    }

    pub(super) fn negate(&mut self) {
        self.negated = true;
    }

    pub(super) fn add(&mut self, low: u32, high: u32) {
        self.ranges.push((low, high));
    }

    /// Adds what is in none (or, not negated, in any) of some ranges of ASCII.
    fn add_ascii(&mut self, ranges: &[(u8, u8)], outside: bool) {
        if !outside {
            self.ranges.extend(ranges.iter().map(|&(low, high)| (u32::from(low), u32::from(high))));
            return;
        }
        let mut from = 0;
        for &(low, high) in ranges {
            if let Some(before) = u32::from(low).checked_sub(1)
                && before >= from
            {
                self.add(from, before);
            }
            from = u32::from(high) + 1;
        }
        self.add(from, LAST);
    }

    /// Adds `\d`, `\s` or `\w`, or with a capital letter the opposite.
    pub(super) fn add_perl(&mut self, letter: char) -> bool {
        let name = match letter.to_ascii_lowercase() {
            'd' => "digit",
            // Perl's has no vertical tab, unlike POSIX's.
            's' => "perl-space",
            'w' => "word",
            _ => return false,
        };
        self.add_named(name, letter.is_ascii_uppercase())
    }

    /// Adds a POSIX class by the name between `[:` and `:]`.
    pub(super) fn add_posix(&mut self, name: &str) -> bool {
        match name.strip_prefix('^') {
            Some(name) => self.add_named(name, true),
            None => self.add_named(name, false),
        }
    }

    fn add_named(&mut self, name: &str, outside: bool) -> bool {
        let ranges: &[(u8, u8)] = match name {
            "alnum" => &[(b'0', b'9'), (b'A', b'Z'), (b'a', b'z')],
            "alpha" => &[(b'A', b'Z'), (b'a', b'z')],
            "ascii" => &[(0, 0x7f)],
            "blank" => &[(b'\t', b'\t'), (b' ', b' ')],
            "cntrl" => &[(0, 0x1f), (0x7f, 0x7f)],
            "digit" => &[(b'0', b'9')],
            "graph" => &[(b'!', b'~')],
            "lower" => &[(b'a', b'z')],
            "print" => &[(b' ', b'~')],
            "punct" => &[(b'!', b'/'), (b':', b'@'), (b'[', b'`'), (b'{', b'~')],
            "space" => &[(b'\t', b'\r'), (b' ', b' ')],
            "perl-space" => &[(b'\t', b'\n'), (0x0c, b'\r'), (b' ', b' ')],
            "upper" => &[(b'A', b'Z')],
            "word" => &[(b'0', b'9'), (b'A', b'Z'), (b'_', b'_'), (b'a', b'z')],
            "xdigit" => &[(b'0', b'9'), (b'A', b'F'), (b'a', b'f')],
            _ => return false,
        };
        self.add_ascii(ranges, outside);
        true
    }

    /// Adds a Unicode category (`Lu`) or script (`Greek`); false where Go knows no such group.
    pub(super) fn add_unicode(&mut self, name: &str, outside: bool) -> bool {
        let (name, outside) = match name.strip_prefix('^') {
            Some(name) => (name, !outside),
            None => (name, outside),
        };
        // Go and the regex crate know the same names and take them as loosely; anything else would be syntax here.
        let known = !name.is_empty()
            && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ' '));
        match known.then(|| Regex::new(&format!("^\\p{{{name}}}$"))) {
            Some(Ok(group)) => self.groups.push((outside, group)),
            // Surrogates: a group of Go in which no character of a path can be.
            _ if name == "Cs" && outside => self.add(0, LAST),
            _ if name == "Cs" => {}
            _ => return false,
        }
        true
    }
}

fn in_group(group: &Regex, rune: u32) -> bool {
    char::from_u32(rune).is_some_and(|c| group.is_match(c.encode_utf8(&mut [0; 4])))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(build: impl FnOnce(&mut Class) -> bool) -> Class {
        let mut class = Class::default();
        assert!(build(&mut class));
        class
    }

    #[test]
    fn perl_and_posix_classes() {
        let space = class(|c| c.add_perl('s'));
        assert!(space.contains(u32::from(' ')) && !space.contains(0x0b), "Perl has no vertical tab");
        assert!(class(|c| c.add_posix("space")).contains(0x0b));
        let other = class(|c| c.add_perl('D'));
        assert!(other.contains(u32::from('a')) && other.contains(LAST) && !other.contains(u32::from('7')));
        let outside = class(|c| c.add_posix("^ascii"));
        assert!(outside.contains(0x80) && !outside.contains(0) && !outside.contains(0x7f));
        assert!(!Class::default().add_posix("nothing") && !Class::default().add_perl('x'));
    }

    #[test]
    fn unicode_groups_by_name() {
        let greek = class(|c| c.add_unicode("Greek", false));
        assert!(greek.contains(u32::from('ζ')) && !greek.contains(u32::from('z')));
        let not_letter = class(|c| c.add_unicode("L", true));
        assert!(not_letter.contains(u32::from('1')) && !not_letter.contains(u32::from('ä')));
        for unknown in ["", "Klingon", "*", "^"] {
            assert!(!Class::default().add_unicode(unknown, false), "{unknown}");
        }
    }
}
