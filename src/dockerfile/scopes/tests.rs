//! What instructions see.

use super::super::parse;
use super::*;

fn of(text: &str, given: &[(&str, &str)]) -> Scopes {
    let given = given.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    scopes(&parse(text.as_bytes()), &given)
}

fn text(scopes: &Scopes, index: usize, word: &str) -> String {
    scopes.at(index).expand(word).unwrap().text
}

#[test]
fn an_instruction_sees_what_stands_before_it() {
    let scopes = of("ARG G=1\nFROM a\nARG X=x\nENV Y=$X Z=$Y\nENV Z=$Y$X\nRUN y", &[]);
    assert_eq!(text(&scopes, 1, "$G$X"), "1");
    assert_eq!(text(&scopes, 2, "$X"), "");
    assert_eq!(text(&scopes, 3, "$X-$Y"), "x-");
    assert_eq!(text(&scopes, 4, "$Y-$Z"), "x-");
    assert_eq!(text(&scopes, 5, "$Y-$Z-$G"), "x-xx-");
    assert_eq!(scopes.at(5).expand("$G").unwrap().unset, BTreeSet::from(["G".to_owned()]));
}

#[test]
fn env_is_inherited_and_arg_is_not() {
    let file = "FROM a AS one\nARG A=a\nENV E=$A\nFROM one AS two\nENV E=2 F=f\nFROM b\nRUN x\nFROM one\nRUN x\nFROM two\nRUN x";
    let scopes = of(file, &[]);
    assert_eq!(text(&scopes, 4, "$A-$E-$F"), "-a-");
    assert_eq!(text(&scopes, 6, "$A-$E-$F"), "--");
    assert_eq!(text(&scopes, 8, "$A-$E-$F"), "-a-");
    assert_eq!(text(&scopes, 10, "$A-$E-$F"), "-2-f");
    let names: Vec<_> = scopes.at(10).variables().into_keys().collect();
    assert_eq!(names, ["E", "F"]);
}

#[test]
fn where_a_value_comes_from() {
    let file =
        "ARG G=g\nARG H\nFROM a-$TARGETARCH\nARG G\nARG H\nARG N\nARG TARGETARCH\nENV N2=$TARGETARCH\nRUN x";
    let scopes = of(file, &[]);
    let get = |name| scopes.at(8).get(name).map(|v| (v.kind, v.value));
    assert_eq!(get("G"), Some((VariableKind::Arg, Some("g"))));
    assert_eq!(get("H"), Some((VariableKind::Bare, None)));
    assert_eq!(get("N"), Some((VariableKind::Bare, None)));
    assert_eq!(get("TARGETARCH"), Some((VariableKind::Arg, None)));
    assert_eq!(get("N2"), Some((VariableKind::Env, None)));
    assert_eq!(get("TARGETOS"), None);
    let global = scopes.at(2).get("TARGETARCH").unwrap();
    assert_eq!((global.kind, global.value), (VariableKind::Predefined, None));
    assert_eq!(scopes.at(2).expand("$TARGETARCH$Z").unwrap().unknown.len(), 1);
    let given = of(file, &[("N", "n"), ("G", "2"), ("TARGETARCH", "arm64")]);
    assert_eq!(text(&given, 8, "$N$G$N2"), "n2arm64");
    assert!(Scope::is_proxy("no_proxy") && !Scope::is_proxy("No_proxy"));
}

#[test]
fn env_wins_over_arg_and_names_expand_too() {
    let scopes = of("FROM a\nENV A=env K=key\nARG A=arg\nENV $K=1 \"q\"=2\nRUN x", &[]);
    assert_eq!(text(&scopes, 4, "$A-$key-$q"), "env-1-2");
}

#[test]
fn many_stages_and_values_take_no_time() {
    let mut file = "FROM a AS s0\n".to_owned();
    for n in 0..30_000 {
        file.push_str(&format!("ENV V{n}=1 W={n}\nFROM s{n} AS s{}\n", n + 1));
    }
    let scopes = of(&file, &[]);
    let mut seen = 0;
    scopes.walk(|_, scope| seen += usize::from(scope.get("V0").is_some()));
    assert_eq!(seen, 29_999);
}

#[test]
fn values_cannot_grow_without_end() {
    let mut file = format!("FROM a\nENV B={}\n", "x".repeat(60_000));
    for _ in 0..20_000 {
        file.push_str("ENV C=$B$B$B$B\n");
    }
    let scopes = of(&file, &[]);
    let mut unknown = 0;
    scopes.walk(|_, scope| unknown += usize::from(scope.expand("$B$B$B$B").is_none()));
    assert!(unknown > 19_000);
}
