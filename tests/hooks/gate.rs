//! What a push is told.

use super::*;

#[test]
fn a_new_branch_is_judged_and_a_bad_one_stays_here() {
    let world = World::new();
    let repo = world.hooked();
    world.push(&repo, &["main"]).expect(0).says("refs/heads/main at").says("0 findings");
    assert_eq!(world.on_remote("main"), Some(world.head(&repo)));
    world.git(&repo, &["checkout", "-q", "-b", "feature/root"]);
    write(&repo, "Dockerfile", ROOT);
    world.commit(&repo, "root");
    let refused = world.push(&repo, &["feature/root"]).expect(1);
    refused.says("IMG222").says("Dockerfile:1").says("--no-verify").does_not_say("enforced");
    assert_eq!(world.on_remote("feature/root"), None);
    world.push(&repo, &["--no-verify", "feature/root"]).expect(0).does_not_say("imgbuild:");
}

#[test]
fn one_bad_ref_of_several_keeps_all_here() {
    let world = World::new();
    let repo = world.hooked();
    world.git(&repo, &["branch", "good"]);
    write(&repo, "Dockerfile", ROOT);
    world.commit(&repo, "root");
    world.push(&repo, &["good", "main"]).expect(1).says("good at").says("main at");
    assert_eq!((world.on_remote("good"), world.on_remote("main")), (None, None));
}

#[test]
fn nothing_to_push_deletes_and_dry_runs() {
    let world = World::new();
    let repo = world.hooked();
    world.push(&repo, &["main", "main:gone"]).expect(0);
    // Git calls the hook with no line at all.
    world.push(&repo, &["main"]).expect(0).says("up-to-date").does_not_say("imgbuild:");
    world.push(&repo, &["--delete", "gone"]).expect(0).does_not_say("imgbuild:");
    assert_eq!(world.on_remote("gone"), None);
    write(&repo, "Dockerfile", ROOT);
    world.commit(&repo, "root");
    world.push(&repo, &["--dry-run", "main"]).expect(1).says("IMG222");
}

#[test]
fn tags_are_peeled_and_released_versions_stay() {
    let world = World::new();
    let repo = world.hooked();
    world.push(&repo, &["main"]).expect(0);
    world.git(&repo, &["tag", "-a", "v1.0.0", "-m", "first"]);
    world.git(&repo, &["tag", "-a", "nested", "-m", "a tag of a tag", "v1.0.0"]);
    // The remote has the commit; a version is judged all the same.
    world.push(&repo, &["v1.0.0"]).expect(0).says("refs/tags/v1.0.0 at").says("0 findings");
    world.push(&repo, &["nested"]).expect(0).says("the remote has all of it");
    write(&repo, "Dockerfile", ROOT);
    world.commit(&repo, "root");
    world.git(&repo, &["tag", "v1.1.0"]);
    world.push(&repo, &["v1.1.0"]).expect(1).says("IMG222");
    world.git(&repo, &["tag", "-f", "-a", "v1.0.0", "-m", "moved"]);
    world.push(&repo, &["-f", "v1.0.0"]).expect(1).says("a released version does not move");
    // A tag of a file is nothing to build from.
    world.git(&repo, &["tag", "text", "HEAD:Dockerfile"]);
    world.push(&repo, &["text"]).expect(0).says("it is no commit");
}

#[test]
fn a_version_is_released_from_a_clean_folder() {
    let world = World::new();
    let repo = world.hooked();
    world.git(&repo, &["tag", "v1.0.0"]);
    write(&repo, "src/a.txt", "not committed\n");
    world.push(&repo, &["v1.0.0"]).expect(1).says("changes that are in no commit").says("git stash");
    // A branch is pushed as it is committed.
    world.push(&repo, &["main"]).expect(0);
    write(&repo, "src/a.txt", "a\n");
    write(&repo, "untracked", "");
    world.push(&repo, &["v1.0.0"]).expect(0);
}

#[test]
fn what_is_called_head_and_what_has_no_name() {
    let world = World::new();
    let repo = world.hooked();
    write(&repo, "Dockerfile", ROOT);
    world.commit(&repo, "a subject with blanks");
    world.push(&repo, &["HEAD:refs/heads/other"]).expect(1).says("refs/heads/other at");
    world.push(&repo, &["HEAD~1:refs/heads/other"]).expect(0);
    // git passes such an expression on as the name.
    world.push(&repo, &[":/a subject:refs/heads/other"]).expect(1).says("IMG222");
    let bare = world.path("remote.git");
    let url = format!("file://{}", bare.display());
    world.try_git(&repo, &["push", &url, "main"]).expect(1).says("refs/heads/main at");
    world.git(&repo, &["checkout", "-q", "--detach"]);
    world.push(&repo, &["HEAD:refs/heads/detached"]).expect(1);
}

