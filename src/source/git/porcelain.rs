//! The output of `git status --porcelain=v2 -z`.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use crate::source::{Change, ChangeKind};

/// Changes and untracked paths; a path that ends in `/` is a repository inside of this one, whose files git does
/// not list. An error is the record that makes no sense.
pub(super) fn parse(output: &[u8]) -> Result<(Vec<Change>, Vec<PathBuf>), String> {
    let (mut changes, mut untracked) = (Vec::new(), Vec::new());
    let mut records = output.split(|&byte| byte == 0);
    while let Some(record) = records.next() {
        let odd = || format!("a status line that makes no sense: {:?}", String::from_utf8_lossy(record));
        let (&kind, rest) = match record.split_first() {
            Some(split) => split,
            None => continue,
        };
        match kind {
            // The fields are separated by single blanks; the last one is the path, which may hold blanks.
            b'1' => changes.push(change(rest, 8, false).ok_or_else(odd)?),
            b'2' => {
                changes.push(change(rest, 9, false).ok_or_else(odd)?);
                // The path that it was renamed or copied from.
                records.next().ok_or_else(odd)?;
            }
            b'u' => changes.push(change(rest, 10, true).ok_or_else(odd)?),
            b'?' => untracked.push(path(rest.strip_prefix(b" ").ok_or_else(odd)?).ok_or_else(odd)?),
            b'!' | b'#' => {}
            _ => return Err(odd()),
        }
    }
    Ok((changes, untracked))
}

fn change(rest: &[u8], fields: usize, conflict: bool) -> Option<Change> {
    let mut parts = rest.splitn(fields + 1, |&byte| byte == b' ');
    let (b"", states, submodule) = (parts.next()?, parts.next()?, parts.next()?) else { return None };
    let (&[index, tree], path) = (states, path(parts.nth(fields - 3)?)?) else { return None };
    let either = |state| index == state || tree == state;
    let kind = if conflict {
        ChangeKind::Conflicted
    } else if either(b'D') {
        ChangeKind::Deleted
    } else if either(b'A') {
        ChangeKind::Added
    } else if either(b'T') {
        ChangeKind::TypeChanged
    } else if submodule.first() == Some(&b'S') {
        ChangeKind::Submodule
    } else {
        ChangeKind::Modified
    };
    Some(Change { path, kind })
}

fn path(bytes: &[u8]) -> Option<PathBuf> {
    (!bytes.is_empty()).then(|| PathBuf::from(OsString::from_vec(bytes.to_vec())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_kind_of_record() {
        let hash = "0".repeat(40);
        let records = [
            format!("1 .M N... 100644 100644 100644 {hash} {hash} a b\nc"),
            format!("1 A. N... 000000 100644 100644 {hash} {hash} added"),
            format!("1 .D N... 100644 100644 000000 {hash} {hash} gone"),
            format!("1 .T N... 100644 100644 120000 {hash} {hash} link"),
            format!("1 .M S.MU 160000 160000 160000 {hash} {hash} sub"),
            format!("2 R. N... 100644 100644 100644 {hash} {hash} R100 new name"),
            "old name".to_owned(),
            format!("u UU N... 100644 100644 100644 100644 {hash} {hash} {hash} both"),
            "? new file".to_owned(),
            "! ignored".to_owned(),
            "# branch.oid x".to_owned(),
        ];
        let (changes, untracked) = parse(format!("{}\0", records.join("\0")).as_bytes()).unwrap();
        let found: Vec<_> =
            changes.iter().map(|change| (change.path.to_str().unwrap(), change.kind)).collect();
        let expected = [
            ("a b\nc", ChangeKind::Modified),
            ("added", ChangeKind::Added),
            ("gone", ChangeKind::Deleted),
            ("link", ChangeKind::TypeChanged),
            ("sub", ChangeKind::Submodule),
            ("new name", ChangeKind::Modified),
            ("both", ChangeKind::Conflicted),
        ];
        assert_eq!(found, expected);
        assert_eq!(untracked, [PathBuf::from("new file")]);
        assert_eq!(parse(b"").unwrap(), (vec![], vec![]));
    }

    #[test]
    fn what_makes_no_sense_is_no_clean_tree() {
        for output in [
            &b"x"[..],
            b"1 .M N...",
            b"?",
            b"? ",
            b"1 .M N... 1 2 3 4 5 ",
            b"1 M N... 1 2 3 4 5 a",
            b"warning: x",
        ] {
            assert!(parse(output).is_err(), "{:?}", String::from_utf8_lossy(output));
        }
    }

    proptest! {
        #[test]
        fn any_output_is_survived(output in prop::collection::vec(prop_oneof![Just(0u8), Just(b' '), any::<u8>()], 0..120)) {
            let _ = parse(&output);
        }
    }
}
