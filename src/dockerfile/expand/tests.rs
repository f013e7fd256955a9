//! Limits and properties of the expansion; its meaning is checked against vectors in `tests/`.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn with(word: &str, env: &[(&str, &str)]) -> Result<Expanded> {
    let env: BTreeMap<_, _> = env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    expand(word, '\\', &|name| env.get(name).cloned())
}

#[test]
fn the_backtick_escapes_where_the_file_says_so() {
    let text = |word: &str| expand(word, '`', &|_| Some("v".to_owned())).unwrap().text;
    assert_eq!(text(r"C:\$x"), r"C:\v");
    assert_eq!(text("`$x"), "$x");
}

#[test]
fn deep_nesting_is_an_error_and_not_a_crash() {
    let depth = 100_000;
    let word = format!("{}x{}", "${a:-".repeat(depth), "}".repeat(depth));
    assert!(with(&word, &[]).unwrap_err().to_string().contains("nested"));
    let open = "${a:-".repeat(depth);
    assert!(with(&open, &[]).is_err());
    assert!(with(&"\"$".repeat(depth), &[]).is_ok());
}

#[test]
fn a_word_cannot_grow_without_end() {
    let value = "x".repeat(60_000);
    assert!(with(&"$A".repeat(100), &[("A", &value)]).unwrap_err().to_string().contains("grows"));
    assert!(with(&format!("\"{}\"", "$A".repeat(100)), &[("A", &value)]).is_err());
    assert!(with("${A//x/$A}", &[("A", &value)]).is_err());
}

#[test]
fn what_would_take_long_is_an_error() {
    assert!(with(&"a".repeat(10 << 20), &[]).is_err());
    let stars = format!("${{A#{}b}}", "a*".repeat(2_000));
    assert_eq!(with(&stars, &[("A", &"a".repeat(60_000))]).unwrap().text.len(), 60_000);
    assert!(with(&format!("${{A#{}}}", "*".repeat(100_000)), &[("A", "a")]).is_err());
}

proptest! {
    #[test]
    fn nothing_makes_it_panic(word in "[$a{}:\\-+?#%/\\\\'\" *b`é]{0,40}", value in "[ab*/\\\\]{0,6}") {
        let _ = with(&word, &[("a", &value), ("ab", "")]);
    }

    #[test]
    fn plain_text_stays(word in "[a-zA-Z0-9_./:-]{0,40}") {
        prop_assert_eq!(with(&word, &[]).unwrap().text, word);
    }

    #[test]
    fn single_quotes_keep_everything(word in "[^']{0,40}") {
        prop_assert_eq!(with(&format!("'{word}'"), &[("a", "1")]).unwrap().text, word);
    }
}
