use proptest::prelude::*;

use super::*;

fn read(text: &str) -> Node {
    load(text.as_bytes()).unwrap_or_else(|problem| panic!("{problem}\n{text}"))
}

fn refused(text: &str) -> String {
    load(text.as_bytes()).expect_err(text).to_string()
}

/// As compact text: plain scalars bare, others in quotes.
fn plain(node: &Node) -> String {
    match &node.value {
        Value::Scalar { text, plain: true } => text.clone(),
        Value::Scalar { text, plain: false } => format!("{text:?}"),
        Value::Seq(items) => format!("[{}]", items.iter().map(plain).collect::<Vec<_>>().join(" ")),
        Value::Map(pairs) => {
            let pairs = pairs.iter().map(|(key, value)| format!("{}={}", plain(key), plain(value)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(" "))
        }
    }
}

#[test]
fn scalars_stay_the_text_that_they_were() {
    let text = "a: 1.10\nb: 0644\nc: yes\nd: '5'\ne: !!str 5\nf: ! 6\ng: |\n  x\n  y\nh: >-\n  x\n  y\ni: \"\\x41\\n\"\n";
    assert_eq!(plain(&read(text)), r#"{a=1.10 b=0644 c=yes d="5" e="5" f="6" g="x\ny\n" h="x y" i="A\n"}"#);
    let list = read("[a b, {c: [d]}, ~, 'it''s']");
    assert_eq!(plain(&list), r#"[a b {c=[d]} ~ "it's"]"#);
}

#[test]
fn words_mean_what_they_mean_to_go() {
    let one = |text: &str| read(&format!("x: {text}"));
    let value = |text: &str| match one(text).value {
        Value::Map(mut pairs) => pairs.remove(0).1,
        _ => panic!("no map"),
    };
    for (text, wanted) in
        [("yes", Some(true)), ("Off", Some(false)), ("y", Some(true)), ("'yes'", None), ("yEs", None)]
    {
        assert_eq!(value(text).as_bool(), wanted, "{text}");
    }
    for (text, wanted) in [
        ("10", Some(10)),
        ("010", Some(8)),
        ("0o17", Some(15)),
        ("0x1F", Some(31)),
        ("-1", Some(-1)),
        ("1_000", Some(1000)),
        ("'1'", None),
        ("0x", None),
        ("0x-1", None),
        ("09", None),
        ("1.5", None),
        ("9223372036854775808", None),
        ("-9223372036854775808", Some(i64::MIN)),
    ] {
        assert_eq!(value(text).as_int(), wanted, "{text}");
    }
    for (text, wanted) in [
        ("1.5", Some(1.5)),
        ("1e3", Some(1000.0)),
        ("inf", None),
        (".5", Some(0.5)),
        ("e", None),
        ("-.inf", Some(f64::NEG_INFINITY)),
    ] {
        assert_eq!(value(text).as_f64(), wanted, "{text}");
    }
    for (text, wanted) in [("", true), ("~", true), ("null", true), ("''", false), ("nul", false)] {
        assert_eq!(value(text).is_null(), wanted, "{text}");
    }
}

#[test]
fn places_are_those_of_the_file() {
    let node = read("# a\na:\n  - b\n  - {c: d}\n");
    let Value::Map(pairs) = &node.value else { panic!("no map") };
    let items = pairs[0].1.list("a").expect("a list");
    assert_eq!((items[0].line, items[0].column), (3, 5));
    assert_eq!((items[1].line, items[1].column), (4, 5));
}

#[test]
fn json_is_read_with_tabs_and_all_escapes() {
    let text = "{\n\t\"a\": [\"\\u00e9\\/\\ud83d\\ude00\", \"\\\\ud83d\\\\ude00\", 1e2],\n\t\"b\"\t:\ttrue,\"c\":null, \"<<\": \"d\"\n}\n";
    assert_eq!(
        plain(&read(text)),
        "{\"a\"=[\"é/😀\" \"\\\\ud83d\\\\ude00\" 1e2] \"b\"=true \"c\"=null \"<<\"=\"d\"}"
    );
    assert_eq!(plain(&read("{\"a\":1,\"b\":{\"c\":[]}}")), r#"{"a"=1 "b"={"c"=[]}}"#);
    assert_eq!(plain(&read("\u{feff}{\"a\": \"x: y # z\"}")), r#"{"a"="x: y # z"}"#);
}

#[test]
fn aliases_and_merge_keys_are_resolved() {
    let text = "base: &b {x: 1, y: 2}\nother: &o {y: 3, z: 4}\none:\n  <<: *b\n  x: 5\nmany: {y: 0, <<: [*o, *b]}\nagain: *b\n";
    assert_eq!(
        plain(&read(text)),
        "{base={x=1 y=2} other={y=3 z=4} one={x=5 y=2} many={y=0 z=4 x=1} again={x=1 y=2}}"
    );
    assert_eq!(refused("a: &a [1]\nb: {<<: *a}"), "1:8: `<<` takes a map or a list of maps");
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (text, wanted) in [
        ("a: 1\nb: 2\na: 3\n", "3:1: the key `a` is there twice"),
        ("? [a]\n: b\n", "1:3: a list cannot be a key"),
        ("a: *b\n", "1:4: not YAML: while parsing node, found unknown anchor"),
        ("a: &a [*a]\n", "1:8: this alias stands for a value that it is part of"),
        ("a: !x 1\n", "1:4: the tag !x is not supported"),
        ("a: 1\n---\nb: 2\n", "3:1: a second document begins here: write one file for each"),
        ("a: [1\n", "2:1: not YAML: while parsing a flow sequence, expected ',' or ']'"),
    ] {
        assert_eq!(refused(text), wanted, "{text}");
    }
    assert_eq!(load(b"a: 1\nb: \xff").expect_err("no UTF-8").to_string(), "2:1: the file is not UTF-8 text");
    assert_eq!(plain(&read("--- \na: 1\n---\n")), "{a=1}");
    assert!(read("").is_null() && read("# nothing\n").is_null());
}

#[test]
fn what_unfolds_without_end_is_refused() {
    let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let before = format!("*a{}", level - 1);
        laughs.push_str(&format!("a{level}: &a{level} [{}]\n", [before.as_str(); 9].join(", ")));
    }
    assert!(refused(&laughs).contains("too large"), "{}", refused(&laughs));
    let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(1 << 20), ["*a"; 100].join(", "));
    assert!(refused(&long).contains("too large"));
    let anchors = format!("{}{}", "&a [".repeat(60), "x,".repeat(100_000));
    assert!(refused(&anchors).contains("too large") || refused(&anchors).contains("not YAML"));
    for deep in ["[".repeat(100_000), "{a: ".repeat(100_000), "- ".repeat(100_000), "? ".repeat(100_000)] {
        let message = refused(&deep);
        assert!(message.contains("64 deep") || message.contains("not YAML"), "{message}");
    }
    let mut nested = "a0: &a0 [x]\n".to_owned();
    for level in 1..80 {
        nested.push_str(&format!("a{level}: &a{level} [*a{}]\n", level - 1));
    }
    assert!(refused(&nested).contains("64 deep"));
    assert!(load(&vec![b'a'; (4 << 20) + 1]).expect_err("large").message.contains("4 MiB"));
}

proptest! {
    #[test]
    fn whatever_is_read_never_panics(text in r#"([-?:,\[\]{}#&*!|>'"%@` \t\na-c0-9~<\\]|\n  |: |- |\PC){0,60}"#) {
        let _ = load(text.as_bytes());
    }

    #[test]
    fn whatever_json_can_say_is_read_as_it_is(value in json()) {
        for text in [value.to_string(), serde_json::to_string_pretty(&value).expect("JSON")] {
            let node = load(text.as_bytes()).map_err(|problem| TestCaseError::fail(format!("{problem}: {text}")))?;
            prop_assert_eq!(back(&node), value.clone(), "{}", text);
        }
    }
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        any::<String>().prop_map(serde_json::Value::from),
        Just(serde_json::Value::Null),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
            prop::collection::hash_map(any::<String>(), inner, 0..4)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

fn back(node: &Node) -> serde_json::Value {
    match &node.value {
        Value::Scalar { text, plain: false } => text.clone().into(),
        Value::Scalar { .. } if node.is_null() => serde_json::Value::Null,
        Value::Scalar { .. } => match (node.as_bool(), node.as_int()) {
            (Some(word), _) => word.into(),
            (None, number) => number.into(),
        },
        Value::Seq(items) => items.iter().map(back).collect(),
        Value::Map(pairs) => serde_json::Value::Object(
            pairs
                .iter()
                .map(|(key, value)| (key.as_str().unwrap_or_default().to_owned(), back(value)))
                .collect(),
        ),
    }
}
