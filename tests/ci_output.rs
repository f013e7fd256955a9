//! What each CI shows of a run on a real engine, and that nothing which a build, a container, a branch or a commit says
//! is a command to any of them.

#![cfg(test)]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::Value;
use support::ci_agents::{self, HOSTILE, Obeyed, controls, names};
use support::lab::{self, Lab, Ran, Repo};
use support::runner::pairs;

/// A branch that git takes.
const BRANCH: &str = "x/##%0A::error::/$(touch${IFS}pwned)/`touch`/\u{202e}'|n";
const SECRET: &str = "s3cr3t%of mine";
const STAGES: [&str; 8] = ["source", "context", "plan", "check", "build", "smoke", "publish", "teardown"];

/// A repository whose build and container say all that is hostile, and whose test passes where the service says `body`.
fn hostile<'a>(lab: &'a Lab, body: &str) -> Repo<'a> {
    let repo = lab.hello();
    let said = format!("{}\n{SECRET}\n", HOSTILE.join("\n"));
    repo.write("www/said", &said);
    let file = lab::dockerfile(&lab.base).replace("EXPOSE", "RUN cat /www/said\nEXPOSE");
    let (head, _) = file.split_once("CMD [\"httpd\"").expect("CMD");
    let start = "CMD [\"sh\", \"-c\", \"cat /www/said; exec httpd -f -p 8080 -h /www\"]";
    repo.write("Dockerfile", &format!("{head}{start}\n"));
    let config = lab::config(&lab.repository())
        .replace("body = \"hello\"", &format!("body = \"{body}\""))
        .replace("\"serves\"", "\"##[error]serves ##vso[x]y ::error::z\"");
    repo.write("imgbuild.toml", &config);
    repo.git(&["add", "-A"]);
    repo.git(&["commit", "-q", "-m", &HOSTILE.join("\n")]);
    repo.git(&["tag", "-a", "v1.2.3", "-m", HOSTILE[0]]);
    repo
}

/// Runs `ci` in a CI that says no more than `environment`.
fn ci(repo: &Repo<'_>, code: i32, environment: &[(&str, &str)], arguments: &[&str]) -> Ran {
    let arguments = [&["ci", "--no-cache", "--push", "always"], arguments].concat();
    let run = repo.imgbuild(&arguments).env("CI", "true").env("GH_TOKEN", SECRET);
    environment.iter().fold(run, |run, (name, value)| run.env(name, value)).expect(code)
}

fn github<'a>(head: &'a str, reference: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_EVENT_NAME", "push"),
        ("GITHUB_SHA", head),
        ("GITHUB_REF", reference),
        ("GITHUB_REPOSITORY", "acme/hello"),
    ]
}

/// Every agent reads all that was printed; `own` gets what its CI obeyed, and the others have to find nothing.
fn read(ran: &Ran, own: &str) -> Vec<Obeyed> {
    let log = format!("{}{}", ran.stdout, ran.stderr);
    assert_eq!(controls(&log), "", "{log}");
    let agents = [
        ("github", ci_agents::github(&log)),
        ("gitlab", ci_agents::gitlab(&log)),
        ("azure", ci_agents::azure(&log)),
        ("teamcity", ci_agents::teamcity(&log)),
        ("buildkite", ci_agents::buildkite(&log)),
    ];
    let mut obeyed = Vec::new();
    for (agent, found) in agents {
        match agent {
            _ if agent == own => obeyed = found,
            // GitHub knows the older commands of Azure's.
            "github" if own == "azure" => {}
            _ => assert_eq!(names(&found), Vec::<&str>::new(), "{agent}:\n{log}"),
        }
    }
    assert!(!ran.stderr.contains(SECRET) || own == "github", "{log}");
    obeyed
}

/// The stages that were shown as groups, each ended before the next one.
fn groups(obeyed: &[Obeyed], begin: &str, end: &str, title: impl Fn(&Obeyed) -> String) -> Vec<String> {
    let of_groups: Vec<&Obeyed> = obeyed.iter().filter(|one| one.name == begin || one.name == end).collect();
    let pairs = of_groups.chunks(2);
    let titles: Vec<String> = pairs
        .map(|pair| {
            assert_eq!((pair[0].name.as_str(), pair[1].name.as_str()), (begin, end), "{of_groups:#?}");
            title(pair[0])
        })
        .collect();
    assert!(titles.iter().all(|title| STAGES.contains(&title.as_str())), "{titles:?}");
    titles
}

