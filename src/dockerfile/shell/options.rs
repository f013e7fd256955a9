//! What rules ask of a command: its name, flags, values and operands.

use super::{Command, Word};

/// What an argument is, the name of a flag without its dashes.
enum Argument<'a> {
    /// `--name`, `--name=value`.
    Long(&'a str, Option<&'a str>),
    /// `-abc`, `-ovalue`, `-name=value`: all behind the dash. Which it is, only the command knows.
    Short(&'a str),
    /// `--`: no flag follows.
    End,
    Operand,
}

fn argument(word: &Word) -> Argument<'_> {
    if word.text == "--" {
        Argument::End
    } else if let Some(long) = word.text.strip_prefix("--") {
        match long.split_once('=') {
            Some((name, value)) => Argument::Long(name, Some(value)),
            None => Argument::Long(long, None),
        }
    } else {
        match word.text.strip_prefix('-') {
            Some(short) if !short.is_empty() => Argument::Short(short),
            _ => Argument::Operand,
        }
    }
}

/// The letters of `-abc`, up to what can be none.
fn letters(short: &str) -> &str {
    let end = short.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(short.len());
    short.get(..end).unwrap_or_default()
}

/// `short` up to its `=`, as in `-name=value`.
fn whole(short: &str) -> (&str, Option<&str>) {
    short.split_once('=').map_or((short, None), |(name, value)| (name, Some(value)))
}

/// What follows the flag of `names` in `-abc`: none where none of them is in it, empty where nothing follows.
fn behind<'a>(short: &'a str, names: &[&str]) -> Option<&'a str> {
    if let (name, value) = whole(short)
        && names.contains(&name)
    {
        return Some(value.unwrap_or_default());
    }
    letters(short).char_indices().find_map(|(at, letter)| {
        let wanted = names.iter().any(|name| name.strip_prefix(letter) == Some(""));
        if wanted { short.get(at + 1..) } else { None }
    })
}

impl Command {
    /// The first word; empty where there is none.
    pub fn raw_name(&self) -> &str {
        self.words.first().map_or("", |word| &word.text)
    }

    /// [`raw_name`](Self::raw_name) without the folder: `apt-get` for `/usr/bin/apt-get`.
    pub fn name(&self) -> &str {
        let name = self.raw_name();
        match name.rsplit_once('/') {
            // A `/` inside of `$(…)` or `${…}` parts nothing.
            Some((_, base)) if !base.contains([')', '}', '`']) => base,
            _ => name,
        }
    }

    /// The words behind the name.
    pub fn args(&self) -> &[Word] {
        self.words.get(1..).unwrap_or_default()
    }

    /// The arguments up to a lone `--`.
    fn before_end(&self) -> impl Iterator<Item = Argument<'_>> {
        self.args().iter().map(argument).take_while(|argument| !matches!(argument, Argument::End))
    }

    /// The names of the flags before a lone `--`: `foo` for `--foo` and `--foo=x`, each letter of `-abc`. A value that is
    /// attached to a letter, as in `-ofile`, cannot be told from letters.
    pub fn flags(&self) -> impl Iterator<Item = &str> {
        self.before_end().flat_map(|argument| {
            let (long, short) = match argument {
                Argument::Long(name, _) => (Some(name), ""),
                Argument::Short(short) => (None, letters(short)),
                Argument::End | Argument::Operand => (None, ""),
            };
            long.into_iter().chain((0..short.len()).filter_map(|at| short.get(at..at + 1)))
        })
    }

    /// Whether one of the flags `names`, given without dashes, stands before a lone `--`. A single letter is found in
    /// `-y` and `-qy`, a longer name as `--name`, `--name=x`, `-name` and `-name=x`.
    pub fn has_flag(&self, names: &[&str]) -> bool {
        self.before_end().any(|argument| match argument {
            Argument::Long(name, _) => name.len() > 1 && names.contains(&name),
            Argument::Short(short) => behind(short, names).is_some(),
            Argument::End | Argument::Operand => false,
        })
    }

    /// The arguments that are no flags; all behind a lone `--` are none. The flags `with_value`, without dashes, take the
    /// next word as their value unless one is attached (`-tx`, `--target=x`).
    pub fn positional(&self, with_value: &[&str]) -> Vec<&Word> {
        let mut found = Vec::new();
        let mut args = self.args().iter();
        while let Some(word) = args.next() {
            let takes = match argument(word) {
                Argument::Long(name, None) => with_value.contains(&name),
                Argument::Long(_, Some(_)) => false,
                Argument::Short(short) => !short.contains('=') && behind(short, with_value) == Some(""),
                Argument::End => {
                    found.extend(args);
                    break;
                }
                Argument::Operand => {
                    found.push(word);
                    false
                }
            };
            if takes {
                args.next();
            }
        }
        found
    }

    /// The value of the first of the flags `names`, given without dashes: `-o x`, `-ox`, `-qo x`, `--output x`,
    /// `--output=x`, `-output=x`. None where there is no such flag or no value.
    ///
    /// An attached value has the range of its part where it is written without quotes, else that of the whole word.
    pub fn flag_value(&self, names: &[&str]) -> Option<Word> {
        let mut args = self.args().iter();
        while let Some(word) = args.next() {
            let value = match argument(word) {
                Argument::End => return None,
                Argument::Long(name, value) if name.len() > 1 && names.contains(&name) => value,
                Argument::Short(short) => match behind(short, names) {
                    Some("") if !short.ends_with('=') => None,
                    Some(value) => Some(value),
                    None => continue,
                },
                Argument::Long(..) | Argument::Operand => continue,
            };
            return match value {
                None => args.next().cloned(),
                Some(value) => Some(attached(word, value)),
            };
        }
        None
    }

    /// The first argument that is no flag, as `install` of `apt-get -y install`; empty where there is none. Where flags
    /// with a value can stand before it, ask [`positional`](Self::positional).
    pub fn subcommand(&self) -> &str {
        self.positional(&[]).first().map_or("", |word| &word.text)
    }
}

