//! The corners of the language, one by one: what BuildKit's parser makes of them, and what it refuses.

#![cfg(test)]

use imgbuild::dockerfile::{Dockerfile, Form, Instruction, Keyword, expand, parse, scopes};

/// The file, which no builder refuses.
fn clean(text: &str) -> Dockerfile {
    let file = parse(text.as_bytes());
    assert_eq!(file.problems, [], "{text}");
    file
}

fn keywords(file: &Dockerfile) -> Vec<&'static str> {
    file.instructions.iter().map(|i| i.keyword.name()).collect()
}

/// Arguments of the instructions behind the first, in a clean file that begins with a `FROM`.
fn arguments(text: &str) -> Vec<String> {
    clean(&format!("FROM a\n{text}")).instructions.into_iter().skip(1).map(|i| i.arguments).collect()
}

/// The first problem, as `line:column message`.
#[track_caller]
fn refused(text: &str, line: u32, column: u32, part: &str) {
    let file = parse(text.as_bytes());
    let first = file.problems.first().unwrap_or_else(|| panic!("{text:?} is clean"));
    assert_eq!((first.line, first.column), (line, column), "{text:?}: {first:?}");
    assert!(first.message.contains(part), "{text:?}: {first:?}");
}

/// The same for one instruction behind `FROM a`.
#[track_caller]
fn wrong(instruction: &str, column: u32, part: &str) {
    refused(&format!("FROM a\n{instruction}\n"), 2, column, part);
}

#[test]
fn edge_1_a_byte_order_mark_counts_on_the_first_line_only() {
    let file = clean("\u{feff}FROM a\nRUN x");
    assert_eq!(keywords(&file), ["FROM", "RUN"]);
    assert_eq!(file.instructions[0].keyword_span.start, 3);
    refused("FROM a\n\u{feff}RUN x", 2, 1, "unknown instruction");
    refused("\u{feff}FORM a", 1, 1, "did you mean FROM");
}

#[test]
fn edge_2_carriage_returns_end_lines_but_stay_in_documents() {
    let text = "# escape=`\r\nFROM a\r\nRUN x `\r\n  y\r\nCOPY <<E /f\r\none\r\nE\r\nUSER u\r\n";
    let file = clean(text);
    assert_eq!(keywords(&file), ["FROM", "RUN", "COPY", "USER"]);
    assert_eq!(file.instructions[1].arguments, "x   y");
    assert_eq!(file.instructions[2].heredocs[0].body.of(text.as_bytes()), b"one\r\n");
    assert_eq!(file.instructions[3].arguments, "u");
}

#[test]
fn edge_3_directives_stand_first_and_once() {
    let file = clean("# syntax=docker/dockerfile:1\n# CHECK = skip=all\n#escape = ` \nFROM a\nRUN x `\n y");
    assert_eq!((file.directives.escape, file.instructions.len()), ('`', 2));
    assert_eq!(file.directives.check.as_ref().map(|d| d.value.as_str()), Some("skip=all"));
    assert_eq!(file.comments, []);
    for late in ["\n", "# comment\n", "# other=1\n", "ARG x\n"] {
        let file = parse(format!("{late}# escape=`\nFROM a\n").as_bytes());
        assert_eq!((file.directives.escape, file.problems.len()), ('\\', 0), "{late:?}");
        assert_eq!(file.comments.last().map(|c| c.text.as_str()), Some("escape=`"));
    }
    refused("# escape=`\n# Escape=`\nFROM a", 2, 1, "only one escape");
    refused("# escape=ab\nFROM a", 1, 1, "escape character");
}

#[test]
fn edge_4_a_shebang_is_a_comment_that_ends_directives() {
    let file = clean("#!/usr/bin/env docker build\n# escape=`\nFROM a\nRUN x \\\n y");
    assert_eq!((file.directives.escape, file.instructions.len()), ('\\', 2));
    assert_eq!(file.comments.len(), 2);
}

