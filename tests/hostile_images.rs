//! Images that do harm, put to a real engine: a verdict in time, in bounded memory, in text that a terminal survives, and
//! nothing left.

#![cfg(test)]

mod support;

use std::collections::BTreeSet;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use support::lab::{Lab, Repo};
use support::private::PrivateEngine;

/// Images under way at once: a start costs the engine more than the machine.
const AT_ONCE: usize = 3;

/// The most memory that imgbuild may take, in bytes.
const MEMORY: u64 = 100 << 20;

/// No image may hold up a verdict for longer. The tests' own deadlines are far shorter; a busy machine needs the rest.
const VERDICT: Duration = Duration::from_secs(60);

/// A cancelled run is gone within this: 5 s of cleaning up, and what an engine under such a load adds before.
const GONE: Duration = Duration::from_secs(8);

/// Moves the cursor, writes the clipboard, sets the title, by 7-bit and by 8-bit controls; turns text around; gives
/// commands to CIs; ends a line early; is no text. For `printf`, as any program may print it.
const NASTY: &str = r"\033[2J\033[H\033]52;c;ZXZpbA==\007\033]0;owned\007\302\233\062J\302\235\062;x\007\342\200\256drow\n##[error]forged\n##vso[task.complete]\n::error::forged\n  ::stop-commands::x\nbell\a back\b\b del\177 nul\000 \377\376 cr\rover\n";

/// An image, and what has to be said of it.
struct Case {
    name: &'static str,
    /// Behind `FROM` and the script at `/start`.
    dockerfile: &'static str,
    /// The image's command.
    script: String,
    /// `imgbuild.toml` below its first line.
    config: &'static str,
    /// The exit codes of which one must come.
    exits: &'static [i32],
    says: &'static [&'static str],
}

fn case(
    name: &'static str,
    script: &str,
    config: &'static str,
    exit: i32,
    says: &'static [&'static str],
) -> Case {
    let exits = if exit == 0 { &[0][..] } else { &[6] };
    Case { name, dockerfile: ENDS_AT_ONCE, script: script.to_owned(), config, exits, says }
}

const ENDS_AT_ONCE: &str = "STOPSIGNAL SIGKILL\nCMD [\"/start\"]\n";
const STARTS: &str = "[[image.test]]\nname = \"starts\"\nready = { within = \"5s\", settle = \"1s\" }\n";

