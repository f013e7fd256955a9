//! Paths with `*`, `**` and `?`, as waivers name them.

use regex::Regex;

/// A pattern of paths: `*` and `?` stay within a name, `**` crosses folders; a pattern without `/` fits in any folder.
#[derive(Debug, Clone)]
pub struct Glob {
    text: String,
    /// `None` where only the very text fits.
    regex: Option<Regex>,
}

impl PartialEq for Glob {
    fn eq(&self, other: &Glob) -> bool {
        self.text == other.text && self.regex.is_some() == other.regex.is_some()
    }
}

impl Eq for Glob {}

impl Glob {
    /// Reads a pattern; `None` where it is longer than any path.
    pub fn new(text: &str) -> Option<Glob> {
        if text.len() > 4096 {
            return None;
        }
        let pattern = text.strip_prefix("./").unwrap_or(text);
        let mut source = String::from(if pattern.contains('/') { "^" } else { "^(?:.*/)?" });
        let mut rest = pattern.trim_start_matches('/');
        while let Some(c) = rest.chars().next() {
            if let Some(tail) = rest.strip_prefix("**/") {
                source.push_str("(?:.*/)?");
                rest = tail;
                continue;
            }
            if let Some(tail) = rest.strip_prefix("**") {
                source.push_str(".*");
                rest = tail;
                continue;
            }
            match c {
                '*' => source.push_str("[^/]*"),
                '?' => source.push_str("[^/]"),
                c => source.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
            }
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
        }
        source.push('$');
        Regex::new(&source).ok().map(|regex| Glob { text: text.to_owned(), regex: Some(regex) })
    }

    /// A pattern that only `path` itself fits, whatever characters it holds.
    pub fn exact(path: &str) -> Glob {
        Glob { text: path.strip_prefix("./").unwrap_or(path).to_owned(), regex: None }
    }

    /// Whether `path`, relative and with `/`, fits.
    pub fn matches(&self, path: &str) -> bool {
        let path = path.strip_prefix("./").unwrap_or(path);
        self.regex.as_ref().map_or(self.text == path, |regex| regex.is_match(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_folders() {
        let table = [
            ("Dockerfile", "Dockerfile", true),
            ("Dockerfile", "a/b/Dockerfile", true),
            ("a/Dockerfile", "b/a/Dockerfile", false),
            ("**/Dockerfile", "a/b/Dockerfile", true),
            ("**/Dockerfile", "Dockerfile", true),
            ("a/*", "a/b", true),
            ("a/*", "a/b/c", false),
            ("a/**", "a/b/c", true),
            ("*.Dockerfile", "x/y.Dockerfile", true),
            ("Dockerfile.?", "Dockerfile.a", true),
            ("Dockerfile.?", "Dockerfileaa", false),
            ("(a+)", "aa", false),
        ];
        for (pattern, path, fits) in table {
            assert_eq!(Glob::new(pattern).unwrap().matches(path), fits, "{pattern} {path}");
        }
    }
}
