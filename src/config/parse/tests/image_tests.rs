//! What is said of `[[image.test]]`.

use super::{error, model, problems};

#[test]
fn tests_that_cannot_be_are_told_at_once() {
    let text = r#"
[[image.test]]
name = ""
http = [{ path = "healthz" }]
run = [{}]
env = { "A=B" = "x" }
[[image.test]]
name = "a"
job = true
ready = {}
http = [{ port = 1 }]
run = [{ cmd = "x" }, { cmd = "x", fresh = true }]
[[image.test]]
name = "a"
"#;
    assert_eq!(
        problems(text),
        [
            "3:8: a test's name is one line of 1 to 100 characters",
            "4:9: a request needs a `port`",
            "4:18: path: `healthz` is no path of a request: it starts with `/` and has visible ASCII only, the rest as %XX",
            "5:8: a command needs `cmd`",
            "6:9: `A=B` is no name of a variable",
            "10:9: a job ends by itself: `ready` is for what stays up",
            "11:8: a job ends by itself: `http` is for what stays up",
            "12:8: a job's container has ended: a command needs one of its own, `fresh = true`",
            "14:8: another test has the same name",
        ]
    );
    assert_eq!(problems("[[image.test]]\nrun = [{ cmd = [] }]"), ["2:16: a command must not be empty"]);
    assert_eq!(problems("[[image.test]]\nrun = [{ cmd = ' ' }]"), ["2:16: a command must not be empty"]);
}

#[test]
fn types_are_said_in_words() {
    for (text, expected) in [
        ("http = [{ port = 1, status = [] }]", "2:30: an empty list asks for nothing"),
        (
            "http = [{ port = 1, status = [200, 99] }]",
            "2:36: expected an HTTP status from 100 to 599, found `99`",
        ),
        ("http = [{ port = 1, body = 1 }]", "2:28: expected a string, found `1`"),
        (
            "http = [{ port = 1, body = {} }]",
            "2:28: an empty table asks for nothing: write `equals`, `contains`, `matches` … in it",
        ),
        (
            "http = [{ port = 1, body = { json = { '/a' = {} } } }]",
            "2:46: an empty table asks for nothing: write `equals`, `contains`, `matches` … in it",
        ),
        ("http = [{ port = 1, body = { json = { '/a' = nan } } }]", "2:46: a number must be finite"),
        (
            "http = [{ port = 1, answer-headers = { A = 1 } }]",
            "2:44: expected text in quotes, a table, true or false, found `1`",
        ),
        ("ready = { log = '(' }", "2:17: not a regular expression: unclosed group"),
        ("ready = { port = [] }", "2:18: an empty list asks for nothing"),
        ("ready = { port = '80' }", "2:18: expected a port from 1 to 65535, found '80'"),
        ("run = [{ cmd = 'x', stdout = { not = '(' } }]", "2:38: not a regular expression: unclosed group"),
        ("run = [{ cmd = 'x', stdout = { any = [] } }]", "2:30: an empty list asks for nothing"),
        ("run = [{ cmd = 'x', stdout = { less = inf } }]", "2:39: a number must be finite"),
        ("run = [{ cmd = 'x', stdout = { less = '1' } }]", "2:39: expected a number, found '1'"),
        ("files = [{ path = '/x', mode = 644 }]", "2:32: expected a string, found `644`"),
        (
            "files = [{ path = '/x', size = -1 }]",
            "2:32: expected a number of bytes, or a size like \"10MB\", found `-1`",
        ),
        (
            "files = [{ path = '/x', size = '10' }]",
            "2:32: not a size: write a whole number and a unit (kB, MB, GB, KiB, MiB, GiB), like \"500MB\"",
        ),
        (
            "files = [{ path = '/x', size = {} }]",
            "2:32: an empty table asks for nothing: write `at-most` or `at-least` in it",
        ),
        ("files = [{ path = '/x', type = 'dir' }]", "2:32: unknown value `dir`"),
        ("ports = [0]", "2:10: expected a port from 1 to 65535, found `0`"),
        ("ports = ['80']", "2:10: expected a port from 1 to 65535, found '80'"),
        ("ports = [{ port = 1, protocol = 'icmp' }]", "2:33: unknown value `icmp`"),
        ("processes = [1]", "2:14: expected a string, found `1`"),
        ("processes = [{ name = 'a', count = 'x' }]", "2:36: expected a whole number, found 'x'"),
        ("image = { ports = ['x'] }", "2:20: not a port: write 8080, or \"53/udp\""),
        ("image = { ports = [0] }", "2:20: expected a port from 1 to 65535, found `0`"),
        ("image = { env = { A = 1 } }", "2:23: expected text in quotes, a table, true or false, found `1`"),
        ("mounts = ['./a:/b']", "2:11: expected a table, found './a:/b'"),
    ] {
        assert_eq!(problems(&format!("[[image.test]]\n{text}")), [expected], "{text}");
    }
    assert!(
        error("[[image.test]]\nrun = [{ cmd = 'x', stdout = { match = 'a' } }]")
            .ends_with("did you mean `matches`?")
    );
    assert!(
        error("[[image.test]]\nports = [{ port = 1, listen = true }]").ends_with("did you mean `listening`?")
    );
    assert!(
        error("[[image.test]]\nfiles = [{ path = '/x', mode = 644 }]")
            .ends_with("= help: write it in quotes: \"644\"")
    );
}

