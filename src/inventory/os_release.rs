//! The distribution of an image, by its `os-release`.

/// What the file says; see os-release(5).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OsRelease {
    /// `ID`: `debian`, `alpine`; never empty.
    pub id: String,
    /// `VERSION_ID`: `12`; empty for a rolling release.
    pub version_id: String,
    /// `PRETTY_NAME`, for people.
    pub pretty_name: String,
}

/// More of a value helps nobody.
const MOST: usize = 256;

impl OsRelease {
    /// Reads the file; `None` where it has no `ID`.
    pub fn parse(text: &str) -> Option<OsRelease> {
        let mut os = OsRelease::default();
        for line in text.lines() {
            let Some((key, value)) = line.trim().split_once('=') else { continue };
            let value: String = unquoted(value).chars().take(MOST).collect();
            match key {
                "ID" => os.id = value,
                "VERSION_ID" => os.version_id = value,
                "PRETTY_NAME" => os.pretty_name = value,
                _ => {}
            }
        }
        (!os.id.is_empty()).then_some(os)
    }

    /// `debian-12`, as package URLs name it.
    pub fn distro(&self) -> String {
        match self.version_id.as_str() {
            "" => self.id.clone(),
            version => format!("{}-{version}", self.id),
        }
    }
}

/// A shell's assignment: one word, in quotes of either kind or in none.
fn unquoted(value: &str) -> String {
    let value = value.trim();
    let Some(quote) = value.chars().next().filter(|first| matches!(first, '"' | '\'')) else {
        return value.to_owned();
    };
    let inner = value.strip_prefix(quote).unwrap_or(value);
    let inner = inner.strip_suffix(quote).unwrap_or(inner);
    if quote == '\'' {
        return inner.to_owned();
    }
    let (mut text, mut escaped) = (String::new(), false);
    for letter in inner.chars() {
        if letter == '\\' && !escaped {
            escaped = true;
            continue;
        }
        escaped = false;
        text.push(letter);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_a_shell_would() {
        let text = "# x\nPRETTY_NAME=\"A \\\"B\\\" 1\"\nID='debian'\nVERSION_ID=12\nBROKEN\n";
        let os = OsRelease::parse(text).unwrap();
        assert_eq!((os.id.as_str(), os.version_id.as_str()), ("debian", "12"));
        assert_eq!(os.pretty_name, "A \"B\" 1");
        assert_eq!(os.distro(), "debian-12");
        let arch = OsRelease::parse("ID=arch").unwrap();
        assert_eq!(arch.distro(), "arch");
        assert_eq!(OsRelease::parse("VERSION_ID=1"), None);
        assert_eq!(OsRelease::parse(&format!("ID={}", "x".repeat(9999))).unwrap().id.len(), MOST);
    }
}