#[test]
fn edge_5_one_escape_continues_and_two_do_not() {
    assert_eq!(arguments("RUN a \\ \t\n b"), ["a  b"]);
    assert_eq!(arguments("RUN a \\\\\nRUN b"), ["a \\\\", "b"]);
    assert_eq!(arguments("RUN a \\\\\\\nRUN b"), ["a \\\\\\", "b"]);
    assert_eq!(arguments("RUN a \\b\nRUN b"), ["a \\b", "b"]);
    assert_eq!(arguments("RUN a\\\n\\\nb"), ["ab"]);
}

#[test]
fn edge_6_comments_and_empty_lines_inside_an_instruction() {
    let file = clean("FROM a\n  RUN a \\\n# one\n \t# two \\\n\n   \n  b \\\n  c # no comment\n");
    assert_eq!(file.instructions[1].arguments, "a   b   c # no comment");
    assert_eq!(file.comments.iter().map(|c| c.line).collect::<Vec<_>>(), [3, 4]);
    assert_eq!(file.empty_continuations, [5, 6]);
}

#[test]
fn edge_7_the_file_may_end_in_a_continuation() {
    assert_eq!(arguments("RUN a \\"), ["a"]);
    assert_eq!(arguments("RUN a \\\n"), ["a"]);
    assert_eq!(arguments("RUN a \\\n# b\n\n"), ["a"]);
}

#[test]
fn edge_8_keywords_have_no_case_and_blanks_are_ascii() {
    let file = clean("from a\nRuN\tx\ncmd\u{b}y\nuser\u{c}z\n");
    assert_eq!(keywords(&file), ["FROM", "RUN", "CMD", "USER"]);
    assert_eq!(file.instructions[1].keyword_span.of(b"from a\nRuN\tx"), b"RuN");
    refused("FROM a\nRUN\u{a0}x\n", 2, 1, "unknown instruction");
    refused("FROM a\n  RNU x\n", 2, 3, "did you mean RUN");
    refused("FROM a\nHELLO x\nFOO y\n", 2, 1, "unknown instruction: HELLO");
    assert_eq!(parse(b"FROM a\nHELLO x\nFOO y\nRUN z").problems.len(), 2);
}

#[test]
fn edge_9_flags_are_the_leading_words_with_two_dashes() {
    let flags = |i: &Instruction| -> Vec<(String, Option<String>)> {
        i.flags.iter().map(|f| (f.name.clone(), f.value.clone())).collect()
    };
    let file =
        clean("FROM a\nCOPY --link --chown=\"a b\":c --exclude=x\\ y b --from=no /d\nRUN -- --mount=x\n");
    let copy = &file.instructions[1];
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        flags(copy),
        [("link".into(), None), ("chown".into(), some("a b:c")), ("exclude".into(), some("x y"))]
    );
    assert_eq!(copy.arguments, "b --from=no /d");
    assert_eq!((file.instructions[2].flags.len(), file.instructions[2].arguments.as_str()), (0, "--mount=x"));
}

#[test]
fn edge_10_here_documents_in_all_their_forms() {
    let bodies = |text: &str| -> Vec<Vec<String>> {
        let text = format!("FROM a\n{text}");
        let file = clean(&text);
        let body = |i: &Instruction| -> Vec<String> {
            let of = |span: imgbuild::dockerfile::Span| {
                String::from_utf8_lossy(span.of(text.as_bytes())).into_owned()
            };
            i.heredocs.iter().map(|h| of(h.body)).collect()
        };
        file.instructions.iter().skip(1).map(body).collect()
    };
    assert_eq!(bodies("RUN <<EOF\na\nEOF\nUSER u"), [vec!["a\n".to_owned()], vec![]]);
    assert_eq!(bodies("RUN cat <<EOF > f\na\nEOF\nRUN cat <<E | sh\nb\nE"), [vec!["a\n"], vec!["b\n"]]);
    assert_eq!(bodies("RUN 3<<EOF cat\na\nEOF"), [["a\n"]]);
    assert_eq!(bodies("RUN <<-EOF\n\ta\n\t\tEOF"), [["\ta\n"]]);
    assert_eq!(bodies("COPY <<'A' <<\"B\" /d/\n1\nA\n2\nB"), [["1\n", "2\n"]]);
    assert_eq!(bodies("RUN x \\\n && cat <<EOF\na \\\nEOF"), [["a \\\n"]]);
    assert_eq!(bodies("ONBUILD COPY <<E /f\na\nE"), [["a\n"]]);
    assert_eq!(
        bodies("RUN cat <<<EOF\nRUN echo $((1<<2))\nRUN [\"<<E\"]\nCMD <<E"),
        vec![Vec::<String>::new(); 4]
    );
    let file = clean("FROM a\nCOPY <<E <<'E2' <<\"E\"3 /d\nE\nE2\nE3\n");
    let expands: Vec<_> = file.instructions[1].heredocs.iter().map(|h| (h.name.as_str(), h.expand)).collect();
    assert_eq!(expands, [("E", true), ("E2", false), ("E3", false)]);
    refused("FROM a\nRUN cat << EOF\nhello\nEOF\n", 3, 1, "unknown instruction: hello");
    refused("FROM a\nRUN <<EOF\nx\n", 2, 1, "not terminated");
    wrong("COPY x <<E\nE", 8, "cannot be the destination");
}

