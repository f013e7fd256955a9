//! The matcher against a slow one that shares no code with it, and against patterns made to hurt.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use regex::bytes::Regex;

use super::{DirMatch, Ignore};

#[test]
fn what_ends_in_plain_text_is_matched_as_by_the_machine() {
    for (pattern, path, matches) in [
        ("*.md", "a.md", true),
        ("*.md", ".md", true),
        ("*.md", "a/b.md", false),
        ("*.md", "a\nb.md", true),
        ("**/*.md", "b.md", true),
        ("**/*.md", "a/b/c.md", true),
        ("**/*.md", "a/b/.md", true),
        ("**/*.md", "a/b/c.mdx", false),
        ("**/*.md", "a\n/b.md", false),
        ("**/*.md", "a/\nb.md", true),
        ("**/*a/b", "xa/b", true),
        ("**/*a/b", "y/xa/b", true),
        ("*a/b", "y/xa/b", false),
        ("*", "a", true),
        ("**/*", "a/b", true),
        ("*\u{e9}", "caf\u{e9}", true),
    ] {
        let ignore = Ignore::parse(pattern.as_bytes()).unwrap();
        let folder = DirMatch::default();
        assert_eq!(ignore.excludes(path.as_bytes(), &folder).unwrap(), matches, "{pattern} {path:?}");
    }
}

/// A pattern as the reference sees it.
struct Slow {
    negated: bool,
    regex: Regex,
}

/// Reads patterns made of letters, `/`, `.`, `*` and `?` in a straightforward way.
fn slow(file: &str) -> Vec<Slow> {
    let read = |line: &str| {
        let (negated, text) = line.strip_prefix('!').map_or((false, line), |text| (true, text));
        let mut regex = String::from("(?s-u)^");
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let (piece, used) = match c {
                '*' if rest == "**" => (".*", 2),
                '*' if rest.starts_with("**/") => ("(.*/)?", 3),
                '*' => ("[^/]*", 1),
                '?' => ("[^/]", 1),
                '.' => (r"\.", 1),
                _ => (&rest[..1], 1),
            };
            regex.push_str(piece);
            rest = &rest[used..];
        }
        Slow { negated, regex: Regex::new(&(regex + "$")).unwrap() }
    };
    file.lines().filter(|line| !line.is_empty()).map(read).collect()
}

fn parents(path: &str) -> Vec<&str> {
    path.match_indices('/').map(|(at, _)| &path[..at]).collect()
}

fn slow_matches(patterns: &[Slow], path: &str) -> bool {
    let hit = |p: &Slow| {
        p.regex.is_match(path.as_bytes()) || parents(path).iter().any(|up| p.regex.is_match(up.as_bytes()))
    };
    patterns.iter().rfind(|p| hit(p)).is_some_and(|p| !p.negated)
}

/// The walk's variant: what counts as having matched a folder is passed down.
fn slow_excludes(patterns: &[Slow], path: &str) -> bool {
    let mut inherited = vec![false; patterns.len()];
    let mut excluded = false;
    for level in parents(path).into_iter().chain([path]) {
        excluded = false;
        for (pattern, seen) in patterns.iter().zip(&mut inherited) {
            *seen = *seen || (pattern.negated == excluded && pattern.regex.is_match(level.as_bytes()));
            if *seen {
                excluded = !pattern.negated;
            }
        }
    }
    excluded
}

fn excludes(ignore: &Ignore, path: &str) -> bool {
    let mut folder = DirMatch::default();
    for up in parents(path) {
        folder = ignore.descend(up.as_bytes(), &folder).unwrap().1;
    }
    ignore.excludes(path.as_bytes(), &folder).unwrap()
}

fn pattern() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        4 => "[ab]{1,2}",
        3 => "[ab.]?\\*[ab.]?".prop_filter("a dot alone is cleaned away", |s| s != "." && s != ".."),
        1 => "[ab]?\\?[ab]?",
        2 => Just("**".to_owned()),
    ];
    ("!?", prop::collection::vec(part, 1..4)).prop_map(|(mark, parts)| {
        // `**/**` means what `**` does but at the end; the reference does without.
        let mut parts = parts;
        parts.dedup();
        mark + &parts.join("/")
    })
}

