//! For each practice that only a running container shows, an image that keeps it and one that breaks it, on a real engine.

#![cfg(test)]

mod support;

use std::collections::BTreeSet;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::sync::Mutex;
use std::thread;

use serde_json::Value;
use support::lab::Lab;

/// Images under way at once: a start costs the engine more than the machine.
const AT_ONCE: usize = 3;

/// A service that ends when it is asked to, as a shell that waits for its server does.
const SERVE: &str = "#!/bin/sh\n\
    trap 'kill $server; exit 0' INT TERM\n\
    httpd -f -p ${PORT:-8080} -h /www &\n\
    server=$!\n\
    echo listening\n";
const HEALTH: &str =
    "HEALTHCHECK CMD [\"wget\", \"-q\", \"-O\", \"/dev/null\", \"http://127.0.0.1:8080/\"]\n";

/// Ends as what is killed, where the container may not use 128 MB.
const UNLESS_128_MB: &str = "\nlimit=$(cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null)\n\
    [ \"$limit\" -ge 128000000 ] || exit 137\n";

/// An image, and what has to be found of it.
struct Case {
    name: &'static str,
    /// Behind `FROM`.
    dockerfile: String,
    /// Below `[image]`, and further tables.
    config: &'static str,
    /// A script at `/start`, which is the command where there is one.
    script: String,
    expected: &'static [&'static str],
    /// What the message or the evidence of the first of them says.
    says: &'static str,
    exit: i32,
}

impl Case {
    /// An image that keeps all of them.
    fn kept(name: &'static str, dockerfile: &str, script: &str) -> Case {
        Case {
            name,
            dockerfile: dockerfile.to_owned(),
            config: "",
            script: script.to_owned(),
            expected: &[],
            says: "",
            exit: 0,
        }
    }

    /// A service on port 8080 with something before it is waited for.
    fn service(
        name: &'static str,
        more: &str,
        expected: &'static [&'static str],
        says: &'static str,
    ) -> Case {
        let script = format!("{SERVE}{more}\nwait $server\n");
        let dockerfile = format!("EXPOSE 8080\n{HEALTH}");
        Case { expected, says, ..Case::kept(name, &dockerfile, &script) }
    }

    fn with(self, config: &'static str, exit: i32) -> Case {
        Case { config, exit, ..self }
    }
}

/// A question for `name`, asked of the container's resolver alone: its answer does not matter.
fn question(name: &str) -> String {
    format!(
        "ns=$(sed -n 's/^nameserver //p' /etc/resolv.conf | head -n 1)\ntimeout 0.2 nslookup {name} $ns >/dev/null 2>&1\n"
    )
}

