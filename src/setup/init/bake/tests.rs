use proptest::prelude::*;

use super::*;

fn hcl(text: &str) -> Result<Description, String> {
    describe_file("docker-bake.hcl", &of_hcl(text.as_bytes())?)
}

fn json(text: &str) -> Result<Description, String> {
    describe_file("docker-bake.json", &of_json(text.as_bytes())?)
}

const FULL: &str = r#"
variable "TAG" { default = "latest" }
function "up" {
  params = [a]
  result = upper(a)
}
group "default" { targets = ["api"] }
target "_common" {
  platforms = ["linux/amd64"]
  args = { GO_VERSION = "1.25", DEBUG = false, LEVEL = 3 }
  pull = true
}
target "api" {
  inherits = ["_common"]
  context = "services/api"
  dockerfile = "build.Dockerfile"
  target = "runtime"
  args = { GO_VERSION = "1.26", COMMIT = TAG, API_TOKEN = "hunter2" }
  labels = { "com.acme.team" = "payments", "Odd Key" = "x" }
  tags = ["ghcr.io/acme/api:${TAG}", "ghcr.io/acme/api:stable"]
  cache-from = ["type=gha"]
  no-cache = DEBUG ? true : false
}
"#;

#[test]
fn what_is_written_down_is_taken_and_the_rest_named() {
    let found = hcl(FULL).unwrap();
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    assert_eq!(text(&found.context), "services/api");
    assert_eq!(text(&found.dockerfile), "build.Dockerfile");
    assert_eq!(text(&found.target), "runtime");
    assert_eq!(text(&found.platform), "linux/amd64");
    assert_eq!(text(&found.repository), "ghcr.io/acme/api");
    assert!(found.pull && !found.no_cache);
    let args: Vec<(&str, &str)> = found.args.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assert_eq!(args, [("DEBUG", "false"), ("GO_VERSION", "1.26"), ("LEVEL", "3")]);
    assert_eq!(found.labels.keys().collect::<Vec<_>>(), ["com.acme.team"]);
    let note = found.note().unwrap();
    for name in [
        "variable TAG",
        "function up",
        "args.COMMIT",
        "args.API_TOKEN",
        "labels.Odd Key",
        "tags",
        "cache-from",
        "no-cache",
    ] {
        assert!(note.contains(name), "{name}: {note}");
    }
    assert!(!note.contains("hunter2"), "{note}");
}

#[test]
fn json_says_the_same() {
    let found = json(
        r#"{"variable": {"TAG": {"default": "x"}}, "group": {"default": {"targets": ["api"]}},
            "target": {"api": {"context": "a", "args": {"V": "1.10", "T": "${TAG}", "N": null}, "platforms": ["linux/arm64", "linux/amd64"]}}}"#,
    )
    .unwrap();
    assert_eq!(
        (found.context.as_deref(), found.args.get("V").map(String::as_str)),
        (Some("a"), Some("1.10"))
    );
    let note = found.note().unwrap();
    for name in ["variable TAG", "args.T (no plain value)", "args.N", "platforms (2"] {
        assert!(note.contains(name), "{name}: {note}");
    }
}

#[test]
fn one_target_is_meant_or_none() {
    for (text, target) in [
        ("target \"a\" {}", Ok("a")),
        ("target \"a\" {}\ntarget \"default\" {}", Ok("default")),
        ("target \"b\" {}\ntarget \"a\" { inherits = [\"b\"] }", Ok("a")),
        ("target \"a\" {}\ntarget \"b\" {}", Err("it has 2 targets: a, b")),
        (
            "group \"default\" { targets = [\"a\", \"b\"] }\ntarget \"a\" {}\ntarget \"b\" {}",
            Err("not one target"),
        ),
        ("group \"default\" { targets = [\"x\"] }\ntarget \"a\" {}", Err("names x, which is no target")),
        ("group \"default\" { targets = [X] }\ntarget \"a\" {}", Err("no plain value")),
        ("target \"a\" { inherits = [\"b\"] }\ntarget \"b\" { inherits = [\"a\"] }", Err("no target")),
        ("", Err("no target")),
        ("target \"a\" {", Err("no HCL")),
    ] {
        match (hcl(text), target) {
            (Ok(found), Ok(name)) => assert_eq!(found.source, format!("docker-bake.hcl, target {name}")),
            (Err(why), Err(wanted)) => assert!(why.contains(wanted), "{why}: {text}"),
            (found, _) => panic!("{found:?}: {text}"),
        }
    }
}

#[test]
fn inheritance_in_a_circle_and_of_nothing_ends() {
    let found = hcl("group \"default\" { targets = [\"a\"] }\ntarget \"a\" {\n  inherits = [\"b\", \"c\", A]\n}\ntarget \"b\" {\n  inherits = [\"a\"]\n  context = \"b\"\n}").unwrap();
    assert_eq!(found.context.as_deref(), Some("b"));
    assert_eq!(found.left, ["inherits c (there is no such target)", "inherits (no plain value)"]);
    let chain: String = (0..100_000)
        .map(|n| format!("target \"t{n}\" {{\n inherits = [\"t{}\"]\n}}\n", n + 1))
        .take(2000)
        .collect();
    assert!(hcl(&chain).is_ok());
}

#[test]
fn what_is_deep_is_refused() {
    for open in ["[", "(", "{", "{a=", "\"${", "!", "x {\n", "1?", "f("] {
        let _ = hcl(&format!("a = {}", open.repeat(50_000)));
        let _ = hcl(&open.repeat(50_000));
    }
    let nested = format!("a = {}{}", "[".repeat(10_000), "]".repeat(10_000));
    assert!(hcl(&nested).is_err());
}

proptest! {
    #[test]
    fn whatever_is_read_never_panics(text in r#"([a-c"{}\[\]=,$?:!()<-]|\n| |target "a" \{|inherits = |\PC){0,60}"#) {
        let _ = hcl(&text);
        let _ = json(&text);
    }
}
