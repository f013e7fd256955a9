//! Files that nobody writes by mistake: everything that is asked of a Dockerfile ends soon, and says what is wrong.

#![cfg(test)]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use imgbuild::dockerfile::{Dockerfile, LineIndex, facts, graph, parse, scopes};
use proptest::prelude::*;

/// For one file, parsing and all questions. An idle machine needs less than a fifth of it, a shared one much more; what
/// grows with the square of the file takes minutes.
const LIMIT: Duration = Duration::from_secs(10);
/// How often a test that was too slow is measured again: machines do other things as well.
const TRIES: u32 = 3;

/// The time that this thread has worked, where the system tells; other processes do not count.
fn worked(begun: Instant) -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|text| text.split_whitespace().next()?.parse().ok());
    nanoseconds.map_or_else(|| begun.elapsed(), Duration::from_nanos)
}

const MEGABYTE: usize = 1 << 20;

/// Parses `bytes` and asks everything that rules may ask.
fn look(bytes: &[u8]) -> Dockerfile {
    let file = parse(bytes);
    let index = LineIndex::new(bytes);
    for problem in &file.problems {
        let at = index.position(problem.span.start);
        assert_eq!((problem.line, problem.column), (at.line, at.column));
        assert!(problem.message.len() < 1_000, "{} bytes", problem.message.len());
    }
    let none = BTreeMap::new();
    let _ = facts(&file, None, &none);
    let graph = graph(&file, &none);
    let used = graph.used_by(None);
    assert!(used.len() <= file.stages.len());
    let scopes = scopes(&file, &none);
    let mut seen = 0;
    scopes.walk(|at, scope| {
        seen += 1;
        let instruction = &file.instructions[at];
        if instruction.arguments.len() < 100 {
            let _ = scope.expand(&instruction.arguments);
        }
    });
    assert_eq!(seen, file.instructions.len());
    file
}

/// Reads the file within [`LIMIT`]; what is wrong with it is said with `part`, or nothing is wrong where that is empty.
fn soon(name: &str, bytes: &[u8], part: &str) {
    let mut fastest = Duration::MAX;
    for _ in 0..TRIES {
        let begun = Instant::now();
        let before = worked(begun);
        let file = look(bytes);
        fastest = fastest.min(worked(begun).saturating_sub(before));
        let said = file.problems.iter().any(|p| p.message.contains(part));
        assert_eq!(said, !part.is_empty(), "{name}: {:?}", file.problems.first());
        if fastest < LIMIT {
            break;
        }
    }
    assert!(fastest < LIMIT, "{name} takes {fastest:?}");
}

/// `unit` after a `FROM` and `before`, up to ten megabytes on one line.
fn flood(before: &str, unit: &str) -> Vec<u8> {
    format!("FROM a\n{before}{}\n", unit.repeat(10 * MEGABYTE / unit.len())).into_bytes()
}

#[test]
fn long_lines() {
    for (before, unit) in [
        ("RUN ", "x"),
        ("RUN ", "<<A "),
        ("RUN ", "<<A"),
        ("COPY ", "--a "),
        ("COPY ", "--"),
        ("RUN ", "\""),
        ("RUN ", "'\" "),
        ("ENV a=", "'\""),
        ("CMD ", "["),
        ("CMD ", "[\"\","),
        ("", "ONBUILD "),
        ("ONBUILD ", "ONBUILD "),
        ("ENV ", "a=$a "),
        ("LABEL ", "a=${a:-b} "),
        ("EXPOSE ", "1 "),
        ("COPY ", "$"),
        ("ARG ", "${a}"),
        ("# ", "x"),
        ("WORKDIR ", "\\"),
        ("RUN --mount=", "a=b,"),
        ("HEALTHCHECK --interval=", "1s"),
        ("STOPSIGNAL ", "$a$b"),
    ] {
        soon(&format!("{before}{unit}"), &flood(before, unit), "65535");
    }
}

#[test]
fn nested_variables() {
    let deep = format!("{}x{}", "${a:-".repeat(100_000), "}".repeat(100_000));
    soon("one line", format!("FROM a\nENV a={deep}\n").as_bytes(), "65535");
    // The same on lines that are short enough.
    let lines =
        deep.as_bytes().chunks(1000).map(|c| String::from_utf8_lossy(c)).collect::<Vec<_>>().join("\\\n");
    soon("many lines", format!("FROM a\nENV a={lines}\n").as_bytes(), "nested");
    soon("in FROM", format!("FROM a{}\n", "${a:-".repeat(10_000)).as_bytes(), "nested");
    soon("in a flag", format!("FROM a\nCOPY --from={} a b\n", "${a:-".repeat(10_000)).as_bytes(), "nested");
}

