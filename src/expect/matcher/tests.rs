use proptest::prelude::*;
use serde_json::json;

use super::*;

fn pattern(text: &str) -> Matcher {
    Matcher::Matches(Pattern::new(text).unwrap())
}

fn text(text: &str) -> Matcher {
    Matcher::Text(text.to_owned())
}

fn contains(part: &str) -> Matcher {
    Matcher::Contains(part.to_owned())
}

fn boxed(of: fn(Box<Matcher>) -> Matcher, matcher: Matcher) -> Matcher {
    of(Box::new(matcher))
}

fn not(matcher: Matcher) -> Matcher {
    Matcher::Not(Box::new(matcher))
}

/// What a matcher says of a value; text is judged as bytes, too.
fn says(matcher: &Matcher, value: &Value) -> Option<bool> {
    let fits = matcher.fits(Subject::Value(value));
    if let (Value::String(text), false) = (value, matches!(matcher, Matcher::Equals(_))) {
        assert_eq!(matcher.fits(Subject::Bytes(text.as_bytes())), fits, "{matcher:?} of {text:?}");
    }
    fits
}

#[test]
fn values() {
    let (yes, no, unknown) = (Some(true), Some(false), None);
    let rows = [
        (Matcher::Equals(json!(1)), json!(1.0), yes),
        (Matcher::Equals(json!(1)), json!("1"), no),
        (Matcher::Equals(json!({"a": [1]})), json!({"a": [1.0]}), yes),
        (Matcher::Equals(json!(9_007_199_254_740_993_u64)), json!(9_007_199_254_740_992_u64), no),
        (Matcher::Equals(Value::Null), Value::Null, yes),
        (text("1"), json!(1), yes),
        (text("true"), json!(true), yes),
        (text("a\nb"), json!(["a", "b"]), yes),
        (text("1"), json!({"1": 1}), unknown),
        (Matcher::Number(1.5), json!(" 1.50\n"), yes),
        (Matcher::Number(1.0), json!(true), unknown),
        (Matcher::Number(1.0), json!(["1"]), yes),
        (Matcher::Greater(5.0), json!(5), no),
        (Matcher::AtLeast(5.0), json!("5"), yes),
        (Matcher::Less(5.0), json!("-1e3"), yes),
        (Matcher::AtMost(5.0), json!(5.01), no),
        (Matcher::AtMost(5.0), json!("five"), unknown),
        (Matcher::AtMost(5.0), json!("nan"), unknown),
        (not(Matcher::AtMost(5.0)), json!("five"), unknown),
        (not(contains("x")), Value::Null, yes),
        (contains("x"), Value::Null, no),
        (Matcher::Prefix("12".to_owned()), json!(123), yes),
        (Matcher::Suffix("23".to_owned()), json!("1234"), no),
        (boxed(Matcher::Length, Matcher::Number(2.0)), json!("é"), yes),
        (boxed(Matcher::Length, Matcher::Number(2.0)), json!([1, 2]), yes),
        (boxed(Matcher::Length, Matcher::Number(1.0)), json!({"a": 1}), yes),
        (boxed(Matcher::Length, Matcher::Number(1.0)), json!(1), unknown),
        (boxed(Matcher::Key, text("a")), json!({"a": 1}), yes),
        (boxed(Matcher::Key, text("b")), json!({"a": 1}), no),
        (boxed(Matcher::Key, text("a")), json!("a"), unknown),
        (Matcher::All(vec![]), json!(1), yes),
        (Matcher::Any(vec![]), json!(1), no),
        (Matcher::Any(vec![text("2"), Matcher::Greater(0.0)]), json!(1), yes),
        (Matcher::All(vec![text("1"), Matcher::Greater(1.0)]), json!(1), no),
    ];
    for (matcher, value, expected) in rows {
        assert_eq!(says(&matcher, &value), expected, "{matcher:?} of {value}");
        assert_eq!(
            says(&not(matcher.clone()), &value),
            expected.map(|fits| !fits),
            "not {matcher:?} of {value}"
        );
    }
}

