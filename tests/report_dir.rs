//! `--report-dir`: the files of one run, whatever came of it, on a real engine.

#![cfg(test)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;
use support::ci_agents;
use support::lab::{self, Lab};

const FILES: [&str; 7] = [
    "codequality.json",
    "imgbuild.env",
    "imgbuild.sarif",
    "junit.xml",
    "report.html",
    "report.json",
    "summary.md",
];

/// The files of a run.
struct Reports {
    json: Value,
    junit: String,
    sarif: Value,
    quality: Value,
    page: String,
}

/// What the schema at `path` of this repository has against `document`.
fn problems(path: &str, document: &Value) -> Option<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let schema = serde_json::from_slice(&fs::read(path).expect("schema")).expect("JSON");
    let mut compiler = boon::Compiler::new();
    compiler.add_resource("https://schema.invalid/x.json", schema).expect("resource");
    let mut schemas = boon::Schemas::new();
    let index = compiler.compile("https://schema.invalid/x.json", &mut schemas).expect("schema");
    schemas.validate(document, index).err().map(|error| error.to_string())
}

/// Reads and validates them; there is nothing else in the folder.
fn reports(folder: &Path) -> Reports {
    let names: BTreeSet<String> = fs::read_dir(folder)
        .expect("folder")
        .map(|entry| entry.expect("entry").file_name().into_string().expect("name"))
        .collect();
    assert_eq!(names, FILES.map(str::to_owned).into());
    let text = |name: &str| fs::read_to_string(folder.join(name)).expect("UTF-8");
    let json = |name: &str| serde_json::from_str(&text(name)).expect("JSON");
    let reports = Reports {
        json: json("report.json"),
        junit: text("junit.xml"),
        sarif: json("imgbuild.sarif"),
        quality: json("codequality.json"),
        page: text("report.html"),
    };
    assert_eq!(problems("docs/report.schema.json", &reports.json), None);
    assert_eq!(problems("tests/vectors/sarif-2.1.0.schema.json", &reports.sarif), None);
    quick_junit::Report::deserialize_from_str(&reports.junit).expect("JUnit");
    for issue in reports.quality.as_array().expect("issues") {
        for key in ["description", "check_name", "fingerprint", "severity"] {
            assert!(issue[key].is_string(), "{issue}");
        }
        assert!(
            issue["location"]["path"].is_string() && issue["location"]["lines"]["begin"].is_u64(),
            "{issue}"
        );
    }
    assert!(reports.page.starts_with("<!DOCTYPE html>") && reports.page.ends_with("</html>\n"));
    assert!(!reports.page.contains("<script"));
    let passed = if reports.json["ok"] == true { "✅" } else { "❌" };
    assert!(text("summary.md").starts_with(&format!("### {passed} imgbuild ")));
    assert_eq!(text("imgbuild.env").lines().count(), 4);
    reports
}

#[test]
fn a_run_that_passed_leaves_every_file() {
    let lab = Lab::new("dir");
    let repo = lab.hello();
    let folder = lab.path("out/reports");
    let path = folder.to_str().expect("path");
    repo.imgbuild(&["ci", "--report-dir", path]).expect(0).says("report.html");
    let reports = reports(&folder);
    assert_eq!(reports.json["command"], "ci");
    assert_eq!(reports.json["source"]["commit"], repo.head());
    for tag in lab.tags() {
        assert!(reports.page.contains(&format!("{}:{tag}", lab.repository())), "{tag}");
    }
    for part in ["tags", "practices", "findings", "tests", "timeline"] {
        assert!(reports.page.contains(&format!("<h2 id=\"{part}\">")), "{part}");
    }
    assert_eq!(reports.page.matches("<li class=\"score").count(), 15);
    assert!(reports.junit.contains("GET :8080/"), "{}", reports.junit);
    assert_eq!(reports.sarif["runs"][0]["invocations"][0]["executionSuccessful"], true);

    // Each stage, step and test has its place in time, inside of what it is a part of.
    let start = |value: &Value| value["start_ms"].as_u64().unwrap_or_else(|| panic!("no start: {value}"));
    let end = |value: &Value| start(value) + value["ms"].as_u64().expect("ms");
    let list = |value: &Value| value.as_array().expect("list").clone();
    let stages = list(&reports.json["timings"]);
    let stage = |name: &str| stages.iter().find(|stage| stage["stage"] == name).expect("stage").clone();
    assert!(stages.windows(2).all(|pair| start(&pair[0]) <= start(&pair[1])), "{stages:#?}");
    let steps = list(&reports.json["build"]["timings"]);
    assert_eq!(Some(steps.len()), reports.json["build"]["steps"].as_u64().and_then(|n| n.try_into().ok()));
    for step in &steps {
        assert!(start(step) >= start(&stage("build")) && end(step) <= end(&stage("build")) + 1, "{step}");
    }
    for test in list(&reports.json["tests"]) {
        assert!(start(&test) >= start(&stage("smoke")), "{test}");
    }
}