#[test]
fn many_lines() {
    let repeated = |text: &str, count: usize| format!("FROM a\n{}", text.repeat(count)).into_bytes();
    soon("RUN", &repeated("RUN x\n", 100_000), "");
    soon("ENV", &repeated("ENV a=$a$a b=${a:-x}\n", 100_000), "");
    soon("LABEL", &repeated("LABEL a=b\n", 100_000), "");
    soon("ARG", &repeated("ARG a=b$a\n", 100_000), "");
    soon("stages", &repeated("FROM a AS b\nCOPY --from=b x y\n", 50_000), "");
    soon("wrong", &repeated("COPY --form=x y\n", 100_000), "unknown flag --form");
    soon("unknown", &repeated("X\n", 5 * MEGABYTE), "unknown instruction");
    soon("comments", &repeated("#\n", 5 * MEGABYTE), "comments");
    soon("continued", &repeated("RUN \\\n#\n\n", 10), "");
    soon("empty continuations", &[b"FROM a\nRUN x\\".to_vec(), vec![b'\n'; 10 * MEGABYTE]].concat(), "");
    soon("escapes", &repeated("a\\\n", 3 * MEGABYTE), "unknown instruction");
    soon("documents", &repeated("RUN <<E\nE\n", 50_000), "");
    soon("open documents", &repeated("RUN <<E\n", MEGABYTE), "not terminated");
    let heirs: String = (0..50_000).map(|n| format!("FROM s{n} AS s{}\nENV e{n}=$e\n", n + 1)).collect();
    soon("heirs", format!("FROM a AS s0\n{heirs}").as_bytes(), "");
    let names: String = (0..100_000).map(|n| format!("ENV e{n}=$e{n}\n")).collect();
    soon("names", format!("FROM a\n{names}").as_bytes(), "");
    let big = format!("ENV b={}\n", "x".repeat(60_000));
    soon("growing", &repeated(&format!("{big}{}", "ENV c=$b$b$b\nCOPY $b$b$b /\n".repeat(10_000)), 1), "");
}

#[test]
fn bytes_that_are_no_text() {
    soon("nothing", b"", "no instruction");
    soon("invalid", &vec![0xff; 10 * MEGABYTE], "65535");
    soon("zeros", &vec![0; 10 * MEGABYTE], "65535");
    let lines = b"RUN \xff\xfe\x80a\xc3\x28\\\n".repeat(MEGABYTE / 2);
    soon("invalid lines", &[b"FROM a\n".to_vec(), lines].concat(), "longer than 1048576");
    soon("zero lines", &b"\0\n".repeat(MEGABYTE), "unknown instruction");
    soon("carriage returns", &vec![b'\r'; 10 * MEGABYTE], "65535");
    soon("marks", &b"\xef\xbb\xbf".repeat(MEGABYTE), "65535");
}

proptest! {
    #[test]
    fn every_place_is_inside_and_in_order(
        text in "(FROM a|FROM a AS b|RUN|COPY|ONBUILD|ARG|ENV a=|LABEL|HEALTHCHECK|--mount=|--from=|--|[\\\\`\n\r\t #=<>'\"$A-Zé\u{feff}{}\\[\\],:-]|<<E|\nE\n|\\\\\n|\n# c\n|\n\n){0,60}",
        noise in proptest::collection::vec((any::<u8>(), any::<prop::sample::Index>()), 0..4),
    ) {
        let mut bytes = text.into_bytes();
        for (byte, at) in noise {
            let at = at.index(bytes.len() + 1);
            bytes.insert(at, byte);
        }
        let file = look(&bytes);
        let mut last = 0;
        for outer in &file.instructions {
            prop_assert!(outer.span.start >= last && outer.span.end <= bytes.len());
            last = outer.span.end;
            for instruction in std::iter::once(outer).chain(outer.trigger.as_deref()) {
                let inside = |start: usize, end: usize| {
                    outer.span.start <= start && start <= end && end <= outer.span.end
                };
                let keyword = instruction.keyword_span;
                prop_assert!(inside(keyword.start, keyword.end));
                let mut before = keyword.end;
                for flag in &instruction.flags {
                    prop_assert!(inside(flag.span.start, flag.span.end) && flag.span.start >= before);
                    before = flag.span.end;
                }
                for (word, range) in instruction.word_ranges('\\') {
                    let place = instruction.place(range.clone());
                    prop_assert!(inside(place.start, place.end) && place.start >= before);
                    before = place.end;
                    let plain = !word.contains('\u{fffd}') && place.end - place.start == range.len();
                    if plain {
                        prop_assert_eq!(place.of(&bytes), instruction.arguments[range].as_bytes());
                    }
                }
            }
        }
        for comment in &file.comments {
            prop_assert_eq!(comment.span.of(&bytes).first(), Some(&b'#'));
        }
        prop_assert!(file.comments.windows(2).all(|pair| pair[0].line < pair[1].line));
        prop_assert!(file.problems.windows(2).all(|pair| pair[0].span.start <= pair[1].span.start));
        prop_assert!(file.problems.iter().all(|p| p.span.start <= p.span.end && p.span.end <= bytes.len()));
    }
}
