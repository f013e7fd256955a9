//! Expansion of words, against what BuildKit's own lexer answered (`dockerfile_lex.json`).

#![cfg(test)]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use imgbuild::dockerfile::expand;
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    input: String,
    env: BTreeMap<String, String>,
    escape: char,
    word: Option<String>,
    error: Option<String>,
    unmatched: BTreeSet<String>,
    words: Option<Vec<String>>,
}

#[test]
fn words_expand_as_in_buildkit() {
    let vectors: Vectors = serde_json::from_value(support::vectors::load("dockerfile_lex")).unwrap();
    assert!(!vectors.cases.is_empty());
    let mut wrong = Vec::new();
    for case in &vectors.cases {
        let got = expand(&case.input, case.escape, &|name| case.env.get(name).cloned());
        let right = match (&got, &case.error) {
            (Err(_), Some(_)) => true,
            (Ok(got), None) => {
                case.word.as_ref() == Some(&got.text)
                    && case.unmatched == got.unmatched
                    && case.words.clone().unwrap_or_default() == got.words
            }
            _ => false,
        };
        if !right {
            wrong.push(format!("{}: {:?} gives {got:?}, not {:?}", case.id, case.input, case.word));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), vectors.cases.len(), wrong.join("\n"));
}
