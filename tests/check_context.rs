//! `imgbuild check` on real folders and repositories: what the rules on the build context see.

#![cfg(test)]

mod support;

use std::os::unix::fs::symlink;
use std::time::{Duration, Instant};

use support::lab::{Lab, Ran, Repo};

const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n";

/// `CODE FILE:LINE` of the findings on the context, in the order of the files.
fn found(ran: &Ran) -> Vec<String> {
    let json = ran.json();
    let findings = json["findings"].as_array().expect("findings").iter();
    let on_context = findings.filter_map(|finding| {
        let rule = finding["rule"].as_str().expect("rule");
        let line = finding["line"].as_u64().filter(|line| *line > 0);
        let line = line.map(|line| format!(":{line}")).unwrap_or_default();
        let path = finding["path"].as_str().expect("path");
        (rule == "IMG218" || rule.starts_with("IMG6")).then(|| format!("{rule} {path}{line}"))
    });
    on_context.collect()
}

fn message(ran: &Ran, rule: &str) -> String {
    let json = ran.json();
    let findings = json["findings"].as_array().expect("findings");
    let own =
        findings.iter().find(|finding| finding["rule"] == rule).unwrap_or_else(|| panic!("{rule}: {json:#}"));
    own["message"].as_str().expect("message").to_owned()
}

fn check(repo: &Repo<'_>) -> Ran {
    repo.imgbuild(&["check", "--format", "json"]).run()
}

/// A repository with one commit, in which nothing is wrong.
fn clean<'a>(lab: &'a Lab, files: &[(&str, &str)]) -> Repo<'a> {
    let repo = lab.repo("repo");
    repo.write("Dockerfile", "FROM scratch\nCOPY src /src\n");
    repo.write(".dockerignore", ".git\n");
    repo.write("src/a.txt", "a\n");
    for (path, text) in files {
        repo.write(path, text);
    }
    repo.commit("first");
    repo
}

#[test]
fn a_clean_repository_has_no_finding() {
    let lab = Lab::new("clean");
    let repo = clean(&lab, &[("imgbuild.toml", "")]);
    assert_eq!(found(&check(&repo)), Vec::<String>::new());
}

#[test]
fn what_is_not_in_the_commit_is_told_apart() {
    let lab = Lab::new("states");
    let config = "[image.build]\ngenerated = [\"dist/**\", \"made.js\"]\n";
    let repo = clean(&lab, &[(".gitignore", "dist/\nlocal/\nlogs/\n"), ("imgbuild.toml", config)]);
    repo.write(".dockerignore", ".git\nlogs\n");
    repo.commit("logs stay here");
    repo.write("dist/a.js", "");
    repo.write("made.js", "");
    repo.write("local/one.txt", "");
    repo.write("local/two.txt", "");
    repo.write("logs/today.log", "");
    repo.write("staged.txt", "");
    repo.git(&["add", "staged.txt"]);
    repo.write("new.txt", "");
    let ran = check(&repo);
    assert_eq!(found(&ran), ["IMG609 local/one.txt", "IMG608 new.txt"]);
    assert!(message(&ran, "IMG608").ends_with(": new.txt and staged.txt"), "{}", message(&ran, "IMG608"));
    assert!(message(&ran, "IMG609").ends_with(": local/ (2 files)"), "{}", message(&ran, "IMG609"));
}

#[test]
fn the_files_of_a_submodule_are_its_own_repositorys() {
    let lab = Lab::new("submodule");
    let repo = clean(&lab, &[]);
    let inner = lab.repo("repo/lib");
    inner.write("lib.js", "");
    inner.write(".gitignore", "out/\n");
    inner.commit("inner");
    repo.write(".dockerignore", "**/.git\n");
    repo.commit("with the submodule");
    assert_eq!(found(&check(&repo)), Vec::<String>::new());
    inner.write("out/x", "");
    inner.write("new.js", "");
    assert_eq!(found(&check(&repo)), ["IMG608 lib/new.js", "IMG609 lib/out/x"]);
}

#[test]
fn a_repository_inside_is_not_tracked() {
    let lab = Lab::new("nested");
    let repo = clean(&lab, &[]);
    let inner = lab.repo("repo/vendor/lib");
    inner.write("lib.js", "");
    inner.commit("inner");
    assert_eq!(found(&check(&repo)), ["IMG605 vendor/lib/.git", "IMG608 vendor/lib/lib.js"]);
}