#[test]
fn the_commit_is_judged_and_not_the_folder() {
    let world = World::new();
    let repo = world.hooked();
    // What is wrong in the folder, and in no commit.
    write(&repo, "Dockerfile", ROOT);
    write(&repo, "imgbuild.toml", "nonsense");
    let ran = world.push(&repo, &["main"]).expect(0).says("0 findings");
    ran.says("Dockerfile has changes that are in no commit").says("imgbuild.toml has changes");
    // What is wrong in the commit, and mended in the folder alone.
    write(&repo, "imgbuild.toml", STRICT);
    world.commit(&repo, "root");
    write(&repo, "Dockerfile", CLEAN);
    world.push(&repo, &["main"]).expect(1).says("IMG222");
    fs::remove_file(repo.join("Dockerfile")).expect("remove");
    world.push(&repo, &["main"]).expect(1).says("IMG222");
    // Its own configuration and ignore file, and a file that only the folder has.
    write(&repo, "Dockerfile", ROOT);
    write(&repo, "imgbuild.toml", "[image]\nbuild = 1\n");
    world.commit(&repo, "broken");
    write(&repo, "imgbuild.toml", STRICT);
    world.push(&repo, &["main"]).expect(1).says("imgbuild.toml:2");
}

#[test]
fn the_context_is_the_commits() {
    let world = World::new();
    let repo = world.hooked();
    world.push(&repo, &["main"]).expect(0);
    let key = "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n";
    write(&repo, "src/server.key", key);
    world.push(&repo, &["main"]).expect(0).does_not_say("server.key");
    world.commit(&repo, "a key");
    fs::remove_file(repo.join("src/server.key")).expect("remove");
    world.push(&repo, &["main"]).expect(1).says("src/server.key");
    // As `check` says it of a checkout.
    world.git(&repo, &["checkout", "-q", "."]);
    let json = |ran: Ran| -> Vec<String> {
        let value: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
        let findings = value["findings"].as_array().expect("findings").iter();
        findings.map(|one| format!("{} {} {}", one["rule"], one["path"], one["message"])).collect()
    };
    let checked = world.imgbuild(&repo, &["check", "--offline", "--format", "json"]).expect(1);
    let line = format!("HEAD {} refs/heads/main {ZERO}\n", world.head(&repo));
    let arguments = ["hook", "pre-push", "--format", "json", "origin", "x"];
    let pushed = world.run(&repo, "imgbuild", &arguments, &line).expect(1);
    assert_eq!(json(checked), json(pushed));
}

#[test]
fn only_what_touches_an_image_is_judged() {
    let world = World::new();
    let repo = world.hooked();
    write(&repo, "Dockerfile", ROOT);
    world.commit(&repo, "root");
    world.push(&repo, &["--no-verify", "main"]).expect(0);
    let untouched = "nothing that makes an image changed";
    // Left out of the context.
    write(&repo, "docs/guide.md", "text\n");
    world.commit(&repo, "docs");
    world.push(&repo, &["main"]).expect(0).says(untouched);
    // A new branch is held against what the remote has.
    world.git(&repo, &["checkout", "-q", "-b", "topic"]);
    write(&repo, "docs/more.md", "text\n");
    world.commit(&repo, "docs");
    world.push(&repo, &["topic"]).expect(0).says(untouched);
    world.push(&repo, &["topic:again"]).expect(0).says("the remote has all of it");
    for (name, text) in [
        ("src/a.txt", "b\n"),
        (".dockerignore", ".git\ndocs\n# x\n"),
        ("imgbuild.toml", "[checks]\nfail-on = \"info\"\n"),
        ("Dockerfile", "FROM scratch\nCOPY src /srv\n"),
    ] {
        write(&repo, name, text);
        world.commit(&repo, name);
        world.push(&repo, &["topic"]).expect(1).says("IMG222");
        world.push(&repo, &["--no-verify", "topic"]).expect(0);
    }
    // So does what is gone.
    fs::remove_file(repo.join("src/a.txt")).expect("remove");
    write(&repo, "src/b.txt", "b\n");
    world.commit(&repo, "gone");
    world.push(&repo, &["topic"]).expect(1).says("IMG222");
}

