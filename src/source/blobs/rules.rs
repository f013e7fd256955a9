//! The lines of an attributes file, as far as they decide whether a file is converted on its way into the index.
//!
//! Format: gitattributes(5). Patterns of the usual shapes are matched exactly; any other one may match, which counts
//! where it sets an attribute and not where it unsets one. So a file is never taken for untouched by mistake.

use std::io::{ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Larger files, and longer lines, are more than anybody wrote, and git ignores some of them.
const LARGEST: u64 = 1 << 20;
const LONGEST: usize = 2048;

/// What the attributes of one path say.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Verdict {
    text: Option<bool>,
    /// The older name of `text`, which counts where that one is not specified.
    crlf: Option<bool>,
    /// `eol` counts unless one of the above says that there are no lines.
    eol: bool,
    filter: bool,
    ident: bool,
    encoding: bool,
}

impl Verdict {
    /// Whether the bytes in the work tree may be others than those of the blob.
    pub(super) fn converts(self) -> bool {
        self.text.or(self.crlf).unwrap_or(self.eol) || self.filter || self.ident || self.encoding
    }

    fn apply(&mut self, (attribute, state): Assignment, surely: bool) {
        let flag = match attribute {
            Attribute::Text => return lines(&mut self.text, state, surely),
            Attribute::Crlf => return lines(&mut self.crlf, state, surely),
            Attribute::Eol => &mut self.eol,
            Attribute::Filter => &mut self.filter,
            Attribute::Ident => &mut self.ident,
            Attribute::Encoding => &mut self.encoding,
        };
        if surely || state == State::Set {
            *flag = state == State::Set;
        }
    }
}

/// A pattern that only may match makes the answer stricter and never more lenient.
fn lines(slot: &mut Option<bool>, state: State, surely: bool) {
    match state {
        State::Set => *slot = Some(true),
        State::Unset if surely => *slot = Some(false),
        State::Unspecified if surely => *slot = None,
        State::Unspecified if *slot == Some(false) => *slot = None,
        // What was said before `binary` counts again, and is not known any more.
        State::Doubted if *slot == Some(false) => *slot = Some(true),
        State::Unset | State::Unspecified | State::Doubted => {}
    }
}

/// The rules of one file.
#[derive(Debug, Default)]
pub(super) struct Rules {
    rules: Vec<Rule>,
    /// When the file last changed, in seconds and nanoseconds; zero where there is none.
    changed: (i64, i64),
}

#[derive(Debug)]
struct Rule {
    pattern: Pattern,
    assignments: Vec<Assignment>,
}

type Assignment = (Attribute, State);

#[derive(Debug, Clone, Copy)]
enum Attribute {
    Text,
    Crlf,
    Eol,
    Filter,
    Ident,
    Encoding,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// `text`, `text=auto`.
    Set,
    /// `-text`.
    Unset,
    /// `!text`.
    Unspecified,
    /// `-binary`: an earlier `binary` does not count any more, and with it its `-text`.
    Doubted,
}

#[derive(Debug)]
enum Pattern {
    All,
    /// The last part of the path, or its end or start.
    Name(Vec<u8>),
    Suffix(Vec<u8>),
    Prefix(Vec<u8>),
    /// The whole path from the folder of the file.
    Path(Vec<u8>),
    /// Everything below a folder; ends in `/`.
    Below(Vec<u8>),
    /// A shape that is not known here.
    Unknown,
}