/// In a checkout that says nothing of the folder, and that is kept from run to run.
#[test]
fn reports_in_the_checkout_are_no_part_of_what_is_built() {
    let lab = Lab::new("dirinside");
    let repo = lab.hello();
    let dockerfile = fs::read_to_string(repo.path.join("Dockerfile")).expect("Dockerfile");
    repo.write("Dockerfile", &format!("{dockerfile}COPY . /all\n"));
    repo.commit("all of it");
    let digest = || repo.imgbuild(&["context", "--digest"]).run().stdout.trim().to_owned();
    let clean = digest();
    for round in ["first", "second"] {
        let files = ["--report-dir", "a/reports", "--junit", "junit.xml", "--report", "www/run.json"];
        repo.imgbuild(&[&["ci"], &files[..]].concat()).expect(0).says("run.json");
        let report = reports(&repo.path.join("a/reports")).json;
        assert!(clean.contains(report["context"]["digest"].as_str().expect("digest")), "{round}: {report:#}");
        assert_eq!(report["source"]["clean"], true, "{round}");
    }
}

#[test]
fn a_run_that_failed_leaves_every_file_that_say_why() {
    let lab = Lab::new("dirfail");
    let repo = lab.hello();
    let folder = lab.path("reports");
    let path = folder.to_str().expect("path");
    // A failing test, with markup in what the service says.
    let other = lab::config(&lab.repository()).replace("body = \"hello\"", "body = \"good bye\"");
    repo.write("imgbuild.toml", &other);
    repo.write("www/index.html", "<script>hello</script>\n");
    repo.commit("second");
    repo.imgbuild(&["ci", "--report-dir", path]).expect(6);
    let failed = reports(&folder);
    assert_eq!(failed.json["error"]["kind"], "tests");
    assert!(
        failed.page.contains("Why it failed") && failed.page.contains("&lt;script&gt;hello"),
        "{}",
        failed.page
    );
    let junit = quick_junit::Report::deserialize_from_str(&failed.junit).expect("JUnit");
    assert!(junit.failures > 0);

    // A failing step of the build; the environment names the folder.
    repo.write("Dockerfile", &(lab::dockerfile(&lab.base) + "RUN echo '</pre><b>'; exit 3\n"));
    repo.commit("third");
    repo.imgbuild(&["build"]).env("IMGBUILD_REPORT_DIR", path).expect(5);
    let failed = reports(&folder);
    assert_eq!((&failed.json["command"], &failed.json["exit_code"]), (&"build".into(), &5.into()));
    assert!(
        failed.page.contains("The last of its output") && !failed.page.contains("</pre><b>"),
        "{}",
        failed.page
    );

    // A refusal, before anything was judged.
    repo.write("untracked", "x");
    repo.imgbuild(&["ci", "--report-dir", path]).expect(4);
    let refused = reports(&folder);
    assert!(refused.page.contains("Why it was refused") && refused.page.contains("untracked"));
    assert_eq!(refused.sarif["runs"][0]["invocations"][0]["executionSuccessful"], false);

    // No folder of that name can be: nothing runs.
    repo.imgbuild(&["ci", "--report-dir", "imgbuild.toml/out"]).expect(74).says("folder of reports");
}

#[test]
fn a_run_that_was_cut_off_leaves_every_file() {
    let lab = Lab::new("dircut");
    let repo = lab.hello();
    repo.write("Dockerfile", &(lab::dockerfile(&lab.base) + "RUN sleep 60\n"));
    repo.commit("slow");
    let folder = lab.path("reports");
    let arguments = ["ci", "--format", "ndjson", "--report-dir", folder.to_str().expect("path")];
    let mut running = repo.imgbuild(&arguments).start();
    let sleeps =
        |event: &Value| event["type"] == "build-step" && event["instruction"].to_string().contains("sleep");
    running.wait_for("the slow step", sleeps);
    running.signal(rustix::process::Signal::INT);
    let (code, events, stderr) = running.end();
    assert_eq!(code, Some(130), "{events:#?}\n{stderr}");
    let cut = reports(&folder);
    assert!(
        cut.page.contains("</span> Cancelled</span>") && cut.page.contains("■ cancelled"),
        "{}",
        cut.page
    );
}

