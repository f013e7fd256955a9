//! The header of a commit object.
//!
//! It is read raw: where history is cut off, libgit2 counts no parents, although the object names them.

/// What a commit's header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) tree: String,
    pub(super) parents: Vec<String>,
    /// `name <email>`, lossy.
    pub(super) committer: String,
    /// Unix seconds; 0 where the line is malformed, as git itself shows such commits.
    pub(super) time: i64,
}

impl Header {
    /// Parses a commit object; its message, if there, is not looked at. `None` without a tree.
    pub(super) fn parse(object: &[u8]) -> Option<Header> {
        let mut header =
            Header { tree: String::new(), parents: Vec::new(), committer: String::new(), time: 0 };
        for line in object.split(|&byte| byte == b'\n').take_while(|line| !line.is_empty()) {
            if let Some(tree) = line.strip_prefix(b"tree ") {
                header.tree = id(tree)?;
            } else if let Some(parent) = line.strip_prefix(b"parent ") {
                header.parents.push(id(parent)?);
            } else if let Some(signature) = line.strip_prefix(b"committer ") {
                let signature = String::from_utf8_lossy(signature);
                let (identity, moment) = signature.rsplit_once('>').unwrap_or((&signature, ""));
                header.committer = format!("{identity}>");
                let seconds = moment.split_whitespace().next().and_then(|seconds| seconds.parse().ok());
                header.time = seconds.unwrap_or(0);
            }
        }
        (!header.tree.is_empty()).then_some(header)
    }
}

fn id(hex: &[u8]) -> Option<String> {
    let valid = matches!(hex.len(), 40 | 64) && hex.iter().all(u8::is_ascii_hexdigit);
    valid.then(|| String::from_utf8_lossy(hex).to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_merge_with_signature_and_merged_tag() {
        let id = |digit: &str| digit.repeat(40);
        let object = format!(
            "tree {}\nparent {}\nparent {}\nauthor A <a@b> 1 +0000\ncommitter B > C <b@c> 1700000000 +0200\n\
             mergetag object {}\n type commit\n parent {}\ngpgsig x\n y\n\nparent {}\n",
            id("a"),
            id("b"),
            id("c"),
            id("d"),
            id("e"),
            id("f"),
        );
        let header = Header::parse(object.as_bytes()).unwrap();
        assert_eq!(header.tree, id("a"));
        assert_eq!(header.parents, [id("b"), id("c")]);
        assert_eq!((header.committer.as_str(), header.time), ("B > C <b@c>", 1_700_000_000));
    }

    #[test]
    fn broken_headers() {
        assert_eq!(Header::parse(b""), None);
        assert_eq!(Header::parse(b"tree abc\n"), None);
        let object = format!("tree {}\ncommitter nobody\n", "1".repeat(64));
        assert_eq!(Header::parse(object.as_bytes()).unwrap().time, 0);
    }

    proptest! {
        #[test]
        fn any_object_is_survived(object in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Header::parse(&object);
        }
    }
}