fn path() -> impl Strategy<Value = String> {
    prop::collection::vec("[ab]{1,3}|[ab]\\.[ab]", 1..5).prop_map(|parts| parts.join("/"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn agrees_with_a_slow_reference(lines in prop::collection::vec(pattern(), 1..6), paths in prop::collection::vec(path(), 1..8)) {
        let file = lines.join("\n");
        let (ignore, reference) = (Ignore::parse(file.as_bytes()).unwrap(), slow(&file));
        for path in &paths {
            prop_assert_eq!(ignore.matches(path.as_bytes()).unwrap(), slow_matches(&reference, path), "{:?} {}", &file, path);
            prop_assert_eq!(excludes(&ignore, path), slow_excludes(&reference, path), "{:?} {} (walk)", &file, path);
        }
    }

    /// Where the walk does not look, nothing was to be found.
    #[test]
    fn nothing_comes_back_below_what_is_pruned(lines in prop::collection::vec(pattern(), 1..6), dir in path(), below in path()) {
        let ignore = Ignore::parse(lines.join("\n").as_bytes()).unwrap();
        // BuildKit's own rule for plain patterns loses what `!a/*/**` asks for; it is kept.
        let plain = lines.iter().filter_map(|l| l.strip_prefix('!')).all(|l| !l.contains(['*', '?']));
        let wild = lines.iter().any(|l| l.starts_with('!') && l.trim_end_matches("/**").trim_end_matches("/*").contains(['*', '?']));
        if (plain || wild) && excludes(&ignore, &dir) && !ignore.may_return_below(dir.as_bytes()) {
            let inside = [dir, below].join("/");
            prop_assert!(excludes(&ignore, &inside));
        }
    }

    #[test]
    fn takes_any_bytes(file in prop::collection::vec(any::<u8>(), 0..200), path in prop::collection::vec(any::<u8>(), 0..50)) {
        if let Ok(ignore) = Ignore::parse(&file) {
            let _ = ignore.matches(&path);
        }
    }

    #[test]
    fn takes_any_pattern(file in r"(\\?[]\[ab^!:*?{}(),.|/0-9dxpQE-]|\[:alpha:\]|\n){0,30}", path in "[]ab/.0-9-]{0,12}") {
        if let Ok(ignore) = Ignore::parse(file.as_bytes()) {
            let _ = ignore.matches(path.as_bytes());
            let _ = ignore.ambiguous_patterns();
        }
    }
}

#[test]
fn patterns_that_go_refuses_late_are_errors_when_used() {
    let ignore = Ignore::parse(b"a\n[z-a]\n").unwrap();
    assert!(ignore.matches(b"a").unwrap(), "the second pattern is not asked");
    let error = ignore.matches(b"b").unwrap_err();
    assert_eq!(error.kind(), crate::error::Kind::Config);
    assert_eq!(error.message(), ".dockerignore line 2: syntax error in pattern: `[z-a]`");
    let error = Ignore::parse(b"a\n!\n").unwrap_err();
    assert_eq!(error.message(), ".dockerignore line 2: illegal exclusion pattern: `!`");
}

#[test]
fn what_the_walk_does_otherwise() {
    // `!docs` has nothing to say about `docs`, which is not excluded, and so nothing about what is in it.
    let ignore = Ignore::parse(b"docs/*\n!docs").unwrap();
    assert!(!ignore.matches(b"docs/a").unwrap());
    assert!(excludes(&ignore, "docs/a"));
}

#[test]
fn looks_below_where_something_can_come_back() {
    for (file, dir, looks, classic) in [
        ("docs", "docs", false, false),
        ("docs\n!docs/a/b", "docs", true, true),
        ("docs\n!docs/a/b", "docs/a", true, true),
        ("docs\n!docs/a/b", "docs/c", false, false),
        ("*\n!docs/**", "docs", true, true),
        ("*\n!docs/**", "src", false, false),
        ("*\n!**/*.rs", "src", true, false),
        ("*\n!src/*.rs", "src", true, true),
        ("*\n!src/*.rs", "node_modules", false, false),
        ("*\n!s*/x", "src", true, false),
    ] {
        let ignore = Ignore::parse(file.as_bytes()).unwrap();
        assert_eq!(ignore.may_return_below(dir.as_bytes()), looks, "{file:?} {dir}");
        assert_eq!(ignore.classic_looks_below(dir.as_bytes()), classic, "{file:?} {dir} (classic)");
    }
}

/// Generous for an unoptimised build on a busy machine; each of these takes milliseconds.
const SOON: Duration = Duration::from_secs(20);

fn soon<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    assert!(start.elapsed() < SOON, "{what} took {:?}", start.elapsed());
    result
}

#[test]
fn a_hundred_thousand_patterns() {
    let kinds: [fn(u32) -> String; 7] = [
        |n| format!("dir{n}/file"),
        |n| format!("**/name{n}"),
        |n| format!("prefix{n}*"),
        |n| format!("*-{n}.log"),
        |n| format!("!back{n}/**"),
        |n| format!("**/generated-{n}.*"),
        |n| format!("*~{n}~*"),
    ];
    let file: String = (0..100_000).map(|n| kinds[n as usize % 7](n) + "\n").collect();
    let ignore = soon("parsing", || Ignore::parse(file.as_bytes()).unwrap());
    soon("matching", || {
        for n in 0..1000 {
            assert!(ignore.matches(format!("dir{}/file", n * 7).as_bytes()).unwrap());
            assert!(ignore.matches(format!("x/y/name{}/z", n * 7 + 1).as_bytes()).unwrap());
            assert!(ignore.matches(format!("prefix{}abc", n * 7 + 2).as_bytes()).unwrap());
            assert!(ignore.matches(format!("x/generated-{}.rs", n * 7 + 5).as_bytes()).unwrap());
            assert!(ignore.matches(format!("x~{}~y/z", n * 7 + 6).as_bytes()).unwrap());
            assert!(!ignore.matches(format!("src/lib-{n}.rs").as_bytes()).unwrap());
        }
    });
}

#[test]
fn stars_do_not_explode() {
    let name = "a".repeat(255);
    for pattern in
        ["a*".repeat(2000) + "b", "*a".repeat(2000) + "?", "**/a".repeat(2000), "a|".repeat(2000) + "*"]
    {
        let ignore = Ignore::parse(pattern.as_bytes()).unwrap();
        soon(&pattern[..8], || ignore.matches(name.as_bytes()).unwrap());
    }
    let deep = "a/".repeat(2000) + "a";
    let ignore = Ignore::parse(("**/".repeat(500) + "a*b*c").as_bytes()).unwrap();
    soon("deep paths", || assert!(!ignore.matches(deep.as_bytes()).unwrap()));
}

#[test]
fn files_that_are_too_much() {
    let long = soon("a line of 10 MB", || Ignore::parse(&vec![b'*'; 10 << 20]).unwrap_err());
    assert!(long.message().contains("longer than"), "{long}");
    let many = "[ab]{1000}{,}*\n".repeat(50_000);
    soon("repetitions", || Ignore::parse(many.as_bytes()).unwrap_err());
    let brackets = format!("[{}]\n", "[:".repeat(30_000)).repeat(20);
    soon("brackets", || Ignore::parse(brackets.as_bytes()).unwrap());
}