#[test]
fn a_check_and_a_test_leave_them_too() {
    let lab = Lab::new("dircheck");
    let repo = lab.hello();
    let folder = lab.path("reports");
    let path = folder.to_str().expect("path");
    repo.write("Dockerfile", &(lab::dockerfile("node:latest") + "ENV API_TOKEN=swordfish4711\n"));
    repo.commit("second");
    let check = ["check", "--offline", "--no-shellcheck", "--fail-on", "warning", "--report-dir", path];
    let ran = repo.imgbuild(&check).expect(1);
    assert!(ran.stdout.contains("IMG102"), "{}", ran.stdout);
    let checked = reports(&folder);
    assert_eq!(
        (&checked.json["command"], &checked.json["error"]["kind"]),
        (&"check".into(), &"findings".into())
    );
    assert_eq!(checked.json["source"]["commit"], repo.head());
    assert!(checked.page.contains("<mark>FROM node:latest</mark>"), "{}", checked.page);
    assert!(checked.quality.as_array().expect("issues").iter().any(|issue| issue["check_name"] == "IMG102"));
    for name in FILES {
        assert!(!fs::read_to_string(folder.join(name)).expect("file").contains("swordfish"), "{name}");
    }
    // What stops a check before it judged is told as well.
    repo.write("imgbuild.toml", "schema = 1\n[image]\nrepositry = \"x\"\n");
    repo.imgbuild(&check).expect(3);
    assert_eq!(reports(&folder).json["error"]["kind"], "config");

    repo.write(
        "imgbuild.toml",
        "schema = 1\n[[image.test]]\nname = \"has a shell\"\nfiles = [{ path = \"/bin/sh\" }]\n",
    );
    repo.imgbuild(&["test", &lab.base, "--probes", "off", "--report-dir", path]).expect(0);
    let tested = reports(&folder);
    assert_eq!(tested.json["command"], "test");
    assert!(tested.page.contains("has a shell"), "{}", tested.page);
}

/// Every file that a report names is of the service, its Dockerfile among them. An ignore file that should be there is none.
fn are_of_the_service(paths: impl Iterator<Item = String>) {
    let paths: BTreeSet<String> = paths.collect();
    assert!(paths.contains("svc/api/Dockerfile"), "{paths:?}");
    assert!(paths.iter().all(|path| path.starts_with("svc/api/")), "{paths:?}");
}

/// GitHub, GitLab and Jenkins know files by their paths in the repository, wherever somebody starts a service's run.
#[test]
fn reports_of_a_service_in_a_folder_name_files_from_the_root() {
    let lab = Lab::new("dirmono");
    let repo = lab.repo("repo");
    let file = lab::dockerfile(&lab.base) + "ENV API_TOKEN=swordfish4711\n";
    repo.write("svc/api/Dockerfile", &file);
    repo.write("svc/api/www/index.html", "hello\n");
    let config = lab::config(&lab.repository()) + "[checks]\nfail-on = \"never\"\n";
    repo.write("svc/api/imgbuild.toml", &config);
    repo.commit("a service");
    let (root, service, folder) = (repo.path.clone(), repo.path.join("svc/api"), lab.path("reports"));
    let dir = folder.to_str().expect("path");
    let on_github = |from: &Path, arguments: &[&str], code: i32| {
        let run = lab.imgbuild(from, arguments).env("CI", "true").env("GITHUB_ACTIONS", "true");
        let run = run.env("GITHUB_EVENT_NAME", "push").env("GITHUB_REF", "refs/heads/main");
        run.env("GITHUB_SHA", repo.head()).env("GITHUB_REPOSITORY", "acme/hello").expect(code)
    };
    let marked = |log: &str| {
        let marks = ci_agents::github(log).into_iter().map(|mark| mark.property("file").to_owned());
        marks.filter(|file| !file.is_empty()).collect::<Vec<_>>()
    };
    let judged = |log: &str, started: &str| {
        let left = reports(&folder);
        assert_eq!(left.json["folder"].as_str().unwrap_or_default(), started);
        let results = left.sarif["runs"][0]["results"].as_array().expect("results").clone();
        assert!(!results.is_empty());
        let uri = |result: &Value| {
            let place = &result["locations"][0]["physicalLocation"]["artifactLocation"];
            place["uri"].as_str().expect("uri").to_owned()
        };
        are_of_the_service(results.iter().map(uri));
        let issues = left.quality.as_array().expect("issues").clone();
        let path = |issue: &Value| issue["location"]["path"].as_str().expect("path").to_owned();
        are_of_the_service(issues.iter().map(path));
        let summary = fs::read_to_string(folder.join("summary.md")).expect("summary");
        assert!(!summary.contains("<code>Dockerfile"), "{summary}");
        assert!(summary.contains("<code>svc/api/Dockerfile&#58;"), "{summary}");
        are_of_the_service(marked(log).into_iter());
    };
    let check = ["check", "--offline", "--no-shellcheck", "--report-dir", dir];
    let config = ["--config", "svc/api/imgbuild.toml"];
    let there = ["--directory", "svc/api"];
    judged(&on_github(&root, &[&check[..], &there].concat(), 0).stderr, "svc/api");
    judged(&on_github(&service, &check, 0).stderr, "svc/api");
    judged(&on_github(&root.join("svc"), &[&check[..], &["-C", "api"]].concat(), 0).stderr, "svc/api");
    judged(&on_github(&service.join("www"), &check, 0).stderr, "svc/api/www");
    // The configuration says where the context is: in its own folder.
    judged(&on_github(&root, &[&check[..], &config].concat(), 0).stderr, "");
    judged(&on_github(&root, &["ci", "--report-dir", dir, "-C", "svc/api"], 0).stderr, "svc/api");

    // The formats on stdout, for whoever has no folder for reports.
    for (format, wanted) in [
        ("github", "file=svc/api/Dockerfile,"),
        ("gitlab", "\"path\": \"svc/api/Dockerfile\""),
        ("sarif", "\"uri\": \"svc/api/Dockerfile\""),
        ("checkstyle", "<file name=\"svc/api/Dockerfile\">"),
    ] {
        let ran = lab.imgbuild(&service, &["check", "--offline", "--format", format]).expect(0);
        assert!(ran.stdout.contains(wanted), "{format}: {}", ran.stdout);
    }

    // The step that failed is marked there, too.
    repo.write("svc/api/Dockerfile", &(file + "RUN exit 3\n"));
    repo.commit("broken");
    let ran = on_github(&root, &["ci", "--report-dir", dir, "-C", "svc/api"], 5);
    are_of_the_service(marked(&ran.stderr).into_iter());
    let errors = ci_agents::github(&ran.stderr).into_iter().filter(|mark| mark.name == "error");
    assert!(errors.map(|mark| mark.property("file").to_owned()).any(|file| file == "svc/api/Dockerfile"));
}