fn cases() -> Vec<Case> {
    let nasty = format!("#!/bin/sh\nprintf '{NASTY}'\n");
    vec![
        case(
            "unknown-port",
            "#!/bin/sh\nexec httpd -f -p 8080\n",
            "[[image.test]]\nname = \"asks\"\nready = { port = 8080, within = \"20s\" }\nports = [{ port = 81, within = \"1s\" }]\n\
             http = [{ port = 82, within = \"1s\" }]\n",
            6,
            &["81", "82"],
        ),
        Case {
            dockerfile: "CMD [\"/no/such/program\"]\n",
            ..case("missing-command", "", STARTS, 6, &["/no/such/program"])
        },
        case("missing-interpreter", "#!/no/such/shell\n", STARTS, 6, &["/start"]),
        Case {
            dockerfile: "FROM scratch\nCOPY start /start\n",
            ..case("no-command", "", STARTS, 6, &["command"])
        },
        case("no-format", "\u{1}\u{2}not a program", STARTS, 6, &["/start"]),
        case(
            "never-ends",
            "#!/bin/sh\nexec sleep 600\n",
            "[[image.test]]\nname = \"works\"\njob = true\nwithin = \"3s\"\n",
            6,
            &["did not end within 3 s"],
        ),
        Case {
            dockerfile: "CMD [\"/start\"]\n",
            ..case(
                "deaf",
                "#!/bin/sh\ntrap '' HUP INT QUIT TERM USR1 USR2 PIPE ALRM\nwhile :; do sleep 0.2; done\n",
                STARTS,
                0,
                &[],
            )
        },
        case(
            "floods-and-goes-on",
            "#!/bin/sh\nhead -c 30000000 /dev/zero | tr '\\0' x\necho\necho up\nexec sleep 600\n",
            "[[image.test]]\nname = \"flood\"\nready = { log = '^up$', within = \"40s\" }\n\
             run = [{ cmd = [\"sh\", \"-c\", \"head -c 30000000 /dev/zero\"], stdout = \"y\" }]\n",
            6,
            &["stdout"],
        ),
        case(
            "floods-without-end",
            "#!/bin/sh\nexec yes floods\n",
            "[[image.test]]\nname = \"flood\"\nready = { log = '^up$', within = \"3s\" }\n",
            6,
            &["/^up$/"],
        ),
        case("prints-controls-and-ends", &format!("{nasty}exit 4\n"), STARTS, 6, &["exit code 4"]),
        Case {
            dockerfile: "COPY start /www/nasty\nHEALTHCHECK CMD [\"sh\", \"-c\", \"sh /print; exit 1\"]\n\
                         RUN echo 'sed 1,2d /www/nasty' >/print\nCMD [\"httpd\", \"-f\", \"-p\", \"8080\", \"-h\", \"/www\"]\n",
            ..case(
                "prints-controls-everywhere",
                // Raw, as an answer, as the output of a command, and as what a probe says.
                "#\n#\n\u{1b}[2J\u{1b}]52;c;ZXZpbA==\u{7} \u{9b}2J \u{202e}drow\n##[error]forged\n::error::forged\nbell\u{7} nul\u{0}\n",
                "[[image.test]]\nname = \"asks\"\nready = { port = 8080, within = \"20s\" }\n\
                 http = [{ path = \"/nasty\", port = 8080, body = \"kind\", within = \"1s\" }]\n\
                 run = [{ cmd = [\"sh\", \"/print\"], stdout = \"kind\" }]\n\
                 files = [{ path = \"/www/nasty\", content = 'kind' }]\n\
                 [[image.test]]\nname = \"heals\"\nready = { healthcheck = true, within = \"3s\" }\n",
                6,
                &["asks", "heals", "kind"],
            )
        },
        case(
            "forks",
            "#!/bin/sh\nf() { f | f & }\nf\nexec sleep 600\n",
            "[[image.test]]\nname = \"works\"\njob = true\nwithin = \"3s\"\n",
            6,
            &["did not end within 3 s"],
        ),
        case(
            "ends-while-tests-run",
            "#!/bin/sh\nsleep 3\necho no more\nexit 7\n",
            "[[image.test]]\nname = \"asks\"\nready = { settle = \"100ms\" }\n\
             run = [{ cmd = [\"sleep\", \"30\"] }, { cmd = [\"true\"] }]\n",
            6,
            &["exit code 7", "no more"],
        ),
    ]
}

/// A repository with the image of `case`, which the engine then has by the name that comes with it.
fn built<'a>(lab: &'a Lab, case: &Case) -> (Repo<'a>, String) {
    let (repo, image) = (lab.repo(case.name), format!("{}-{}", lab.name(), case.name));
    repo.write("start", &case.script);
    std::fs::set_permissions(repo.path.join("start"), Permissions::from_mode(0o755)).expect("start");
    repo.write("Dockerfile", &format!("FROM {}\nCOPY start /start\n{}", lab.base, case.dockerfile));
    lab.docker(&["build", "-q", "--network", "none", "-t", &image, repo.path.to_str().expect("path")]);
    repo.write("imgbuild.toml", &format!("schema = 1\n{}", case.config));
    (repo, image)
}

/// Fails where `text` holds anything that a terminal or a CI would act on.
fn is_harmless(text: &str, told: &str) {
    let acts = |c: char| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c);
    assert_eq!(text.find(acts), None, "raw controls: {text:?}");
    for line in text.lines() {
        let forged =
            line.contains("##[error]") || line.contains("##vso[") || line.trim_start().starts_with("::");
        assert!(!forged, "a command to a CI: {line}\n{told}");
    }
}

fn judge(lab: &Lab, case: &Case) {
    let (repo, image) = built(lab, case);
    let report = repo.path.join("report.json");
    let arguments = ["test", &image, "--report", report.to_str().expect("path")];
    let (ran, peak, took) = repo.imgbuild(&arguments).measured();
    let told = format!("{}: {took:?}, {} MB\n{}\n{}", case.name, peak >> 20, ran.stdout, ran.stderr);
    is_harmless(&ran.stdout, &told);
    is_harmless(&ran.stderr, &told);
    assert!(ran.code.is_some_and(|code| case.exits.contains(&code)), "{told}");
    assert!(took < VERDICT, "{told}");
    assert!(peak > 0 && peak < MEMORY, "{told}");
    for text in case.says {
        assert!(ran.stderr.contains(text) || ran.stdout.contains(text), "{text:?} is not in: {told}");
    }
    let text = std::fs::read_to_string(&report).expect("report");
    let report: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let run = report["run"].as_str().expect("run");
    assert_eq!(lab.owned(run), BTreeSet::new(), "left on the engine: {told}");
    // Nor anything without our labels.
    let left = lab.docker(&["ps", "-aq", "--filter", &format!("ancestor={image}")]);
    assert_eq!(left, "", "left on the engine: {told}");
    // Its parents may be another case's.
    lab.docker(&["rmi", "-f", "--no-prune", &image]);
}