fn cases() -> Vec<Case> {
    let slow = "[[image.test]]\nname = \"starts\"\nready = { within = \"2s\", settle = \"1s\" }\n";
    vec![
        Case::service("kept", "", &[], ""),
        Case::kept(
            "master-and-workers",
            "EXPOSE 8080\n",
            "#!/bin/sh\ntrap 'kill $a $b; exit 0' TERM\nhttpd -f -p 8080 & a=$!\nhttpd -f -p 127.0.0.1:8081 & b=$!\nwait\n",
        ),
        Case::kept(
            "wrapper-with-exec",
            "EXPOSE 8080\nSTOPSIGNAL SIGKILL\n",
            "#!/bin/sh\nexec httpd -f -p 8080\n",
        ),
        Case::kept("job", "", "#!/bin/sh\necho done\n"),
        Case::kept(
            "not-root",
            &format!("EXPOSE 8080\nUSER 65534\n{HEALTH}"),
            &format!("{SERVE}wait $server\n"),
        ),
        Case::kept(
            "static-binary",
            "FROM scratch\nCOPY --from=0 /bin/busybox /httpd\nEXPOSE 8080\nSTOPSIGNAL SIGKILL\nCMD [\"/httpd\", \"-f\", \"-p\", \"8080\"]\n",
            "",
        ),
        Case {
            expected: &["IMG901"],
            says: "3",
            exit: 6,
            ..Case::kept("ends", "EXPOSE 8080\n", "#!/bin/sh\nsleep 0.3\necho no database\nexit 3\n")
        },
        Case {
            dockerfile: "EXPOSE 8080\nHEALTHCHECK CMD [\"sh\", \"-c\", \"echo not yet; exit 1\"]\n"
                .to_owned(),
            ..Case::service("never-healthy", "", &["IMG902"], "not yet").with(slow, 6)
        },
        Case {
            dockerfile: "EXPOSE 8080\nHEALTHCHECK CMD [\"true\"]\n".to_owned(),
            ..Case::service("cannot-fail", "", &["IMG903"], "")
        },
        Case {
            dockerfile: format!(
                "RUN echo 'app:x:0:0::/:/bin/sh' >>/etc/passwd\nUSER app\nEXPOSE 8080\n{HEALTH}"
            ),
            ..Case::service("not-the-user", "", &["IMG904"], "app")
        },
        Case {
            dockerfile: format!("EXPOSE 8080\n{HEALTH}"),
            ..Case::service("two-services", "syslogd -n -O /dev/null &", &["IMG905"], "syslogd")
        },
        Case {
            dockerfile: format!(
                "RUN printf '::respawn:/bin/httpd -f -p 8080 -h /www\\n' >/etc/inittab\nEXPOSE 8080\n{HEALTH}CMD [\"init\"]\n"
            ),
            script: String::new(),
            ..Case::service("init", "", &["IMG906"], "init")
        },
        Case::service(
            "log-file",
            "mkdir -p /var/log; while :; do echo request >>/var/log/app.log; sleep 0.1; done & server=$!",
            &["IMG907"],
            "/var/log/app.log",
        ),
        Case::service("errors-on-stdout", "echo 'ERROR: cannot read the cache'", &["IMG908"], "cache"),
        Case::service("data", "echo data >/srv.db", &["IMG909"], "/srv.db"),
        Case {
            dockerfile: format!("VOLUME /data\nEXPOSE 8080\n{HEALTH}"),
            ..Case::service("data-in-a-volume", "echo data >/data/db", &[], "")
        },
        Case::service("writable-root", "mkdir -p /var/cache/app || exit 1", &["IMG910"], "")
            .with("read-only = true\n", 1),
        Case::service("read-only-root", "echo x >/tmp/x || exit 1", &[], "").with("read-only = true\n", 0),
        Case {
            script: format!("{}wait\n", SERVE.replace("'kill $server; exit 0'", "''")),
            ..Case::service("deaf", "", &["IMG911"], "SIGTERM")
        },
        Case::service(
            "stale-pid-file",
            "[ ! -e /run/app.pid ] || { echo 'already running: /run/app.pid'; exit 1; }; mkdir -p /run; touch /run/app.pid",
            &["IMG912"],
            "pid",
        ),
        Case::service("undeclared-port", "httpd -p 9090", &["IMG913"], "9090"),
        Case {
            dockerfile: format!("EXPOSE 8080 8443\n{HEALTH}"),
            ..Case::service("nothing-listens", "", &["IMG914"], "8443")
        },
        Case::service("downloads", &question("pypi.org"), &["IMG915"], "pypi.org"),
        Case::service(
            "needs-its-database",
            &format!(
                "{}[ \"$ns\" != 127.0.0.1 ] || {{ echo no database; exit 1; }}",
                question("db.example.test")
            ),
            &["IMG916"],
            "db.example.test",
        ),
        Case {
            script: "#!/bin/sh\nexec dd if=/dev/zero bs=100M of=/dev/null\n".to_owned(),
            ..Case::service("out-of-memory", "", &["IMG901", "IMG917"], "")
        }
        .with("[[image.test]]\nname = \"small\"\nmemory = \"32MB\"\n", 6),
        // As a kill for memory of which the engine does not know looks.
        Case {
            script: format!("{}wait $server\n", SERVE.replacen('\n', UNLESS_128_MB, 1)),
            ..Case::service("out-of-memory-unsaid", "", &["IMG901", "IMG917"], "memory")
        }
        .with("[[image.test]]\nname = \"small\"\nmemory = \"32MB\"\n", 6),
        Case {
            script: "#!/bin/sh\nexit 137\n".to_owned(),
            ..Case::service("killed-in-any-case", "", &["IMG901"], "137")
        }
        .with("[[image.test]]\nname = \"small\"\nmemory = \"32MB\"\n", 6),
        Case {
            dockerfile: "EXPOSE 8080\nSTOPSIGNAL SIGKILL\n".to_owned(),
            script: "#!/bin/sh\nhttpd -p 8080 -h /www\n( while :; do sleep 1000 & done ) 2>/dev/null\nexec sleep 1000\n"
                .to_owned(),
            ..Case::service("forks", "", &["IMG918"], "512")
        },
        Case::service("needs-rights", "mkdir -p /opt/x && chown 1:1 /opt/x || exit 1", &["IMG919"], "")
            .with("hardened = true\n", 1),
    ]
}

