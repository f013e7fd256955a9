//! Commands that run another one: `sudo`, `env`, `exec` and their kind, and `sh -c`.

use std::borrow::Cow;

use super::{Assignment, Command, Word};

/// How to find the command behind a wrapper.
struct Wrapper {
    name: &'static str,
    /// The flags whose value is the next word, without dashes; of short ones, the letter.
    with_value: &'static [&'static str],
    /// Flags with which it runs no command of its arguments.
    not_with: &'static [&'static str],
    /// How many words stand before the command: the user, the duration.
    operands: usize,
    /// Whether `A=b` may stand before the command.
    assigns: bool,
}

const PLAIN: Wrapper = Wrapper { name: "", with_value: &[], not_with: &[], operands: 0, assigns: false };

const WRAPPERS: [Wrapper; 18] = [
    Wrapper {
        name: "sudo",
        with_value: &[
            "u",
            "g",
            "h",
            "p",
            "C",
            "r",
            "t",
            "U",
            "D",
            "R",
            "T",
            "user",
            "group",
            "host",
            "prompt",
            "role",
            "type",
            "other-user",
            "chdir",
            "chroot",
            "close-from",
            "command-timeout",
        ],
        not_with: &["l", "v", "e", "K", "list", "validate", "edit", "version"],
        assigns: true,
        ..PLAIN
    },
    Wrapper { name: "doas", with_value: &["u", "C", "a"], not_with: &["L"], ..PLAIN },
    Wrapper {
        name: "env",
        with_value: &["u", "C", "unset", "chdir"],
        not_with: &["S", "split-string"],
        assigns: true,
        ..PLAIN
    },
    Wrapper { name: "exec", with_value: &["a"], ..PLAIN },
    Wrapper { name: "command", not_with: &["v", "V"], ..PLAIN },
    Wrapper { name: "builtin", ..PLAIN },
    Wrapper { name: "nohup", ..PLAIN },
    Wrapper { name: "time", with_value: &["f", "o", "format", "output"], ..PLAIN },
    Wrapper { name: "gosu", operands: 1, ..PLAIN },
    Wrapper { name: "su-exec", operands: 1, ..PLAIN },
    Wrapper { name: "setuidgid", operands: 1, ..PLAIN },
    Wrapper { name: "s6-setuidgid", operands: 1, ..PLAIN },
    Wrapper { name: "tini", with_value: &["p", "e"], not_with: &["h", "l"], ..PLAIN },
    Wrapper { name: "dumb-init", with_value: &["r", "rewrite"], not_with: &["h", "V"], ..PLAIN },
    Wrapper { name: "nice", with_value: &["n", "adjustment"], ..PLAIN },
    Wrapper { name: "ionice", with_value: &["c", "n", "class", "classdata"], not_with: &["p"], ..PLAIN },
    Wrapper { name: "eatmydata", ..PLAIN },
    Wrapper { name: "timeout", with_value: &["k", "s", "kill-after", "signal"], operands: 1, ..PLAIN },
];

const SHELLS: [&str; 7] = ["sh", "bash", "dash", "ash", "ksh", "mksh", "zsh"];

fn base(word: &Word) -> &str {
    word.text.rsplit_once('/').map_or(&word.text, |(_, base)| base)
}

/// The name and the value of `A=b`.
fn pair(word: &Word) -> Option<(&str, &str)> {
    let (name, value) = word.text.split_once('=')?;
    let first = name.chars().next()?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (name.chars().all(is_name) && !first.is_ascii_digit()).then_some((name, value))
}

/// Where in `words` the command behind a wrapper at `at` begins. `assigned` gets the places of the `A=b` words.
fn behind(words: &[Word], at: usize, assigned: &mut Vec<usize>) -> Option<usize> {
    let name = base(words.get(at)?);
    let wrapper = WRAPPERS.iter().find(|wrapper| wrapper.name == name)?;
    let mut at = at + 1;
    let mut operands = wrapper.operands;
    let mut flags = true;
    loop {
        let word = words.get(at)?;
        let text = word.text.as_str();
        if flags && text == "--" {
            flags = false;
        } else if flags && text.len() > 1 && text.starts_with('-') {
            let (name, long) = match text.strip_prefix("--") {
                Some(long) => (long.split('=').next().unwrap_or_default(), true),
                None => (text.get(1..2).unwrap_or_default(), false),
            };
            // The last letter of `-nu` may be the one that takes a value.
            let last = if long { name } else { text.get(text.len() - 1..).unwrap_or_default() };
            let cluster = text.chars().skip(1).all(|c| c.is_ascii_alphabetic());
            if wrapper.not_with.contains(&name) {
                return None;
            }
            let alone = if long { !text.contains('=') } else { text.len() == 2 };
            let first_takes = wrapper.with_value.contains(&name);
            let last_takes = !long && cluster && !first_takes && wrapper.with_value.contains(&last);
            if (alone && first_takes) || last_takes {
                at += 1;
            }
        } else if wrapper.assigns && pair(word).is_some() {
            flags = false;
            assigned.push(at);
        } else if operands > 0 {
            operands -= 1;
            flags = false;
        } else {
            return Some(at);
        }
        at += 1;
    }
}

