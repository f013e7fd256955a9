//! What later steps get, and by which way.

use super::*;

fn released() -> Outputs {
    let labels = BTreeMap::from(
        [
            ("a", "q\"uote, back\\slash, \\n, $(id) `id` %0A %name% é"),
            ("b", "one\ntwo\u{1b}[31m\r::warning::x\nghadelimiter_"),
            ("c", ""),
            ("org.opencontainers.image.version", "1.0"),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned())),
    );
    let tags = ["1.0", "1", "latest"].map(|tag| format!("ghcr.io/acme/x:{tag}")).to_vec();
    Outputs::new("ghcr.io/acme/x", Some("sha256:0"), tags, labels)
}

/// The pairs of a runner's file, as the runner reads it.
fn read(text: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let (name, end) = line.split_once("<<").unwrap();
        let value: Vec<&str> = lines.by_ref().take_while(|line| *line != end).collect();
        assert!(found.insert(name.to_owned(), value.join("\n")).is_none(), "{name} twice: {text}");
    }
    found
}

#[test]
fn outputs_are_the_values_as_they_are() {
    let found = read(&released().github());
    assert_eq!(found["digest"], "sha256:0");
    assert_eq!(found["image"], "ghcr.io/acme/x@sha256:0");
    assert_eq!(found["tags"], "ghcr.io/acme/x:1.0\nghcr.io/acme/x:1\nghcr.io/acme/x:latest");
    assert_eq!(found["version"], "1.0");
    assert_eq!(
        found["labels"],
        "a=q\"uote, back\\slash, \\n, $(id) `id` %0A %name% é\nb=one two [31m ::warning::x ghadelimiter_\nc=\n\
         org.opencontainers.image.version=1.0"
    );
    let json: serde_json::Value = serde_json::from_str(&found["json"]).unwrap();
    assert_eq!(json["labels"]["b"], "one\ntwo\u{1b}[31m\r::warning::x\nghadelimiter_");
    assert_eq!(json["annotations"], serde_json::json!(["manifest:org.opencontainers.image.version=1.0"]));
    assert_eq!(json["tags"][2], "ghcr.io/acme/x:latest");
    assert_eq!(found.len(), 6);

    // Nothing was pushed, and nothing planned.
    let none = BTreeMap::from([("org.opencontainers.image.version".to_owned(), String::new())]);
    let planned = Outputs::new("x", None, vec!["localhost:5000/x:main-1".to_owned()], none);
    let found = read(&planned.github());
    assert_eq!((found["image"].as_str(), found["version"].as_str()), ("localhost:5000/x:main-1", "main-1"));
    assert_eq!(read(&Outputs::default().github())["tags"], "");

    let obeyed = ci_agents::azure(&Surface::Azure.outputs(&released()));
    assert!(obeyed.iter().all(|one| one.property("isOutput") == "true"));
    let azure: BTreeMap<String, String> =
        obeyed.into_iter().map(|one| (one.property("variable").to_owned(), one.data)).collect();
    // The same values, but for what would be another variable's.
    let as_azure_has_it = |(name, value): (String, String)| {
        let open = if name == "json" { "\\u0024(" } else { "$ (" };
        (name, value.replace("$(", open))
    };
    assert_eq!(azure, read(&released().github()).into_iter().map(as_azure_has_it).collect());

    let obeyed = ci_agents::teamcity(&Surface::TeamCity.outputs(&released()));
    let value = |name: &str| {
        obeyed.iter().find(|one| one.property("name") == name).map(|one| one.property("value")).unwrap()
    };
    assert_eq!(value("imgbuild.image"), "ghcr.io/acme/x@sha256:0");
    assert!(value("imgbuild.labels").contains("%%0A %%name%%"), "{}", value("imgbuild.labels"));
}

#[test]
fn a_delimiter_is_new_for_each_value() {
    let text = released().github() + &released().github();
    let ends: Vec<&str> = text.lines().filter_map(|line| line.split_once("<<")).map(|(_, end)| end).collect();
    let distinct: std::collections::BTreeSet<&&str> = ends.iter().collect();
    assert_eq!((ends.len(), distinct.len()), (12, 12));
}

#[test]
fn the_dotenv_is_what_gitlab_reads() {
    let text = dotenv(&released());
    assert_eq!(
        text,
        "IMGBUILD_DIGEST=sha256:0\nIMGBUILD_IMAGE=ghcr.io/acme/x@sha256:0\nIMGBUILD_VERSION=1.0\n\
         IMGBUILD_TAGS=ghcr.io/acme/x:1.0 ghcr.io/acme/x:1 ghcr.io/acme/x:latest\n"
    );
    let labels = BTreeMap::from([(
        "org.opencontainers.image.version".to_owned(),
        "1\nIMGBUILD_IMAGE=evil".to_owned(),
    )]);
    let tags = (0..1000).map(|i| format!("ghcr.io/acme/x:{i}")).collect();
    let unpublished = dotenv(&Outputs::new("x", None, vec!["x:1".to_owned()], labels.clone()));
    assert_eq!(unpublished, "IMGBUILD_DIGEST=\nIMGBUILD_IMAGE=\nIMGBUILD_VERSION=\nIMGBUILD_TAGS=\n");
    let text = dotenv(&Outputs::new("x", Some("sha256:0"), tags, labels));
    assert!(text.len() <= 5 * 1024 && text.ends_with('\n'), "{}", text.len());
    let keys: Vec<&str> = text.lines().filter_map(|line| line.split_once('=')).map(|(key, _)| key).collect();
    assert_eq!(keys, ["IMGBUILD_DIGEST", "IMGBUILD_IMAGE", "IMGBUILD_VERSION", "IMGBUILD_TAGS"]);
    assert!(text.lines().nth(3).unwrap().split(' ').skip(1).all(|tag| tag.starts_with("ghcr.io/acme/x:")));
}