#[test]
fn edge_11_json_form_is_an_array_of_strings() {
    let form = |text: &str| clean(&format!("FROM a\n{text}")).instructions[1].form();
    assert_eq!(form("CMD [ \"a\", \"b c\" ]"), Form::Exec(vec!["a".into(), "b c".into()]));
    assert_eq!(form("RUN [\"a\", \\\n \"b\"]"), Form::Exec(vec!["a".into(), "b".into()]));
    for shell in ["CMD ['a']", "CMD [\"a\",]", "CMD [\"a\"] b", "CMD [ -f x ]", "CMD [\"a\""] {
        assert_eq!(form(shell), Form::Shell, "{shell}");
    }
    wrong("CMD [\"a\", [\"b\"]]", 5, "strings only");
    wrong("VOLUME [\"a\", 1]", 8, "strings only");
    wrong("HEALTHCHECK CMD [\"a\", null]", 13, "strings only");
    wrong("VOLUME [\"\"]", 8, "empty");
    wrong("SHELL []", 7, "argument");
    wrong("SHELL sh -c", 7, "JSON");
    wrong("COPY [\"a\"]", 6, "destination");
    clean("FROM a\nRUN\nCMD []\nENTRYPOINT\n");
}

#[test]
fn edge_12_pairs_old_and_new() {
    let pairs = |text: &str| -> Vec<(String, Option<String>, bool)> {
        let file = clean(&format!("FROM a\n{text}"));
        let pairs = file.instructions[1].pairs('\\').unwrap();
        pairs.into_iter().map(|p| (p.name, p.value, p.legacy)).collect()
    };
    let pair = |name: &str, value: &str, legacy| (name.to_owned(), Some(value.to_owned()), legacy);
    assert_eq!(pairs("ENV k  v w = 'x'"), [pair("k", "v w = 'x'", true)]);
    assert_eq!(
        pairs("ENV a=1 b=\"2 3\" c=4\\ 5 d="),
        [pair("a", "1", false), pair("b", "\"2 3\"", false), pair("c", "4\\ 5", false), pair("d", "", false)]
    );
    assert_eq!(pairs("LABEL a=\"b \\\n c\" \\\n d=e"), [pair("a", "\"b  c\"", false), pair("d", "e", false)]);
    wrong("ENV a", 5, "no value");
    wrong("LABEL a=b cd", 11, "has no =");
    refused("FROM a\nENV a=b \\\n  cd\n", 3, 3, "has no =");
    wrong("ENV a=b =c", 9, "name is empty");
    wrong("ENV a=\"b", 5, "double-quote");
}