#[test]
fn lines_and_elements() {
    let (yes, no, unknown) = (Some(true), Some(false), None);
    let element = |matcher| boxed(Matcher::Element, matcher);
    let line = |matcher| boxed(Matcher::Line, matcher);
    let rows = [
        (element(text("b")), json!("a\nb"), yes),
        (element(text("")), json!("a\n"), yes),
        (element(text("a")), json!("a\r\n"), no),
        (element(text("")), json!(""), yes),
        (element(text("a")), json!(["b", "a"]), yes),
        (element(text("a")), json!([]), no),
        (element(text("1")), json!(1), unknown),
        (element(Matcher::Greater(5.0)), json!("6\nx"), yes),
        (element(Matcher::Greater(5.0)), json!("x\n6"), yes),
        (element(Matcher::Greater(5.0)), json!("x\n5"), unknown),
        (line(text("a")), json!("a\r\nb"), yes),
        (line(text("")), json!("a\n"), no),
        (line(text("")), json!("a\n\n"), yes),
        (line(text("")), json!(""), no),
        (line(text("")), json!("\n"), yes),
        (line(text("12")), json!(12), yes),
        (line(contains("a\nb")), json!("a\nb"), no),
        (line(pattern("^b$")), json!("a\nb\nc"), yes),
        (not(line(contains("x"))), json!(""), yes),
    ];
    for (matcher, value, expected) in rows {
        assert_eq!(says(&matcher, &value), expected, "{matcher:?} of {value}");
    }
}

/// The first matcher that comes would take the only element that fits another one.
#[test]
fn elements_are_matched_and_not_taken_as_they_come() {
    let list = json!(["ab", "a", "abc"]);
    let greedy = vec![contains("a"), contains("b"), text("abc")];
    assert_eq!(says(&Matcher::ConsistsOf(greedy.clone()), &list), Some(true));
    assert_eq!(says(&Matcher::Includes(greedy.clone()), &list), Some(true));
    assert_eq!(says(&Matcher::Includes(greedy), &json!("a\nab\nabc\nmore")), Some(true));
    let twice = vec![text("a"), text("a")];
    assert_eq!(says(&Matcher::Includes(twice.clone()), &json!(["a", "b"])), Some(false));
    assert_eq!(says(&Matcher::Includes(twice), &json!(["a", "b", "a"])), Some(true));
    assert_eq!(says(&Matcher::ConsistsOf(vec![text("a")]), &list), Some(false));
    assert_eq!(says(&Matcher::ConsistsOf(vec![text("a")]), &json!("a")), None);
    assert_eq!(says(&Matcher::ConsistsOf(vec![]), &json!([])), Some(true));
    assert_eq!(says(&Matcher::Includes(vec![]), &json!(["a"])), Some(true));
    let many = Matcher::ConsistsOf(vec![text("a"); Matcher::MOST + 1]);
    assert_eq!(says(&many, &json!(vec!["a"; Matcher::MOST + 1])), None);
}

/// A chain in which each matcher that comes makes all before it move.
#[test]
fn the_longest_chain_is_followed() {
    let names: Vec<String> = (0..Matcher::MOST).map(|nth| format!("<{nth}>")).collect();
    let either = |nth: usize| Matcher::Any(vec![text(&names[nth]), text(&names[nth + 1])]);
    let mut matchers: Vec<Matcher> = (0..Matcher::MOST - 1).map(either).collect();
    matchers.push(text(&names[0]));
    assert!(Matcher::ConsistsOf(matchers).accepts(&json!(names)));
}

#[test]
fn words() {
    let line = |matcher| boxed(Matcher::Line, matcher);
    let rows = [
        (Matcher::Equals(json!(200)), "200"),
        (Matcher::Equals(json!("")), "empty text"),
        (Matcher::Equals(Value::Null), "nothing"),
        (text(" \n"), "\" \\n\""),
        (not(text("a")), "anything but a"),
        (line(contains("a")), "a line with \"a\""),
        (not(line(pattern("a+"))), "no line with a match of /a+/"),
        (not(contains("a")), "text without \"a\""),
        (not(not(contains("a"))), "text with \"a\""),
        (boxed(Matcher::Length, Matcher::AtLeast(3.0)), "a length of at least 3"),
        (
            boxed(Matcher::Element, Matcher::Prefix("a".to_owned())),
            "an element that is text that begins with \"a\"",
        ),
        (Matcher::Any(vec![Matcher::Number(200.0), Matcher::Number(204.0)]), "200 or 204"),
        (not(Matcher::Any(vec![text("a"), text("b")])), "not (a or b)"),
        (
            Matcher::All(vec![Matcher::Greater(1.0), Matcher::Any(vec![text("4"), text("5")])]),
            "more than 1 and (4 or 5)",
        ),
        (Matcher::ConsistsOf(vec![text("a"), contains("b")]), "exactly, in any order, a, text with \"b\""),
        (Matcher::Includes(vec![text("a")]), "at least a"),
    ];
    for (matcher, expected) in rows {
        assert_eq!(matcher.to_string(), expected);
    }
}