#[test]
fn images_that_do_harm_get_a_verdict_in_time() {
    let lab = Lab::new("harm");
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
    assert_eq!(lab.journals(), Vec::<String>::new(), "left in the journal");
}

#[test]
fn an_image_that_fills_the_disk_of_the_engine() {
    let engine = PrivateEngine::with("full", &["--disk", "60M"]);
    let lab = Lab::on("full", &engine.url);
    lab.docker(&["pull", "-q", &lab.base]);
    judge(
        &lab,
        &case(
            "fills",
            "#!/bin/sh\ndd if=/dev/zero of=/filled bs=1M 2>/dev/null || { echo 'cannot write /filled: disk full'; exit 5; }\n",
            "[[image.test]]\nname = \"fills\"\njob = true\nwithin = \"20s\"\n",
            6,
            &["exit code 5"],
        ),
    );
    // It stays full as long as the container is up, while further containers are started; those of probes would come
    // and go, and give space back. Whether that is seen as the image's fault depends on what there was no space for
    // first; either way it is told.
    let stays = case(
        "stays-full",
        "#!/bin/sh\nfor bs in 1M 4k 4k; do dd if=/dev/zero bs=$bs >>/filled 2>/dev/null; sync; done\ntouch /dev/shm/full\nexec sleep 600\n",
        "[image]\nprobes = \"off\"\n[[image.test]]\nname = \"fills\"\nready = { settle = \"100ms\" }\nwithin = \"40s\"\n\
         run = [{ cmd = [\"sh\", \"-c\", \"until [ -e /dev/shm/full ]; do sleep 0.1; done\"] }, \
         { cmd = [\"sh\", \"-c\", \"echo x >/fresh\"], fresh = true }]\n",
        6,
        &["no space left on device"],
    );
    judge(&lab, &Case { exits: &[6, 8], ..stays });
    // The engine lives, and has its disk back.
    let free = ["run", "--rm", "--network", "none", &lab.base, "sh", "-c"];
    lab.docker(&[&free[..], &["head -c 20000000 /dev/zero >/again"]].concat());
}

#[test]
fn a_run_on_an_image_that_cannot_be_asked_to_end_is_cut_off() {
    let lab = Lab::new("cut");
    lab.docker(&["pull", "-q", &lab.base]);
    let deaf = "#!/bin/sh\ntrap '' HUP INT QUIT TERM USR1 USR2\nf() { f | f & }\nf\nyes floods &\nwhile :; do sleep 1; done\n";
    let forever = "[[image.test]]\nname = \"works\"\njob = true\nwithin = \"100s\"\n";
    for (name, signal, code) in [("int", Signal::INT, Some(130)), ("kill", Signal::KILL, None)] {
        let case = Case { dockerfile: "CMD [\"/start\"]\n", ..case(name, deaf, forever, 0, &[]) };
        let (repo, image) = built(&lab, &case);
        let mut running = repo.imgbuild(&["test", &image, "--format", "ndjson"]).start();
        let run = running.run_id();
        running.wait_for_type("test-started");
        let up = Instant::now() + support::lab::PATIENCE;
        let filter = format!("ancestor={image}");
        while lab.docker(&["ps", "-q", "--filter", &filter]).is_empty() {
            assert!(Instant::now() < up, "no container came up");
        }
        let struck = Instant::now();
        running.signal(signal);
        let (ended, events, stderr) = running.end();
        assert_eq!(ended, code, "{name}: {events:#?}\n{stderr}");
        assert!(struck.elapsed() < GONE, "{name}: took {:?}\n{stderr}", struck.elapsed());
        if code.is_some() {
            assert_eq!(lab.owned(&run), BTreeSet::new(), "{name}: {stderr}");
        }
        lab.clean_leaves_nothing(&repo);
        assert_eq!(lab.owned(&run), BTreeSet::new(), "{name}");
        assert_eq!(lab.docker(&["ps", "-aq", "--filter", &filter]), "", "{name}");
        lab.docker(&["rmi", "-f", "--no-prune", &image]);
    }
}