#[test]
fn settings_of_the_image_and_of_containers_are_judged_where_they_stand() {
    let text = r#"
[image]
companions = ["/bin/x"]
structure-tests = ["/etc/x.yaml"]
goss = [""]
[[image.test]]
user = "a b"
network = "container:x"
memory = "1kB"
mounts = [{ bind = "/etc:/x" }, { bind = "a" }, { bind = "a:b" }, { bind = "a:/b:rx" }, { tmpfs = "x" }, {}, { bind = "a:/b", options = "x" }]
ready = { http = { port = 1, within = "1s" } }
"#;
    assert_eq!(
        problems(text),
        [
            "3:15: companions[0]: `/bin/x` is no name of a program: write it without a path, like \"supervisord\"",
            "4:20: structure-tests[0]: must be relative to this file",
            "5:9: goss[0]: must not be empty",
            "7:8: user: `a b` is no user: write a name or a number, with a group or without, like \"1000:1000\"",
            "8:11: network: `container:x` is no name of a network: write \"none\", \"host\" or a name",
            "9:10: memory: must be at least \"6MiB\", the least that engines give",
            "10:20: bind: what is mounted lies in the repository: write it relative to this file",
            "10:42: bind: `a` is no mount: write \"./testdata:/data\", or \"./testdata:/data:ro\"",
            "10:58: bind: `b` is not absolute: it starts with `/`",
            "10:76: bind: `rx` is no mode of a mount: write `ro`, `rw` or nothing",
            "10:99: tmpfs: `x` is not absolute: it starts with `/`",
            "10:106: a mount has either `bind` or `tmpfs`",
            "10:137: options: are for `tmpfs`; a bind ends in `:ro`",
            "11:39: within: this request is made until `ready.within` is over",
        ]
    );
}