#[test]
fn edge_13_where_an_arg_is_seen() {
    let file = clean("ARG A=1 B\nFROM a:$A-$TARGETARCH\nARG A C=c$A\nENV C=e\nRUN x\nFROM b\nRUN y");
    let scopes = scopes(&file, &std::collections::BTreeMap::new());
    let text = |index: usize, word| scopes.at(index).expand(word).unwrap().text;
    assert_eq!(text(1, "$A$C"), "1");
    assert_eq!(scopes.at(1).expand("$TARGETARCH$A$Z").unwrap().unknown.len(), 1);
    assert_eq!(text(2, "$A"), "");
    assert_eq!(text(3, "$A-$C"), "1-c1");
    assert_eq!(text(4, "$C"), "e");
    assert_eq!(text(6, "$A$C"), "");
    wrong("ARG a =b", 7, "name is empty");
    refused("ENV a=b\nFROM a", 1, 1, "before the first FROM");
}

#[test]
fn edge_14_expansion() {
    let text =
        |word: &str| expand(word, '\\', &|name| (name == "x").then(|| "a/b/c".to_owned())).map(|e| e.text);
    for (word, expected) in [
        ("$x", "a/b/c"),
        ("${x}y", "a/b/cy"),
        ("${y:-d}${y-d}", "dd"),
        ("${x:+d}${y+d}", "d"),
        ("${x:?e}", "a/b/c"),
        ("${x#*/}", "b/c"),
        ("${x##*/}", "c"),
        ("${x%/*}", "a/b"),
        ("${x%%/*}", "a"),
        ("${x/b/B}", "a/B/c"),
        ("${x//\\//-}", "a-b-c"),
        ("\\$x'$x'\"$x\"", "$x$xa/b/c"),
        ("$y", ""),
    ] {
        assert_eq!(text(word).as_deref(), Ok(expected), "{word}");
    }
    for bad in ["${x:#a}", "${x:%a}", "${x", "${}", "${y?}", "'x"] {
        assert!(text(bad).is_err(), "{bad}");
    }
    wrong("WORKDIR ${x", 9, "cannot expand");
    wrong("COPY a ${x:#y}", 8, "unsupported modifier");
    wrong("COPY --chown=${x a b", 6, "cannot expand");
    clean("FROM a\nRUN ${x\nCMD echo ${x '\nENTRYPOINT \"$\nWORKDIR ${x:?is needed}\nENV a=\\\"b c=it\\'s\n");
}

#[test]
fn edge_15_a_line_may_be_long_but_not_too_long() {
    let run = |length: usize| format!("FROM a\nRUN {}\n", "x".repeat(length - 4));
    clean(&run(65_535));
    refused(&run(65_536), 2, 1, "65535");
    clean(&format!("FROM a\nRUN x{}", " \\\n yyyy".repeat(20_000)));
}

#[test]
fn edge_16_there_is_a_from() {
    refused("", 1, 1, "no instruction");
    refused("# x\n\n", 1, 1, "no instruction");
    refused("ARG a\n", 1, 1, "no FROM");
    refused("\n\nRUN x", 3, 1, "before the first FROM");
}

#[test]
fn edge_17_bytes_that_are_no_text() {
    let bytes = b"FROM a\nLABEL a=\xff\xfe b=\xc3\xa9\nRUN x\0y\n";
    let file = parse(bytes);
    assert_eq!(file.problems, []);
    let label = &file.instructions[1];
    assert_eq!(label.arguments, "a=\u{fffd}\u{fffd} b=é");
    let places: Vec<_> =
        label.pairs('\\').unwrap().into_iter().map(|p| label.place(p.range).of(bytes).to_vec()).collect();
    assert_eq!(places, [b"a=\xff\xfe".to_vec(), b"b=\xc3\xa9".to_vec()]);
    assert_eq!(file.instructions[2].arguments, "x\0y");
}

#[test]
fn edge_18_triggers_are_instructions() {
    let file = clean("FROM a\nonbuild copy --from=b x \\\n y\nONBUILD RUN --mount=type=cache,target=/c z\n");
    let copy = file.instructions[1].trigger.as_deref().unwrap();
    assert_eq!(
        (copy.keyword, copy.flag("from"), copy.arguments.as_str()),
        (Keyword::Copy, Some("b"), "x  y")
    );
    wrong("ONBUILD", 1, "argument");
    wrong("ONBUILD ONBUILD RUN x", 9, "another ONBUILD");
    wrong("ONBUILD FROM x", 9, "not allowed");
    wrong("ONBUILD MAINTAINER x", 9, "not allowed");
    wrong("ONBUILD FOO x", 9, "unknown instruction");
    wrong("ONBUILD ENV x", 13, "no value");
    wrong("ONBUILD --x RUN y", 9, "unknown flag --x");
}