impl Rules {
    /// The rules of a file, none where it does not exist; `None` where they cannot be told.
    pub(super) fn load(file: &Path) -> Option<Rules> {
        let meta = match file.symlink_metadata() {
            Ok(meta) => meta,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Some(Rules::default());
            }
            Err(_) => return None,
        };
        if !meta.is_file() {
            return None;
        }
        let mut content = Vec::new();
        std::fs::File::open(file).ok()?.take(LARGEST + 1).read_to_end(&mut content).ok()?;
        if content.len() as u64 > LARGEST {
            return None;
        }
        Some(Rules { changed: (meta.ctime(), meta.ctime_nsec()), ..Rules::parse(&content)? })
    }

    pub(super) fn parse(content: &[u8]) -> Option<Rules> {
        let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
        let mut rules = Vec::new();
        for line in content.split(|&byte| byte == b'\n') {
            let line = line.trim_ascii();
            if line.is_empty() || line.starts_with(b"#") {
                continue;
            }
            let odd = |byte: &u8| byte.is_ascii_control() && *byte != b'\t';
            if line.len() > LONGEST || line.iter().any(odd) {
                return None;
            }
            let (pattern, rest) = if line.starts_with(b"\"") {
                // The pattern may hold blanks. Where it ends does not matter: it is not matched exactly anyway.
                (&b"\""[..], line)
            } else {
                line.split_at(line.iter().position(u8::is_ascii_whitespace).unwrap_or(line.len()))
            };
            // Of two words on `binary` the last one counts, and only then is it known what the first one meant.
            let binary = rest.split(u8::is_ascii_whitespace);
            if binary
                .filter(|word| {
                    word.strip_prefix(b"-").or(word.strip_prefix(b"!")).unwrap_or(word) == b"binary"
                })
                .count()
                > 1
            {
                return None;
            }
            let assignments: Vec<_> = rest.split(u8::is_ascii_whitespace).filter_map(assignment).collect();
            if let Some(name) = pattern.strip_prefix(b"[attr]") {
                // A macro that converts, or one that changes what `binary` means.
                if name == b"binary" || assignments.iter().any(|(_, state)| *state != State::Unset) {
                    return None;
                }
            } else if !assignments.is_empty() {
                rules.push(Rule { pattern: Pattern::parse(pattern), assignments });
            }
        }
        Some(Rules { rules, changed: (0, 0) })
    }

    /// Whether the file that they are of did not change behind `moment`.
    pub(super) fn held_at(&self, moment: (i64, i64)) -> bool {
        self.changed <= moment
    }

    /// Lets the rules decide about `path`, relative to their folder; later ones win, as they do over `verdict`.
    pub(super) fn apply(&self, path: &[u8], verdict: &mut Verdict) {
        for rule in &self.rules {
            let matched = rule.pattern.matches(path);
            if matched != Some(false) {
                rule.assignments
                    .iter()
                    .for_each(|&assignment| verdict.apply(assignment, matched == Some(true)));
            }
        }
    }
}

fn assignment(word: &[u8]) -> Option<Assignment> {
    if word == b"binary" {
        return Some((Attribute::Text, State::Unset));
    }
    let (word, state) = match word.split_first() {
        Some((b'-', name)) => (name, State::Unset),
        Some((b'!', name)) => (name, State::Unspecified),
        _ => (word, State::Set),
    };
    let attribute = match word.split(|&byte| byte == b'=').next()? {
        b"binary" => return Some((Attribute::Text, State::Doubted)),
        b"text" => Attribute::Text,
        b"crlf" => Attribute::Crlf,
        b"eol" => Attribute::Eol,
        b"filter" => Attribute::Filter,
        b"ident" => Attribute::Ident,
        b"working-tree-encoding" => Attribute::Encoding,
        _ => return None,
    };
    Some((attribute, state))
}

impl Pattern {
    fn parse(pattern: &[u8]) -> Pattern {
        let plain = |text: &[u8]| !text.is_empty() && !text.iter().any(|byte| b"*?[\\\"!".contains(byte));
        let (anchored, body) = match pattern.strip_prefix(b"/") {
            Some(body) => (true, body),
            None => (pattern.contains(&b'/'), pattern),
        };
        if body.ends_with(b"/") {
            return Pattern::Unknown;
        }
        if anchored {
            return match body.strip_suffix(b"/**") {
                Some(folder) if plain(folder) => Pattern::Below([folder, b"/"].concat()),
                None if plain(body) => Pattern::Path(body.to_vec()),
                _ => Pattern::Unknown,
            };
        }
        match (body.strip_prefix(b"*"), body.strip_suffix(b"*")) {
            (Some(b""), _) => Pattern::All,
            (Some(end), _) if plain(end) => Pattern::Suffix(end.to_vec()),
            (_, Some(start)) if plain(start) => Pattern::Prefix(start.to_vec()),
            _ if plain(body) => Pattern::Name(body.to_vec()),
            _ => Pattern::Unknown,
        }
    }

    /// `None` where that cannot be told.
    fn matches(&self, path: &[u8]) -> Option<bool> {
        let name = path.rsplit(|&byte| byte == b'/').next().unwrap_or(path);
        match self {
            Pattern::All => Some(true),
            Pattern::Name(exact) => Some(name == exact),
            Pattern::Suffix(end) => Some(name.ends_with(end)),
            Pattern::Prefix(start) => Some(name.starts_with(start)),
            Pattern::Path(exact) => Some(path == exact),
            Pattern::Below(folder) => Some(path.starts_with(folder)),
            Pattern::Unknown => None,
        }
    }
}
