//! The messages for bad files, word for word.

mod image_tests;

use super::*;
use crate::config::model::{CommandLine, Date, FailOn};

fn error(text: &str) -> String {
    let error = parse("imgbuild.toml", text.as_bytes()).expect_err("the file is bad");
    assert_eq!(error.kind(), Kind::Config);
    error.to_string()
}

/// The first line of each problem, without the file's name.
fn problems(text: &str) -> Vec<String> {
    error(text).lines().filter_map(|line| line.strip_prefix("imgbuild.toml:").map(str::to_owned)).collect()
}

fn model(text: &str) -> Model {
    parse("imgbuild.toml", text.as_bytes()).expect("the file is good").model
}

#[test]
fn an_unknown_key_gets_line_column_caret_and_the_nearest_name() {
    assert_eq!(
        error("[image]\nrepositry = \"api\"\n"),
        "\
imgbuild.toml:2:1: unknown key `repositry`
  |
2 | repositry = \"api\"
  | ^^^^^^^^^
  = help: did you mean `repository`?"
    );
}

#[test]
fn dashes_underscores_and_case_do_not_hide_a_name() {
    for (text, meant) in [
        ("image.build.no_cache = true", "no-cache"),
        ("image.build.idleTimeout = '1m'", "idle-timeout"),
        ("checks.failOn = 'error'", "fail-on"),
        ("push.retryfor = '1m'", "retry-for"),
        ("registries.insecur = []", "insecure"),
        ("[profile.CI]", "ci"),
        ("[[image.test]]\nhttp = [{ Port = 1 }]", "port"),
        ("registries.release = { prefix = 'a.b/c', imutable = true }", "immutable"),
    ] {
        let error = error(text);
        assert!(error.ends_with(&format!("did you mean `{meant}`?")), "{error}");
    }
}

#[test]
fn a_key_near_to_none_gets_the_list() {
    assert!(error("quux = 1").ends_with(
        "= help: known here: schema, extends, image, registries, push, evidence, promote, deploy, retention, checks, policy, profile"
    ));
}

