//! What the index has, by both readers.

use std::path::Path;

use super::{Fixture, isolated_tests};
use crate::source::{Reader, Tracked, tracked};
use crate::stop::Stop;

fn by(fixture: &Fixture, reader: Reader) -> Tracked {
    tracked(fixture.root(), reader, &fixture.environment(), &Stop::default()).unwrap()
}

fn both(fixture: &Fixture, paths: &[(&str, bool)], untracked: &[&str]) {
    for reader in [Reader::Libgit2, Reader::GitCommand { safe_directory: false }] {
        let tracked = by(fixture, reader);
        for (path, expected) in paths {
            assert_eq!(tracked.contains(Path::new(path)), *expected, "{path} by {reader:?}");
        }
        let inner: Vec<_> =
            tracked.untracked_in_submodules.iter().map(|path| path.to_str().unwrap()).collect();
        assert_eq!(inner, untracked, "{reader:?}");
    }
}

isolated_tests! {
    fn submodules_answer_for_their_own_files() {
        let fixture = Fixture::new();
        let inner = Fixture::with(&[]);
        let from = inner.root().to_str().unwrap();
        fixture.git(&["submodule", "--quiet", "add", from, "lib"]);
        fixture.commit("with a submodule");
        fixture.write("lib/new.txt", "");
        fixture.write("new.txt", "");
        fixture.write("lib/out.o", "");
        fixture.write(".git/modules/lib/info/exclude", "*.o\n");
        let paths = [
            ("a.txt", true),
            ("dir/b.txt", true),
            ("lib/a.txt", true),
            ("lib/dir/b.txt", true),
            ("lib", false),
            ("lib/new.txt", false),
            ("lib/out.o", false),
            ("new.txt", false),
        ];
        both(&fixture, &paths, &["lib/new.txt"]);
    }

    fn a_split_index_is_read_whole() {
        let fixture = Fixture::new();
        fixture.git(&["update-index", "--split-index"]);
        fixture.write("later.txt", "");
        fixture.git(&["add", "later.txt"]);
        both(&fixture, &[("a.txt", true), ("later.txt", true), ("dir", false)], &[]);
    }
}