/// The findings on running containers of one image, as `CODE: message evidence`.
fn judge(lab: &Lab, case: &Case) -> Vec<String> {
    let image = format!("{}-{}", lab.name(), case.name);
    let repo = lab.repo(case.name);
    let start = if case.script.is_empty() { "" } else { "COPY start /start\n" };
    let command = if case.script.is_empty() { "" } else { "CMD [\"/start\"]\n" };
    repo.write("start", &case.script);
    repo.write("www/index.html", "hello\n");
    repo.write(
        "Dockerfile",
        &format!("FROM {}\nCOPY www /www\n{start}{command}{}", lab.base, case.dockerfile),
    );
    let path = repo.path.to_str().expect("path");
    let executable = Permissions::from_mode(0o755);
    std::fs::set_permissions(repo.path.join("start"), executable).expect("start");
    lab.docker(&["build", "-q", "--network", "none", "-t", &image, path]);
    repo.write("imgbuild.toml", &format!("schema = 1\n[image]\n{}", case.config));
    let ran = repo.imgbuild(&["test", &image, "--probes", "full", "--format", "json"]).run();
    let report = ran.json();
    let told = || {
        format!(
            "{}: {}\n{}",
            case.name,
            ran.stderr,
            serde_json::to_string_pretty(&report["rules_skipped"]).unwrap()
        )
    };
    assert_eq!(ran.code, Some(case.exit), "{}", told());
    let run = report["run"].as_str().expect("run");
    assert!(lab.owned(run).is_empty(), "{}: left on the engine", case.name);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let findings = report["findings"].as_array().expect("findings").iter();
    let running = findings.filter(|f| text(&f["rule"]).starts_with("IMG9") && f["rule"] != "IMG920");
    let found: Vec<String> = running
        .map(|f| format!("{}: {} {}", text(&f["rule"]), text(&f["message"]), text(&f["evidence"])))
        .collect();
    let codes: BTreeSet<&str> = found.iter().filter_map(|line| line.split(':').next()).collect();
    let expected: BTreeSet<&str> = case.expected.iter().copied().collect();
    assert_eq!(codes, expected, "{found:#?}\n{}", told());
    if let Some(first) = case.expected.first() {
        let line = found.iter().find(|line| line.starts_with(first)).expect("the finding");
        assert!(line.contains(case.says), "{}: {line}", case.name);
    }
    found
}

#[test]
fn images_that_keep_a_practice_and_images_that_break_it() {
    let lab = Lab::new("practice");
    lab.docker(&["pull", "-q", &lab.base]);
    let (cases, failed) = (Mutex::new(cases().into_iter()), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some(case) = cases.lock().unwrap().next() else { break };
                    let judged =
                        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| judge(&lab, &case)));
                    if let Err(cause) = judged {
                        let text = cause.downcast_ref::<String>().cloned().unwrap_or_default();
                        failed.lock().unwrap().push(format!("── {}\n{text}", case.name));
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
