//! Whole runs.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::UnixListener;

use serde_json::Value;

use crate::image;
use crate::support::lab::Lab;

const CONFIG: &str = "schema = 1\n[image]\nkind = \"job\"\nprobes = \"off\"\n";

fn events(stdout: &str) -> Vec<Value> {
    stdout.lines().map(|line| serde_json::from_str(line).expect("event")).collect()
}

#[test]
fn stages_run_beside_each_other_and_every_line_has_its_step() {
    let lab = Lab::new("stages");
    let repo = lab.repo("repo");
    let base = &lab.base;
    repo.write(
        "Dockerfile",
        &format!(
            "FROM {base} AS one\nRUN echo of one\nFROM {base} AS two\nENV A=b\n\
             RUN --mount=type=cache,target=/c echo of two\n\nFROM {base}\nCOPY --from=one /etc/passwd /one\n\
             COPY --from=two /etc/passwd /two\nCMD [\"true\"]\n"
        ),
    );
    repo.write("imgbuild.toml", CONFIG);
    repo.commit("first");
    let ran = repo.imgbuild(&["ci", "--push", "never", "--format", "ndjson"]).expect(0);
    let events = events(&ran.stdout);
    let of_type = |kind: &str| events.iter().filter(|event| event["type"] == kind).collect::<Vec<_>>();
    let steps: Vec<(u64, String, u64)> = of_type("build-step")
        .iter()
        .map(|e| (e["step"].as_u64().unwrap(), e["stage"].to_string(), e["line"].as_u64().unwrap_or(0)))
        .collect();
    for (stage, line) in [("one", 2), ("two", 5), ("stage-2", 8), ("stage-2", 9)] {
        assert!(
            steps.iter().any(|(_, s, l)| (s.trim_matches('"'), *l) == (stage, line)),
            "{stage} {line}: {steps:?}"
        );
    }
    for (said, stage) in [("of one", "one"), ("of two", "two")] {
        let log = of_type("build-log").into_iter().find(|event| event["line"] == said).expect(said);
        let step = steps.iter().find(|(number, _, _)| Some(*number) == log["step"].as_u64()).expect("step");
        assert_eq!(step.1.trim_matches('"'), stage);
    }
    let mut begun: Vec<u64> =
        of_type("build-step").iter().filter_map(|event| event["step"].as_u64()).collect();
    let mut ended: Vec<u64> =
        of_type("build-step-ended").iter().filter_map(|event| event["step"].as_u64()).collect();
    begun.sort_unstable();
    ended.sort_unstable();
    assert_eq!(begun, ended);
    assert_eq!(lab.journals(), Vec::<String>::new());
}

#[test]
fn what_fails_is_told_with_its_line_and_how_to_see_it() {
    let lab = Lab::new("fails");
    let repo = lab.repo("repo");
    repo.write("imgbuild.toml", CONFIG);
    repo.commit("first");
    let base = lab.base.clone();
    let cases = [
        (
            format!("FROM {base}\nENV A=b\nRUN echo why; exit 3\n"),
            5,
            vec![
                "step 2/2 (Dockerfile:3) RUN echo why; exit 3 failed: exit code 3",
                "3 | RUN echo why; exit 3",
                "  | ^^^^^^^^^^^^^^^^^^^^",
                "docker build --progress=plain .",
            ],
        ),
        (
            format!("FROM {base} AS x\nCOPY nothing /x\n"),
            5,
            vec!["(Dockerfile:2) COPY nothing /x failed", "not found"],
        ),
        (
            // A stage that begins with another one, and has so many steps that their numbers are padded.
            format!(
                "FROM {base} AS one\nRUN echo one\nFROM one AS two\nRUN echo first\nENV A=b\nRUN echo $A; exit 4\n{}",
                "RUN echo more\n".repeat(9)
            ),
            5,
            vec![
                "step 2/11 of two (Dockerfile:6) RUN echo ",
                "; exit 4 failed: exit code 4",
                "6 | RUN echo $A; exit 4",
            ],
        ),
        (
            format!("FROM {}/base/none:1\nRUN true\n", lab.registry),
            7,
            vec!["the base image", "/base/none:1 cannot be had", "not found"],
        ),
        (
            format!("FROM {base}\nRUN --mount=type=secret,id=none,required=true true\n"),
            5,
            vec!["(Dockerfile:2)", "secret none", "not found"],
        ),
    ];
    for (dockerfile, code, words) in cases {
        repo.write("Dockerfile", &dockerfile);
        let ran = repo.imgbuild(&["build", "--builder", "buildkit"]).run();
        assert_eq!(ran.code, Some(code), "{dockerfile}\n{}", ran.stderr);
        for word in words {
            assert!(ran.stderr.contains(word), "{word:?} is not in:\n{}", ran.stderr);
        }
        assert_eq!(lab.journals(), Vec::<String>::new(), "{dockerfile}");
    }
}

