use std::os::unix::fs::symlink;
use std::path::Path;

use super::{Fixture, isolated_tests};
use crate::error::{Kind, Result};
use crate::source::{Reader, file_at};

/// What both readers find, which must be the same.
fn at(fixture: &Fixture, revision: &str, path: &str) -> Result<Option<String>> {
    let environment = fixture.environment();
    let read = |reader| {
        let found = file_at(fixture.root(), reader, &environment, revision, Path::new(path));
        found.map(|found| found.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    };
    let (one, other) = (read(Reader::Libgit2), read(Reader::GitCommand { safe_directory: false }));
    assert_eq!(one.as_ref().ok(), other.as_ref().ok(), "{revision}:{path}");
    assert_eq!(one.as_ref().err().map(ToString::to_string), other.err().map(|error| error.to_string()));
    one
}

isolated_tests! {
    fn a_file_of_the_base_branch() {
        let fixture = Fixture::new();
        let first = fixture.git(&["rev-parse", "HEAD"]);
        fixture.git(&["branch", "release/1.x"]);
        fixture.write("a.txt", "server\n");
        fixture.commit("on the server");
        fixture.git(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
        fixture.write("a.txt", "here\n");
        fixture.commit("here");
        let found = |revision: &str, path: &str| at(&fixture, revision, path).unwrap();
        for (revision, content) in [
            ("main", "server\n"), ("origin/main", "server\n"), ("refs/heads/main", "here\n"),
            ("release/1.x", "one\n"), (first.as_str(), "one\n"),
        ] {
            assert_eq!(found(revision, "a.txt").as_deref(), Some(content), "{revision}");
        }
        assert_eq!(found("main", "dir/b.txt").as_deref(), Some("two\n"));
        for (revision, path) in [
            ("gone", "a.txt"), ("main", "missing"), ("main", "dir/missing"), ("main", "a.txt/x"), ("main", "../a.txt"),
            ("main", ""), ("main", "/a.txt"), ("HEAD", "a.txt"), ("main~1", "a.txt"), ("@{-1}", "a.txt"), (":/server", "a.txt"),
            ("--help", "a.txt"), ("main", ":(glob)*.txt"), ("main", "*.txt"), (&first[..7], "a.txt"), (&"f".repeat(40), "a.txt"),
        ] {
            assert_eq!(found(revision, path), None, "{revision}:{path}");
        }
    }

    fn only_a_regular_file_of_a_fair_size() {
        let fixture = Fixture::new();
        symlink("a.txt", fixture.root().join("link")).unwrap();
        fixture.write("large", vec![b'x'; (1 << 20) + 1]);
        fixture.write("fits", vec![b'x'; 1 << 20]);
        fixture.commit("files");
        for (path, words) in [("link", "not a regular file"), ("dir", "not a regular file"), ("large", "larger than 1 MiB")] {
            let error = at(&fixture, "main", path).unwrap_err();
            assert_eq!(error.kind(), Kind::Config);
            assert!(error.to_string().contains(words), "{error}");
        }
        assert_eq!(at(&fixture, "main", "fits").unwrap().map(|text| text.len()), Some(1 << 20));
    }

    fn a_file_of_the_work_tree_is_no_file_of_the_branch() {
        let fixture = Fixture::new();
        fixture.write("imgbuild.toml", "");
        assert_eq!(at(&fixture, "main", "imgbuild.toml").unwrap(), None);
    }
}
