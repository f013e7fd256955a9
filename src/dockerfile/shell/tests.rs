mod hostile;

use std::fmt::Write;

use super::*;

/// A command in a line: its link, assignments, words and redirections, each word with blanks or none at all in brackets;
/// then what it is in, and whether it is in the background.
fn line(command: &Command) -> String {
    let shown = |word: &Word| match word.text.is_empty() || word.text.contains([' ', '\n', '\t']) {
        true => format!("[{}]", word.text.replace('\n', "⏎")),
        false => word.text.clone(),
    };
    let mut parts: Vec<String> = Vec::new();
    parts.extend(command.assignments.iter().map(|a| format!("{}={}", a.name, shown(&a.value))));
    parts.extend(command.words.iter().map(shown));
    parts.extend(command.redirects.iter().map(|r| {
        let fd = r.fd.map(|fd| fd.to_string()).unwrap_or_default();
        format!("{fd}{}{}", r.op, shown(&r.target))
    }));
    let link = match command.link {
        Link::First => "",
        Link::And => "&& ",
        Link::Or => "|| ",
        Link::Then => "; ",
        Link::Pipe => "| ",
        Link::Background => "& ",
    };
    let mut out = format!("{link}{}", parts.join(" "));
    for (context, name) in [
        (Context::Subshell, "sub"),
        (Context::Group, "group"),
        (Context::Condition, "cond"),
        (Context::If, "if"),
        (Context::Loop, "loop"),
        (Context::Case, "case"),
        (Context::Function, "fn"),
        (Context::Substitution, "$"),
        (Context::ShellString, "string"),
    ] {
        if command.context.has(context) {
            write!(out, " @{name}").unwrap();
        }
    }
    if command.background {
        out.push_str(" &");
    }
    out
}

fn lines(text: &str) -> (Vec<String>, bool) {
    let script = parse(text);
    let mut last = 0;
    for command in &script.commands {
        assert!(command.range.start >= last, "{text:?}: not in order");
        last = command.range.start;
        assert!(text.get(command.range.clone()).is_some_and(|t| !t.is_empty()), "{text:?}: {command:?}");
    }
    (script.commands.iter().map(line).collect(), script.complete)
}

