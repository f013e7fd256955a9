//! What the parser makes of whole files.

use proptest::prelude::*;

use super::super::Form;
use super::*;

fn names(file: &Dockerfile) -> Vec<&'static str> {
    file.instructions.iter().map(|i| i.keyword.name()).collect()
}

fn problems(text: &str) -> Vec<(u32, String)> {
    parse(text.as_bytes()).problems.into_iter().map(|p| (p.line, p.message)).collect()
}

fn clean(text: &str) -> Dockerfile {
    let file = parse(text.as_bytes());
    assert_eq!(file.problems, [], "{text}");
    file
}

#[test]
fn directives_stand_above_everything_else() {
    let file =
        clean("\u{feff}# SynTax = docker/dockerfile:1\r\n# check=skip=all\n#escape=`\nFROM a\nRUN b `\n c\n");
    assert_eq!(file.directives.syntax.as_ref().unwrap().value, "docker/dockerfile:1");
    assert_eq!(file.directives.check.as_ref().unwrap().line, 2);
    assert_eq!(file.directives.escape, '`');
    assert_eq!(file.instructions[1].arguments, "b  c");
    let late = clean("# a comment\n# escape=`\nFROM a\nRUN b \\\n c\n");
    assert_eq!((late.directives.escape, late.instructions.len()), ('\\', 2));
    assert_eq!(clean("\n# syntax=x\nFROM a").directives.syntax, None);
    assert_eq!(problems("# escape=x\nFROM a")[0].0, 1);
    assert_eq!(problems("# escape=`\n# ESCAPE=`\nFROM a")[0].0, 2);
}

#[test]
fn continuations_swallow_comments_and_empty_lines() {
    let text = "from a\nRUN x && \\\n# a comment\n\n   # another\n  y \\  \n\n  z\nCMD [\"a\"]";
    let file = clean(text);
    assert_eq!(names(&file), ["FROM", "RUN", "CMD"]);
    let run = &file.instructions[1];
    assert_eq!(run.arguments, "x &&   y   z");
    assert_eq!((run.line, run.end_line), (2, 8));
    assert!(run.span.of(text.as_bytes()).starts_with(b"RUN x"));
    assert!(run.span.of(text.as_bytes()).ends_with(b"  z"));
    assert_eq!(file.instructions[2].form(), Form::Exec(vec!["a".into()]));
    assert_eq!(names(&clean("FROM a\nRUN x \\\\\nRUN y")), ["FROM", "RUN", "RUN"]);
    assert_eq!(names(&clean("FROM a\nRUN x \\")), ["FROM", "RUN"]);
    assert_eq!(names(&clean("FROM a\nRU\\\nN x")), ["FROM", "RUN"]);
}

#[test]
fn comments_are_kept_and_directives_are_none() {
    let text = "\u{feff}# syntax=x\n#  one \r\n# escape=`\nFROM a\nRUN x \\\n  # two\n\n \t\n  y <<E\n# body\nE\n#\n";
    let file = clean(text);
    let found: Vec<_> = file.comments.iter().map(|c| (c.line, c.text.as_str())).collect();
    assert_eq!(found, [(2, "one"), (3, "escape=`"), (6, "two"), (12, "")]);
    assert_eq!(file.comments[2].span.of(text.as_bytes()), b"# two");
    assert_eq!(file.empty_continuations, [7, 8]);
}

#[test]
fn every_part_knows_its_bytes() {
    let text = "from a\nONBUILD  rU\\\nN --mount=type=\\\nbind,\"source=y z\" --network=none  ab \\\n# c\n  \"c d\" e\nENV a=1 \\\n b='2 3'\n";
    let file = clean(text);
    let bytes = text.as_bytes();
    let at = |span: Span| std::str::from_utf8(span.of(bytes)).unwrap();
    assert_eq!(at(file.instructions[0].keyword_span), "from");
    let onbuild = &file.instructions[1];
    assert_eq!(at(onbuild.keyword_span), "ONBUILD");
    let run = onbuild.trigger.as_ref().unwrap();
    assert_eq!(at(run.keyword_span), "rU\\\nN");
    let flags: Vec<_> = run.flags.iter().map(|f| at(f.span)).collect();
    assert_eq!(flags, ["--mount=type=\\\nbind,\"source=y z\"", "--network=none"]);
    let words: Vec<_> = run.word_ranges('\\').into_iter().map(|(_, r)| at(run.place(r))).collect();
    assert_eq!(words, ["ab", "\"c d\"", "e"]);
    let outer = onbuild.arguments.find("ab").unwrap();
    assert_eq!(at(onbuild.place(outer..outer + 2)), "ab");
    let env = &file.instructions[2];
    let pairs: Vec<_> =
        env.pairs('\\').unwrap().into_iter().map(|p| (p.name, at(env.place(p.range)))).collect();
    assert_eq!(pairs, [("a".to_owned(), "a=1"), ("b".to_owned(), "b='2 3'")]);
}

