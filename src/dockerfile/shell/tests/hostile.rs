//! Text that means harm is read in bounded time and memory.

use super::*;

#[test]
fn hostile_text_is_read_in_bounds() {
    let many = 100_000;
    for part in [
        "$(",
        "(",
        "((",
        "$((",
        "\"",
        "{ ",
        "${",
        "${a:-",
        "`",
        "\\`",
        "<(",
        "\"$(",
        "\"${",
        "if ",
        "if a; then ",
        "while ",
        "case a in b) ",
        "case ",
        "for ",
        "f() ",
        "function f ",
        "! ",
        "time ",
        "A=(",
        "@(",
        "[[ ",
        ")",
        "}",
        "fi ",
        "done;",
        ";;",
        "|",
        "&",
        "<<a ",
        "<<a\n",
        ">",
        "\\\n",
        "'",
        "$",
        "\r",
        "#",
        "a=",
        "$'",
        "\0",
        "é",
        "sudo ",
        "$(( $(",
        "((a) (",
        "`\\`",
        "a `b $(c ",
        "x[",
        "9",
        "\"$((",
        "env -",
        "(a &) & (",
        "{ a & ",
    ] {
        let text = part.repeat(many);
        let script = parse(&text);
        for command in &script.commands {
            assert!(text.get(command.range.clone()).is_some(), "{part:?}");
        }
        let flags = script.commands.first().map(|c| (c.name().len(), c.flags().count(), c.inner_script()));
        assert!(flags.is_none_or(|(name, ..)| name <= text.len()));
        assert!(script.with_inner(&text).commands.len() <= 3 * many, "{part:?}");
    }
    let deep = format!("{}a{}", "$(".repeat(1000), ")".repeat(1000));
    assert!(!parse(&deep).complete);
    let deep = format!("a{}b{}", "$(c ".repeat(40), ")".repeat(40));
    let script = parse(&deep);
    assert!(script.complete);
    assert_eq!(script.commands.len(), 41);
}

#[test]
fn long_text_is_read_in_bounded_memory() {
    for part in ["a ", "a;", "$(a) "] {
        let text = part.repeat(3_000_000 / part.len());
        let script = parse(&text);
        assert!(!script.complete, "{part:?}");
        let words: usize = script.commands.iter().map(|c| c.words.len()).sum();
        let size = script.commands.len() * size_of::<Command>() + words * size_of::<Word>();
        assert!(size <= 64 << 20, "{part:?}: {size}");
    }
    for line in
        [format!("echo '{}'", "a".repeat(10_000_000)), "\\\n".repeat(5_000_000), "é".repeat(5_000_000)]
    {
        assert!(parse(&line).complete);
    }
}