#[test]
fn a_base_that_is_not_here_means_all() {
    let world = World::new();
    let repo = world.repository("sha1");
    write(&repo, "Dockerfile", ROOT);
    let head = world.commit(&repo, "root");
    let unknown = "1".repeat(40);
    world
        .hook(&repo, &format!("refs/heads/main {head} refs/heads/main {unknown}\n"))
        .expect(1)
        .says("IMG222");
    // Somebody else pushed; the histories went different ways.
    world.git(&repo, &["checkout", "-q", "--orphan", "other"]);
    write(&repo, "docs/a.md", "x");
    let orphan = world.commit(&repo, "another start");
    world
        .hook(&repo, &format!("refs/heads/other {orphan} refs/heads/main {head}\n"))
        .expect(0)
        .says("not judged");
}

#[test]
fn repositories_of_sha256() {
    let world = World::new();
    let repo = world.repository("sha256");
    world.imgbuild(&repo, &["hook", "install"]).expect(0);
    assert_eq!(world.head(&repo).len(), 64);
    world.push(&repo, &["main"]).expect(0).says("0 findings");
    write(&repo, "Dockerfile", ROOT);
    world.commit(&repo, "root");
    world.git(&repo, &["tag", "-a", "v2.0.0", "-m", "two"]);
    world.push(&repo, &["main", "v2.0.0"]).expect(1).says("IMG222");
    world.git(&repo, &["push", "--no-verify", "origin", "main"]);
    world.push(&repo, &["--delete", "main"]).does_not_say("imgbuild:");
}

#[test]
fn lines_of_stdin_that_make_no_sense() {
    let world = World::new();
    let repo = world.repository("sha1");
    let head = world.head(&repo);
    for bad in [
        "garbage".to_owned(),
        format!("refs/heads/main {head}"),
        format!("refs/heads/main {head} refs/heads/main {}", "0".repeat(39)),
        format!("refs/heads/main {} refs/heads/main {ZERO}", "z".repeat(40)),
        "\u{1b}]0;title\u{7} x y z".to_owned(),
        "\0\0\0 \0 \0 \0".to_owned(),
    ] {
        let ran = world.hook(&repo, &format!("{bad}\n")).expect(2).says("line 1 of stdin");
        assert!(!ran.all().contains(['\u{1b}', '\u{7}', '\0']), "{:?}", ran.all());
    }
    let absent = "2".repeat(40);
    world
        .hook(&repo, &format!("x {absent} refs/heads/main {ZERO}\n"))
        .expect(4)
        .says("this clone has no object");
    // An id of the other kind of repository is in none.
    let long = format!("{head}{}", "0".repeat(24));
    let zero = "0".repeat(64);
    world.hook(&repo, &format!("x {long} refs/heads/main {zero}\n")).expect(4);
    world.hook(&repo, "").expect(0);
    world.hook(&repo, "\n\n").expect(0);
}

#[test]
fn who_wants_no_gate_leaves_it_out() {
    let mut world = World::new();
    let repo = world.repository("sha1");
    write(&repo, "Dockerfile", ROOT);
    let line = format!("HEAD {} refs/heads/main {ZERO}\n", world.commit(&repo, "root"));
    world.hook(&repo, &line).expect(1);
    for (name, value) in [("IMGBUILD_SKIP", "pre-push"), ("SKIP", "lint,imgbuild")] {
        world.variables = vec![(name, value.into())];
        world.hook(&repo, &line).expect(0).says(name);
    }
    world.variables = vec![("IMGBUILD_SKIP", "pre-commit".into())];
    world.hook(&repo, &line).expect(1).does_not_say("nothing listens");
}