#[test]
fn checks_are_judged_where_they_stand() {
    let text = r#"
[[image.test]]
http = [{ port = 1, headers = { "a b" = "", Content-Length = "1", A = "x\ny" }, body = { json = { "a" = 1, "/~2" = 1 } } }]
exec = [{ cmd = "x", env = { IMGBUILD_TEST_IMAGE = "" }, folder = "/tmp" }, {}]
[[image.test]]
files = [{ path = "x" }, { path = "/a/../b", mode = "999", sha256 = "0" }, { path = "/a", exists = false, uid = 1 }, {}]
ports = [{ listening = false, everywhere = true }]
processes = ["a/b", "0123456789abcdef", { count = 1 }, { name = "a", running = false, uid = 1 }]
"#;
    assert_eq!(
        problems(text),
        [
            "3:33: `a b` is no name of a header",
            "3:45: `Content-Length` is set by imgbuild alone",
            "3:71: A: must be one line",
            "3:99: `a` is no JSON Pointer: write \"/key/0\", with `~1` for `/` and `~0` for `~` in a key",
            "3:108: `/~2` is no JSON Pointer: write \"/key/0\", with `~1` for `/` and `~0` for `~` in a key",
            "4:30: `IMGBUILD_TEST_IMAGE` is set by imgbuild",
            "4:67: folder: must be relative to this file",
            "4:77: a command needs `cmd`",
            "6:19: path: `x` is not absolute: it starts with `/`",
            "6:35: path: `/a/../b` must be one line without `..`",
            "6:53: mode: `999` are no permissions: write three or four octal digits, like \"0644\"",
            "6:69: sha256: `0` is no SHA-256: it has 64 hex digits",
            "6:113: uid: a file that must not exist has none",
            "6:118: a file needs a `path`",
            "7:10: a port needs its number, `port`",
            "7:44: everywhere: is for ports that listen",
            "8:14: processes[0]: `a/b` is no name of a process: write it without a path, like \"nginx\"",
            "8:21: processes[1]: `0123456789abcdef` is longer than the 15 bytes that the kernel keeps: write \
             `0123456789abcde`",
            "8:41: a process needs a `name`",
            "8:93: uid: a process that must not run has none",
        ]
    );
    let text = r#"
[[image.test]]
image = { volumes = ["data"], labels = { "a b" = true } }
network = "none"
services = [{ image = "A", alias = "localhost" }, { image = "a", alias = "b" }, { image = "a", alias = "B" }, {}]
files = [{ path = "/a", type = "file", link = "b" }]
[[image.test]]
image = {}
"#;
    let said = problems(text);
    let starts = [
        "3:22: volumes[0]: `data` is not absolute",
        "3:42: `a b` is no key of a label",
        "4:11: network: services are reached on the test's own network",
        "5:23: image: ",
        "5:36: alias: `localhost` is no name of a host",
        "5:104: another service of this test has the same alias",
        "5:111: a service needs an `image`",
        "5:111: a service needs an `alias`, by which the others reach it",
        "6:47: link: only what is of type \"symlink\" leads anywhere",
        "8:9: an empty table asks for nothing",
    ];
    assert_eq!(said.len(), starts.len(), "{said:#?}");
    for (said, start) in said.iter().zip(starts) {
        assert!(said.starts_with(start), "{said}: {start}");
    }
}

#[test]
fn a_table_that_lacks_what_was_wrong_in_it_is_not_told_once_more() {
    assert_eq!(
        problems("[[image.test]]\n[[image.test.http]]\nport = 1\n[image.test.http.body]\ncontains = 1"),
        ["5:12: expected a string, found `1`"]
    );
}

#[test]
fn both_forms_of_what_is_wanted_are_read() {
    use crate::config::model::{Entry, Literal, Wanted};
    let model = model(
        r#"
[[image.test]]
image = { user = { not = "root" }, env = { A = "b" } }
http = [{ port = 1, body = { json = { "/a" = [1, "x"], "/b" = { equals = { c = 1 } } } } }]
"#,
    );
    let test = &model.image.unwrap().test.unwrap()[0];
    let image = test.image.as_ref().unwrap();
    assert_eq!(image.user.as_ref().unwrap().matcher().to_string(), "anything but root");
    assert_eq!(image.env.as_ref().unwrap()["A"], Entry::Like(Wanted::Bare("b".to_owned())));
    let json = test.http.as_ref().unwrap()[0].body.as_ref().unwrap().json();
    assert_eq!(json[0].pointer, "/a");
    assert_eq!(json[0].value.to_string(), "[1,\"x\"]");
    assert_eq!(json[1].value, Wanted::Bare(Literal(serde_json::json!({ "c": 1 }))).matcher());
}