#[test]
fn heredocs_hold_no_instructions() {
    let text = "FROM a\nRUN cat <<EOF > f && cat 3<<-'E 2'\nRUN not me\nEOF\n\tdeep\n\tE 2\r\nCOPY <<a <<b /x/\n1\na\n2\nb\nCMD x";
    let file = clean(text);
    assert_eq!(names(&file), ["FROM", "RUN", "COPY", "CMD"]);
    let run = &file.instructions[1];
    let bodies: Vec<_> = run.heredocs.iter().map(|h| h.body.of(text.as_bytes())).collect();
    assert_eq!(bodies, [&b"RUN not me\n"[..], b"\tdeep\n"]);
    assert_eq!((run.line, run.end_line), (2, 6));
    assert!(run.span.of(text.as_bytes()).ends_with(b"\tE 2"));
    assert_eq!((run.heredocs[1].fd, run.heredocs[1].chomp, run.heredocs[1].expand), (3, true, false));
    assert_eq!(file.instructions[3].line, 12);
}

#[test]
fn heredocs_only_where_they_are_allowed() {
    assert_eq!(names(&clean("FROM a\nLABEL x=\"<<EOF\"\nRUN [\"<<EOF\"]\nCMD cat <<EOF")).len(), 4);
    let onbuild = clean("FROM a\nONBUILD RUN <<EOF\nx\nEOF\nUSER b");
    assert_eq!(names(&onbuild), ["FROM", "ONBUILD", "USER"]);
    assert_eq!(onbuild.instructions[1].trigger.as_ref().unwrap().heredocs.len(), 1);
    let continued = clean("FROM a\nRUN x \\\n <<EOF\nbody \\\nEOF\nUSER b");
    assert_eq!(names(&continued), ["FROM", "RUN", "USER"]);
    let open = parse(b"FROM a\nRUN <<EOF\nx\n");
    assert_eq!((open.problems[0].line, open.instructions.len()), (2, 2));
    assert!(open.problems[0].message.contains("EOF"));
    let empty = clean("FROM a\nRUN <<EOF\nEOF");
    assert!(empty.instructions[1].heredocs[0].body.of(b"FROM a\nRUN <<EOF\nEOF").is_empty());
}

#[test]
fn stages_have_names_platforms_and_ranges() {
    let file = clean(
        "ARG V=1\nFROM --platform=$BUILDPLATFORM a:$V AS Build\nRUN x\nFROM scratch\nCOPY --from=build / /\n",
    );
    let stages: Vec<_> = file
        .stages
        .iter()
        .map(|s| (s.name.as_deref(), s.base.as_str(), s.instructions.clone(), s.line))
        .collect();
    assert_eq!(stages, [(Some("build"), "a:$V", 1..3, 2), (None, "scratch", 3..5, 4)]);
    assert_eq!(file.stages[0].platform.as_deref(), Some("$BUILDPLATFORM"));
    assert_eq!(file.instructions[4].flag("from"), Some("build"));
}

