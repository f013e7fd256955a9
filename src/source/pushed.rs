//! What git tells a pre-push hook: a line per ref, `<local ref> <local id> <remote ref> <remote id>`.

use crate::error::{Error, Kind, Result};

/// The longest line: names of refs have at most 4 KiB on most file systems.
const LONGEST: usize = 64 << 10;

/// A ref that is about to be pushed. Its names are whatever somebody called a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// What is pushed, as the push named it: a full name, `HEAD`, `(delete)`, or an expression such as `HEAD~1`.
    pub local: String,
    /// The id of what is pushed, a tag's own where it is annotated; `None` where the ref is deleted.
    pub id: Option<String>,
    /// The full name of the ref on the remote.
    pub remote: String,
    /// What the remote has by now; `None` for a new ref.
    pub old: Option<String>,
}

/// Reads what git wrote to the hook; nothing at all is nothing to push. Kind `Usage` for anything but git's protocol.
pub fn read_pushed(stdin: &[u8]) -> Result<Vec<Pushed>> {
    let mut pushed = Vec::new();
    for (nth, line) in stdin.split(|&byte| byte == b'\n').enumerate() {
        if line.is_empty() {
            continue;
        }
        let one = if line.len() > LONGEST { None } else { one(line) };
        pushed.push(one.ok_or_else(|| {
            let start: String = String::from_utf8_lossy(line).chars().take(80).collect();
            let what = format!("line {} of stdin is none of a pre-push hook's: {start:?}", nth + 1);
            Error::new(Kind::Usage, what).hint(
                "git gives `<local ref> <local id> <remote ref> <remote id>`; `imgbuild hook install` sets up the hook",
            )
        })?);
    }
    Ok(pushed)
}

fn one(line: &[u8]) -> Option<Pushed> {
    let line = String::from_utf8_lossy(line);
    // From the end: what is pushed may be an expression with blanks, such as `:/a subject`.
    let mut fields = line.rsplitn(4, ' ');
    let (old, remote, id, local) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    let are_ids = is_id(old) && is_id(id) && old.len() == id.len();
    let is_name = remote.starts_with("refs/") || remote == "HEAD";
    if !are_ids || !is_name || local.is_empty() {
        return None;
    }
    let real = |id: &str| id.bytes().any(|byte| byte != b'0').then(|| id.to_ascii_lowercase());
    Some(Pushed { local: local.to_owned(), id: real(id), remote: remote.to_owned(), old: real(old) })
}

/// Of SHA-1 or SHA-256, in full.
fn is_id(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_form_of_a_line() {
        let (a, b, zero) = ("a".repeat(40), "b".repeat(40), "0".repeat(40));
        let lines = format!(
            "refs/heads/main {a} refs/heads/main {zero}\n(delete) {zero} refs/heads/feat/x {b}\n\
             HEAD {a} refs/heads/other {b}\n:/a subject with blanks {a} refs/heads/other {b}\n"
        );
        let pushed = read_pushed(lines.as_bytes()).unwrap();
        let seen: Vec<(&str, bool, &str, bool)> = pushed
            .iter()
            .map(|one| (one.local.as_str(), one.id.is_some(), one.remote.as_str(), one.old.is_some()))
            .collect();
        assert_eq!(
            seen,
            [
                ("refs/heads/main", true, "refs/heads/main", false),
                ("(delete)", false, "refs/heads/feat/x", true),
                ("HEAD", true, "refs/heads/other", true),
                (":/a subject with blanks", true, "refs/heads/other", true),
            ]
        );
        assert_eq!(read_pushed(b"").unwrap(), []);
        assert_eq!(read_pushed(b"\n").unwrap(), []);
        let (a, zero) = ("A".repeat(64), "0".repeat(64));
        let long = read_pushed(format!("HEAD {a} refs/heads/x {zero}").as_bytes()).unwrap();
        assert_eq!((long[0].id.as_deref(), long[0].old.as_deref()), (Some("a".repeat(64).as_str()), None));
    }

    #[test]
    fn garbage_is_told_with_its_line() {
        let (a, zero) = ("a".repeat(40), "0".repeat(40));
        let good = format!("HEAD {a} refs/heads/x {zero}\n");
        for bad in [
            "garbage".to_owned(),
            format!("HEAD {a} refs/heads/x"),
            format!("HEAD {a} refs/heads/x {}", "0".repeat(64)),
            format!("HEAD {} refs/heads/x {zero}", "g".repeat(40)),
            format!("HEAD {a} --upload-pack=x {zero}"),
            format!(" {a} refs/heads/x {zero}"),
            "x".repeat(LONGEST + 1),
            "\u{1b}[31m".to_owned(),
        ] {
            let error = read_pushed(format!("{good}{bad}\n").as_bytes()).unwrap_err();
            assert_eq!(error.kind(), Kind::Usage);
            assert!(error.message().starts_with("line 2 of stdin"), "{error}");
            assert!(!error.message().contains('\u{1b}'), "{error}");
        }
    }

    proptest! {
        #[test]
        fn any_stdin_is_survived(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = read_pushed(&bytes);
        }
    }
}