/// What a run would do is kept like what one did; so is why it would be refused.
#[test]
fn a_plan_leaves_them_too() {
    let lab = Lab::new("dirplan");
    let repo = lab.hello();
    let folder = lab.path("reports");
    let path = folder.to_str().expect("path");
    let (report, junit) = (lab.path("plan.json"), lab.path("plan.xml"));
    let printed = repo.imgbuild(&["plan"]).expect(0).stdout;
    assert!(printed.contains("main"), "{printed}");
    let files = ["--report", report.to_str().expect("path"), "--junit", junit.to_str().expect("path")];
    let ran = repo.imgbuild(&[&["plan", "--report-dir", path], &files[..]].concat()).expect(0);
    // The unique tag's seconds alone may differ.
    assert_eq!(ran.stdout.lines().count(), printed.lines().count(), "{}", ran.stdout);
    let planned = reports(&folder);
    assert_eq!((&planned.json["command"], &planned.json["ok"]), (&"plan".into(), &true.into()));
    assert_eq!(planned.json["source"]["commit"], repo.head());
    let tags = planned.json["tags"].as_array().expect("tags");
    assert!(!tags.is_empty() && tags.iter().all(|tag| tag["state"] == "planned"), "{tags:?}");
    let first = tags[0]["reference"].as_str().expect("reference");
    assert!(planned.page.contains(first) && planned.page.contains("not set"), "{}", planned.page);
    // No later job can have what is not there yet.
    let outputs = fs::read_to_string(folder.join("imgbuild.env")).expect("outputs");
    assert!(outputs.lines().all(|line| line.ends_with('=')), "{outputs}");
    assert_eq!(fs::read(report).expect("report"), fs::read(folder.join("report.json")).expect("report"));
    assert_eq!(fs::read_to_string(junit).expect("junit"), planned.junit);
    assert_eq!(lab.tags(), BTreeSet::new(), "a plan makes nothing");

    repo.write("untracked", "x");
    repo.imgbuild(&["plan", "--report-dir", path]).expect(4).says("untracked");
    let refused = reports(&folder);
    assert_eq!(refused.json["error"]["kind"], "refused");
    assert!(refused.page.contains("Why it was refused") && refused.page.contains("untracked"));
    repo.imgbuild(&["plan", "--report-dir", "imgbuild.toml/out"]).expect(74).says("folder of reports");
}