#[test]
fn what_builders_refuse_is_a_problem_with_its_line() {
    for (text, line, part) in [
        ("", 1, "no instruction"),
        ("# only a comment\n\n", 1, "no instruction"),
        ("RUN x\nFROM a", 1, "before the first FROM"),
        ("ARG A=1", 1, "no FROM"),
        ("FORM a", 1, "did you mean FROM"),
        ("FROM a\nRUNN x", 2, "did you mean RUN"),
        ("FROM a\nhello world", 2, "unknown instruction: hello"),
        ("FROM a b", 1, "AS NAME"),
        ("FROM a AS", 1, "AS NAME"),
        ("FROM a AS 1b", 1, "name of a stage"),
        ("FROM", 1, "argument"),
        ("FROM a\nCOPY x", 2, "destination"),
        ("FROM a\nENV A", 2, "no value"),
        ("FROM a\nENV A=1 B", 2, "has no ="),
        ("FROM a\nLABEL =x", 2, "empty"),
        ("FROM a\nONBUILD ONBUILD RUN x", 2, "another ONBUILD"),
        ("FROM a\nONBUILD FROM x", 2, "not allowed"),
        ("FROM a\nCMD [\"a\", 1]", 2, "strings only"),
        ("FROM a\nSHELL sh", 2, "JSON"),
        ("FROM a\nHEALTHCHECK x", 2, "CMD or NONE"),
        ("FROM a\nRUN cat << EOF\nhello\nEOF", 3, "unknown instruction"),
    ] {
        let found = problems(text);
        let first = found.first().unwrap_or_else(|| panic!("{text:?} is clean"));
        assert_eq!(first.0, line, "{text:?}: {found:?}");
        assert!(first.1.contains(part), "{text:?}: {found:?}");
    }
}

#[test]
fn real_shapes_are_clean() {
    for text in [
        "FROM a\nENV k v with blanks\nENV a=b c=\"d e\" f='g'\nARG x y=1\n",
        "FROM a\nHEALTHCHECK --interval=5s CMD [\"x\"]\nHEALTHCHECK none\n",
        "FROM a\nCMD\nENTRYPOINT []\nRUN\n",
        "FROM a\nSHELL [\"/bin/sh\", \"-c\"]\nVOLUME /a /b\nVOLUME [\"/c\"]\nEXPOSE 80 443/tcp\n",
        "FROM a\r\nRUN x \\\r\n  y\r\nRUN <<EOF\r\nz\r\nEOF\r\n",
        "FROM a\nADD --checksum=sha256:00 https://x /y\nCOPY [\"a b\", \"/c\"]\nMAINTAINER me\nSTOPSIGNAL 9\n",
    ] {
        clean(text);
    }
}

#[test]
fn huge_files_are_read() {
    let long = format!("FROM a\nRUN {}", "x".repeat(10 << 20));
    assert!(problems(&long)[0].1.contains("65535"));
    assert_eq!(parse("FROM a\n".repeat(100_000).as_bytes()).stages.len(), 100_000);
    assert!(parse("x\n".repeat(5 << 20).as_bytes()).problems.len() <= MAX_PROBLEMS);
    let deep = format!("FROM {}\n", "${a:-".repeat(10_000));
    assert!(parse(deep.as_bytes()).problems[0].message.contains("nested"));
    assert_eq!(parse(&vec![0xff; 1 << 20]).problems.len(), 3);
    assert_eq!(parse(&vec![0; 1 << 20]).instructions.len(), 1);
    parse(format!("FROM a\n{}", "RUN <<E\n".repeat(100_000)).as_bytes());
    parse(format!("FROM a\nRUN {}", "<<E ".repeat(15_000)).as_bytes());
}

proptest! {
    #[test]
    fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let file = parse(&bytes);
        for instruction in &file.instructions {
            prop_assert!(instruction.span.end <= bytes.len());
            prop_assert!(instruction.span.start < instruction.span.end);
        }
    }

    #[test]
    fn any_lines_are_read(text in "(FROM a|RUN|COPY|ONBUILD|ARG|[\\\\`\n\r\t #=<>'\"$A-Z{}\\[\\]-]|<<E|\nE\n){0,60}") {
        let file = parse(text.as_bytes());
        let mut last = 0;
        for instruction in &file.instructions {
            prop_assert!(instruction.span.start >= last);
            last = instruction.span.end;
            prop_assert!(last <= text.len());
            prop_assert!(instruction.line <= instruction.end_line);
        }
        prop_assert_eq!(file.instructions.is_empty() || !file.stages.is_empty() || !file.problems.is_empty(), true);
    }
}