#[test]
fn changed_dockerfile_and_configuration() {
    let lab = Lab::new("changed");
    let repo = clean(&lab, &[(".gitignore", "imgbuild.toml\n")]);
    repo.write("Dockerfile", "FROM scratch\nCOPY src /other\n");
    repo.write(".dockerignore", ".git\nimgbuild.toml\n");
    repo.git(&["commit", "-q", "-m", "patterns", ".dockerignore"]);
    repo.write("imgbuild.toml", "");
    assert_eq!(found(&check(&repo)), ["IMG610 Dockerfile", "IMG611 imgbuild.toml"]);
}

#[test]
fn secrets_are_found_where_they_are_sent_and_never_shown() {
    let lab = Lab::new("secrets");
    let repo = clean(&lab, &[]);
    std::fs::write(lab.path("outside.key"), KEY).expect("write");
    repo.write(".dockerignore", ".git\nignored\n");
    repo.write("ignored/a.key", KEY);
    repo.write("keys/a.key", KEY);
    repo.write(".npmrc", "//registry.example.com/:_authToken=npm_verysecret\n");
    symlink(lab.path("outside.key"), repo.path.join("link.key")).expect("link");
    // A chain of certificates before the key.
    let chain = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n".repeat(200);
    repo.write("chain.pem", &format!("{chain}{KEY}"));
    repo.commit("secrets");
    let ran = check(&repo);
    assert_eq!(found(&ran), ["IMG604 .npmrc", "IMG601 chain.pem", "IMG601 keys/a.key"]);
    assert_eq!(ran.code, Some(1));
    assert!(!ran.stdout.contains("verysecret") && !ran.stderr.contains("verysecret"));
}

#[test]
fn without_git_only_its_rules_are_skipped() {
    let lab = Lab::new("gitless");
    let folder = lab.path("plain");
    std::fs::create_dir(&folder).expect("folder");
    std::fs::write(folder.join("Dockerfile"), "FROM scratch\nCOPY a.key /\n").expect("write");
    std::fs::write(folder.join("a.key"), KEY).expect("write");
    let ran = lab.imgbuild(&folder, &["check", "--format", "json"]).run();
    assert_eq!(found(&ran), ["IMG601 a.key"]);
    let json = ran.json();
    let skipped = json["skipped"].as_array().expect("skipped").iter();
    let on_git: Vec<&str> =
        skipped.filter_map(|skip| skip["rule"].as_str()).filter(|rule| rule.starts_with("IMG6")).collect();
    assert_eq!(on_git, ["IMG608", "IMG609", "IMG610", "IMG611"]);
}

#[test]
fn copies_and_scripts_are_followed_into_the_context() {
    let lab = Lab::new("copies");
    let repo = clean(&lab, &[("bin/start.sh", "#!/bin/sh\nset -e\napk add curl\nexec app\n")]);
    let text = "FROM scratch\nCOPY bin/start.sh /\nCOPY dist /dist\nENTRYPOINT [\"/start.sh\"]\n";
    repo.write("Dockerfile", text);
    repo.write(".dockerignore", ".git\ndist\n");
    repo.commit("dist stays here");
    repo.write("dist/a.js", "");
    assert_eq!(found(&check(&repo)), ["IMG218 Dockerfile:3", "IMG612 bin/start.sh:3"]);
}

#[test]
fn paths_are_told_from_where_the_command_runs() {
    let lab = Lab::new("below");
    let repo = clean(&lab, &[("keys/a.key", KEY)]);
    let ran = lab.imgbuild(&repo.path.join("src"), &["check", "--context", "..", "--format", "json"]).run();
    assert_eq!(found(&ran), ["IMG601 ../keys/a.key"]);
}

#[test]
fn twenty_thousand_ignored_files_are_one_finding_soon() {
    let lab = Lab::new("many");
    let repo = clean(&lab, &[(".gitignore", "node_modules/\n")]);
    for folder in 0..200 {
        let folder = repo.path.join(format!("node_modules/p{folder}"));
        std::fs::create_dir_all(&folder).expect("folder");
        for file in 0..100 {
            std::fs::write(folder.join(format!("{file}.json")), "{}").expect("write");
        }
    }
    let began = Instant::now();
    let ran = check(&repo);
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
    assert_eq!(found(&ran), ["IMG609 node_modules/p0/0.json"]);
    assert!(message(&ran, "IMG609").ends_with("node_modules/ (20000 files)"), "{}", message(&ran, "IMG609"));
}
