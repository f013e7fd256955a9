//! `imgbuild check` and `explain` as people call them. No engine, no registry, no network.

#![cfg(test)]

use std::ffi::OsString;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A folder of its own, without git.
struct Place {
    folder: TempDir,
    environment: Vec<(String, OsString)>,
}

/// How a call ended.
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Place {
    fn new() -> Place {
        let folder = TempDir::new().expect("a folder");
        let home = folder.path().join("home");
        fs::create_dir(&home).expect("home");
        let path = std::env::var_os("PATH").expect("PATH");
        let environment = vec![("HOME".to_owned(), home.into()), ("PATH".to_owned(), path)];
        fs::create_dir(folder.path().join("work")).expect("work");
        Place { folder, environment }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("work").join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) -> &Place {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("parent")).expect("folders");
        fs::write(path, text).expect("write");
        self
    }

    fn env(&mut self, key: &str, value: &str) -> &mut Place {
        self.environment.push((key.to_owned(), value.into()));
        self
    }

    /// From here on calls are of a pull request of the branch `change` to `main`.
    fn is_a_pull_request(&mut self) {
        self.env("GITHUB_ACTIONS", "true").env("GITHUB_EVENT_NAME", "pull_request");
        self.env("GITHUB_REF", "refs/pull/7/merge");
        self.env("GITHUB_BASE_REF", "main").env("GITHUB_HEAD_REF", "change");
        self.env("GITHUB_REPOSITORY", "acme/api")
            .env("GITHUB_SHA", "0123456789012345678901234567890123456789");
    }

    fn git(&self, arguments: &[&str]) {
        let identity =
            ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main"];
        let output = Command::new("git")
            .args(identity)
            .args(arguments)
            .current_dir(self.path(""))
            .env_clear()
            .envs(self.environment.clone())
            .output()
            .expect("git");
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn commit(&self, message: &str) {
        if !self.path(".git").exists() {
            self.git(&["init", "-q"]);
        }
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
    }

    fn run(&self, arguments: &[&str]) -> Said {
        self.feed(arguments, b"")
    }

    fn feed(&self, arguments: &[&str], stdin: &[u8]) -> Said {
        let mut child = Command::new(env!("CARGO_BIN_EXE_imgbuild"))
            .args(arguments)
            .current_dir(self.path(""))
            .env_clear()
            .envs(self.environment.clone())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("imgbuild");
        let mut input = child.stdin.take().expect("stdin");
        let bytes = stdin.to_owned();
        let feeder = std::thread::spawn(move || {
            // A command that fails at once reads nothing.
            let _ = input.write_all(&bytes);
        });
        let output = child.wait_with_output().expect("output");
        feeder.join().expect("feeder");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Said { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// Checks without ShellCheck, as data.
    fn json(&self, arguments: &[&str]) -> (Option<i32>, Value) {
        let said = self.run(&[&["check", "--format", "json", "--no-shellcheck"], arguments].concat());
        let json = serde_json::from_str(&said.out)
            .unwrap_or_else(|error| panic!("{error}: {} {}", said.out, said.err));
        (said.code, json)
    }

    /// Codes with their lines.
    fn found(&self, arguments: &[&str]) -> Vec<(String, u64)> {
        let (_, json) = self.json(arguments);
        let finding = |f: &Value| {
            (f["rule"].as_str().expect("rule").to_owned(), f["line"].as_u64().unwrap_or_default())
        };
        json["findings"].as_array().expect("findings").iter().map(finding).collect()
    }

    fn has(&self, arguments: &[&str], code: &str) -> bool {
        self.found(arguments).iter().any(|(found, _)| found == code)
    }
}

impl Said {
    fn expect(&self, code: i32) -> &Said {
        assert_eq!(self.code, Some(code), "{}\n{}", self.out, self.err);
        self
    }

    fn says(&self, text: &str) -> &Said {
        let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let all = flat(&(self.out.clone() + &self.err));
        assert!(all.contains(&flat(text)), "{text} is not in\n{}\n{}", self.out, self.err);
        self
    }
}

const LATEST: &str = "FROM node:latest\nUSER node\n";

#[test]
fn a_finding_is_data_with_public_names() {
    let place = Place::new();
    place.write("Dockerfile", "FROM debian:12\nMAINTAINER me\n");
    let (code, json) = place.json(&["Dockerfile"]);
    assert_eq!(code, Some(0));
    let all = json["findings"].as_array().expect("findings");
    let finding = all.iter().find(|f| f["rule"] == "IMG217").expect("MAINTAINER");
    for key in ["rule", "name", "aliases", "level", "path", "line", "column", "message", "items", "fix"] {
        assert!(finding.get(key).is_some(), "{key}");
    }
    assert_eq!(finding["path"], "Dockerfile");
    assert_eq!((finding["line"].as_u64(), finding["column"].as_u64()), (Some(2), Some(1)));
    assert!(finding["aliases"].as_array().expect("aliases").iter().any(|id| id == "DL4000"));
    assert_eq!(json["scorecard"].as_array().expect("scorecard").len(), 15);
}

#[test]
fn exit_codes_follow_the_level() {
    let place = Place::new();
    place.write("warning", LATEST).write("error", "FROM debian:12\nRUNN x\n");
    place.run(&["check", "warning"]).expect(0).says("IMG102");
    place.run(&["check", "warning", "--fail-on", "warning"]).expect(1).says("explain");
    place.run(&["check", "error"]).expect(1).says("error:2:1").says("did you mean RUN?");
    place.run(&["check", "error", "--fail-on", "never"]).expect(0);
    place.run(&["check", "nowhere"]).expect(2).says("nowhere");
    place.run(&["check", "nowhere*"]).expect(2);
    place.run(&["check", "error", "--baseline", "nowhere"]).expect(74).says("nowhere");
    place.run(&["plan", "--format", "sarif"]).expect(2).says("check");
    place.write("imgbuild.toml", "[checks]\nfail-on = \"warning\"\n");
    place.run(&["check", "warning"]).expect(1);
    place.write("imgbuild.toml", "[checks]\nfail-onn = \"warning\"\n");
    place.run(&["check", "warning"]).expect(3).says("imgbuild.toml:2:1");
}

#[test]
fn files_come_by_name_folder_pattern_and_stdin() {
    let place = Place::new();
    place.write("a/Dockerfile", LATEST).write("a/b/Dockerfile.dev", LATEST).write("c/x.Dockerfile", LATEST);
    place
        .write("a/README.md", "no Dockerfile")
        .write("a/Dockerfile.dockerignore", "x")
        .write(".git/Dockerfile", LATEST);
    let paths = |arguments: &[&str]| {
        let (_, json) = place.json(arguments);
        let all = json["findings"].as_array().expect("findings").iter();
        let mut paths: Vec<_> = all
            .filter(|f| f["rule"] == "IMG102")
            .map(|f| f["path"].as_str().expect("path").to_owned())
            .collect();
        paths.sort();
        paths
    };
    let all = ["a/Dockerfile", "a/b/Dockerfile.dev", "c/x.Dockerfile"];
    assert_eq!(paths(&["."]), all);
    assert_eq!(paths(&["**/*ockerfile*"]), all);
    assert_eq!(paths(&["a/*/Dockerfile.*", "c/x.Dockerfile", "./c/x.Dockerfile"]), all[1..]);
    let said = place.feed(&["check", "-", "--format", "json", "--no-shellcheck"], LATEST.as_bytes());
    let json: Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!(json["findings"][0]["path"], "-");
}

#[test]
fn every_format_tells_the_finding_and_no_secret() {
    let place = Place::new();
    let secret = "hunter2hunter2";
    place.write("Dockerfile", format!("FROM node:latest\nENV API_TOKEN={secret}\nUSER node\n"));
    for format in ["human", "json", "ndjson", "sarif", "github", "checkstyle", "gitlab"] {
        let said = place.run(&["check", "Dockerfile", "--no-shellcheck", "--format", format]);
        assert!(said.out.contains("IMG102") && said.out.contains("IMG225"), "{format}: {}", said.out);
        assert!(!said.out.contains(secret) && !said.err.contains(secret), "{format}: {}", said.out);
    }
}

#[test]
fn people_see_the_place_the_help_and_the_scorecard() {
    let place = Place::new();
    place.write("Dockerfile", "FROM debian:12\nRUN apt-get update && \\\n    apt-get install -y curl\n");
    let said = place.run(&["check", "Dockerfile"]);
    said.expect(0).says("IMG301").says("Dockerfile:").says("^").says("help:");
    let rows = said.out.lines().filter(|line| {
        ["enforced", "failed", "waived", "not checked"].iter().any(|state| line.contains(state))
    });
    assert!(rows.count() >= 15, "{}", said.out);
    said.says("`imgbuild ci`");
}

#[test]
fn fixes_keep_every_other_byte() {
    let place = Place::new();
    let before = "\u{feff}# remark\r\nfrom debian:12 as Build\r\nMAINTAINER  Jo <jo@example.com>\r\nENV A b\r\nRUN a \\\r\n\r\n  b\r\n";
    place.write("Dockerfile", before);
    place.run(&["check", "Dockerfile", "--fix", "--no-shellcheck"]).expect(0).says("fixes made");
    let after = fs::read_to_string(place.path("Dockerfile")).expect("read");
    assert!(after.starts_with("\u{feff}# remark\r\n"), "{after:?}");
    assert!(after.contains("org.opencontainers.image.authors"), "{after:?}");
    assert!(after.contains("ENV A=b\r\n"), "{after:?}");
    assert_eq!(after.matches('\n').count(), after.matches("\r\n").count(), "{after:?}");
    let again = place.run(&["check", "Dockerfile", "--fix", "--no-shellcheck"]);
    assert_eq!(fs::read_to_string(place.path("Dockerfile")).expect("read"), after, "{}", again.out);
    place.feed(&["check", "-", "--fix"], before.as_bytes()).expect(2);
}

#[test]
fn waivers_hold_for_a_reason_and_a_time() {
    let place = Place::new();
    place.write("Dockerfile", LATEST).write("other/Dockerfile", LATEST);
    let toml = |waiver: &str| format!("[checks]\nignore = [{{ rule = \"DL3007\", {waiver} }}]\n");
    place.write("imgbuild.toml", toml("reason = \"so\", path = \"Dockerfile\""));
    assert!(!place.has(&["Dockerfile", "other/Dockerfile"], "IMG102"));
    place.write("imgbuild.toml", toml("reason = \"so\", path = \"other/*\""));
    assert!(place.has(&["Dockerfile"], "IMG102") && !place.has(&["other/Dockerfile"], "IMG102"));
    assert!(place.has(&["Dockerfile"], "IMG006"), "unused");
    place.write("imgbuild.toml", toml("reason = \"so\", until = 2020-01-01"));
    assert!(place.has(&["Dockerfile"], "IMG102") && place.has(&["Dockerfile"], "IMG005"));
    place.write("imgbuild.toml", toml("reason = \"so\", match = \"something else\""));
    assert!(place.has(&["Dockerfile"], "IMG102"));
    place.write("imgbuild.toml", "[checks]\nlevels = { latest-base-image = \"off\" }\n");
    assert!(!place.has(&["Dockerfile"], "IMG102"));
    place.write("imgbuild.toml", "[checks]\nlevels = { IMG102 = \"error\" }\n");
    place.run(&["check", "Dockerfile"]).expect(1);
    place.write("imgbuild.toml", "[checks]\nlevels = { IMG1O2 = \"error\" }\n");
    place.run(&["check", "Dockerfile"]).expect(0).says("did you mean IMG102?");
}

#[test]
fn the_words_of_other_tools_are_honoured() {
    let place = Place::new();
    place.write("a", "# hadolint ignore=DL3007\nFROM node:latest\n");
    place.write("b", "# hadolint global ignore=DL3007,DL4000\nFROM node:latest\nMAINTAINER x\n");
    place.write("c", "# check=skip=MaintainerDeprecated\nFROM node:22\nMAINTAINER x\n");
    place.write("d", "# check=skip=all;error=true\nFROM node:22\nMAINTAINER x\n");
    place.write("e", "# check=error=true\nFROM node:22\nMAINTAINER x\n");
    for name in ["a", "b", "c", "d"] {
        assert!(!place.has(&[name], "IMG102") && !place.has(&[name], "IMG217"), "{name}");
    }
    place.run(&["check", "e"]).expect(1);
}

#[test]
fn a_baseline_lets_only_new_findings_count() {
    let place = Place::new();
    place.write("Dockerfile", LATEST);
    place.run(&["check", "Dockerfile", "--write-baseline", "known.json"]).expect(0);
    assert!(!place.has(&["Dockerfile", "--baseline", "known.json"], "IMG102"));
    // Lines that come above move nothing; the same mistake once more is new.
    place.write("Dockerfile", format!("# a remark\n\n{LATEST}FROM debian:latest\nUSER 1\n"));
    let found = place.found(&["Dockerfile", "--baseline", "known.json"]);
    assert_eq!(
        found.iter().filter(|(code, _)| code == "IMG102").collect::<Vec<_>>(),
        [&("IMG102".to_owned(), 5)]
    );
    place.write("imgbuild.toml", "[checks]\nbaseline = \"known.json\"\n");
    assert_eq!(place.found(&["Dockerfile"]).iter().filter(|(code, _)| code == "IMG102").count(), 1);
    place.write("known.json", "{}");
    place.run(&["check", "Dockerfile"]).expect(3).says("known.json");
}

/// Whoever changes the code does not waive what is said of it in the same commit.
#[test]
fn on_a_pull_request_only_the_base_branchs_waivers_hold() {
    let mut place = Place::new();
    place.write("Dockerfile", "# hadolint ignore=DL3007\nFROM node:latest\nUSER node\n");
    place.commit("base");
    place.git(&["checkout", "-q", "-b", "change"]);
    place.write(
        "Dockerfile",
        "# hadolint ignore=DL3007\nFROM node:latest\nMAINTAINER x\n# hadolint ignore=DL3007\nFROM debian:latest\nUSER 1\n",
    );
    place.commit("change");
    assert!(!place.has(&["Dockerfile"], "IMG102"), "outside of a pull request");
    place.is_a_pull_request();
    let found = place.found(&["Dockerfile"]);
    let lines: Vec<_> = found.iter().filter(|(code, _)| code == "IMG102").map(|(_, line)| *line).collect();
    assert_eq!(lines, [5], "{found:?}");
    assert!(found.iter().any(|(code, line)| code == "IMG008" && *line == 4), "{found:?}");
}

/// A waiver that the base branch has goes with its instruction, and with nothing else.
#[test]
fn on_a_pull_request_no_waiver_is_widened_or_moved() {
    let mut place = Place::new();
    let base = "# hadolint ignore=DL3007\nFROM node:latest\nFROM debian:12\nUSER 1\n";
    place.write("Dockerfile", base);
    place.commit("base");
    place.git(&["checkout", "-q", "-b", "change"]);
    place.is_a_pull_request();
    assert!(!place.has(&["Dockerfile"], "IMG102"));
    for change in [
        "# hadolint global ignore=DL3007\nFROM node:latest\nFROM debian:latest\nUSER 1\n",
        "# imgbuild ignore-file=DL3007 reason=\"so\"\nFROM node:latest\nFROM debian:12\nUSER 1\n",
        "FROM node:22\n# hadolint ignore=DL3007\nFROM debian:latest\nUSER 1\n",
        "# check=skip=all\n# hadolint ignore=DL3007\nFROM evil:latest\nUSER 1\n",
    ] {
        place.write("Dockerfile", change);
        assert!(place.has(&["Dockerfile"], "IMG102"), "{change}");
    }
    // However the file is named, and through whichever link, it is the same one.
    place.write("docker/Dockerfile", "x");
    place.write("Dockerfile", base);
    assert!(!place.has(&["docker/../Dockerfile"], "IMG102"));
}

#[test]
fn a_link_that_leads_out_of_the_repository_is_neither_shown_nor_written() {
    let place = Place::new();
    place.write("x/Dockerfile", LATEST).commit("first");
    let outside = place.folder.path().join("victim");
    fs::write(&outside, "FROM debian:12\nMAINTAINER hunter2\n").expect("write");
    std::os::unix::fs::symlink(&outside, place.path("a.Dockerfile")).expect("link");
    for arguments in [&["check", "a.Dockerfile"][..], &["check", "."], &["check", "*.Dockerfile", "--fix"]] {
        let said = place.run(arguments);
        said.expect(3).says("leads out of");
        assert!(!said.out.contains("hunter2"), "{}", said.out);
    }
    assert!(fs::read_to_string(&outside).expect("read").contains("MAINTAINER"));
    place.write("empty/README", "none");
    place.run(&["check", "empty"]).expect(2).says("no Dockerfile");
}

#[test]
fn a_locked_key_is_locked_for_flags_and_a_policy_names_rules_that_exist() {
    let mut place = Place::new();
    place.write("Dockerfile", LATEST).write("known.json", "{}");
    place.write("policy.toml", "[policy]\nlock = [\"checks\"]\n[checks]\nfail-on = \"warning\"\n");
    let policy = place.path("policy.toml").display().to_string();
    place.env("IMGBUILD_POLICY", &policy);
    place.run(&["check", "Dockerfile"]).expect(1);
    place.run(&["check", "Dockerfile", "--fail-on", "never"]).expect(3).says("locked by the policy");
    place.run(&["check", "Dockerfile", "--baseline", "known.json"]).expect(3).says("locked by the policy");
    place.write("policy.toml", "[policy]\nrequire = [\"DL3OO7\"]\n");
    place.run(&["check", "Dockerfile"]).expect(3).says("did you mean DL3007?");
    // A cap counts everybody's waivers.
    place.write("policy.toml", "[policy.waivers]\nmax = 0\n");
    place.write("Dockerfile", format!("# hadolint ignore=DL3007\n{LATEST}"));
    assert!(place.has(&["Dockerfile"], "IMG102") && place.has(&["Dockerfile"], "IMG007"));
}

#[test]
fn a_report_is_written_and_a_given_baseline_takes_the_configured_ones_place() {
    let place = Place::new();
    place.write("Dockerfile", LATEST).write("imgbuild.toml", "[checks]\nbaseline = \"nowhere.json\"\n");
    place.run(&["check", "Dockerfile"]).expect(3).says("nowhere.json");
    place.write("known.json", "{ \"schema\": 1, \"findings\": {} }");
    place.run(&["check", "Dockerfile", "--baseline", "known.json", "--report", "report.json"]).expect(0);
    let report: Value =
        serde_json::from_slice(&fs::read(place.path("report.json")).expect("report")).expect("JSON");
    assert!(report["findings"].to_string().contains("IMG102"));
    place.run(&["check", "Dockerfile", "--baseline", "known.json", "--report", "/nowhere/x"]).expect(74);
}

#[test]
fn a_policy_demands_what_no_comment_waives() {
    let mut place = Place::new();
    place.write("policy.toml", "[policy]\nrequire = [\"DL3007\"]\nlevels = { IMG102 = \"error\" }\n");
    place.write("Dockerfile", "# hadolint ignore=DL3007\nFROM node:latest\nUSER node\n");
    place.run(&["check", "Dockerfile"]).expect(0);
    let policy = place.path("policy.toml").display().to_string();
    place.env("IMGBUILD_POLICY", &policy);
    place.run(&["check", "Dockerfile"]).expect(1).says("IMG102").says("IMG007");
    let (_, json) = place.json(&["Dockerfile"]);
    assert!(json["policy"]["digest"].as_str().expect("digest").starts_with("sha256:"));
    // The repository's own word counts for nothing then.
    place.write("imgbuild.toml", "[checks]\nlevels = { IMG102 = \"off\" }\n");
    place.run(&["check", "Dockerfile"]).expect(1).says("IMG102").says("is left out");
}

#[test]
fn shellcheck_is_asked_and_its_remarks_come_home() {
    let mut place = Place::new();
    let text = "FROM debian:12\nARG version\nRUN true && \\\n    # a remark\n    echo $version\n";
    place.write("Dockerfile", text);
    let said = place.run(&["check", "Dockerfile", "--format", "json"]);
    let json: Value = serde_json::from_str(&said.out).expect("JSON");
    let all = json["findings"].as_array().expect("findings");
    let finding = all.iter().find(|f| f["aliases"][0] == "SC2086").unwrap_or_else(|| panic!("{}", said.out));
    assert_eq!((finding["line"].as_u64(), finding["region"]["start-line"].as_u64()), (Some(3), Some(5)));
    assert!(!all.iter().any(|f| f["aliases"][0] == "SC2154"), "what ARG declares is known");
    // Waived by its own code, in the words of another tool.
    place.write("Dockerfile", text.replace("RUN true", "# hadolint ignore=SC2086\nRUN true"));
    let said = place.run(&["check", "Dockerfile", "--format", "json"]);
    let json: Value = serde_json::from_str(&said.out).expect("JSON");
    assert!(!json["findings"].to_string().contains("SC2086"), "{}", said.out);
    let empty = place.path("empty").display().to_string();
    place.env("PATH", &empty);
    place.run(&["check", "Dockerfile"]).expect(0).says("shellcheck is not on PATH");
}

#[test]
fn the_repositorys_own_dockerfile_is_judged_with_its_context() {
    let place = Place::new();
    place.write("Dockerfile", "FROM scratch\nCOPY . /\nUSER 1\n").write("src/main.c", "int x;\n");
    place.write(".gitignore", "dist/\n");
    place.commit("first");
    place.write("dist/app.js", "x\n");
    place.write("deploy.pem", "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\n");
    let said = place.run(&["check", "--offline", "--no-shellcheck"]);
    said.expect(1).says("deploy.pem").says("dist/app.js");
    assert!(!said.out.contains("MIIE"), "{}", said.out);
    let (_, json) = place.json(&["--offline"]);
    let skipped = json["skipped"].to_string();
    assert!(skipped.contains("--offline") && skipped.contains("--image"), "{skipped}");
}

#[test]
fn without_git_the_text_and_the_context_are_judged() {
    let place = Place::new();
    place.write("Dockerfile", LATEST);
    let (_, json) = place.json(&["--offline"]);
    assert!(json["findings"].to_string().contains("IMG102"));
}

#[test]
fn explain_answers_to_every_name() {
    let place = Place::new();
    for id in ["IMG102", "img102", "latest-base-image", "DL3007", "DS-0001"] {
        place.run(&["explain", id]).expect(0).says("IMG102").says("Why is this bad?");
    }
    place.run(&["explain", "IMG1O2"]).expect(2).says("did you mean IMG102?");
    let list = place.run(&["explain"]);
    list.expect(0).says("IMG001").says("DL3008");
    let json: Value = serde_json::from_str(&place.run(&["explain", "--format", "json"]).out).expect("JSON");
    assert!(json["rules"].as_array().expect("rules").len() > 90);
}

/// What is hostile costs neither time nor memory without bound, and ends in a clear answer.
#[test]
fn hostile_files_are_answered() {
    let place = Place::new();
    let deep = format!("FROM a:1\nENV X={}x{}\n", "${a:-".repeat(9_000), "}".repeat(9_000));
    let many = format!("FROM a:1\n{}", "RUN apt-get install x\n".repeat(50_000));
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("a line of 9 MB", [b"FROM a:1\nRUN ".as_slice(), &vec![b'x'; 9 << 20]].concat()),
        ("many instructions", many.into_bytes()),
        ("deep variables", deep.into_bytes()),
        ("no UTF-8", b"FROM a:1\nRUN \xff\xfe \xc3\x28\nLABEL \xff=\xff\n".to_vec()),
        ("NUL", b"FROM a:1\0\nRUN \0\n\0\n".to_vec()),
        ("nothing", Vec::new()),
        ("escapes", b"FROM a:latest\nRUN echo \x1b]0;x\x07 ::set-output name=x::y\n".to_vec()),
    ];
    for (what, bytes) in cases {
        let said = place.feed(&["check", "-", "--no-shellcheck"], &bytes);
        assert!(matches!(said.code, Some(0 | 1)), "{what}: {:?} {}", said.code, said.err);
        let safe = |text: &str| !text.contains('\u{1b}') && !text.lines().any(|line| line.starts_with("::"));
        assert!(safe(&said.out) && safe(&said.err), "{what}");
        assert!(said.out.len() < 4 << 20, "{what}: {} bytes", said.out.len());
    }
    place.feed(&["check", "-"], &vec![b'#'; 11 << 20]).expect(3).says("MiB");
}

/// The same findings in the same order, however many processors and files there are.
#[test]
fn many_files_are_judged_like_one() {
    let place = Place::new();
    let one = |index: usize| format!("FROM node:latest\nRUN apt-get install -y p{index}\n");
    for index in 0..40 {
        place.write(&format!("{index:02}/Dockerfile"), one(index));
    }
    let all = place.found(&["."]);
    assert_eq!(all, place.found(&["."]));
    let alone: Vec<_> = (0..40).flat_map(|index| place.found(&[&format!("{index:02}/Dockerfile")])).collect();
    assert_eq!(all, alone);
}
