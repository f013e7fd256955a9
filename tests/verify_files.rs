//! What an image holds, looked at on a real engine without starting anything; and the processes, ports and addresses of
//! one that runs.

#![cfg(test)]

mod support;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use imgbuild::engine::{Endpoint, Engine, Keeper, Owner};
use imgbuild::event::Events;
use imgbuild::expect::{
    AddressCheck, Check, ContainerOptions, Executor, FileCheck, FileKind, GroupCheck, Health, ImageCheck,
    LicenseCheck, Matcher, Misfit, ModeWanted, Mount, PackageCheck, Pattern, PortCheck, ProbeSet,
    ProcessCheck, Protocol, ReadySpec, Start, TestSpec, UserCheck, What,
};
use imgbuild::smoke::{self, ProbePlan, Subject};
use serde_json::json;
use support::lab::Lab;

/// Puts one test with `checks` to `image`, and gives the misfits of each. Nothing is left.
async fn misfits(lab: &Lab, image: &str, start: Option<&str>, checks: Vec<What>) -> Vec<Vec<String>> {
    let ready = ReadySpec {
        health: Health::Ignored,
        http: None,
        log: Some(Pattern::new("^ready").expect("pattern")),
        ports: Vec::new(),
        settle: Duration::ZERO,
        within: Duration::from_secs(60),
    };
    let count = checks.len();
    let test = TestSpec {
        name: "looks".to_owned(),
        start: start.map(|_| Start::Service(ready)),
        container: ContainerOptions {
            cmd: start.map(|line| ["sh", "-c", line].map(str::to_owned).to_vec()),
            mounts: vec![Mount::Tmpfs("/scratch".to_owned(), String::new())],
            ..ContainerOptions::default()
        },
        services: Vec::new(),
        checks: checks.into_iter().map(Check::new).collect(),
        within: Duration::from_secs(120),
    };
    let probes = ProbePlan {
        set: ProbeSet::Off,
        kind: None,
        read_only: false,
        hardened: false,
        companions: BTreeSet::new(),
        like: None,
        reference: "image".to_owned(),
    };
    let socket = lab.engine.strip_prefix("unix://").expect("a socket");
    let engine = Engine::connect(&Endpoint::unix(Path::new(socket), "the test")).await.expect("engine");
    let image = engine.require_image(image).await.expect("image");
    let owner = Owner::current(lab.name(), Duration::from_secs(600)).expect("owner");
    let keeper = Keeper::begin(engine, owner, &lab.path("state")).expect("keeper");
    let subject = Subject { tests: vec![test], probes };
    let put = Box::pin(smoke::put(&keeper, &image, &subject, &Events::discard())).await;
    let left = keeper.finish().await.expect("finish").failed;
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(lab.owned(lab.name()), BTreeSet::new(), "left on the engine");
    let result = put.expect("an engine that works").tests()[0].clone();
    assert_eq!(result.stopped, None, "{result:?}");
    assert_eq!(result.containers.len(), usize::from(start.is_some()), "{result:?}");
    let begun = result.checks.len() - count;
    assert!(result.checks[..begun].iter().all(|check| check.misfits.is_empty()), "{result:?}");
    let said = |misfits: &[Misfit]| misfits.iter().map(Misfit::sentence).collect();
    result.checks[begun..].iter().map(|check| said(&check.misfits)).collect()
}

/// An image of the base and these instructions.
fn built(lab: &Lab, instructions: &str) -> String {
    lab.docker(&["pull", "-q", &lab.base]);
    let folder = lab.path("build");
    std::fs::create_dir_all(&folder).expect("folder");
    std::fs::write(folder.join("Dockerfile"), format!("FROM {}\n{instructions}", lab.base)).expect("write");
    lab.docker(&["build", "-q", "--network", "none", folder.to_str().expect("path")])
}

/// Each check with all that it must say, in one run.
async fn all(lab: &Lab, image: &str, start: Option<&str>, cases: Vec<(What, &[&str])>) {
    let (checks, said): (Vec<What>, Vec<&[&str]>) = cases.into_iter().unzip();
    let titles: Vec<String> = checks.iter().map(|what| format!("{what:?}")).collect();
    let found = misfits(lab, image, start, checks).await;
    for ((title, said), found) in titles.iter().zip(said).zip(found) {
        assert_eq!(found, said, "{title}");
    }
}

fn equals(value: serde_json::Value) -> Option<Matcher> {
    Some(Matcher::Equals(value))
}