#[test]
fn all_problems_are_told_at_once_in_the_order_of_the_file() {
    assert_eq!(
        error(
            "\
[checks]
fail-on = \"warn\"
[image]
build.args = { RUST = 1.90, B = true, C = \"x\" }
contxt = \".\"
[[image.test]]
within = 30
run = [{ cmd = [\"a\", 1], exit = 256 }]
"
        ),
        "\
7 problems in imgbuild.toml
imgbuild.toml:2:11: unknown value `warn`
  |
2 | fail-on = \"warn\"
  |           ^^^^^^
  = help: known here: info, warning, error, never
imgbuild.toml:4:23: expected a string, found `1.90`
  |
4 | build.args = { RUST = 1.90, B = true, C = \"x\" }
  |                       ^^^^
  = help: write it in quotes: \"1.90\"
imgbuild.toml:4:33: expected a string, found `true`
  |
4 | build.args = { RUST = 1.90, B = true, C = \"x\" }
  |                                 ^^^^
  = help: write it in quotes: \"true\"
imgbuild.toml:5:1: unknown key `contxt`
  |
5 | contxt = \".\"
  | ^^^^^^
  = help: did you mean `context`?
imgbuild.toml:7:10: expected a length of time in quotes, like \"30s\", found `30`
  |
7 | within = 30
  |          ^^
  = help: write it with a unit: \"30s\"
imgbuild.toml:8:22: expected a string, found `1`
  |
8 | run = [{ cmd = [\"a\", 1], exit = 256 }]
  |                      ^
  = help: write it in quotes: \"1\"
imgbuild.toml:8:33: expected a whole number from 0 to 255, found `256`
  |
8 | run = [{ cmd = [\"a\", 1], exit = 256 }]
  |                                 ^^^"
    );
}

#[test]
fn wrong_types_are_said_in_tomls_words() {
    for (text, expected) in [
        ("image = 1", "1:9: expected a table, found `1`"),
        ("image = ['api']", "1:9: expected a table, found a list"),
        ("image.context.x = 1", "1:7: expected a string, found a table"),
        ("image.test = 'x'", "1:14: expected a list of tables, found 'x'"),
        ("image.test = [1]", "1:15: expected a table, found `1`"),
        ("[[image.test]]\nready = [true]", "2:9: expected a table, found a list"),
        ("image.build.pull = 'yes'", "1:20: expected true or false, found 'yes'"),
        ("image.build.args = 2027-01-01", "1:20: found a date where none is expected"),
        ("image.build.secrets = 'npmrc'", "1:23: expected a list, found 'npmrc'"),
        ("push = '30s'", "1:8: expected a table, found '30s'"),
        ("registries.insecure = 'a.b'", "1:23: expected a list, found 'a.b'"),
        ("image.tags = 'nightly'", "1:14: expected a list, found 'nightly'"),
        ("checks.fail-on = 1", "1:18: expected a string, found `1`"),
        ("[[image.test]]\nhttp = [{ port = 0 }]", "2:18: expected a port from 1 to 65535, found `0`"),
        (
            "[[image.test]]\nhttp = [{ port = 99999999999999999999 }]",
            "2:18: expected a port from 1 to 65535, found `99999999999999999999`",
        ),
        (
            "[[image.test]]\nhttp = [{ port = 1, status = 99 }]",
            "2:30: expected an HTTP status from 100 to 599, found `99`",
        ),
        ("[[image.test]]\nhttp = [{ port = 1, method = 'get' }]", "2:30: unknown value `get`"),
        (
            "[[image.test]]\nrun = [{ cmd = 1 }]",
            "2:16: expected a list of strings, or one string for a shell, found `1`",
        ),
        (
            "[[image.test]]\nrun = [{ cmd = ['a'], exit = -1 }]",
            "2:30: expected a whole number from 0 to 255, found `-1`",
        ),
        (
            "registries.sandbox = 1",
            "1:22: expected a prefix like \"ghcr.io/acme\", or a table { prefix = …, immutable = … }, found `1`",
        ),
    ] {
        assert_eq!(problems(text), [expected], "{text}");
    }
}

#[test]
fn a_header_with_the_wrong_brackets_is_told_apart() {
    assert!(error("[[image]]").ends_with("= help: write the header in single brackets"));
    assert!(error("[image.test]\nname = 'x'").ends_with("= help: write the header in double brackets"));
}

#[test]
fn lengths_of_time_and_patterns_are_checked_where_they_stand() {
    assert_eq!(
        error("[[image.test]]\nrun = [{ cmd = 'x', stdout = 'a(b' }]"),
        "\
imgbuild.toml:2:30: not a regular expression: unclosed group
  |
2 | run = [{ cmd = 'x', stdout = 'a(b' }]
  |                              ^^^^^"
    );
    for (value, why) in [
        ("0s", "a length of time must be more than zero"),
        ("25h", "a length of time must not be more than 24h"),
        (
            "-1s",
            "not a length of time: write a whole number and a unit (h, m, s, ms), like \"30s\" or \"1m30s\"",
        ),
    ] {
        assert_eq!(problems(&format!("image.build.timeout = '{value}'")), [format!("1:23: {why}")]);
        assert_eq!(problems(&format!("profile.ci.push.retry-for = '{value}'")), [format!("1:29: {why}")]);
    }
}

#[test]
fn tomls_own_errors_are_told_one_a_line() {
    assert_eq!(problems("[image\nx = 1\n\"open\ny = [1,\n").len(), 3);
    assert_eq!(
        problems("[image]\ntarget = 'a'\ntarget = 'b'\n[image]\n"),
        ["3:1: `target` is already set", "4:2: `image` is already set"]
    );
    assert_eq!(problems("image.target = runtime"), ["1:16: not a value"]);
    assert_eq!(problems("image.target = \"a"), ["1:18: invalid basic string, expected `\"`"]);
    assert_eq!(
        problems("checks.ignore = [{ until = 2027-02-30 }]"),
        ["1:28: invalid date, expected day between 01 and 28"]
    );
}

#[test]
fn a_file_of_a_newer_format_is_judged_by_nothing_else() {
    assert_eq!(
        error("schema = 2\n[pipelines]\n"),
        "\
imgbuild.toml:1:10: schema 2 was made for a newer imgbuild: this one reads 1
  |
1 | schema = 2
  |          ^
  = help: update imgbuild"
    );
    assert_eq!(problems("schema = 0"), ["1:10: there is no such schema: this imgbuild reads 1"]);
    assert_eq!(problems("schema = -1"), ["1:10: there is no such schema: this imgbuild reads 1"]);
    assert_eq!(problems("schema = '1'"), ["1:10: expected a whole number, found '1'"]);
    assert_eq!(model("schema = 1"), Model { schema: Some(1), ..Model::default() });
    assert_eq!(model("schema = 0x1").schema, Some(1));
}

#[test]
fn what_comes_later_is_not_called_unknown() {
    assert_eq!(
        error("[images.api]\ncontext = '.'\n"),
        "\
imgbuild.toml:1:2: `images` is not supported by this version
  |
1 | [images.api]
  |  ^^^^^^
  = help: several images in one repository come later; [image] describes one"
    );
    assert_eq!(
        problems("[images.web]\n[profile.ci.image]\nplatforms = []\n[image]\nplatforms = []"),
        [
            "1:2: `images` is not supported by this version",
            "3:1: `platforms` is not supported by this version",
            "5:1: `platforms` is not supported by this version",
        ]
    );
}

#[test]
fn values_that_cannot_be_are_told_at_once() {
    let text = r#"
[image]
repository = "ghcr.io/Acme/api"
context = "/srv"
dockerfile = ""
target = "a b"
platform = "linux"
variant = "latest"
labels = { "dev.imgbuild.owner.run" = "x" }
[image.build]
args = { "A-B" = "x" }
network = "container:web"
generated = ["../x"]
secrets = ["a/b"]
[registries]
sandbox = "acme"
integration = { prefix = "https://ghcr.io" }
release = { immutable = true }
[checks]
ignore = [{ path = "/x", rule = "IMG105", reason = " " }, { reason = "x" }]
[profile.local.image]
platform = "linux/amd64,linux/arm64"
"#;
    assert_eq!(
        problems(text),
        [
            "3:14: repository: `Acme` has capital letters, which the path of an image cannot have",
            "4:11: context: must be relative to this file",
            "5:14: dockerfile: must not be empty",
            "6:10: target: `a b` is no name of a stage",
            "7:12: platform: `linux` is no platform: write os/architecture, like \"linux/amd64\"",
            "8:11: variant: `latest` is a tag of its own",
            "9:12: labels that start with `dev.imgbuild.` are set by imgbuild alone",
            "11:10: `A-B` is no name of an argument: use letters, digits and `_`",
            "12:11: network: `container:web` is no name of a network: write \"none\", \"host\" or a name",
            "13:14: generated[0]: must not lead out with `..`",
            "14:12: secrets[0]: `a/b` is no id of a secret: use letters, digits, `_`, `.` and `-`",
            "16:11: sandbox: `acme` names no registry: write host and path, like \"ghcr.io/acme\"",
            "17:26: prefix: `https:` is no registry host",
            "18:11: a registry needs a `prefix`",
            "20:20: path: must be relative",
            "20:52: this waiver gives no reason: add `reason = \"…\"`",
            "20:59: this waiver names no rule: add `rule = \"IMG…\"`",
            "22:12: platform: names several platforms, and this version builds for one",
        ]
    );
}

#[test]
fn further_tags_are_checked_where_they_stand() {
    assert_eq!(
        problems("image.tags = ['{brnch}', 'nightly', 'latest']\nprofile.ci.image.tags = ['a b']"),
        [
            "1:15: tags[0]: there is no placeholder `{brnch}` (character 1): did you mean `{branch}`?",
            "1:37: tags[2]: `latest` is set by releases alone",
            "2:26: tags[0]: ` ` at character 2 cannot be in a tag: use letters, digits, `_`, `.` and `-`",
        ]
    );
}

#[test]
fn insecure_registries_are_checked_where_they_stand() {
    assert_eq!(
        problems("[registries]\ninsecure = ['registry.lan:5000', 'http://registry.lan']"),
        [
            "2:34: insecure[1]: `http://registry.lan` is no registry host: write it as in the names of images, like \
             \"registry.lan:5000\"",
        ]
    );
}

#[test]
fn what_is_no_text_is_said_with_the_byte() {
    let message = |bytes: &[u8]| parse("imgbuild.toml", bytes).unwrap_err().to_string();
    assert_eq!(message(b"a\0"), "imgbuild.toml is not a text file: byte 1 is NUL");
    assert_eq!(message(b"ab\xff"), "imgbuild.toml is not UTF-8 text: byte 2 cannot be read");
    assert_eq!(message(&vec![b'#'; MAX_BYTES + 1]), "imgbuild.toml is larger than 1 MiB");
    assert!(parse("imgbuild.toml", &vec![b'#'; MAX_BYTES]).is_ok());
    assert_eq!(problems("image.target = \"a\\u0000\""), ["1:16: a value must not hold a NUL character"]);
    assert_eq!(
        problems("image.labels = { \"a\\u0000\" = '' }"),
        ["1:18: a key must not hold a NUL character"]
    );
}

#[test]
fn nothing_hostile_reaches_the_terminal() {
    assert_eq!(
        error("\t\"\u{202e}\" = 1 # \u{7f}\u{9b}\n"),
        "\
imgbuild.toml:1:12: invalid comment character, expected printable characters
  |
1 |     \"\\u{202e}\" = 1 # \\u{7f}\\u{9b}
  |                      ^^^^^^"
    );
    assert_eq!(problems("\"\u{202e}\\u001b[31m\" = 1"), ["1:1: unknown key `\\u{202e}\\u{1b}[31m`"]);
    let named = parse("a\n\u{1b}[2Jb.toml", b"x = 1").unwrap_err().to_string();
    assert!(named.starts_with("a\\n\\u{1b}[2Jb.toml:1:1: unknown key"), "{named}");
}

#[test]
fn a_long_line_is_shown_around_the_caret() {
    let text = format!("{}\"{}\" = 1", " ".repeat(300), "k".repeat(200));
    let error = error(&text);
    let lines: Vec<&str> = error.lines().collect();
    assert!(lines[..4].iter().all(|line| line.chars().count() < 120), "{error}");
    let caret = lines[3].find('^').unwrap();
    assert_eq!(lines[2].chars().nth(caret), Some('"'), "{error}");
}

#[test]
fn after_twenty_problems_it_is_enough() {
    let keys: String = (0..50).map(|n| format!("k{n} = 1\n")).collect();
    let error = error(&keys);
    assert!(error.starts_with("at least 20 problems in imgbuild.toml\n"), "{error}");
    assert_eq!(problems(&keys).len(), 20);
    let syntax = "x\n".repeat(50);
    assert!(self::error(&syntax).ends_with("\n… and 30 more"));
}

#[test]
fn the_deepest_tree_that_toml_allows_is_refused_and_not_walked() {
    let key = ["a"; 79].join(".");
    let text = format!("[{key}]\n{}x = 1{}", format!("{key} = {{ ").repeat(79), " }".repeat(79));
    let error = error(&text);
    assert!(error.contains("tables are nested too deeply"), "{error}");
}

#[test]
fn the_byte_order_mark_and_windows_lines_are_taken() {
    assert_eq!(model("\u{feff}[image]\r\ntarget = 'x'\r\n").image.unwrap().target.as_deref(), Some("x"));
    assert_eq!(problems("\u{feff}x = 1\r\n"), ["1:1: unknown key `x`"]);
}

#[test]
fn both_forms_of_commands_and_roles_are_read() {
    let model = model(
        r#"
[[image.test]]
cmd = "serve --port 1"
run = [{ cmd = ["api", ""] }]
[registries]
sandbox = "localhost:5000/dev"
release = { prefix = "ghcr.io/acme", immutable = true }
[checks]
fail-on = "never"
ignore = [{ rule = "IMG105", reason = "r", until = 2027-01-31 }]
"#,
    );
    let test = &model.image.unwrap().test.unwrap()[0];
    assert_eq!(test.cmd.as_ref().unwrap().argv(), ["/bin/sh", "-c", "serve --port 1"]);
    let run = &test.run.as_ref().unwrap()[0];
    assert_eq!(run.cmd, Some(CommandLine::Exec(vec!["api".to_owned(), String::new()])));
    let registries = model.registries.unwrap();
    assert_eq!(registries.sandbox.unwrap().prefix.as_deref(), Some("localhost:5000/dev"));
    assert_eq!(registries.release.unwrap().immutable, Some(true));
    let checks = model.checks.unwrap();
    assert_eq!(checks.fail_on, Some(FailOn::Never));
    assert_eq!(checks.ignore.unwrap()[0].until, Some(Date { year: 2027, month: 1, day: 31 }));
}

#[test]
fn every_key_knows_its_line() {
    let document =
        parse("imgbuild.toml", b"[image]\ntarget = 'x'\n[image.labels]\n\n\"com.acme\" = 'y'\n").unwrap();
    assert_eq!(document.place("image.target").line, 2);
    assert_eq!(document.place("image.labels.\"com.acme\"").to_string(), "imgbuild.toml:5");
    assert_eq!(document.place("image.variant").to_string(), "imgbuild.toml");
}

#[test]
fn checks_are_judged_where_they_stand() {
    let text = r#"
[checks]
levels = { "IMG 105" = "error", DL3008 = "of" }
trusted-registries = ["docker.io", "acme", "*.example.com/a", "ghcr.io/Acme", "https://ghcr.io"]
labels = { "a b" = "text", c = "txt" }
max-size = "500"
max-layers = 0
allow-services = ["/usr/bin/supervisord"]
allow-setuid = ["su", "/usr/bin/../su"]
baseline = "/etc/known.json"
ignore = [{ rule = "IMG 1", reason = "x", match = " " }]
trusted-registrys = []
"#;
    let types = [
        "3:42: unknown value `of`",
        "5:32: unknown value `txt`",
        "6:12: not a size: write a whole number and a unit (kB, MB, GB, KiB, MiB, GiB), like \"500MB\"",
        "12:1: unknown key `trusted-registrys`",
    ];
    assert_eq!(problems(text), types);
    let lines = text.lines().map(|line| match line {
        line if line.starts_with("levels") => "levels = { \"IMG 105\" = \"error\" }",
        line if line.starts_with("labels") => "labels = { \"a b\" = \"text\" }",
        line if line.starts_with("max-size") || line.starts_with("trusted-registrys") => "",
        line => line,
    });
    assert_eq!(
        problems(&lines.collect::<Vec<_>>().join("\n")),
        [
            "3:12: `IMG 105` is no id of a rule: use letters, digits, `-` and `_`",
            "4:36: trusted-registries[1]: `acme` is no registry: write a host, a host and a path, or `*.` and a domain, \
             like \"ghcr.io/acme\"",
            "4:63: trusted-registries[3]: `ghcr.io/Acme` is no registry: write a host, a host and a path, or `*.` and a \
             domain, like \"ghcr.io/acme\"",
            "4:79: trusted-registries[4]: `https://ghcr.io` is no registry: write a host, a host and a path, or `*.` and \
             a domain, like \"ghcr.io/acme\"",
            "5:12: `a b` is no key of a label",
            "7:14: max-layers: must be at least 1",
            "8:19: allow-services[0]: `/usr/bin/supervisord` is no name of a program: write it without a path, like \
             \"supervisord\"",
            "9:17: allow-setuid[0]: `su` is no path of a program: write it from the image's root on, like \"/usr/bin/su\"",
            "9:23: allow-setuid[1]: `/usr/bin/../su` is no path of a program: write it from the image's root on, like \
             \"/usr/bin/su\"",
            "10:12: baseline: must be relative to this file",
            "11:20: rule: `IMG 1` is no id of a rule: use letters, digits, `-` and `_`",
            "11:51: match: must not be empty, since every finding would fit",
        ]
    );
}

#[test]
fn policies_are_judged_where_they_stand() {
    let text = r#"
extends = "/etc/policy.toml"
[policy]
require = ["IMG105", ""]
levels = { IMG105 = "off" }
lock = ["checks.failon", "registries", "profile.ci.checks", "image.labels.team", "quux"]
waivers = { allow = ["IMG3*", "*", "I*G"] }
"#;
    assert_eq!(
        problems(text),
        [
            "2:11: extends: must be relative to this file",
            "4:22: require[1]: `` is no id of a rule: use letters, digits, `-` and `_`",
            "5:21: the least level `off` demands nothing",
            "6:9: lock[0]: `checks.failon` is no key that can be locked: did you mean `checks.fail-on`?",
            "6:40: lock[2]: `profile.ci.checks` is no key that can be locked: write a key or a table as it is in the \
             file, like \"checks.fail-on\"",
            "6:61: lock[3]: `image.labels.team` is no key that can be locked: did you mean `image.labels`?",
            "6:82: lock[4]: `quux` is no key that can be locked: write a key or a table as it is in the file, like \
             \"checks.fail-on\"",
            "7:36: allow[2]: `I*G` names no rules: write an id, or its beginning and `*`, like \"IMG3*\"",
        ]
    );
    let long = format!("policy.lock = [{}]", "'quux',".repeat(201));
    assert_eq!(problems(&long), ["1:15: more than 200 entries"]);
    assert!(error("[policy]\nrequired = []").ends_with("did you mean `require`?"));
    assert!(error("[policy.waivers]\nmaxdays = 3").ends_with("did you mean `max-days`?"));
    assert!(error("[profile.ci.policy]\nrequire = []").contains("unknown key `policy`"));
}

#[test]
fn a_place_has_a_column() {
    let document = parse(
        "imgbuild.toml",
        "\u{feff}checks = { \"é\" = 1 }".replace("\"é\" = 1", "max-layers = 1").as_bytes(),
    );
    assert_eq!(document.unwrap().place("checks.max-layers").exact(), "imgbuild.toml:1:12");
    let document =
        parse("x", b"[image.labels]\n'\xc3\xa9' = 'a'\n[checks]\nignore = [{ rule = 'A', reason = 'b' }]\n")
            .unwrap();
    assert_eq!(document.place("checks.ignore[0]").exact(), "x:4:11");
    assert_eq!(document.place("checks").exact(), "x:3:2");
}

#[test]
fn what_a_service_cannot_have_is_refused_with_the_reason() {
    let table = "[deploy.web]\nimage = 'r.example/web:1'\n";
    let service = format!("{table}service = true\n");
    for (head, text, part) in [
        (table, "replicas = 2", "replicas: is for a service"),
        (table, "order = 'start-first'", "order: is for a service"),
        (table, "service = false\npublish = 'host'", "publish: is for a service"),
        (service.as_str(), "replicas = 0", "replicas: must be from 1"),
        (service.as_str(), "parallelism = 0", "parallelism: must be from 1"),
        (service.as_str(), "http = [{ port = 80 }]", "http: is not for a service"),
        (service.as_str(), "ready = { port = 80 }", "ready.port: is not for a service"),
        (service.as_str(), "ready = { log = 'x' }", "ready.log: is not for a service"),
        (service.as_str(), "ready = { healthcheck = false }", "heeds the HEALTHCHECK"),
        (service.as_str(), "preflight = true", "preflight: is not for a service"),
        (service.as_str(), "keep = 3", "keep: is not for a service"),
        (service.as_str(), "ports = ['127.0.0.1:80:80']", "leave the address out"),
        (service.as_str(), "mounts = [{ tmpfs = '/t', options = 'noexec' }]", "no option that a swarm knows"),
        (service.as_str(), "networks = ['bridge']", "networks of the swarm"),
        (service.as_str(), "container = 'a.b'", "no name of a service"),
    ] {
        let told = problems(&format!("{head}{text}\n")).join("\n");
        assert!(told.contains(part), "{part} is not in {told}");
    }
    let whole = "replicas = 3\nparallelism = 2\norder = 'stop-first'\npublish = 'host'\nports = ['80:80']\n\
                 ready = { healthcheck = true, within = '5s' }\nmounts = [{ tmpfs = '/t', options = 'size=1m' }]\n\
                 networks = ['front']\nbefore = [{ cmd = 'true' }]\n";
    assert!(parse("imgbuild.toml", format!("{service}{whole}").as_bytes()).is_ok());
}

#[test]
fn deployments_that_cannot_be() {
    let text = r#"
[deploy."a/b"]
image = "r.example/web:1"
[deploy.web]
container = "-x"
ports = ["80", "80:80", "80:81"]
env = { "A B" = "x", C = { env = "D", file = "e" } }
[deploy.db]
image = "r.example/db:1"
mounts = [{ bind = "data:/d" }, { volume = "data:d" }, { tmpfs = "/t", bind = "/a:/b" }, { volume = "da:/d", options = "x" }]
networks = ["host", { name = "front", aliases = ["a_b"] }, { aliases = ["x"] }]
restart = "sometimes"
memory = "1kB"
cpus = 0
pids = 0
keep = 0
before = [{ inside = true }]
accept = "none"
"#;
    let told = problems(text);
    let part = "either `env` or `file`";
    assert!(told.iter().any(|line| line.contains(part)), "{part} is not in {told:#?}");
    // What serde says comes before what is looked at afterwards.
    let valid = text.replace(", file = \"e\"", "").replace("accept = \"none\"", "");
    let told = problems(&valid).join("\n");
    for part in [
        "is no name of a container",
        "80\" is no pair of ports",
        "is no name of a variable",
        "a deployment needs an `image`",
        "leads somewhere already",
        "is not absolute",
        "one of `bind`, `volume` and `tmpfs`",
        "options: are for `tmpfs`",
        "is in no other one",
        "is no name of a host",
        "a network needs its `name`",
        "must be one of \"no\", \"always\"",
        "must be at least \"6MiB\"",
        "cpus: must be more than 0",
        "pids: must be at least 1",
        "keep: must be from 1 to 100",
        "a command needs `cmd`",
    ] {
        assert!(told.contains(part), "{part} is not in {told}");
    }
}
