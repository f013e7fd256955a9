use super::*;
use crate::dockerfile::{LineIndex, Span};

fn look(width: usize, unicode: bool) -> Look {
    Look { color: false, unicode, width }
}

fn region(source: &[u8], start: usize, end: usize) -> Region {
    let lines = LineIndex::new(source);
    Region { span: Span { start, end }, start: lines.position(start), end: lines.position(end) }
}

fn of(source: &str, wanted: &str) -> Vec<String> {
    let start = source.find(wanted).unwrap();
    let region = region(source.as_bytes(), start, start + wanted.len());
    excerpt(source.as_bytes(), &region, look(80, true), str::to_owned)
}

#[test]
fn carets_stand_under_the_region() {
    assert_eq!(of("FROM a\nRUN b c\n", "b"), ["  2 | RUN b c", "    |     ^"]);
    assert_eq!(of("\u{feff}RUN b\r\n", "RUN b"), ["  1 | RUN b", "    | ^^^^^"]);
    assert_eq!(of("RUN\t界界 x", "界界"), ["  1 | RUN    界界 x", "    |        ^^^^"]);
    assert_eq!(of("RUN e\u{301} x", "x"), ["  1 | RUN e\u{301} x", "    |       ^"]);
    assert_eq!(of("RUN \u{1b}[2J x", "x"), ["  1 | RUN \\u{1b}[2J x", "    |               ^"]);
    assert_eq!(
        of("a ##[group] \u{202e} b", "b"),
        ["  1 | a \\u{23}#[group] \\u{202e} b", "    |                           ^"]
    );
    assert_eq!(of("RUN a \\\n  b\nx", "a \\\n  b"), ["  1 | RUN a \\", "    |     ^^^", "    | …"]);
    assert_eq!(of("RUN a\nx", "RUN a\n"), ["  1 | RUN a", "    | ^^^^^"]);
}

#[test]
fn nothing_and_the_end_have_a_caret() {
    let at =
        |source: &[u8], start| excerpt(source, &region(source, start, start), look(80, true), str::to_owned);
    assert_eq!(at(b"RUN a", 5), ["  1 | RUN a", "    |      ^"]);
    assert_eq!(at(b"", 0), ["  1 |", "    | ^"].map(|line| line.replace("1 |", "1 | ")));
    let elsewhere = region(b"a\nb\nlonger", 9, 10);
    assert!(excerpt(b"a", &elsewhere, look(80, true), str::to_owned).is_empty());
    assert_eq!(at(b"\xff\xfe\xc3", 1), ["  1 | \u{fffd}\u{fffd}\u{fffd}", "    |  ^"]);
}

#[test]
fn long_lines_are_cut_around_the_region() {
    let long = format!("RUN {} HERE {}", "a ".repeat(2_500), "b".repeat(9_000_000));
    let shown = of(&long, "HERE");
    assert!(shown.iter().all(|line| measure_text_width(line) <= 80), "{shown:?}");
    let caret = shown[1].find('^').unwrap();
    assert_eq!(shown[0].chars().skip(caret).take(4).collect::<String>(), "HERE");
    assert!(shown[0].contains(" a a  HERE") && shown[0].ends_with("bb…"), "{shown:?}");
    let ascii = excerpt(long.as_bytes(), &region(long.as_bytes(), 0, 3), look(40, false), str::to_owned);
    assert!(ascii[0].ends_with("..."), "{ascii:?}");
    let end = of(&format!("RUN {} END", "a".repeat(200)), "END");
    assert!(end[0].ends_with("aaa END") && measure_text_width(&end[0]) > 70, "{end:?}");
}