#[test]
fn what_pre_commit_says_in_variables() {
    let mut world = World::new();
    let repo = world.repository("sha1");
    let first = world.head(&repo);
    write(&repo, "Dockerfile", ROOT);
    let second = world.commit(&repo, "root");
    let variables = |from: &str, to: &str| {
        vec![
            ("PRE_COMMIT_REMOTE_NAME", "origin".into()),
            ("PRE_COMMIT_REMOTE_BRANCH", "refs/heads/main".into()),
            ("PRE_COMMIT_LOCAL_BRANCH", "refs/heads/main".into()),
            ("PRE_COMMIT_FROM_REF", from.into()),
            ("PRE_COMMIT_TO_REF", to.into()),
        ]
    };
    world.variables = variables(&first, &second);
    world.hook(&repo, "").expect(1).says("IMG222");
    world.variables = variables(&second, &first);
    world.hook(&repo, "").expect(0).says("0 findings");
    // A first push names the branch alone.
    world.variables = variables("", "");
    world.hook(&repo, "").expect(1);
    world.variables = variables("", "--output=x");
    world.hook(&repo, "").expect(2).says("cannot find what is pushed");
}

#[test]
fn names_that_somebody_chose_to_harm() {
    let world = World::new();
    let repo = world.hooked();
    let mark = world.path("mark");
    let names = [
        format!("$(touch${{IFS}}{})", mark.display()),
        format!("`touch${{IFS}}{}`", mark.display()),
        "';id;'".to_owned(),
        "\u{202e}gpj".to_owned(),
        "::set-output".to_owned(),
        "-x".to_owned(),
        "a&b|c>d<e\"".to_owned(),
    ];
    let mut refs = Vec::new();
    for name in &names {
        let name = name.replace("::", "%3A%3A");
        let full = format!("refs/heads/x{name}");
        world.git(&repo, &["update-ref", &full, "HEAD"]);
        refs.push(full);
    }
    let refs: Vec<&str> = refs.iter().map(String::as_str).collect();
    let before = world.path("repo/.git/hooks/pre-push");
    assert!(before.exists());
    world.push(&repo, &refs).expect(0).says("0 findings");
    for name in &refs {
        let line = format!("{name} {} {name} {ZERO}\n", world.head(&repo));
        let ran = world.run(&repo, "imgbuild", &["hook", "pre-push", "x", "x"], &line).expect(0);
        assert!(!ran.all().contains('\u{202e}'), "{}", ran.all());
    }
    assert!(!mark.exists());
    // As names of remotes, too.
    let line = format!("x {} refs/heads/main {ZERO}\n", world.head(&repo));
    for remote in ["-h", "--help", "*", "../../etc", "a\u{1b}b"] {
        let ran = world.run(&repo, "imgbuild", &["hook", "pre-push", "--", remote, remote], &line).expect(0);
        assert!(!ran.all().contains('\u{1b}'));
    }
}

#[test]
fn commits_in_which_there_is_nothing_to_build() {
    let world = World::new();
    let repo = world.hooked();
    for name in ["Dockerfile", "imgbuild.toml"] {
        world.git(&repo, &["rm", "-q", name]);
    }
    world.commit(&repo, "no image");
    world.push(&repo, &["main"]).expect(0).says("there is no Dockerfile in it");
    write(&repo, "imgbuild.toml", "[image]\ndockerfile = \"image/Dockerfile\"\n");
    world.commit(&repo, "a name of nothing");
    world.push(&repo, &["main"]).expect(1).says("cannot find the Dockerfile").says("refs/heads/main at");
    write(&repo, "imgbuild.toml", STRICT);
    write(&repo, "Dockerfile", CLEAN);
    write(&repo, "build/Dockerfile", CLEAN);
    world.commit(&repo, "two");
    world.push(&repo, &["main"]).expect(1).says("several Dockerfiles");
    write(&repo, "imgbuild.toml", &format!("[image]\ncontext = \"build\"\n\n{STRICT}"));
    write(&repo, "build/src/a.txt", "");
    world.commit(&repo, "which");
    world.push(&repo, &["main"]).expect(0).says("0 findings");
}