fn failed_stages() -> Vec<&'static str> {
    STAGES.into_iter().filter(|stage| *stage != "publish").collect()
}

fn path(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

#[test]
fn github_shows_groups_marks_outputs_and_a_summary() {
    let lab = Lab::new("ci-github");
    let repo = hostile(&lab, "goodbye");
    let (output, page) = (lab.path("output"), lab.path("page"));
    fs::write(&output, "before=1").expect("output");
    fs::write(&page, "before\n").expect("page");
    let (head, branch) = (repo.head(), format!("refs/heads/{BRANCH}"));
    let mut environment = github(&head, &branch);
    environment.extend([("GITHUB_OUTPUT", path(&output)), ("GITHUB_STEP_SUMMARY", path(&page))]);
    let ran = ci(&repo, 6, &environment, &[]);

    let obeyed = read(&ran, "github");
    assert_eq!(obeyed[0].name, "add-mask", "before anything else: {obeyed:#?}");
    assert_eq!(obeyed[0].data, SECRET);
    assert!(ran.stderr.starts_with("::add-mask::"));
    let rest = ran.stderr.replace(&format!("::add-mask::{}\n", SECRET.replace('%', "%25")), "");
    assert!(!rest.contains(SECRET) && rest.contains("build |\u{1b}[0m ***\n"), "{rest}");
    assert_eq!(groups(&obeyed, "group", "endgroup", |one| one.data.clone()), failed_stages());
    let errors: Vec<&Obeyed> = obeyed.iter().filter(|one| one.name == "error").collect();
    let titles: Vec<&str> = errors.iter().map(|one| one.property("title")).collect();
    assert_eq!(titles[0], "imgbuild ci");
    assert!(titles[1].starts_with("test \\u{23}#[error]serves"), "{titles:?}");
    assert!(errors.len() <= 10);
    let known = ["add-mask", "group", "endgroup", "error", "warning", "notice"];
    assert!(names(&obeyed).iter().all(|name| known.contains(name)), "{obeyed:#?}");
    // What failed is told again, since its group is folded.
    ran.says("\u{1b}[2m  | \\u{3a}:error file=a,line=1::pwned\u{1b}[0m\n");

    let text = fs::read_to_string(&output).expect("output");
    let outputs = pairs(&text);
    assert_eq!(outputs[0], ("before".to_owned(), "1".to_owned()));
    let of = |name: &str| outputs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    assert_eq!((of("digest"), outputs.len()), (Some(""), 7), "{text}");
    let page = fs::read_to_string(&page).expect("page");
    assert!(page.starts_with("before\n### ❌ imgbuild ci failed\n"), "{page}");
    assert!(page.contains("pwned") && !page.contains(SECRET) && controls(&page).is_empty(), "{page}");
    assert!(!repo.path.join("pwned").exists() && lab.tags().is_empty());
}

#[test]
fn github_gets_the_outputs_of_what_was_published() {
    let lab = Lab::new("ci-github-out");
    let repo = hostile(&lab, "hello");
    let (output, page) = (lab.path("output"), lab.path("page"));
    fs::write(&output, "").expect("output");
    fs::write(&page, "").expect("page");
    let head = repo.head();
    let mut environment = github(&head, "refs/tags/v1.2.3");
    environment.extend([("GITHUB_OUTPUT", path(&output)), ("GITHUB_STEP_SUMMARY", path(&page))]);
    environment.push(("RUNNER_DEBUG", "1"));
    let ran = ci(&repo, 0, &environment, &["--format", "json"]);
    let report = ran.json();
    let obeyed = read(&ran, "github");
    assert_eq!(groups(&obeyed, "group", "endgroup", |one| one.data.clone()), STAGES);
    assert!(obeyed.iter().all(|one| one.name != "error"), "{obeyed:#?}");
    // Left out else.
    ran.says("B sent");

    let outputs = pairs(&fs::read_to_string(&output).expect("output"));
    let of =
        |name: &str| outputs.iter().find(|(known, _)| known == name).map(|(_, v)| v.as_str()).expect(name);
    let digest = report["image"]["digest"].as_str().expect("digest");
    assert_eq!(of("digest"), digest);
    assert_eq!(of("image"), format!("{}@{digest}", lab.repository()));
    assert_eq!(of("version"), "1.2.3");
    let tags: Vec<&str> = report["tags"]
        .as_array()
        .expect("tags")
        .iter()
        .map(|t| t["reference"].as_str().expect("tag"))
        .collect();
    assert_eq!(of("tags").lines().collect::<Vec<_>>(), tags);
    assert!(of("labels").contains(&format!("org.opencontainers.image.revision={head}\n")));
    let json: Value = serde_json::from_str(of("json")).expect("json");
    assert_eq!((&json["digest"], &json["labels"]), (&report["image"]["digest"], &report["labels"]));
    let page = fs::read_to_string(&page).expect("page");
    assert!(page.starts_with("### ✅ imgbuild ci passed\n") && page.contains(&head), "{page}");

    // What others can neither write to is a note.
    let off = [("GITHUB_OUTPUT", path(lab.path("nowhere").as_path()))].map(|(k, v)| (k, v.to_owned()));
    let mut environment = github(&head, "refs/tags/v1.2.3");
    environment.extend(off.iter().map(|(name, value)| (*name, value.as_str())));
    let ran = ci(&repo, 0, &environment, &[]);
    ran.says("note: cannot add to the runner's file ");
}

#[test]
fn gitlab_shows_sections_and_reads_the_dotenv() {
    let lab = Lab::new("ci-gitlab");
    let repo = hostile(&lab, "hello");
    let (head, folder) = (repo.head(), lab.path("reports"));
    let environment = [("GITLAB_CI", "true"), ("CI_COMMIT_SHA", &*head), ("CI_COMMIT_BRANCH", BRANCH)];
    let ran = ci(&repo, 0, &environment, &["--report-dir", path(&folder)]);
    let obeyed = read(&ran, "gitlab");
    assert_eq!(groups(&obeyed, "start", "end", |one| one.data.clone()), STAGES);
    assert!(obeyed.iter().all(|one| one.property("id").starts_with("imgbuild_")), "{obeyed:#?}");

    let text = fs::read_to_string(folder.join("imgbuild.env")).expect("imgbuild.env");
    let values: Vec<&str> = text.lines().map(|line| line.split_once('=').expect("a pair").1).collect();
    assert_eq!(values.len(), 4, "{text}");
    assert_eq!(values[1], format!("{}@{}", lab.repository(), values[0]));
    let mut tags: Vec<String> = lab.tags().iter().map(|tag| format!("{}:{tag}", lab.repository())).collect();
    let mut told: Vec<String> = values[3].split(' ').map(str::to_owned).collect();
    tags.sort();
    told.sort();
    assert_eq!(told, tags, "{text}");
}

#[test]
fn azure_shows_groups_issues_variables_and_a_summary() {
    let lab = Lab::new("ci-azure");
    let repo = hostile(&lab, "goodbye");
    let (head, folder, branch) = (repo.head(), lab.path("re;por]ts"), format!("refs/heads/{BRANCH}"));
    let environment =
        [("TF_BUILD", "True"), ("BUILD_SOURCEVERSION", &*head), ("BUILD_SOURCEBRANCH", &*branch)];
    let ran = ci(&repo, 6, &environment, &["--report-dir", path(&folder)]);
    let obeyed = read(&ran, "azure");
    assert_eq!(groups(&obeyed, "group", "endgroup", |one| one.data.clone()), failed_stages());
    let known = ["group", "endgroup", "task.logissue", "task.setvariable", "task.uploadsummary"];
    assert!(names(&obeyed).iter().all(|name| known.contains(name)), "{obeyed:#?}");
    let issue = obeyed.iter().find(|one| one.name == "task.logissue").expect("an issue");
    assert_eq!(issue.property("type"), "error");
    assert!(issue.data.starts_with("imgbuild ci: "), "{issue:?}");
    let summary = obeyed.iter().find(|one| one.name == "task.uploadsummary").expect("a summary");
    assert_eq!(summary.data, path(&folder.join("summary.md")));
    assert!(fs::read_to_string(&summary.data).expect("summary").contains("imgbuild ci failed"));
    let variables: Vec<&str> = obeyed
        .iter()
        .filter(|one| one.name == "task.setvariable")
        .map(|one| one.property("variable"))
        .collect();
    assert_eq!(variables, ["digest", "image", "tags", "version", "labels", "json"]);
}

#[test]
fn teamcity_shows_blocks_problems_and_tests() {
    let lab = Lab::new("ci-teamcity");
    let repo = hostile(&lab, "goodbye");
    let (head, folder) = (repo.head(), lab.path("reports"));
    let environment =
        [("TEAMCITY_VERSION", "2026.1"), ("BUILD_VCS_NUMBER", &*head), ("IMGBUILD_BRANCH", BRANCH)];
    let ran = ci(&repo, 6, &environment, &["--report-dir", path(&folder)]);
    let obeyed = read(&ran, "teamcity");
    let title = |one: &Obeyed| one.property("name").to_owned();
    assert_eq!(groups(&obeyed, "blockOpened", "blockClosed", title), failed_stages());
    let others: Vec<&str> = names(&obeyed).into_iter().filter(|name| !name.starts_with("block")).collect();
    assert_eq!(others, [vec!["buildProblem"], vec!["setParameter"; 6], vec!["importData"]].concat());
    let import = obeyed.last().expect("importData");
    assert_eq!(
        (import.property("type"), import.property("path")),
        ("junit", path(&folder.join("junit.xml")))
    );
    // It reads commands on stdout, so the log is there, and a document keeps stdout to itself.
    assert!(ci_agents::teamcity(&ran.stderr).is_empty(), "{}", ran.stderr);
    let ran = ci(&repo, 6, &environment, &["--format", "json"]);
    assert_eq!(ran.json()["exit_code"], 6);
    assert!(read(&ran, "teamcity").is_empty());
}

#[test]
fn buildkite_shows_groups_and_its_agent_gets_the_rest() {
    let lab = Lab::new("ci-buildkite");
    let repo = hostile(&lab, "goodbye");
    let bin = lab.path("bin");
    fs::create_dir(&bin).expect("bin");
    let agent = bin.join("buildkite-agent");
    let script = |script: &str| {
        fs::write(&agent, format!("#!/bin/sh\n{script}\n")).expect("agent");
        fs::set_permissions(&agent, fs::Permissions::from_mode(0o755)).expect("mode");
    };
    let said = lab.path("said");
    script(&format!("{{ echo \"> $*\"; cat; echo; }} >>'{}'", said.display()));
    let mut search = bin.into_os_string();
    search.push(":");
    search.push(std::env::var_os("PATH").expect("PATH"));
    let (head, search) = (repo.head(), search.into_string().expect("UTF-8"));
    // A colon stands behind the name of a fork's owner.
    let branch = BRANCH.replace(':', "");
    let environment = [
        ("BUILDKITE", "true"),
        ("BUILDKITE_COMMIT", &*head),
        ("BUILDKITE_BRANCH", &*branch),
        ("BUILDKITE_PULL_REQUEST", "false"),
        ("PATH", &*search),
    ];
    let ran = ci(&repo, 6, &environment, &[]);
    let obeyed = read(&ran, "buildkite");
    let markers: Vec<(&str, &str)> =
        obeyed.iter().map(|one| (one.name.as_str(), one.data.as_str())).collect();
    assert_eq!(
        markers,
        [
            ("---", "source"),
            ("---", "context"),
            ("---", "plan"),
            ("---", "check"),
            ("---", "build"),
            ("---", "smoke"),
            ("^^^", "+++"),
            ("~~~", "teardown"),
            ("+++", "result"),
        ]
    );
    let said = fs::read_to_string(said).expect("said");
    let calls: Vec<&str> = said.lines().filter(|line| line.starts_with("> ")).collect();
    assert!(calls.contains(&"> annotate --style error --context imgbuild"), "{said}");
    assert!(!calls.iter().any(|call| call.contains("meta-data")), "nothing was published: {said}");
    assert!(said.contains("### ❌ imgbuild ci failed") && controls(&said).is_empty(), "{said}");

    script("exit 1");
    let ran = ci(&repo, 6, &environment, &[]);
    ran.says("note: buildkite-agent annotate failed: exit status: 1");

    let published = lab.path("published");
    script(&format!("{{ echo \"> $*\"; cat; echo; }} >>'{}'", published.display()));
    repo.write("imgbuild.toml", &lab::config(&lab.repository()));
    repo.commit("expect what is there");
    let head = repo.head();
    let mut environment = environment.to_vec();
    environment.retain(|(name, _)| *name != "BUILDKITE_COMMIT");
    environment.extend([("BUILDKITE_COMMIT", &*head), ("BUILDKITE_STEP_KEY", "image")]);
    ci(&repo, 0, &environment, &[]);
    let said = fs::read_to_string(published).expect("said");
    assert!(said.contains("> annotate --style success --context imgbuild-image\n"), "{said}");
    assert!(
        said.contains(&format!("> meta-data set imgbuild:image\n{}@sha256:", lab.repository())),
        "{said}"
    );
}

#[test]
fn it_can_be_switched_off() {
    let lab = Lab::new("ci-off");
    let repo = hostile(&lab, "hello");
    let output = lab.path("output");
    fs::write(&output, "").expect("output");
    let head = repo.head();
    let mut environment = github(&head, "refs/heads/main");
    environment.push(("GITHUB_OUTPUT", path(&output)));
    let ran = ci(&repo, 0, &environment, &["--ci-output", "off"]);
    assert!(read(&ran, "github").is_empty());
    environment.push(("IMGBUILD_CI_OUTPUT", "off"));
    let ran = ci(&repo, 0, &environment, &[]);
    assert!(read(&ran, "github").is_empty());
    assert_eq!(fs::read_to_string(&output).expect("output"), "");
}

/// What never comes to an engine: a check, an error, and a command line.
#[test]
fn other_commands_mark_what_they_say() {
    let lab = Lab::new("ci-others");
    let repo = lab.hello();
    repo.write("Dockerfile", "FROM busybox\n");
    repo.commit("no tag");
    let head = repo.head();
    let environment = github(&head, "refs/heads/main");
    let run = |arguments: &[&str], code: i32| {
        let run = repo.imgbuild(arguments).env("CI", "true");
        environment.iter().fold(run, |run, (name, value)| run.env(name, value)).expect(code)
    };
    let obeyed = read(&run(&["check", "--offline", "--fail-on", "never"], 0), "github");
    let mark = obeyed.iter().find(|one| one.property("file") == "Dockerfile").expect("a mark");
    assert_eq!(mark.property("line"), "1");
    // Whoever asks for a format gets no other one beside it.
    let ran = run(&["check", "--offline", "--fail-on", "never", "--format", "github"], 0);
    assert!(ci_agents::github(&ran.stderr).is_empty(), "{}", ran.stderr);

    repo.write("imgbuild.toml", "schema = 1\n[image]\n\"::error::x ##[error]y\" = 1\n");
    let obeyed = read(&run(&["ci"], 3), "github");
    let errors: Vec<&Obeyed> = obeyed.iter().filter(|one| one.name == "error").collect();
    assert_eq!((errors.len(), errors[0].property("title")), (1, "imgbuild ci"));
    for argument in HOSTILE {
        assert!(read(&run(&["ci", "--no-such-flag", argument], 2), "github").is_empty());
        assert!(
            read(&run(&["-C", &format!("/{argument}"), "ci"], 2), "github")
                .iter()
                .all(|one| { one.name == "error" && one.property("title") == "imgbuild" })
        );
    }
}

/// Who asks for quiet in a workflow wants a short log and the result on stdout. What failed is marked and quoted all the same.
#[test]
fn quiet_leaves_out_the_log_and_keeps_marks_outputs_and_summary() {
    let lab = Lab::new("ci-quiet");
    let repo = hostile(&lab, "goodbye");
    let (output, page) = (lab.path("output"), lab.path("page"));
    fs::write(&output, "").expect("output");
    fs::write(&page, "").expect("page");
    let (head, branch) = (repo.head(), format!("refs/heads/{BRANCH}"));
    let mut environment = github(&head, &branch);
    environment.extend([("GITHUB_OUTPUT", path(&output)), ("GITHUB_STEP_SUMMARY", path(&page))]);
    let ran = ci(&repo, 6, &environment, &["--quiet"]);
    assert_eq!(ran.stdout, "");
    let obeyed = read(&ran, "github");
    let marks = ["add-mask", "error"];
    assert!(names(&obeyed).iter().all(|name| marks.contains(name)), "{obeyed:#?}");
    let errors: Vec<&str> =
        obeyed.iter().filter(|one| one.name == "error").map(|one| one.property("title")).collect();
    assert!(errors[0] == "imgbuild ci" && errors[1].contains("serves"), "{errors:?}");
    // Nothing was told while it happened, and what failed is quoted once, with nothing in it obeyed.
    assert!(!ran.stderr.contains("build |"), "{}", ran.stderr);
    ran.says("failed:").says("  | \\u{3a}:error file=a,line=1::pwned");
    assert!(fs::read_to_string(&output).expect("output").contains("digest<<"));
    assert!(fs::read_to_string(&page).expect("page").starts_with("### ❌ imgbuild ci failed\n"));

    repo.write("imgbuild.toml", &lab::config(&lab.repository()));
    repo.commit("mended");
    let head = repo.head();
    let ran = ci(&repo, 0, &github(&head, "refs/heads/main"), &["--quiet"]);
    assert!(ran.stdout.starts_with(&format!("{}@sha256:", lab.repository())), "{}", ran.stdout);
    assert_eq!(ran.stdout.lines().count(), 1);
    assert_eq!(ran.stderr, "");
}