#[test]
fn a_misfit_names_what_does_not_fit() {
    let all = Matcher::All(vec![contains("a"), Matcher::All(vec![contains("b"), not(contains("c"))])]);
    assert_eq!(
        all.text("stdout", b"abc").unwrap_err().sentence(),
        "stdout: expected text without \"c\", got abc"
    );
    assert_eq!(
        all.text("stdout", b"").unwrap_err().sentence(),
        "stdout: expected text with \"a\", got empty text"
    );
    assert_eq!(
        Matcher::Number(3.0).value("size", &Value::Null).unwrap_err().sentence(),
        "size: expected 3, got nothing"
    );
    assert!(pattern("(?-u:\\xff)").text("stdout", b"\xff").is_ok());
}

fn leaf() -> impl Strategy<Value = Matcher> {
    prop_oneof![
        "[ab1\n]{0,3}".prop_map(Matcher::Text),
        "[ab1\n]{0,2}".prop_map(Matcher::Contains),
        "[ab]".prop_map(|text| pattern(&text)),
        (-2..3_i8).prop_map(|number| Matcher::Number(number.into())),
        (-2..3_i8).prop_map(|number| Matcher::Greater(number.into())),
        any_value().prop_map(Matcher::Equals),
    ]
}

fn any_matcher() -> impl Strategy<Value = Matcher> {
    leaf().prop_recursive(4, 24, 3, |inner| {
        let several = proptest::collection::vec(inner.clone(), 0..4);
        prop_oneof![
            inner.clone().prop_map(not),
            inner.clone().prop_map(|matcher| boxed(Matcher::Length, matcher)),
            inner.clone().prop_map(|matcher| boxed(Matcher::Element, matcher)),
            inner.clone().prop_map(|matcher| boxed(Matcher::Line, matcher)),
            inner.prop_map(|matcher| boxed(Matcher::Key, matcher)),
            several.clone().prop_map(Matcher::All),
            several.clone().prop_map(Matcher::Any),
            several.clone().prop_map(Matcher::Includes),
            several.prop_map(Matcher::ConsistsOf),
        ]
    })
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        proptest::bool::ANY.prop_map(Value::Bool),
        (-2..3_i8).prop_map(Value::from),
        "[ab1\n]{0,4}".prop_map(Value::String),
    ];
    leaf.prop_recursive(2, 8, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            proptest::collection::btree_map("[ab]", inner, 0..3)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Whether elements can be given out, by trying each way.
fn some_way(matchers: &[Matcher], elements: &[Value]) -> bool {
    let Some((matcher, rest)) = matchers.split_first() else { return true };
    (0..elements.len()).any(|nth| {
        let mut others = elements.to_vec();
        let element = others.remove(nth);
        matcher.accepts(&element) && some_way(rest, &others)
    })
}

proptest! {
    #[test]
    fn logic_holds(a in any_matcher(), b in any_matcher(), value in any_value()) {
        let fits = |matcher: &Matcher| matcher.fits(Subject::Value(&value));
        prop_assert_eq!(fits(&not(not(a.clone()))), fits(&a));
        prop_assert_eq!(fits(&Matcher::All(vec![a.clone()])), fits(&a));
        prop_assert_eq!(fits(&Matcher::Any(vec![a.clone()])), fits(&a));
        let all = Matcher::All(vec![a.clone(), b.clone()]);
        prop_assert_eq!(all.accepts(&value), a.accepts(&value) && b.accepts(&value));
        let neither = Matcher::All(vec![not(a.clone()), not(b.clone())]);
        let any = Matcher::Any(vec![a.clone(), b]);
        prop_assert_eq!(fits(&not(any)), fits(&neither));
        prop_assert_eq!(a.value("it", &value).is_ok(), a.accepts(&value));
        prop_assert!(!a.to_string().is_empty());
    }

    #[test]
    fn text_is_judged_as_its_bytes(matcher in any_matcher(), text in "[ab1\r\n]{0,6}") {
        let value = Value::String(text.clone());
        // Beside a value that is none of text.
        prop_assume!(!format!("{matcher:?}").contains("Equals"));
        prop_assert_eq!(matcher.fits(Subject::Bytes(text.as_bytes())), matcher.fits(Subject::Value(&value)));
    }

    #[test]
    fn matching_finds_a_way_where_there_is_one(
        matchers in proptest::collection::vec(leaf(), 0..5),
        elements in proptest::collection::vec(any_value(), 0..5),
    ) {
        let list = Value::Array(elements.clone());
        let way = some_way(&matchers, &elements);
        prop_assert_eq!(Matcher::Includes(matchers.clone()).accepts(&list), way);
        let exact = way && matchers.len() == elements.len();
        prop_assert_eq!(Matcher::ConsistsOf(matchers).accepts(&list), exact);
    }

    #[test]
    fn any_bytes_are_judged(matcher in any_matcher(), bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..40)) {
        prop_assert_eq!(matcher.text("it", &bytes).is_ok(), matcher.fits(Subject::Bytes(&bytes)) == Some(true));
    }
}