#[test]
fn what_was_only_planned_is_no_output() {
    let tag = |reference: &str, state| TagFacts {
        reference: reference.to_owned(),
        digest: None,
        before: None,
        state,
    };
    let mut report = RunReport::new("ci", "1", "2026-01-01T00:00:00Z");
    report.tags =
        vec![tag("ghcr.io/acme/x:1.0", TagState::Planned), tag("docker.io/library/x:dev", TagState::Local)];
    let outputs = Outputs::of_report(&report);
    assert_eq!((outputs.image.as_str(), outputs.tags.as_slice()), ("x:dev", &["x:dev".to_owned()][..]));
    report.tags.truncate(1);
    assert_eq!(Outputs::of_report(&report).image, "");
}

#[test]
fn no_variable_of_azures_gets_into_its_outputs() {
    let labels = BTreeMap::from([("branch".to_owned(), "x$(registryPassword)".to_owned())]);
    let outputs = Outputs::new("x", None, vec!["x:1".to_owned()], labels);
    let text = Surface::Azure.outputs(&outputs);
    assert!(!text.contains("$("), "{text}");
    let json = ci_agents::azure(&text).into_iter().find(|one| one.property("variable") == "json").unwrap();
    let json: serde_json::Value = serde_json::from_str(&json.data).unwrap();
    assert_eq!(json["labels"]["branch"], "x$(registryPassword)");
}

#[test]
fn a_mask_for_each_line_of_a_secret_and_for_its_base64() {
    let obeyed = ci_agents::github(&Surface::GitHub.masks(["s3cr%t\nab\nline two\n", "abc"].into_iter()));
    let masked: Vec<&str> = obeyed.iter().map(|one| one.data.as_str()).collect();
    let base64 = ["czNjciV0CmFiCmxpbmUgdHdv", "czNjciV0", "bGluZSB0d28="];
    assert_eq!(masked, ["s3cr%t\nab\nline two", base64[0], "s3cr%t", base64[1], "line two", base64[2]]);
    assert_eq!(Surface::GitHub.masks(["a\u{1b}[2Jbcd"].into_iter()), "");
    for surface in [Surface::Lines, Surface::GitLab, Surface::Azure, Surface::TeamCity, Surface::Buildkite] {
        assert_eq!(surface.masks(["s3cret"].into_iter()), "", "{surface:?}");
    }
}

#[test]
fn lines_are_added_to_a_runners_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("output");
    let missing = append(&path, |_| "x\n".to_owned()).unwrap_err();
    assert_eq!(missing.kind(), Kind::Io);
    assert!(!path.exists());
    assert_eq!(append(folder.path(), |_| "x\n".to_owned()).unwrap_err().kind(), Kind::Io);
    fs::write(&path, "a=1").unwrap();
    append(&path, |taken| format!("b={taken}\n")).unwrap();
    append(&path, |taken| format!("c={taken}\n")).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "a=1\nb=3\nc=8\n");
}

fn agent(folder: &std::path::Path, script: &str) -> Agent {
    let program = folder.join("buildkite-agent");
    fs::write(&program, format!("#!/bin/sh\ncd '{}' && {script}\n", folder.display())).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    Agent::new(program, &Environment::default())
}

#[test]
fn the_agent_gets_values_by_stdin_and_its_failure_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let records = agent(folder.path(), "echo \"$@\" >>calls && cat >>said");
    records.annotate("# page\n", false).unwrap();
    records.set(&released()).unwrap();
    let calls = fs::read_to_string(folder.path().join("calls")).unwrap();
    let expected = "annotate --style error --context imgbuild\nmeta-data set imgbuild:digest\n";
    assert!(calls.starts_with(expected), "{calls}");
    assert_eq!(calls.lines().count(), 7);
    let said = fs::read_to_string(folder.path().join("said")).unwrap();
    assert!(said.starts_with("# page\nsha256:0ghcr.io/acme/x@sha256:0"), "{said}");

    // A page that is not read, and a failure.
    let large = "x".repeat(1 << 20);
    let failed = agent(folder.path(), "exit 3").annotate(&large, true).unwrap_err();
    assert!(failed.starts_with("buildkite-agent annotate failed: exit status: 3"), "{failed}");
    let none =
        Agent::new(folder.path().join("nowhere"), &Environment::default()).set(&released()).unwrap_err();
    assert!(none.starts_with("cannot start buildkite-agent meta-data: "), "{none}");
}
