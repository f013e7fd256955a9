//! Secrets in the options of commands, and on their standard input.

use std::ops::Range;

use super::is_open;

/// How an option takes a secret.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    /// Behind it, in the same word or in the next one.
    Value,
    /// In the same word only; the next one is no value.
    Attached,
    /// As `user:password`.
    Login,
}

/// Commands, the letter of the option that takes a secret, and how.
const OPTIONS: [(&[&str], u8, Takes); 10] = [
    (&["curl"], b'u', Takes::Login),
    (&["curl"], b'U', Takes::Login),
    (
        &[
            "mysql",
            "mysqldump",
            "mysqladmin",
            "mysqlimport",
            "mysqlshow",
            "mariadb",
            "mariadb-dump",
            "mariadb-admin",
        ],
        b'p',
        Takes::Attached,
    ),
    (
        &["sshpass", "useradd", "usermod", "mongo", "mongosh", "mongodump", "login", "7z", "7za"],
        b'p',
        Takes::Value,
    ),
    (&["unzip", "zip"], b'P', Takes::Value),
    (&["redis-cli"], b'a', Takes::Value),
    (&["ldapsearch", "ldapadd", "ldapmodify", "ldappasswd"], b'w', Takes::Value),
    (&["ssh-keygen"], b'N', Takes::Value),
    (&["ldappasswd"], b's', Takes::Value),
    (&["sqlcmd"], b'P', Takes::Value),
];
/// Options that take `user:password`.
const LOGINS: [&str; 3] = ["--user", "--proxy-user", "--auth"];
/// Commands whose arguments are passwords.
const ADD_USER: [&str; 2] = ["add_user", "change_password"];

/// A simple command: its words without their outer quotes, and whether it reads what the one before it says.
#[derive(Default)]
struct Simple<'a> {
    words: Vec<(usize, &'a str)>,
    is_fed: bool,
}

pub(super) fn find(line: &str, found: &mut Vec<Range<usize>>) {
    let commands = commands(line);
    // What stands further in front was looked at already.
    let mut walked = 0;
    for (index, command) in commands.iter().enumerate() {
        in_options(line, command, found);
        let names = |wanted: &[&str]| command.words.iter().any(|(_, word)| wanted.contains(&base(word)));
        if names(&ADD_USER) || names(&["htpasswd"]) && takes_password(command) {
            found.extend(whole(command));
        }
        let reads = command.words.iter().any(|(_, word)| {
            matches!(base(word), "chpasswd" | "smbpasswd")
                || word.ends_with("-stdin")
                || word.ends_with("-stdin=true")
        }) || names(&["passwd"]) && command.words.iter().any(|(_, word)| *word == "--stdin")
            || names(&["sudo"]) && command.words.iter().any(|(_, word)| *word == "-S");
        if reads {
            let here = command.words.iter().position(|(_, word)| word.starts_with("<<<"));
            let fed = command.words.get(here.unwrap_or(command.words.len())..).unwrap_or_default();
            if fed.iter().any(|(_, word)| !is_open(word.trim_start_matches('<'))) {
                found.extend(whole(command));
            }
            let mut at = index;
            while at > walked && commands.get(at).is_some_and(|command| command.is_fed) {
                at -= 1;
                found.extend(commands.get(at).filter(|command| says(command)).and_then(whole));
            }
            walked = index;
        }
    }
}

fn commands(line: &str) -> Vec<Simple<'_>> {
    let mut commands = vec![Simple::default()];
    let mut offset = 0;
    let mut was_pipe = false;
    for part in line.split_inclusive([';', '|', '&', '(', ')', '`', '\n']) {
        let end = part.chars().next_back().filter(|c| ";|&()`\n".contains(*c));
        let text = end.map_or(part, |end| part.strip_suffix(end).unwrap_or(part));
        // `||` is two signs with nothing between.
        if was_pipe && text.is_empty() && end == Some('|') {
            if let Some(last) = commands.last_mut() {
                last.is_fed = false;
            }
            was_pipe = false;
            offset += part.len();
            continue;
        }
        let mut at = offset;
        for word in text.split_inclusive(|c: char| c.is_whitespace() || matches!(c, ',' | '[' | ']')) {
            let bare = word
                .trim_end_matches(|c: char| c.is_whitespace() || matches!(c, ',' | '[' | ']' | '"' | '\''));
            let trimmed = bare.trim_start_matches(['"', '\'']);
            if !trimmed.is_empty() {
                let place = at + bare.len() - trimmed.len();
                if let Some(last) = commands.last_mut() {
                    last.words.push((place, trimmed));
                }
            }
            at += word.len();
        }
        offset += part.len();
        was_pipe = end == Some('|');
        if end.is_some() {
            commands.push(Simple { words: Vec::new(), is_fed: was_pipe });
        }
    }
    commands
}

fn base(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

fn whole(command: &Simple<'_>) -> Option<Range<usize>> {
    let (start, _) = command.words.first()?;
    let (last, word) = command.words.last()?;
    Some(*start..last + word.len())
}

/// `htpasswd` with the password among its arguments.
fn takes_password(command: &Simple<'_>) -> bool {
    command
        .words
        .iter()
        .any(|(_, word)| word.starts_with('-') && !word.starts_with("--") && word.contains('b'))
}

/// Whether what a command writes is said here, and does not come from a variable or a file.
fn says(command: &Simple<'_>) -> bool {
    let mut words =
        command.words.iter().map(|(_, word)| *word).skip_while(|word| base(word).eq_ignore_ascii_case("run"));
    let Some(program) = words.next() else { return false };
    match base(program) {
        "cat" => false,
        "echo" | "printf" => {
            words.any(|word| !(word.starts_with('-') || word.starts_with('%') || is_open(word)))
        }
        _ => true,
    }
}

fn in_options(line: &str, command: &Simple<'_>, found: &mut Vec<Range<usize>>) {
    let words = &command.words;
    for (names, letter, takes) in OPTIONS {
        let Some(program) = words.iter().position(|(_, word)| names.contains(&base(word))) else { continue };
        for (index, (at, word)) in words.iter().enumerate().skip(program + 1) {
            let next = words.get(index + 1).copied();
            let Some((at, value)) = value(*at, word, next, letter, takes) else { continue };
            let stands = line.get(at..).unwrap_or_default();
            let is_open = match takes {
                Takes::Login => !value.contains(':') || value.split(':').all(is_open),
                Takes::Value | Takes::Attached => is_open(value),
            };
            let is_read = ["$(cat ", "$(<"].iter().any(|cat| stands.starts_with(cat));
            if !is_open && !is_read {
                found.push(at..at + value.len());
            }
        }
    }
}

/// The value of an option and its place.
fn value<'a>(
    at: usize,
    word: &'a str,
    next: Option<(usize, &'a str)>,
    letter: u8,
    takes: Takes,
) -> Option<(usize, &'a str)> {
    if takes == Takes::Login
        && let Some(option) = LOGINS.iter().find(|option| word.starts_with(**option))
    {
        let rest = word.get(option.len()..).unwrap_or_default();
        return match rest.strip_prefix('=') {
            Some(value) => Some((at + option.len() + 1, value)),
            None => next.filter(|_| rest.is_empty()),
        };
    }
    let letters = word.strip_prefix('-').filter(|letters| !letters.starts_with('-'))?;
    let index = letters.bytes().position(|byte| byte == letter)?;
    let attached = letters.get(index + 1..)?;
    match attached.is_empty() {
        false => Some((at + index + 2, attached)),
        true => next.filter(|_| takes != Takes::Attached),
    }
}