fn file(path: &str, change: impl FnOnce(&mut FileCheck)) -> What {
    let mut check = FileCheck { path: path.to_owned(), ..FileCheck::default() };
    change(&mut check);
    What::File(check)
}

fn go(text: &str) -> Option<ModeWanted> {
    Some(ModeWanted::Go(text.to_owned()))
}

const TREE: &str = "ENV APP=/srv/app OTHER=x\n\
    RUN echo 'app:x:1234:1235::/srv/app:/bin/sh' >>/etc/passwd && echo 'web:x:1235:' >>/etc/group \
    && echo 'extra:x:1236:other,app' >>/etc/group \
    && mkdir -p /srv/app/data && printf 'hello\\nworld\\n' >/srv/app/file && chmod 640 /srv/app/file \
    && chown 1234:1235 /srv/app/file && chown 77:78 /srv/app/data && chmod 1777 /srv/app/data \
    && cp /srv/app/file /srv/app/setuid && chmod 4755 /srv/app/setuid \
    && ln -s file /srv/app/link && ln -s /srv/app/link /srv/app/second && ln -s app/ /srv/folder \
    && ln -s nowhere /srv/app/dangling && ln -s b /srv/a && ln -s a /srv/b && ln -s ../../../../etc/passwd /srv/up \
    && mkfifo /srv/app/fifo && mknod /srv/app/null c 1 3 && chmod 666 /srv/app/null \
    && head -c 11000000 /dev/zero >/srv/app/big && : >/srv/app/empty && printf '\\377\\376x' >/srv/app/bytes\n";

/// Of 11,000,000 zeros.
const SHA256_OF_ZEROS: &str = "3d54e6c1aa5d57cdcfc8800be156e67f3f74af9f7dc597f1e122c2f1eb864e46";

