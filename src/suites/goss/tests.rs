use std::time::Duration;

use proptest::prelude::*;

use super::goss;
use crate::expect::{
    AddressCheck, Check, FileCheck, FileKind, GroupCheck, HttpCheck, Matcher, ModeWanted, PackageCheck,
    Pattern, PortCheck, ProcessCheck, Protocol, RunCheck, Start, TestSpec, UserCheck, What, Where,
};

fn read(text: &str) -> TestSpec {
    goss("goss", text.as_bytes()).unwrap_or_else(|problem| panic!("{problem}\n{text}"))
}

fn refused(text: &str) -> String {
    goss("goss", text.as_bytes()).expect_err(text).to_string()
}

/// The only check of a file.
fn one(text: &str) -> Check {
    let mut checks = read(text).checks;
    assert_eq!(checks.len(), 1, "{text}");
    checks.remove(0)
}

fn words(text: &str) -> Matcher {
    Matcher::Text(text.to_owned())
}

fn line(matcher: Matcher) -> Matcher {
    Matcher::Line(Box::new(matcher))
}

fn not(matcher: Matcher) -> Matcher {
    Matcher::Not(Box::new(matcher))
}

fn contains(part: &str) -> Matcher {
    Matcher::Contains(part.to_owned())
}

fn regex(text: &str) -> Matcher {
    Matcher::Matches(Pattern::go(text).unwrap())
}

fn yes() -> Option<Matcher> {
    Some(Matcher::Equals(true.into()))
}

#[test]
fn a_file_with_all_of_it() {
    let check = one(r#"
file:
  main:
    path: /etc//./x/../passwd/
    exists: true
    mode: "0644"
    size: {gt: 0}
    owner: root
    group: {or: [root, wheel]}
    uid: 0
    gid: "0"
    filetype: file
    contents: [root, "!nobody", "/^r.*t:/", '!/x{/', '\!\/a', ""]
    linked-to: {have-prefix: /}
    md5: abc
    sha256: {have-len: 64}
    sha512: {not: abc}
    title: accounts
    meta: {severity: [1, {a: b}]}
"#);
    assert_eq!(check.name.as_deref(), Some("File: main: /etc//./x/../passwd/ (accounts)"));
    let expected = FileCheck {
        path: "/etc/passwd".to_owned(),
        exists: Some(true),
        kind: Some(FileKind::File),
        mode: Some(ModeWanted::Octal(words("0644"))),
        uid: Some(Matcher::Number(0.0)),
        gid: Some(words("0")),
        owner: Some(words("root")),
        group: Some(Matcher::Any(vec![words("root"), words("wheel")])),
        size: Some(Matcher::Greater(0.0)),
        link: Some(Matcher::Prefix("/".to_owned())),
        content: vec![
            line(contains("root")),
            not(line(contains("nobody"))),
            line(regex("^r.*t:")),
            not(line(regex("x{"))),
            line(contains("a")),
        ],
        md5: Some(words("abc")),
        sha256: Some(Matcher::Length(Box::new(Matcher::Number(64.0)))),
        sha512: Some(not(words("abc"))),
        ..FileCheck::default()
    };
    assert_eq!(check.what, What::File(expected));
}

#[test]
fn what_must_not_be_there_is_asked_nothing_more() {
    let file = one("file: {/x: {exists: {not: true}, mode: '0644', contents: [a]}}");
    let gone = FileCheck { path: "/x".to_owned(), exists: Some(false), ..FileCheck::default() };
    assert_eq!(file.what, What::File(gone));
    let port = one("port: {8080: {listening: false, ip: [1.2.3.4]}}");
    let What::Port(port) = port.what else { panic!() };
    assert_eq!((port.addresses, port.within), (None, Duration::ZERO));
}

#[test]
fn the_network() {
    let spec = read(
        r#"{
        "port": {"tcp6:8080": {"listening": true, "ip": ["::"]}},
        "addr": {
            "db": {"address": "tcp://[::1]:53", "reachable": {"not": true}, "timeout": 100},
            "127.0.0.1:80": {"reachable": true}
        },
        "http": {"http://localhost:8080/a?b#c": {"status": {"lt": 400}, "headers": ["Content-Type: text"], "body": "ok"}}
    }"#,
    );
    let Some(Start::Service(_)) = spec.start else { panic!("{:?}", spec.start) };
    let port = PortCheck {
        protocol: Protocol::Tcp6,
        port: 8080,
        listening: true,
        everywhere: false,
        addresses: Some(Matcher::Includes(vec![words("::")])),
        within: Duration::from_secs(5),
    };
    let addr = |protocol: &str, host: &str, port, reachable, millis| AddressCheck {
        protocol: protocol.to_owned(),
        host: host.to_owned(),
        port,
        reachable,
        within: Duration::from_millis(millis),
    };
    let truth = Matcher::Equals(true.into());
    let http = HttpCheck {
        path: "/a?b".to_owned(),
        port: 8080,
        method: "GET".to_owned(),
        headers: [("Host".to_owned(), "localhost:8080".to_owned())].into(),
        body: None,
        status: Some(Matcher::Less(400.0)),
        answer_headers: vec![],
        answer_head: vec![line(contains("Content-Type: text"))],
        answer_body: vec![words("ok")],
        answer_json: vec![],
        follow_redirects: true,
        within: Duration::from_secs(5),
    };
    let whats: Vec<What> = spec.checks.iter().map(|check| check.what.clone()).collect();
    let expected = [
        What::Port(port),
        What::Address(addr("tcp", "::1", 53, not(truth.clone()), 100)),
        What::Address(addr("tcp", "127.0.0.1", 80, truth, 500)),
        What::Http(http),
    ];
    assert_eq!(whats, expected);
    let names: Vec<_> = spec.checks.iter().filter_map(|check| check.name.as_deref()).collect();
    let expected = [
        "Port: tcp6:8080",
        "Addr: db: tcp://[::1]:53",
        "Addr: 127.0.0.1:80",
        "HTTP: http://localhost:8080/a?b#c",
    ];
    assert_eq!(names, expected);
}