#[test]
fn dockerfiles_that_are_links_and_submodules() {
    let world = World::new();
    let repo = world.hooked();
    fs::remove_file(repo.join("Dockerfile")).expect("remove");
    write(&repo, "image/real", ROOT);
    symlink("image/real", repo.join("Dockerfile")).expect("link");
    world.commit(&repo, "a link");
    world.push(&repo, &["main"]).expect(1).says("IMG222");
    for (target, words) in [
        ("/etc/passwd", "leads out of the repository"),
        ("../../x", "leads out of the repository"),
        ("Dockerfile", "in a circle"),
    ] {
        fs::remove_file(repo.join("Dockerfile")).expect("remove");
        symlink(target, repo.join("Dockerfile")).expect("link");
        world.commit(&repo, "another link");
        world.push(&repo, &["main"]).expect(1).says(words).does_not_say("root:");
    }
    fs::remove_file(repo.join("Dockerfile")).expect("remove");
    symlink("nowhere", repo.join("Dockerfile")).expect("link");
    world.commit(&repo, "to nothing");
    world.push(&repo, &["main"]).expect(1).says("there is no Dockerfile");
    world.git(&repo, &["rm", "-q", "--cached", "Dockerfile"]);
    let head = world.head(&repo);
    world.git(&repo, &["update-index", "--add", "--cacheinfo", &format!("160000,{head},Dockerfile")]);
    world.git(&repo, &["commit", "-q", "-m", "a submodule"]);
    world.push(&repo, &["main"]).expect(1).says("Dockerfile is a submodule");
    world.git(&repo, &["rm", "-q", "--cached", "Dockerfile"]);
    fs::remove_file(repo.join("Dockerfile")).expect("remove");
    write(&repo, "Dockerfile", CLEAN);
    world.git(&repo, &["add", "Dockerfile"]);
    world.git(&repo, &["update-index", "--add", "--cacheinfo", &format!("160000,{head},vendor")]);
    world.git(&repo, &["commit", "-q", "-m", "a submodule beside"]);
    world.push(&repo, &["main"]).expect(0).says("1 submodules, vendor for one, are not looked into");
}

#[test]
fn a_tree_of_a_hundred_thousand_files_and_a_blob_of_a_gigabyte() {
    let world = World::new();
    let repo = world.repository("sha1");
    // Straight into git: no folder has to hold them.
    let blob = world.git(&repo, &["rev-parse", "HEAD:src/a.txt"]);
    let files: String = (0..100_000).map(|n| format!("100644 {blob}\tsrc/{}/{n}\n", n / 500)).collect();
    world.run(&repo, "git", &["update-index", "--add", "--index-info"], &files).expect(0);
    let tree = world.git(&repo, &["write-tree"]);
    let commit = world.git(&repo, &["commit-tree", "-p", "HEAD", "-m", "many", &tree]);
    world.hook(&repo, &format!("x {commit} refs/heads/main {ZERO}\n")).expect(0).says("0 findings");
    // A file with nothing in it but its size.
    let large = world.path("large");
    fs::File::create(&large).expect("file").set_len(1 << 30).expect("length");
    let id = world
        .git(&repo, &["-c", "core.bigFileThreshold=1m", "hash-object", "-w", large.to_str().expect("path")]);
    world.git(&repo, &["update-index", "--cacheinfo", &format!("100644,{id},Dockerfile")]);
    let tree = world.git(&repo, &["write-tree"]);
    let commit = world.git(&repo, &["commit-tree", "-p", "HEAD", "-m", "large", &tree]);
    let line = format!("x {commit} refs/heads/main {ZERO}\n");
    world.hook(&repo, &line).expect(3).says("is larger than 10 MiB");
}

#[test]
fn a_partial_clone_is_told_what_it_lacks() {
    let world = World::new();
    let repo = world.repository("sha1");
    world.git(&repo, &["push", "-q", "origin", "main"]);
    let bare = world.path("remote.git");
    world.git(&bare, &["config", "uploadpack.allowFilter", "true"]);
    let url = format!("file://{}", bare.display());
    let clone = ["clone", "-q", "--no-checkout", "--filter=blob:none", &url, "partial"];
    world.git(world.folder.path(), &clone);
    let partial = world.path("partial");
    let head = world.head(&partial);
    let line = format!("x {head} refs/heads/other {ZERO}\n");
    world.hook(&partial, &line).expect(0).says("the remote has all of it");
    // As if the remote were unknown: the Dockerfile is wanted, and is not there.
    let named = ["hook", "pre-push", "elsewhere", "elsewhere"];
    let ran = world.run(&partial, "imgbuild", &named, &line).expect(4);
    ran.says("does not have its content").says("a partial clone may lack the object");
    // What is judged is there, and another file is not.
    for name in ["Dockerfile", ".dockerignore", "imgbuild.toml"] {
        world.git(&partial, &["cat-file", "blob", &format!("HEAD:{name}")]);
    }
    let ran = world.run(&partial, "imgbuild", &named, &line).expect(0);
    ran.says("are not in this partial clone").says("0 findings");
}