#[tokio::test]
async fn files_of_an_image_without_starting_it() {
    let lab = Lab::new("files");
    let image = built(&lab, TREE);
    let missing = |path: &str| file(path, |check| check.exists = Some(true));
    let absent = |path: &str| file(path, |check| check.exists = Some(false));
    let mode = |path: &str, text: &str| file(path, |check| check.mode = go(text));
    let content = |path: &str, text: &str| {
        file(path, |check| check.content = vec![Matcher::Matches(Pattern::new(text).expect("pattern"))])
    };
    let kind = |path: &str, kind: FileKind| file(path, |check| check.kind = Some(kind));
    let cases: Vec<(What, &[&str])> = vec![
        (missing("/srv/app/file"), &[]),
        (missing("/srv/app/none"), &["/srv/app/none: expected something, got nothing"]),
        (missing("/srv/app/file/below"), &["/srv/app/file/below: expected something, got nothing"]),
        (absent("/srv/app/none"), &[]),
        (absent("/none/none"), &[]),
        (absent("/srv/app/link"), &["/srv/app/link: expected nothing, got a symbolic link"]),
        (file("/srv/app/none", |_| ()), &[]),
        (missing("/srv/app/dangling"), &[]),
        (missing("/"), &[]),
        (kind("/", FileKind::Directory), &[]),
        (
            file("/srv/app/dangling", |check| {
                check.exists = Some(true);
                check.follow = true;
            }),
            &["/srv/app/dangling: expected something, got nothing"],
        ),
        // Folders on the way that are links, variables, slashes and dots.
        (content("/srv/folder/file", "^hello\n"), &[]),
        (
            file("$APP/../app//${UNSET}file", |check| {
                check.expand = true;
                check.exists = Some(true);
            }),
            &[],
        ),
        (missing("/srv/$APP"), &["/srv/$APP: expected something, got nothing"]),
        (mode("/srv/app/file", "-rw-r-----"), &[]),
        (
            mode("/srv/app/file", "-rw-r--r--"),
            &["mode of /srv/app/file: expected -rw-r--r--, got -rw-r-----"],
        ),
        (mode("/srv/app/setuid", "urwxr-xr-x"), &[]),
        (mode("/srv/app/data", "dtrwxrwxrwx"), &[]),
        (mode("/srv/app/link", "Lrwxrwxrwx"), &[]),
        (mode("/srv/app/fifo", "prw-r--r--"), &[]),
        (mode("/srv/app/null", "Dcrw-rw-rw-"), &[]),
        (
            file("/srv/app/link", |check| {
                check.follow = true;
                check.mode = Some(ModeWanted::Bits(0o640));
                check.kind = Some(FileKind::File);
            }),
            &[],
        ),
        (
            file("/srv/app/setuid", |check| check.mode = Some(ModeWanted::Bits(0o755))),
            &["mode of /srv/app/setuid: expected 0755, got 4755"],
        ),
        (
            file("/srv/app/file", |check| {
                check.mode = Some(ModeWanted::Octal(Matcher::Equals("0640".into())));
            }),
            &[],
        ),
        (kind("/srv/app/fifo", FileKind::Fifo), &[]),
        (kind("/srv/app/null", FileKind::CharacterDevice), &[]),
        (kind("/srv/app/link", FileKind::File), &["/srv/app/link: expected a file, got a symbolic link"]),
        (file("/srv/app/setuid", |check| check.executable_by = Some(Executor::Other)), &[]),
        (
            file("/srv/app/file", |check| check.executable_by = Some(Executor::Any)),
            &["/srv/app/file: expected executable by somebody, got -rw-r-----"],
        ),
    ];
    all(&lab, &image, None, cases).await;

    let cases: Vec<(What, &[&str])> = vec![
        (
            file("/srv/app/file", |check| {
                check.uid = equals(1234.into());
                check.gid = equals(1235.into());
                check.owner = equals("app".into());
                check.group = equals("web".into());
                check.size = equals(12.into());
                check.md5 = equals("0f723ae7f9bf07744445e93ac5595156".into());
                check.content =
                    vec![Matcher::Equals("hello\nworld\n".into()), Matcher::Contains("world".into())];
            }),
            &[],
        ),
        (
            file("/srv/app/data", |check| {
                check.owner = equals("77".into());
                check.group = equals("root".into());
            }),
            &["group of /srv/app/data: expected root, got 78"],
        ),
        (
            file("/srv/app/link", |check| {
                check.link = equals("file".into());
                check.uid = equals(0.into());
            }),
            &[],
        ),
        (
            file("/srv/app/second", |check| check.link = equals("/srv/app/file".into())),
            &["target of the link /srv/app/second: expected /srv/app/file, got /srv/app/link"],
        ),
        (
            file("/srv/app/file", |check| check.link = equals("x".into())),
            &["target of the link /srv/app/file: expected x, got nothing"],
        ),
        (content("/srv/app/second", "world"), &[]),
        (content("/srv/up", "(?m)^app:"), &[]),
        (content("/srv/app/bytes", "(?-u)^\\xff\\xfex$"), &[]),
        (content("/srv/app/empty", "^$"), &[]),
        (
            content("/srv/app/file", "bye"),
            &["content of /srv/app/file: expected a match of /bye/, got hello\nworld\n"],
        ),
        (content("/srv/app/data", "x"), &["content of /srv/app/data: expected a file, got a folder"]),
        (
            content("/srv/app/dangling", "x"),
            &["content of /srv/app/dangling: expected a file, got a link that leads nowhere"],
        ),
        (content("/srv/app/fifo", "x"), &["content of /srv/app/fifo: expected a file, got a named pipe"]),
        (
            content("/srv/app/big", "x"),
            &[
                "content of /srv/app/big: expected to be looked at, got cannot be checked: 11000000 bytes, and no more \
             than 10485760 are judged",
            ],
        ),
        (content("/srv/app/none", "x"), &["/srv/app/none: expected something, got nothing"]),
        (file("/srv/app/big", |check| check.sha256 = equals(SHA256_OF_ZEROS.into())), &[]),
        (
            file("/srv/app/empty", |check| {
                check.sha512 = equals("no".into());
            }),
            &[
                "sha512 of /srv/app/empty: expected no, got cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce\
               47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
            ],
        ),
    ];
    all(&lab, &image, None, cases).await;

    // A link that leads in a circle proves nothing, in whatever words.
    let circle = file("/srv/a", |check| {
        check.exists = Some(true);
        check.follow = true;
    });
    let long = file(&format!("/{}", "x".repeat(5000)), |check| check.exists = Some(true));
    let inside = file("/srv/a/x", |check| check.exists = Some(true));
    for found in misfits(&lab, &image, None, vec![circle, content("/srv/b", "x"), long, inside]).await {
        assert_eq!(found.len(), 1, "{found:?}");
    }
}

fn package(name: &str, installed: Option<bool>, versions: Option<&[&str]>) -> What {
    What::Package(PackageCheck {
        name: name.to_owned(),
        installed: installed.map(|value| Matcher::Equals(value.into())),
        versions: versions.map(|list| Matcher::Equals(json!(list))),
    })
}

fn user(name: &str, change: impl FnOnce(&mut UserCheck)) -> What {
    let mut check = UserCheck { name: name.to_owned(), ..UserCheck::default() };
    change(&mut check);
    What::User(check)
}