#[test]
fn a_request_with_all_of_it() {
    let check = one(r#"
http:
  put:
    url: HTTP://[::1]
    status: 201
    allow-insecure: true
    no-follow-redirects: true
    timeout: 250
    request-headers: ["X-A: b", "x-a: c", "Host: example.org", "host: ignored"]
    headers: {contain-element: "X-Multi: a"}
    request-body: '{"a":1}'
    method: PUT
    username: u
    password: p
    proxy: ""
"#);
    let What::Http(http) = check.what else { panic!() };
    assert_eq!((http.port, http.path.as_str(), http.method.as_str()), (80, "/", "PUT"));
    let headers: Vec<_> = http.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    assert_eq!(headers, ["Authorization: Basic dTpw", "Host: example.org", "X-A: b, c"]);
    assert_eq!(http.body.as_deref(), Some(&br#"{"a":1}"#[..]));
    assert_eq!(http.answer_head, [Matcher::Element(Box::new(words("X-Multi: a")))]);
    assert!(!http.follow_redirects);
    assert_eq!(http.within, Duration::from_millis(250));
}

#[test]
fn the_system() {
    let spec = read(
        r"
process: {nginx: {running: true}}
command:
  version:
    exec: app --version
    exit-status: 0
    stdout: [/^v\d/]
    stderr: ''
    timeout: 0
user: {app: {exists: true, uid: {ge: 1000}, groups: {consist-of: [app, {have-prefix: w}]}, home: /home/app, shell: /bin/sh}}
group: {app: {exists: true, gid: 1000}}
package: {libc6: {installed: true, versions: [2.36, 1.2.3]}}
",
    );
    let argv = ["sh", "-c", "app --version"].map(str::to_owned).to_vec();
    let groups = Matcher::ConsistsOf(vec![words("app"), Matcher::Prefix("w".to_owned())]);
    let expected = [
        What::Process(ProcessCheck { name: "nginx".to_owned(), running: yes(), count: None, uid: None }),
        What::Run(RunCheck {
            exit: Matcher::Number(0.0),
            stdout: vec![line(regex(r"^v\d"))],
            stderr: vec![words("")],
            ..RunCheck::new(argv, Where::Running, Duration::from_secs(10))
        }),
        What::User(UserCheck {
            name: "app".to_owned(),
            exists: yes(),
            uid: Some(Matcher::AtLeast(1000.0)),
            gid: None,
            groups: Some(groups),
            home: Some(words("/home/app")),
            shell: Some(words("/bin/sh")),
        }),
        What::Group(GroupCheck { name: "app".to_owned(), exists: yes(), gid: Some(Matcher::Number(1000.0)) }),
        What::Package(PackageCheck {
            name: "libc6".to_owned(),
            installed: yes(),
            versions: Some(Matcher::Includes(vec![Matcher::Number(2.36), words("1.2.3")])),
        }),
    ];
    let whats: Vec<What> = spec.checks.iter().map(|check| check.what.clone()).collect();
    assert_eq!(whats, expected);
    assert_eq!(spec.checks[1].name.as_deref(), Some("Command: version"));
}

#[test]
fn nothing_is_started_for_what_the_image_shows() {
    let still = "file: {/x: {exists: true}}\nuser: {a: {exists: false}}\ngroup: {a: {exists: false}}\n";
    let spec = read(still);
    assert_eq!(spec.start, None);
    assert!(spec.checks.iter().all(|check| !matches!(&check.what, What::File(file) if file.live)));
    let spec = read(&format!("{still}process: {{a: {{running: true}}}}"));
    assert!(matches!(spec.start, Some(Start::Service(_))));
    assert!(spec.checks.iter().any(|check| matches!(&check.what, What::File(file) if file.live)));
    let skipped = read(&format!("{still}process: {{a: {{running: true, skip: true}}}}"));
    assert_eq!(skipped.start, None);
    assert_eq!(
        skipped.checks.iter().map(|check| check.skip).collect::<Vec<_>>(),
        [false, false, false, true]
    );
    let slow = "command: {a: {exit-status: 0, timeout: 3600000}}";
    assert_eq!(read(slow).within, Duration::from_secs(3600));
}

/// Matchers in the place of a file's `contents`, which is text.
#[test]
fn matchers_of_text() {
    for (written, expected) in [
        ("foo", words("foo")),
        ("'42'", words("42")),
        ("42", Matcher::Number(42.0)),
        ("yes", words("yes")),
        ("{equal: a}", Matcher::Equals("a".into())),
        ("{have-suffix: a}", Matcher::Suffix("a".to_owned())),
        ("{contain-substring: a}", contains("a")),
        (r"{match-regexp: '^\d{2}$'}", regex(r"^\d{2}$")),
        ("{have-len: 3}", Matcher::Length(Box::new(Matcher::Number(3.0)))),
        ("{have-patterns: [a, '!b']}", Matcher::All(vec![line(contains("a")), not(line(contains("b")))])),
        ("{contain-element: {have-prefix: a}}", Matcher::Element(Box::new(Matcher::Prefix("a".to_owned())))),
        ("{contain-elements: [a, 1]}", Matcher::Includes(vec![words("a"), Matcher::Number(1.0)])),
        ("{and: [{ge: 1.5}, {le: -2}]}", Matcher::All(vec![Matcher::AtLeast(1.5), Matcher::AtMost(-2.0)])),
        ("{not: {or: [a, {lt: 1}]}}", not(Matcher::Any(vec![words("a"), Matcher::Less(1.0)]))),
    ] {
        let What::File(file) = one(&format!("file: {{/x: {{exists: true, contents: {written}}}}}")).what
        else {
            panic!()
        };
        assert_eq!(file.content, [expected], "{written}");
    }
}

#[test]
fn what_cannot_be_judged_is_refused_with_its_place() {
    let deep = format!("file: {{/x: {{exists: true, size: {}5{}}}}}", "{not: ".repeat(70), "}".repeat(70));
    let many = format!("file: {{/x: {{exists: true, contents: [{}]}}}}", "a,".repeat(257));
    for (text, expected) in [
        ("", "1:1: this goss file holds no test"),
        ("file: {}", "this goss file holds no test"),
        ("- a", "1:1: `a goss file` must be a map"),
        ("a: 1\n\n # é{{.Vars}}", "3:5: imgbuild does not fill in goss' templates"),
        ("file: {/x: {exists: true}}\nservice: {a: {}}", "2:1: imgbuild cannot judge goss' `service`"),
        ("gossfile: {a.yaml: {}}", "imgbuild cannot judge goss' `gossfile`"),
        ("dns: {a: {}}", "cannot judge goss' `dns`"),
        ("proces: {a: {}}", "1:1: unknown resource `proces`; did you mean `process`?"),
        ("file: [/x]", "1:7: `file` must be a map"),
        ("file: {/x: {mode: '0644'}}", "1:12: `exists` is missing"),
        (
            "file:\n  /x:\n    exists: true\n    mod: '0644'",
            "4:5: unknown key `mod` in a file resource; did you mean `mode`?",
        ),
        ("file: {/x: {exists: yes}}", "1:21: must be true or false"),
        ("file: {/x: {exists: 1}}", "must be true or false"),
        ("file: {/x: {exists: {or: [true, false]}}}", "`exists` fits both true and false"),
        ("file: {/x: {exists: {and: [true, false]}}}", "`exists` fits neither true nor false"),
        ("file: {x: {exists: true}}", "1:8: the path of a file must begin with /"),
        ("file: {~root: {exists: true}}", "must begin with /"),
        ("file: {/x/../proc/1/comm: {exists: true}}", "does not show what is in /proc"),
        ("file: {/x: {exists: true, mode: 0644}}", "0644 without quotes is an octal number"),
        ("file: {/x: {exists: true, owner: true}}", "true is a truth value"),
        ("file: {/x: {exists: true, owner: [root]}}", "what is looked at is text, no list"),
        (
            "file: {/x: {exists: true, filetype: link}}",
            "its `filetype` is none that there is: file, directory",
        ),
        ("file: {/x: {exists: true, filetype: {not: file}}}", "a single `filetype`"),
        ("file: {/x: {exists: true, contents: [1]}}", "`a pattern` takes text"),
        ("file: {/x: {exists: true, contents: ['/(/']}}", "not a regular expression"),
        ("file: {/x: {exists: true, contents: ['/']}}", "lacks its second /"),
        ("file: {/x: {exists: true, contents: {not: [a]}}}", "put it behind `have-patterns`"),
        (
            "file: {/x: {exists: true, contents: {consist-of: [a]}}}",
            "`consist-of` looks at a list, not at text",
        ),
        ("file: {/x: {exists: true, contents: {contain-element: [a]}}}", "use `contain-elements`"),
        ("file: {/x: {exists: true, contents: {have-key: a}}}", "`have-key` looks at a map"),
        ("file: {/x: {exists: true, contents: {gjson: {a: b}}}}", "does not have goss' matcher `gjson`"),
        (
            "package: {x: {installed: true, versions: {semver-constraint: '>1'}}}",
            "matcher `semver-constraint`",
        ),
        ("package: {x: {installed: true, versions: [2020-01-02]}}", "is a date to YAML"),
        ("package: {x: {installed: true, versions: {equal: [a]}}}", "use `consist-of`"),
        ("file: {/x: {exists: true, size: {gt: '5'}}}", "`gt` takes a number"),
        ("file: {/x: {exists: true, size: {gt: 1, lt: 5}}}", "1:41: only one matcher can stand here"),
        ("file: {/x: {exists: true, size: {}}}", "a matcher is missing"),
        ("file: {/x: {exists: true, size: {not: ~}}}", "a value is missing"),
        (
            "file: {/x: {exists: true, size: {have-len: 1}}}",
            "`have-len` looks at text or a list, not at a number",
        ),
        ("file: {/x: {exists: true, size: {equal: '1'}}}", "which this never equals"),
        ("file: {/x: {exists: true, size: {great: 1}}}", "unknown matcher `great`"),
        ("port: {tcp:0: {listening: true}}", "0 is no port"),
        ("port: {sctp:1: {listening: true}}", "sctp is none of tcp"),
        ("addr: {localhost: {reachable: true}}", "its address lacks a port"),
        ("addr: {'unix:///x:1': {reachable: true}}", "by tcp, not by unix"),
        ("addr: {'udp://db:1': {reachable: true}}", "by tcp, which alone tells"),
        ("addr: {'a:1': {reachable: true, local-address: b}}", "`local-address`"),
        ("http: {'https://localhost': {status: 200}}", "by http only, not by https"),
        ("http: {'http://example.org/': {status: 200}}", "only the container itself"),
        ("http: {'localhost:80': {status: 200}}", "by http only, not by localhost"),
        ("http: {'http://u:p@localhost/': {status: 200}}", "`username` and `password`"),
        ("http: {'http://localhost/': {status: 200, ca-file: /x}}", "it has no `ca-file`"),
        ("http: {'http://localhost/': {status: 200, request-headers: [a]}}", "must be `Name: value`"),
        ("http: {'http://localhost/': {status: 200, request-headers: [\"a: b\\nc: d\"]}}", "cannot be sent"),
        ("http: {'http://localhost/': {status: 200, method: 'A B'}}", "is no method"),
        ("http: {'http://localhost/': {status: 200, timeout: -1}}", "`timeout` is in milliseconds"),
        ("command: {a: {exit-status: 0, retry: 3}}", "unknown key `retry`"),
        ("command: {a: {exec: [a], exit-status: 0}}", "`exec` must be text"),
        (&deep, "64 deep"),
        (&many, "at most 256"),
    ] {
        let problem = refused(text);
        assert!(problem.contains(expected) && !problem.contains('\n'), "{text}\n{problem}\n{expected}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = goss("x", &bytes);
    }

    #[test]
    fn any_attribute_is_read(
        attribute in "exists|mode|size|contents|filetype|skip|title|path|contains",
        value in r#"[\[\]{}:, "'a-e0-9!/\\~-]{0,16}"#,
    ) {
        let _ = goss("x", format!("file:\n  /x:\n    exists: true\n    {attribute}: {value}\n").as_bytes());
    }

    /// A pattern says of a text what its words say.
    #[test]
    fn patterns_are_kept(part in "[ab]{1,2}", text in "[ab\n]{0,8}") {
        let file = |pattern: &str| match one(&format!("file: {{/x: {{exists: true, contents: ['{pattern}']}}}}")).what {
            What::File(file) => file.content[0].text("it", text.as_bytes()).is_ok(),
            other => panic!("{other:?}"),
        };
        let there = text.lines().any(|line| line.contains(&part));
        prop_assert_eq!(file(&part), there);
        prop_assert_eq!(file(&format!("/{part}/")), there);
        prop_assert_eq!(file(&format!("!{part}")), !there);
        prop_assert_eq!(file(&format!("!/{part}/")), !there);
    }
}