/// `value`, which ends `word`, as a word.
fn attached(word: &Word, value: &str) -> Word {
    let range = if word.range.len() == word.text.len() {
        word.range.end - value.len()..word.range.end
    } else {
        word.range.clone()
    };
    Word { text: value.to_owned(), range, ..*word }
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    fn command(text: &str) -> Command {
        parse(text).commands.into_iter().next().unwrap()
    }

    fn texts(words: Vec<&Word>) -> Vec<String> {
        words.into_iter().map(|word| word.text.clone()).collect()
    }

    #[test]
    fn names_are_without_their_folder() {
        for (text, name) in [
            ("/usr/bin/apt-get update", "apt-get"),
            ("A=1", ""),
            ("'/bin/a b' c", "a b"),
            ("$HOME/bin/pip x", "pip"),
            ("${HOME%/*} x", "${HOME%/*}"),
            ("$(which /bin/sh) x", "$(which /bin/sh)"),
            ("./configure", "configure"),
        ] {
            assert_eq!(command(text).name(), name, "{text}");
        }
        assert_eq!(command("/bin/a").raw_name(), "/bin/a");
        assert_eq!(command(">f").args(), []);
    }

    #[test]
    fn flags_are_found_in_all_their_forms() {
        let all: Vec<String> =
            command("x -qy --foo=a --bar -9 - b '-z' -- -n").flags().map(str::to_owned).collect();
        assert_eq!(all, ["q", "y", "foo", "bar", "9", "z"]);
        let yes = &["y", "yes", "assume-yes"];
        for (text, has) in [
            ("apt-get install -y a", true),
            ("apt-get -qy install a", true),
            ("apt-get --yes install a", true),
            ("apt-get --assume-yes=true install", true),
            ("yum -yes", true),
            ("apt-get \"-y\" install", true),
            ("apt-get install a", false),
            ("apt-get install -- -y", false),
            ("apt-get --yeses", false),
            ("apt-get --y", false),
            ("apt-get - y", false),
            ("apt-get -o=y", false),
        ] {
            assert_eq!(command(text).has_flag(yes), has, "{text}");
        }
        assert!(command("java -version").has_flag(&["version"]));
        assert!(!command("a -é").has_flag(&["x"]));
    }

    #[test]
    fn operands_are_what_flags_leave() {
        let flags = &["t", "target-release", "o"];
        for (text, left) in [
            ("apt-get -t stable install a=1 b", "install a=1 b"),
            ("apt-get -qt stable install", "install"),
            ("apt-get -tstable install", "install"),
            ("apt-get --target-release stable install", "install"),
            ("apt-get --target-release=stable install", "install"),
            ("apt-get -o=x install", "install"),
            ("apt-get --other stable", "stable"),
            ("x - -- -a --", "- -a --"),
            ("x -t", ""),
        ] {
            assert_eq!(texts(command(text).positional(flags)).join(" "), left, "{text}");
        }
        assert_eq!(command("apt-get -y install a").subcommand(), "install");
        assert_eq!(command("apt-get -y").subcommand(), "");
    }

    #[test]
    fn values_of_flags() {
        let names = &["o", "output"];
        for (text, value) in [
            ("curl -o x u", Some("x")),
            ("curl -ox u", Some("x")),
            ("curl -so x u", Some("x")),
            ("curl -sox u", Some("x")),
            ("curl --output x u", Some("x")),
            ("curl --output=x u", Some("x")),
            ("curl --output= u", Some("")),
            ("curl -output=x", Some("x")),
            ("curl -o=x", Some("=x")),
            ("curl -o", None),
            ("curl x", None),
            ("curl -- -o x", None),
        ] {
            let got = command(text).flag_value(names).map(|word| word.text);
            // A letter with `=` is its name and its value.
            let value = if text == "curl -o=x" { Some("x") } else { value };
            assert_eq!(got.as_deref(), value, "{text}");
        }
        assert_eq!(command("curl -o=x --output=abc").flag_value(&["output"]).unwrap().range, 19..22);
        assert_eq!(command("curl '-oabc'").flag_value(&["o"]).unwrap().range, 5..12);
    }
}