#[tokio::test]
async fn accounts_packages_and_configuration_of_an_image() {
    let lab = Lab::new("accounts");
    let status = "mkdir -p /var/lib/dpkg/status.d && printf 'Package: libc6\\nStatus: install ok installed\\n\
        Version: 2.36-9\\n\\nPackage: gone\\nStatus: deinstall ok config-files\\nVersion: 1\\n' >/var/lib/dpkg/status \
        && printf 'Package: tzdata\\nVersion: 2024a-1\\n' >/var/lib/dpkg/status.d/tzdata \
        && echo 'Package: fake' >/var/lib/dpkg/status.d/tzdata.md5sums";
    let image = built(&lab, &format!("{TREE}RUN {status}\nEXPOSE 80 53/udp\nLABEL a=1\nUSER app\n"));
    let cases: Vec<(What, &[&str])> = vec![
        (
            user("app", |check| {
                check.exists = equals(true.into());
                check.uid = equals(1234.into());
                check.gid = equals(1235.into());
                check.groups = equals(json!(["extra", "web"]));
                check.home = equals("/srv/app".into());
                check.shell = equals("/bin/bash".into());
            }),
            &["shell of user app: expected /bin/bash, got /bin/sh"],
        ),
        (user("nobody-at-all", |check| check.exists = equals(false.into())), &[]),
        (
            user("nobody-at-all", |check| check.uid = equals(5.into())),
            &["user nobody-at-all: expected one, got no such"],
        ),
        (
            What::Group(GroupCheck { name: "web".to_owned(), exists: None, gid: equals(7.into()) }),
            &["gid of group web: expected 7, got 1235"],
        ),
        (package("libc6", Some(true), Some(&["2.36-9"])), &[]),
        (
            package("tzdata", Some(true), Some(&["1"])),
            &[r#"versions of package tzdata: expected ["1"], got ["2024a-1"]"#],
        ),
        (package("gone", Some(false), None), &[]),
        (package("fake", Some(true), None), &["package fake: expected installed, got not installed"]),
        (package("libc6", Some(false), None), &["package libc6: expected not installed, got installed"]),
        (
            What::Image(Box::new(ImageCheck {
                env: vec![("APP".to_owned(), Matcher::Equals("/srv/app".into()))],
                labels: vec![("a".to_owned(), Matcher::Equals("2".into()))],
                exposed: vec!["80".to_owned(), "53/udp".to_owned()],
                unexposed: vec!["53/tcp".to_owned()],
                user: equals("app".into()),
                ..ImageCheck::default()
            })),
            &["label a: expected 2, got 1"],
        ),
    ];
    all(&lab, &image, None, cases).await;

    let image = built(
        &lab,
        "RUN mkdir -p /usr/lib/apk/db /lib/apk && ln -s /usr/lib/apk/db /lib/apk/db \
         && printf 'P:musl\\nV:1.2.5-r0\\n\\n' >/lib/apk/db/installed\n",
    );
    all(&lab, &image, None, vec![(package("musl", Some(true), Some(&["1.2.5-r0"])), &[])]).await;
    let image = built(&lab, "RUN mkdir -p /var/lib/rpm && : >/var/lib/rpm/rpmdb.sqlite\n");
    let rpm = "package musl: expected to be looked at, got cannot be checked: the image has a database of rpm, \
               /var/lib/rpm/rpmdb.sqlite, which cannot be read here";
    all(&lab, &image, None, vec![(package("musl", Some(false), None), &[rpm])]).await;
    let none = "package musl: expected to be looked at, got cannot be checked: the image has no database of dpkg, apk or rpm";
    all(&lab, &lab.base, None, vec![(package("musl", Some(false), None), &[none])]).await;
}

#[tokio::test]
async fn licences_of_an_image() {
    let lab = Lab::new("licences");
    let check = |debian: bool, files: &[&str]| {
        What::Licenses(LicenseCheck { debian, files: files.iter().map(|path| (*path).to_owned()).collect() })
    };
    let image = built(
        &lab,
        "RUN cd /usr && mkdir -p share/doc && cd share/doc && mkdir a b c d e libgnutls30 && echo MIT >a/copyright \
         && ln -s ../a/copyright b/copyright && echo 'the GNU Agpl' >c/copyright && ln c/copyright e/copyright \
         && echo WTFPL >libgnutls30/copyright && ln -s a f && echo GPL-3 >/LICENSE && echo wtfpl >/OTHER\n",
    );
    let cases: Vec<(What, &[&str])> = vec![
        (
            check(true, &[]),
            &[
                "/usr/share/doc/c/copyright: expected no AGPL, no WTFPL, got AGPL",
                "/usr/share/doc/d/copyright: expected there, got nothing",
                "/usr/share/doc/e/copyright: expected no AGPL, no WTFPL, got AGPL",
            ],
        ),
        (
            check(false, &["/LICENSE", "/OTHER", "/NONE", "/usr"]),
            &[
                "/OTHER: expected no AGPL, no WTFPL, got WTFPL",
                "/NONE: expected there, got nothing",
                "/usr: expected a file, got something else",
            ],
        ),
    ];
    all(&lab, &image, None, cases).await;
    let image = built(&lab, "RUN rm -rf /usr/share/doc\n");
    all(&lab, &image, None, vec![(check(true, &[]), &["/usr/share/doc: expected there, got nothing"])]).await;
}

fn port(protocol: Protocol, port: u16, listening: bool, everywhere: bool) -> What {
    let within = Duration::from_secs(if listening { 10 } else { 0 });
    What::Port(PortCheck { protocol, port, listening, everywhere, addresses: None, within })
}

#[tokio::test]
async fn processes_ports_addresses_and_files_of_a_running_container() {
    let lab = Lab::new("running");
    let image = built(&lab, TREE);
    let line = "echo new >/srv/new; echo hidden >/scratch/file; sleep 1000 & sleep 1001 & \
                (sleep 0.3; exec httpd -f -p 127.0.0.1:8081 -h /srv) & nc -ll -p 8080 -e true & \
                while ! grep -q :1F90 /proc/net/tcp /proc/net/tcp6; do :; done; echo ready; sleep 1002";
    let process = |name: &str, running: Option<bool>, count: Option<u32>, uid: Option<u32>| {
        let number = |value: Option<u32>| value.map(|value| Matcher::Equals(value.into()));
        What::Process(ProcessCheck {
            name: name.to_owned(),
            running: running.map(|value| Matcher::Equals(value.into())),
            count: number(count),
            uid: number(uid),
        })
    };
    let address = |host: &str, port: u16, reachable: bool| {
        What::Address(AddressCheck {
            protocol: "tcp".to_owned(),
            host: host.to_owned(),
            port,
            reachable: Matcher::Equals(reachable.into()),
            within: Duration::from_secs(5),
        })
    };
    let live = |path: &str| {
        file(path, |check| {
            check.live = true;
            check.exists = Some(true);
        })
    };
    let cases: Vec<(What, &[&str])> = vec![
        (live("/srv/new"), &[]),
        (file("/srv/new", |check| check.exists = Some(false)), &[]),
        (
            live("/scratch/file"),
            &[
                "/scratch/file: expected to be looked at, got cannot be checked: what is in /scratch of a running \
             container is seen from inside only",
            ],
        ),
        (
            live("/proc/1/status"),
            &[
                "/proc/1/status: expected to be looked at, got cannot be checked: what is in /proc of a running \
             container is seen from inside only",
            ],
        ),
        (port(Protocol::AnyTcp, 8080, true, true), &[]),
        // It listens a moment later.
        (port(Protocol::AnyTcp, 8081, true, false), &[]),
        (port(Protocol::AnyTcp, 8082, false, false), &[]),
        (port(Protocol::AnyUdp, 8080, false, false), &[]),
        (process("sleep", Some(true), Some(3), Some(0)), &[]),
        (process("nginx", Some(true), None, None), &["process nginx: expected running, got not running"]),
        (process("nginx", Some(false), None, None), &[]),
        (
            process("sleep", None, Some(2), Some(5)),
            &["number of processes sleep: expected 2, got 3", "uid of process sleep: expected 5, got 0"],
        ),
        (address("127.0.0.1", 8080, true), &[]),
        (address("127.0.0.1", 8082, true), &["tcp://127.0.0.1:8082: expected reachable, got not reachable"]),
    ];
    all(&lab, &image, Some(line), cases).await;
    let cases: Vec<(What, &[&str])> = vec![(
        What::Port(PortCheck {
            protocol: Protocol::AnyTcp,
            port: 8081,
            listening: true,
            everywhere: true,
            addresses: equals(json!(["0.0.0.0"])),
            within: Duration::from_millis(600),
        }),
        &[
            "port 8081/tcp: expected a listener on all addresses, got 127.0.0.1 only",
            r#"addresses of port 8081/tcp: expected ["0.0.0.0"], got ["127.0.0.1"]"#,
        ],
    )];
    all(&lab, &image, Some(line), cases).await;
}