impl Command {
    /// The command that this one runs for another user, in another environment or as an init process: what stands behind
    /// `sudo -u x`, `env A=b`, `exec`, `command`, `nohup`, `time`, `nice`, `timeout 5`, `gosu x`, `su-exec x`, `tini --`,
    /// `dumb-init --`, `eatmydata` and several of them. Itself where there is nothing to unwrap. Its range is still the
    /// whole command's, and the pairs of `env` are among its assignments.
    pub fn unwrapped(&self) -> Cow<'_, Command> {
        let mut assigned = Vec::new();
        let mut start = 0;
        loop {
            let before = assigned.len();
            match behind(&self.words, start, &mut assigned) {
                Some(next) => start = next,
                None => {
                    assigned.truncate(before);
                    break;
                }
            }
        }
        if start == 0 {
            return Cow::Borrowed(self);
        }
        let pairs = assigned.into_iter().filter_map(|at| {
            let word = self.words.get(at)?;
            let (name, value) = pair(word)?;
            Some(Assignment { name: name.to_owned(), value: Word { text: value.to_owned(), ..word.clone() } })
        });
        Cow::Owned(Command {
            assignments: self.assignments.iter().cloned().chain(pairs).collect(),
            words: self.words.get(start..).unwrap_or_default().to_vec(),
            redirects: self.redirects.clone(),
            range: self.range.clone(),
            ..*self
        })
    }

    /// The script of `sh -c 'script'`, by any shell, also behind what [`unwrapped`](Self::unwrapped) takes away and as
    /// `busybox sh -c`. None for everything else.
    pub fn inner_script(&self) -> Option<String> {
        let command = self.unwrapped();
        script_word(&command).map(|word| word.text.clone())
    }

    /// Whether there is an [`inner_script`](Self::inner_script).
    pub fn has_inner_script(&self) -> bool {
        script_word(&self.unwrapped()).is_some()
    }
}

/// The word that is the script of `command`, which is unwrapped.
pub(super) fn script_word(command: &Command) -> Option<&Word> {
    let mut words = command.words.iter();
    let mut shell = base(words.next()?);
    if shell == "busybox" {
        shell = base(words.next()?);
    }
    if !SHELLS.contains(&shell) {
        return None;
    }
    let mut asked = false;
    while let Some(word) = words.next() {
        let text = word.text.as_str();
        if text == "--" || text == "-" {
            return words.next().filter(|_| asked);
        }
        if matches!(text, "--rcfile" | "--init-file") {
            words.next();
        } else if text.starts_with("--") {
            continue;
        } else if let Some(letters) = text.strip_prefix(['-', '+']) {
            asked |= text.starts_with('-') && letters.contains('c');
            // `-o pipefail`, `-euxo pipefail`.
            if letters.ends_with(['o', 'O']) {
                words.next();
            }
        } else {
            return Some(word).filter(|_| asked);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    fn first(text: &str) -> Command {
        parse(text).commands.into_iter().next().unwrap()
    }

    #[test]
    fn wrappers_are_taken_away() {
        for (text, want) in [
            ("sudo apt-get install a", "apt-get install a"),
            ("sudo -E -u root -- apt-get update", "apt-get update"),
            ("sudo -nu root id", "id"),
            ("sudo -uroot id", "id"),
            ("sudo --user=root --group x id", "id"),
            ("sudo A=b id", "id"),
            ("env -i A=b C=d sh -x", "sh -x"),
            ("/usr/bin/env -u A pip install x", "pip install x"),
            ("exec -a name nginx -g x", "nginx -g x"),
            ("exec > log", "exec"),
            ("nohup nice -n 5 time -p make", "make"),
            ("nice -10 make", "make"),
            ("command -v curl", "command -v curl"),
            ("command curl x", "curl x"),
            ("gosu app:app redis-server", "redis-server"),
            ("su-exec app redis-server --x", "redis-server --x"),
            ("tini -s -p TERM -- node app.js", "node app.js"),
            ("dumb-init -- node", "node"),
            ("timeout -k 5 10 curl x", "curl x"),
            ("eatmydata apt-get update", "apt-get update"),
            ("busybox wget x", "busybox wget x"),
            ("sudo -i", "sudo -i"),
            ("sudo", "sudo"),
            ("sudo env sudo", "sudo"),
            ("\"$x\" a", "$x a"),
        ] {
            let words = first(text).unwrapped().words.iter().map(|w| w.text.clone()).collect::<Vec<_>>();
            assert_eq!(words.join(" "), want, "{text}");
        }
        let command = first("X=1 sudo env A=b C='d e' pip");
        let pairs: Vec<_> = command.unwrapped().assignments.iter().map(|a| a.name.clone()).collect();
        assert_eq!(pairs, ["X", "A", "C"]);
        assert_eq!(command.unwrapped().assignments[2].value.text, "d e");
    }

    #[test]
    fn scripts_of_shells() {
        for (text, want) in [
            ("sh -c 'a && b'", Some("a && b")),
            ("bash -c \"a $x \\$y\"", Some("a $x $y")),
            ("bash -ex -c a", Some("a")),
            ("bash -exc a b c", Some("a")),
            ("bash -c -e a", Some("a")),
            ("bash -o pipefail -c a", Some("a")),
            ("bash -euxo pipefail -c a", Some("a")),
            ("/bin/sh -c a", Some("a")),
            ("exec sudo -u x env A=b bash --login -c a", Some("a")),
            ("busybox sh -c a", Some("a")),
            ("bash -c -- a", Some("a")),
            ("sh script.sh -c a", None),
            ("sh -x", None),
            ("sh -c", None),
            ("ssh -c a", None),
            ("echo sh -c a", None),
        ] {
            assert_eq!(first(text).inner_script().as_deref(), want, "{text}");
        }
    }
}