#[test]
fn secrets_stay_out_of_everything() {
    let lab = Lab::new("secrets");
    let repo = lab.repo("repo");
    let value = "S3cr3t-of-the-test-Zq9";
    repo.write(
        "Dockerfile",
        &format!(
            "FROM {}\nRUN --mount=type=secret,id=npm-token test \"$(cat /run/secrets/npm-token)\" = {} && \
             echo the secret is $(cat /run/secrets/npm-token)\n\
             RUN --mount=type=secret,id=by-file echo in the file $(cat /run/secrets/by-file)\nCMD [\"true\"]\n",
            lab.base, value
        )
        // The test of the value must not be in the file.
        .replace(&format!("= {value}"), "!= x"),
    );
    repo.write("imgbuild.toml", &format!("{CONFIG}[image.build]\nsecrets = [\"npm-token\"]\n"));
    repo.commit("first");
    let file = lab.path("value");
    let in_file = "unlike-a-secret-Xy7";
    fs::write(&file, format!("{in_file}\n")).expect("value");
    let report = lab.path("reports");
    let source = format!("id=by-file,src={}", file.display());
    let arguments =
        ["ci", "--push", "never", "--secret", &source, "--report-dir", report.to_str().expect("path")];
    let ran = repo.imgbuild(&arguments).env("NPM_TOKEN", value).expect(0);
    assert!(ran.stderr.contains("the secret is ***"), "{}", ran.stderr);
    assert!(ran.stderr.contains("in the file ***"), "{}", ran.stderr);
    assert!(!ran.stderr.contains(value) && !ran.stdout.contains(value) && !ran.stderr.contains(in_file));
    for entry in fs::read_dir(&report).expect("reports") {
        let path = entry.expect("entry").path();
        assert!(
            !String::from_utf8_lossy(&fs::read(&path).expect("report")).contains(value),
            "{}",
            path.display()
        );
    }
    let json: Value =
        serde_json::from_slice(&fs::read(report.join("report.json")).expect("report")).expect("JSON");
    let id = json["image"]["id"].as_str().expect("id");
    assert!(!lab.docker(&["history", "--no-trunc", id]).contains(value));
    assert!(!lab.docker(&["inspect", id]).contains(value));
    let saved = lab.docker_output(&["save", id]).stdout;
    let holds = |bytes: &[u8]| bytes.windows(value.len()).any(|window| window == value.as_bytes());
    assert!(saved.len() > 10_000 && !holds(&saved));
    // Some engines save layers packed.
    let entries = image::entries(&lab, id);
    assert!(entries.len() > 1 && entries.values().all(|entry| !holds(&entry.content)));

    // A fork's code gets none, whatever the environment holds.
    let fork = repo.imgbuild(&["build", "--no-cache", "--secret", &source]).env("NPM_TOKEN", value);
    let ran = fork.env("CI", "true").env("IMGBUILD_PR", "7").env("IMGBUILD_FORK", "true").run();
    assert!(ran.stderr.contains("no secret and no ssh agent is handed over: "), "{}", ran.stderr);
    assert!(!ran.stderr.contains("in the file ***"), "{}", ran.stderr);

    let ran = repo.imgbuild(&["build"]).run();
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    assert!(ran.stderr.contains("neither NPM_TOKEN nor NPM_TOKEN_FILE is set"), "{}", ran.stderr);
    let ran = repo.imgbuild(&["build", "--build-arg", "NPM_TOKEN=x"]).env("NPM_TOKEN", value).run();
    assert_eq!(ran.code, Some(4), "{}", ran.stderr);
    assert!(ran.stderr.contains("--secret id=npm-token,env=NPM_TOKEN"), "{}", ran.stderr);
}

#[test]
fn an_agent_is_forwarded() {
    let lab = Lab::new("agent");
    let repo = lab.repo("repo");
    repo.write(
        "Dockerfile",
        &format!("FROM {}\nRUN --mount=type=ssh test -S \"$SSH_AUTH_SOCK\"\nCMD [\"true\"]\n", lab.base),
    );
    repo.write("imgbuild.toml", &format!("{CONFIG}[image.build]\nssh = [\"default\"]\n"));
    repo.commit("first");
    let socket = lab.path("agent.sock");
    let _agent = UnixListener::bind(&socket).expect("socket");
    repo.imgbuild(&["build"]).env("SSH_AUTH_SOCK", &socket).expect(0);
    let ran = repo.imgbuild(&["build"]).run();
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    assert!(ran.stderr.contains("SSH_AUTH_SOCK is not set"), "{}", ran.stderr);
}

#[test]
fn the_classic_builder_says_what_it_cannot() {
    let lab = Lab::new("classic");
    let repo = lab.repo("repo");
    repo.write("imgbuild.toml", CONFIG);
    repo.write("Dockerfile", &format!("FROM {}\nRUN --mount=type=cache,target=/c true\n", lab.base));
    repo.commit("first");
    let ran = repo.imgbuild(&["build", "--builder", "classic"]).run();
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    assert!(ran.stderr.contains("Dockerfile:2: RUN --mount needs BuildKit"), "{}", ran.stderr);
    repo.write("Dockerfile", &format!("FROM {}\nRUN echo classic\nCMD [\"true\"]\n", lab.base));
    let ran = repo.imgbuild(&["build"]).env("IMGBUILD_BUILDER", "classic").expect(0);
    // Only the classic builder counts what makes no layer.
    assert!(ran.stderr.contains("step 3/"), "{}", ran.stderr);

    // What BuildKit cannot be sent, the other one is, where nothing else speaks against it.
    repo.write("Dockerfile", &format!("FROM {}\nCOPY . /context\nCMD [\"true\"]\n", lab.base));
    let target = std::ffi::OsStr::from_bytes(b"to-\xff");
    std::os::unix::fs::symlink(target, repo.path.join("link")).expect("link");
    repo.imgbuild(&["build"])
        .expect(0)
        .says("the classic builder: BuildKit cannot be sent the link \"link\"");
    repo.imgbuild(&["build", "--builder", "buildkit"]).expect(3).says("it is not UTF-8");
}