fn check(cases: &[(&str, &[&str])], complete: bool) {
    let mut wrong = Vec::new();
    for (text, want) in cases {
        let got = lines(text);
        if got.0 != *want || got.1 != complete {
            wrong.push(format!("{text:?}\n  got  {:?} {}\n  want {want:?} {complete}", got.0, got.1));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn lists_and_pipelines() {
    check(
        &[
            ("", &[]),
            (" \n\t\n", &[]),
            ("a", &["a"]),
            ("a b  c", &["a b c"]),
            ("a && b || c", &["a", "&& b", "|| c"]),
            ("a; b\nc", &["a", "; b", "; c"]),
            ("\n\na\n\n\nb\n", &["a", "; b"]),
            ("a | b |& c", &["a", "| b", "| c"]),
            ("a & b", &["a &", "& b"]),
            ("a && b & c &", &["a &", "&& b &", "& c &"]),
            ("a | b & wait", &["a &", "| b &", "& wait"]),
            ("a &&\n  b ||\n\n c |\n d", &["a", "&& b", "|| c", "| d"]),
            ("a && \\\n b \\\n c", &["a", "&& b c"]),
            ("a &&\\\n\\\nb", &["a", "&& b"]),
            ("a&&b;c|d", &["a", "&& b", "; c", "| d"]),
            ("a;\r\nb\r\n", &["a", "; b"]),
            ("a \\\r\n b", &["a b"]),
            ("ab\\\ncd", &["abcd"]),
            ("! a && ! b", &["a", "&& b"]),
            ("time -p a; time b", &["a", "; b"]),
            ("/usr/bin/time a", &["/usr/bin/time a"]),
        ],
        true,
    );
}

#[test]
fn comments() {
    check(
        &[
            ("# a", &[]),
            ("a # b; c\nd", &["a", "; d"]),
            ("a#b #c", &["a#b"]),
            ("a && # b\n c", &["a", "&& c"]),
            ("#!/bin/sh\nset -e\n# it's\na", &["set -e", "; a"]),
            ("a '#' \"#\" \\#", &["a # # #"]),
            ("a;#b\nc", &["a", "; c"]),
            ("# a \\\nb", &["b"]),
            ("a $(b # c)\n)", &["a [$(b # c)⏎)]", "b @$"]),
        ],
        true,
    );
}

#[test]
fn quotes_and_escapes() {
    check(
        &[
            ("a 'b c' \"d e\" f\\ g", &["a [b c] [d e] [f g]"]),
            ("a '' \"\"", &["a [] []"]),
            ("a'b'\"c\"d", &["abcd"]),
            (r#"a "b\"c\$d\\e\`f\g""#, &[r#"a b"c$d\e`f\g"#]),
            (r"a 'b\'c", &[r"a b\c"]),
            (r"a \; \& \| \' \$x", &["a ; & | ' $x"]),
            ("a \"b\\\nc\" 'd\\\ne'", &["a bc [d\\⏎e]"]),
            ("a 'x;y&&z|w' \"(>#\"", &["a x;y&&z|w (>#"]),
            (r"a $'b\tc\x41\u00e9\101\'d'", &["a [b\tcAéA'd]"]),
            ("a $\"b c\"", &["a [b c]"]),
            ("a b\\", &["a b\\"]),
            ("a é 'ü ö' \\ß", &["a é [ü ö] ß"]),
            ("'if' a; \"for\" b; \\time c", &["if a", "; for b", "; time c"]),
            ("a {b,c} {} @{ }", &["a {b,c} {} @{ }"]),
            ("a if then done", &["a if then done"]),
            ("find . -exec rm {} \\;", &["find . -exec rm {} ;"]),
        ],
        true,
    );
}

#[test]
fn expansions_stay_as_written() {
    check(
        &[
            ("a $b ${c} \"$d e\" $1 $@ $? $$ $", &["a $b ${c} [$d e] $1 $@ $? $$ $"]),
            ("a ${b:-c d} \"${e:-'f}'}\"", &["a [${b:-c d}] ${e:-'f}'}"]),
            ("a ${b:-'}'} ${c#\"}\"}x", &["a ${b:-'}'} ${c#\"}\"}x"]),
            ("a ${b:-${c:-$(d e)}}", &["a [${b:-${c:-$(d e)}}]", "d e @$"]),
            ("a $((1 + 2)) $((b * (c)))", &["a [$((1 + 2))] [$((b * (c)))]"]),
            ("make -j$(($(nproc) + 1)) x", &["make [-j$(($(nproc) + 1))] x", "nproc @$"]),
            ("((i++)); a", &["((i++))", "; a"]),
            ("a $(b c) d", &["a [$(b c)] d", "b c @$"]),
            ("a \"$(b \"c d\" | e)\"", &["a [$(b \"c d\" | e)]", "b [c d] @$", "| e @$"]),
            ("a $(b $(c))", &["a [$(b $(c))]", "b $(c) @$", "c @$"]),
            ("a $((b); (c))", &["a [$((b); (c))]", "b @sub @$", "c @sub @$"]),
            ("a `b c` d", &["a [`b c`] d", "b c @$"]),
            ("a \"`b 'c'`\"", &["a [`b 'c'`]", "b c @$"]),
            ("a `b \\`c d\\``", &["a [`b \\`c d\\``]", "b [\\`c d\\`] @$", "c d @$"]),
            ("`a` b", &["`a` b", "a @$"]),
            ("a <(b c) >(d)", &["a [<(b c)] >(d)", "b c @$", "d @$"]),
            ("a --x=<(b)", &["a --x=<(b)", "b @$"]),
        ],
        true,
    );
}

#[test]
fn assignments() {
    check(
        &[
            ("A=1", &["A=1"]),
            ("A=1 B='2 3' c D=4", &["A=1 B=[2 3] c D=4"]),
            ("A= b", &["A=[] b"]),
            ("A+=b", &["A=b"]),
            ("A=$(b c) && d", &["A=[$(b c)]", "b c @$", "&& d"]),
            ("A=(b 'c d' $(e)\n f) g", &["A=[(b 'c d' $(e)⏎ f)] g", "e @$"]),
            ("A[1]=b; C[$x]=d e", &["A[1]=b", "; C[$x]=d e"]),
            ("1A=b 'A'=c", &["1A=b A=c"]),
            ("local a=(b 'c d') e", &["local [a=(b 'c d')] e"]),
            ("export A=b C", &["export A=b C"]),
            ("A=b >f", &["A=b >f"]),
        ],
        true,
    );
}

#[test]
fn redirections() {
    check(
        &[
            ("a > f 2>&1", &["a >f 2>&1"]),
            ("a >f", &["a >f"]),
            (">f a b", &["a b >f"]),
            ("a &> f b", &["a b &>f"]),
            ("a &>>f; b", &["a &>>f", "; b"]),
            ("a >> f 2>/dev/null < 'g h'", &["a >>f 2>/dev/null <[g h]"]),
            ("a >| f 3<> g <&- >&2", &["a >|f 3<>g <&- >&2"]),
            ("a <<< 'b c'", &["a <<<[b c]"]),
            ("a2>f 2 >f", &["a2 2 >f >f"]),
            ("a > $(b)", &["a >$(b)", "b @$"]),
            ("{ a; } > f 2>&1 | b", &["a @group", "| b"]),
            ("while a; do b; done < f | c", &["a @cond", "b @loop", "| c"]),
            (": > /f && > g", &[": >/f", "&& >g"]),
        ],
        true,
    );
}

#[test]
fn heredocs() {
    check(
        &[
            ("cat <<EOF\na b\nEOF\nc", &["cat <<EOF", "; c"]),
            ("cat <<EOF > f && b\na\nEOF\nc", &["cat <<EOF >f", "&& b", "; c"]),
            ("cat <<-'E F'\n\ta\n\t\tE F\nb", &["cat <<-[E F]", "; b"]),
            ("cat <<A <<B\n1\nB\nA\n2\nB\nc", &["cat <<A <<B", "; c"]),
            ("cat << \"EOF\"\n'\nEOF\n", &["cat <<EOF"]),
            ("cat <<EOF\r\na\r\nEOF\r\nb", &["cat <<EOF", "; b"]),
            ("cat <<EOF |\na\nEOF\nb", &["cat <<EOF", "| b"]),
            ("a $(cat <<EOF\nb c\nEOF\n)", &["a [$(cat <<EOF⏎b c⏎EOF⏎)]", "cat <<EOF @$"]),
            ("if a <<EOF\nfi\nEOF\nthen b; fi", &["a <<EOF @cond", "b @if"]),
            ("{ a; } <<EOF # c\nb\nEOF\n", &["a @group"]),
            ("cat <<EOF > f", &["cat <<EOF >f"]),
            ("cat <<EOF > f\n", &["cat <<EOF >f"]),
        ],
        true,
    );
    let text = "a; sh <<A 3<<B\nx\nA\nB\n";
    let command = &parse(text).commands[1];
    let bodies: Vec<_> = command.redirects.iter().map(|r| &text[r.body.clone().unwrap()]).collect();
    assert_eq!(bodies, ["x\n", ""]);
    assert_eq!(parse("cat <<EOF").commands[0].redirects[0].body, None);
}

#[test]
fn compound_commands() {
    check(
        &[
            ("(a; b) && c", &["a @sub", "; b @sub", "&& c"]),
            ("((a) && b)", &["a @sub", "&& b @sub"]),
            ("{ a; b; }; c", &["a @group", "; b @group", "; c"]),
            ("(a)|(b)", &["a @sub", "b @sub"]),
            ("if a; then b; fi", &["a @cond", "b @if"]),
            ("if ! a; then b; fi && c", &["a @cond", "b @if", "&& c"]),
            (
                "if a && b\nthen\n c\nelif d; then e; else f; g; fi",
                &["a @cond", "&& b @cond", "c @if", "d @cond", "e @if", "f @if", "; g @if"],
            ),
            ("if [ -f x ]; then\\\n a; \\\nfi", &["[ -f x ] @cond", "a @if"]),
            ("for x in a b; do c $x; done", &["c $x @loop"]),
            ("for x in a \\\n b \\\n ; do c; done && d", &["c @loop", "&& d"]),
            ("for x in $(a b); do c; done", &["a b @$", "c @loop"]),
            ("for x; do a; done", &["a @loop"]),
            ("for x\nin a\ndo b\ndone", &["b @loop"]),
            ("for ((i=0; i<3; i++)); do a; done", &["a @loop"]),
            ("for in in in; do a; done", &["a @loop"]),
            ("while a; do b; done", &["a @cond", "b @loop"]),
            ("until a\ndo\nb &\ndone", &["a @cond", "b @loop &"]),
            ("a | while read x; do b; done", &["a", "read x @cond", "b @loop"]),
            ("case $x in a) b;; c|d) e; f ;; *) g; esac", &["b @case", "e @case", "; f @case", "g @case"]),
            ("case $(a) in\n(b) c ;;\n(d | 'e f') ;;\nesac\ng", &["a @$", "c @case", "; g"]),
            ("a $(case b in c) d;; esac) e", &["a [$(case b in c) d;; esac)] e", "d @case @$"]),
            ("case a in b) c ;& d) e ;;& esac", &["c @case", "e @case"]),
            ("case \"$x\" in [a-z]*) b;; esac", &["b @case"]),
            ("f() { a; }; f", &["a @group @fn", "; f"]),
            ("f ()\n{\n a\n}\nb", &["a @group @fn", "; b"]),
            ("function f { a; }", &["a @group @fn"]),
            ("function f() (a)", &["a @sub @fn"]),
            ("f() if a; then b; fi", &["a @cond @fn", "b @if @fn"]),
            ("[[ a == b && ( -f c || d < e ) ]] && f", &["[[ a == b && ( -f c || d < e ) ]]", "&& f"]),
            ("[[ $a =~ ^(b|c)$ ]] || d", &["[[ $a =~ ^(b|c)$ ]]", "|| d"]),
            ("if [[ -f a ]]; then b; fi", &["[[ -f a ]] @cond", "b @if"]),
            ("([[ a =~ [[:x:]]$\n|| b ]])&& c", &["[[ a =~ [[:x:]]$ || b ]] @sub", "&& c"]),
            ("[ a = b ] && c", &["[ a = b ]", "&& c"]),
            ("[[ a ]] > f; b", &["[[ a ]] >f", "; b"]),
            ("[[ a ]]; b", &["[[ a ]]", "; b"]),
            ("[[ a ]]&&b", &["[[ a ]]", "&& b"]),
            ("if [[ a && b ]]; then c; fi", &["[[ a && b ]] @cond", "c @if"]),
            ("rm -rf !(a|b) @(c d)/*", &["rm -rf !(a|b) [@(c d)/*]"]),
            ("(a &) ; b", &["a @sub &", "; b"]),
            ("{ a; b $(c); } & d", &["a @group &", "; b $(c) @group &", "c @group @$", "& d"]),
            ("if a; then (b | c) & fi", &["a @cond", "b @sub @if &", "| c @sub @if &"]),
        ],
        true,
    );
}

#[test]
fn what_does_not_close_is_told_and_kept() {
    check(
        &[
            ("a '$(b)' \\$(c", &["a $(b) $", "c @sub"]),
            ("a 'b c; d", &["a [b c; d]"]),
            ("a \"b $(c", &["a [b $(c]", "c @$"]),
            ("a; b \"c", &["a", "; b c"]),
            ("a $(b; c", &["a [$(b; c]", "b @$", "; c @$"]),
            ("a ${b", &["a ${b"]),
            ("a `b c", &["a [`b c]", "b c @$"]),
            ("(a; b", &["a @sub", "; b @sub"]),
            ("{ a; b", &["a @group", "; b @group"]),
            ("if a; then b", &["a @cond", "b @if"]),
            ("if a; then b; else c", &["a @cond", "b @if", "c @if"]),
            ("while a; do b", &["a @cond", "b @loop"]),
            ("for x in a", &[]),
            ("case a in b) c", &["c @case"]),
            ("case a in b", &[]),
            ("a && ", &["a"]),
            ("a |", &["a"]),
            ("a ) b", &["a", "; b"]),
            ("fi; a", &["a"]),
            ("a; done; b", &["a", "; b"]),
            ("a ;; b", &["a", "; b"]),
            ("; a", &["a"]),
            ("&& a", &["a"]),
            ("a (b)", &["a", "b @sub"]),
            ("a >", &["a >[]"]),
            ("(if a; then b) && c", &["a @sub @cond", "b @sub @if", "&& c"]),
            ("if a; then while b; do c; fi; d", &["a @cond", "b @cond @if", "c @if @loop", "; d @if @loop"]),
            ("cat <<EOF\na\n", &["cat <<EOF"]),
            ("[[ a; b", &["[[ a", "; b"]),
            ("A=(b c", &["A=[(b c]"]),
            ("f()", &[]),
            ("a @(b", &["a @(b"]),
            ("a $'b", &["a b"]),
        ],
        false,
    );
}

#[test]
fn words_know_how_they_are_written() {
    let words = |text: &str| parse(text).commands.remove(0).words;
    let text = "a 'b' c$d \"$(e)\" \\f g*";
    let got: Vec<_> =
        words(text).into_iter().map(|w| (text[w.range].to_owned(), w.quoted, w.literal)).collect();
    let want = [
        ("a", false, true),
        ("'b'", true, true),
        ("c$d", false, false),
        ("\"$(e)\"", true, false),
        ("\\f", true, true),
        ("g*", false, true),
    ];
    assert_eq!(got, want.map(|(text, quoted, literal)| (text.to_owned(), quoted, literal)));
    assert!(words("a '$b' \\$c $ $'d'").iter().all(|word| word.literal));
}

#[test]
fn pipes_are_known_whatever_they_connect() {
    let pipes = |text: &str| parse(text).pipes;
    assert_eq!(pipes("a | b |& c || d; e > f"), [2, 6]);
    assert_eq!(pipes("a | while b; do c; done"), [2]);
    assert_eq!(pipes("{ a; } | { b; }; x=$(c | d) \"$(e|f)\" `g | h`"), [7, 23, 32, 40]);
    assert!(pipes("echo 'a | b' \\| \"c | d\" # e | f\ncase x in a | b) c;; esac").is_empty());
}

#[test]
fn pipelines_have_numbers() {
    let numbers = |text: &str| parse(text).commands.iter().map(|c| c.pipeline).collect::<Vec<_>>();
    let [a, b, c, d] = numbers("a | b && c | d")[..] else { panic!("four") };
    assert!(a == b && b != c && c == d);
    let [a, b, c] = numbers("a | { b; } | c")[..] else { panic!("three") };
    assert!(a == c && a != b);
    let [a, b, c] = numbers("a $(b) | c")[..] else { panic!("three") };
    assert!(a == c && a != b);
}