#[test]
fn edge_19_flags_and_their_values() {
    for good in [
        "RUN --mount=type=bind x",
        "RUN --mount=target=/x --mount=from=b,target=/y --network=none --security=insecure --device=a x",
        "RUN --mount=type=cache,target=$HOME/x,id=$TARGETARCH,sharing=locked x",
        "RUN --mount=type=secret,id=a,env=A --mount=type=ssh,required=true --mount=type=tmpfs,size=1g,target=/t x",
        "COPY --link --parents --exclude=a --exclude=b --chmod=u+x --chown=a:b --from=$B a b",
        "COPY --link=FALSE --from=0 a b",
        "ADD --checksum=sha256:00 --keep-git-dir=true --unpack --link --chmod=755 --exclude=x a b",
        "HEALTHCHECK --interval=1m30s --timeout=.5s --start-period=0 --start-interval=1ms --retries=3 CMD x",
        "HEALTHCHECK --any=x NONE",
        "FROM --platform=$BUILDPLATFORM a AS B-c_d.e",
        "ARG --x a",
    ] {
        clean(&format!("FROM a\n{good}\n"));
    }
    wrong("COPY --form=a b c", 6, "did you mean --from");
    wrong("COPY --link --From=a b c", 13, "did you mean --from");
    wrong("COPY --link=1 a b", 6, "true or false");
    wrong("COPY --from b c", 6, "needs a value");
    wrong("COPY --chown=a --chown=b c d", 16, "given twice");
    wrong("COPY --checksum=a b c", 6, "unknown flag");
    wrong("ADD --from=a b c", 5, "unknown flag");
    wrong("CMD --x y", 5, "unknown flag");
    wrong("RUN --network=x y", 5, "default or none or host");
    wrong("RUN --security=x y", 5, "sandbox or insecure");
    wrong("RUN --device=a,b x", 5, "neither");
    wrong("RUN --mount=type=bnd,target=/x y", 5, "did you mean bind");
    wrong("RUN --mount=type=bind,from=$X,target=/a x", 5, "no variable");
    wrong("HEALTHCHECK --interval=3 CMD x", 13, "unit is missing");
    wrong("HEALTHCHECK --retries=-1 CMD x", 13, "from 0 on");
    wrong("HEALTHCHECK --interval=$I CMD x", 13, "duration");
    wrong("HEALTHCHECK x", 13, "CMD or NONE");
    refused("FROM --platform a", 1, 6, "needs a value");
    refused("FROM a\nRUN --mount=type=bind \\\n  --foo x", 3, 3, "unknown flag");
    // Another frontend may know more than Docker's.
    clean("# syntax=example.com/frontend:1\nFROM a\nINCLUDE x\nCOPY --mode=x a b\n");
    refused("# syntax=docker/dockerfile:1-labs\nFROM a\nCOPY --mode=x a b\n", 3, 6, "unknown flag");
}

#[test]
fn edge_20_stages_refer_to_earlier_ones_in_any_case() {
    let file = clean("FROM later AS One\nFROM oNE AS later\nCOPY --from=0 / /\nCOPY --from=ONE / /\n");
    let graph = imgbuild::dockerfile::graph(&file, &std::collections::BTreeMap::new());
    assert_eq!(graph.chain(1), [0, 1]);
    assert_eq!(graph.chain(0), [0]);
    assert_eq!(graph.used_by(Some("LATER")).len(), 2);
    assert_eq!(graph.used_by(Some("0")).len(), 1);
    assert!(graph.used_by(Some("no")).is_empty());
    refused("FROM a AS 1b", 1, 11, "name of a stage");
    refused("FROM a b", 1, 8, "AS NAME");
    refused("FROM a AS", 1, 8, "AS NAME");
    refused("FROM", 1, 1, "argument");
    refused("FROM \"\"", 1, 6, "empty");
}
