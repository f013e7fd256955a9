//! Setting the gate up, and taking it away.

use super::*;

/// A hook that writes its arguments and its stdin to a file, under its own name.
fn recording(to: &Path) -> String {
    format!("#!/bin/sh\n{{ echo \"args $*\"; cat; }} >>'{}'", to.display())
}

#[test]
fn a_hook_that_was_there_runs_behind_and_comes_back_byte_for_byte() {
    let world = World::new();
    let repo = world.repository("sha1");
    let hooks = repo.join(".git/hooks");
    let record = world.path("record");
    script(&hooks.join("pre-push"), &recording(&record), 0o711);
    let before = all_files(&hooks);
    world.imgbuild(&repo, &["hook", "install", "--dry-run"]).expect(0).says("rename .git/hooks/pre-push");
    assert_eq!(all_files(&hooks), before);
    world.imgbuild(&repo, &["hook", "install"]).expect(0).says("new file .git/hooks/pre-push").says("done");
    let installed = all_files(&hooks);
    world.imgbuild(&repo, &["hook", "install", "--yes"]).expect(0).says("it is there already");
    assert_eq!(all_files(&hooks), installed);

    world.push(&repo, &["main"]).expect(0);
    let seen = fs::read_to_string(&record).expect("record");
    let head = world.head(&repo);
    let url = world.path("remote.git");
    assert_eq!(
        seen,
        format!("args origin {}\nrefs/heads/main {head} refs/heads/main {ZERO}\n", url.display())
    );
    // Nothing to push is nothing on stdin, for both.
    world.push(&repo, &["main"]).expect(0);
    assert!(
        fs::read_to_string(&record).expect("record").ends_with(&format!("args origin {}\n", url.display()))
    );
    // What ours refuses the other one is not asked about.
    write(&repo, "Dockerfile", ROOT);
    world.commit(&repo, "root");
    let length = fs::metadata(&record).expect("record").len();
    world.push(&repo, &["main"]).expect(1);
    assert_eq!(fs::metadata(&record).expect("record").len(), length);
    // What the other one refuses is refused.
    script(&hooks.join("pre-push.before-imgbuild"), "#!/bin/sh\necho no >&2\nexit 3\n", 0o755);
    write(&repo, "Dockerfile", CLEAN);
    write(&repo, "src/a.txt", "b\n");
    world.commit(&repo, "clean");
    world.push(&repo, &["main"]).expect(1).says("0 findings").says("no\n");
    script(&hooks.join("pre-push.before-imgbuild"), &recording(&record), 0o711);

    world.imgbuild(&repo, &["hook", "uninstall"]).expect(0);
    assert_eq!(all_files(&hooks), before);
    world.imgbuild(&repo, &["hook", "uninstall"]).expect(0).says("there is no hook of imgbuild's");
}

#[test]
fn hooks_that_are_links_not_executable_or_nothing() {
    let world = World::new();
    let repo = world.repository("sha1");
    let hooks = repo.join(".git/hooks");
    for name in ["pre-push.sample", "pre-push"] {
        let _ = fs::remove_file(hooks.join(name));
    }
    let without = all_files(&hooks);
    let round = |what: &str| {
        let before = all_files(&hooks);
        world.imgbuild(&repo, &["hook", "install"]).expect(0);
        world.push(&repo, &["--dry-run", "main"]).expect(0).says("0 findings");
        world.imgbuild(&repo, &["hook", "uninstall"]).expect(0);
        assert_eq!(all_files(&hooks), before, "{what}");
    };
    round("none");
    script(&world.path("elsewhere"), "#!/bin/sh\ncat >/dev/null\n", 0o755);
    symlink(world.path("elsewhere"), hooks.join("pre-push")).expect("link");
    round("a link");
    fs::remove_file(hooks.join("pre-push")).expect("remove");
    symlink("nowhere", hooks.join("pre-push")).expect("link");
    round("a link to nothing");
    fs::remove_file(hooks.join("pre-push")).expect("remove");
    script(&hooks.join("pre-push"), "exit 1\n", 0o644);
    round("not executable");
    fs::remove_file(hooks.join("pre-push")).expect("remove");
    assert_eq!(all_files(&hooks), without);
}

#[test]
fn a_hook_that_somebody_wrote_over_ours_is_left_alone() {
    let world = World::new();
    let repo = world.repository("sha1");
    let hook = repo.join(".git/hooks/pre-push");
    script(&hook, "#!/bin/sh\nexit 0\n", 0o755);
    world.imgbuild(&repo, &["hook", "install"]).expect(0);
    script(&hook, "#!/bin/sh\n# a manager's\n", 0o755);
    world.imgbuild(&repo, &["hook", "install"]).expect(4).says("was replaced since");
    world.imgbuild(&repo, &["hook", "uninstall"]).expect(0).says("stays beside it");
    assert_eq!(fs::read_to_string(&hook).expect("hook"), "#!/bin/sh\n# a manager's\n");
    assert!(repo.join(".git/hooks/pre-push.before-imgbuild").exists());
}

#[test]
fn a_hook_without_imgbuild_says_so_and_lets_nothing_pass() {
    let world = World::new();
    let repo = world.hooked();
    let hook = repo.join(".git/hooks/pre-push");
    let text = fs::read_to_string(&hook).expect("hook");
    let program = text.lines().find(|line| line.contains("|| imgbuild='")).expect("the program");
    let gone = text.replace(program, "imgbuild=/nowhere/imgbuild");
    fs::write(&hook, gone).expect("write");
    world.push(&repo, &["main"]).expect(1).says("imgbuild: not found").says("--no-verify");
}

#[test]
fn work_trees_submodules_and_other_folders_of_hooks() {
    let world = World::new();
    let repo = world.repository("sha1");
    // A linked work tree shares the hooks, and git tells its hook where it is.
    let linked = world.path("linked");
    world.git(&repo, &["worktree", "add", "-q", "-b", "side", linked.to_str().expect("path")]);
    world.imgbuild(&linked, &["hook", "install"]).expect(0);
    assert!(repo.join(".git/hooks/pre-push").exists());
    write(&linked, "Dockerfile", ROOT);
    world.commit(&linked, "root");
    world.push(&linked, &["side"]).expect(1).says("IMG222");
    world.push(&repo, &["main"]).expect(0).says("0 findings");
    fs::create_dir_all(linked.join("src/deep")).expect("folder");
    world.push(&linked.join("src/deep"), &["side"]).expect(1).says("IMG222");
    world.imgbuild(&linked, &["hook", "uninstall"]).expect(0);
    assert!(!repo.join(".git/hooks/pre-push").exists());

    // A submodule's hooks are in the folder of the repository around it.
    let outer = world.path("outer");
    world.git(world.folder.path(), &["init", "-q", "-b", "main", "outer"]);
    let add =
        ["-c", "protocol.file.allow=always", "submodule", "add", "-q", repo.to_str().expect("path"), "inner"];
    world.git(&outer, &add);
    let inner = outer.join("inner");
    world.imgbuild(&inner, &["hook", "install"]).expect(0);
    assert!(outer.join(".git/modules/inner/hooks/pre-push").exists());
    write(&inner, "Dockerfile", ROOT);
    // Not the very commit that the remote has from the work tree.
    world.commit(&inner, "root in a submodule");
    world.push(&inner, &["HEAD:refs/heads/new"]).expect(1).says("IMG222");

    // A folder that the repository names; one for all repositories is nobody's to write to.
    world.git(&repo, &["config", "core.hooksPath", ".githooks"]);
    world.imgbuild(&repo, &["hook", "install"]).expect(0).says("new file .githooks/pre-push");
    world.push(&repo, &["--dry-run", "main:refs/heads/z"]).expect(0);
    world.imgbuild(&repo, &["hook", "uninstall"]).expect(0);
    world.git(&repo, &["config", "--unset", "core.hooksPath"]);
    world.git(&repo, &["config", "--global", "core.hooksPath", world.path("shared").to_str().expect("path")]);
    world.imgbuild(&repo, &["hook", "install"]).expect(4).says("for all repositories");
    assert!(!world.path("shared").exists());
}

#[test]
fn a_push_out_of_a_bare_repository() {
    let world = World::new();
    let repo = world.repository("sha1");
    write(&repo, "Dockerfile", ROOT);
    world.commit(&repo, "root");
    let bare = world.path("mirror.git");
    world.git(world.folder.path(), &["clone", "-q", "--bare", "repo", "mirror.git"]);
    world.imgbuild(&bare, &["hook", "install"]).expect(0);
    let remote = world.path("remote.git");
    world.try_git(&bare, &["push", remote.to_str().expect("path"), "main"]).expect(1).says("IMG222");
    world
        .imgbuild(world.folder.path(), &["hook", "install"])
        .expect(4)
        .says("cannot find out where git looks");
}

/// Installs in a repository with this file, and gives what became of it; uninstalls, and holds that all is as it was.
fn round(file: &str, text: Option<&str>) -> String {
    let world = World::new();
    let repo = world.repository("sha1");
    if let Some(text) = text {
        script(&repo.join(file), text, 0o754);
    }
    let before = all_files(&repo);
    world.imgbuild(&repo, &["hook", "install", "--dry-run"]).expect(0).says("nothing was changed");
    assert_eq!(all_files(&repo), before);
    world.imgbuild(&repo, &["hook", "install"]).expect(0);
    let installed = fs::read_to_string(repo.join(file)).expect("file");
    world.imgbuild(&repo, &["hook", "install"]).expect(0).says("it is there already");
    assert_eq!(fs::read_to_string(repo.join(file)).expect("file"), installed);
    world.imgbuild(&repo, &["hook", "uninstall"]).expect(0);
    assert_eq!(all_files(&repo), before);
    installed
}

#[test]
fn configurations_of_managers_come_back_byte_for_byte() {
    for text in ["npm test\n", "#!/usr/bin/env sh\n. \"$(dirname -- \"$0\")/_/husky.sh\"\nnpm test", ""] {
        assert!(round(".husky/pre-push", Some(text)).contains("imgbuild hook pre-push \"$@\" || exit"));
    }
    for text in
        ["pre-commit:\n  jobs:\n    - run: x", "pre-push:\r\n  commands:\r\n    a:\r\n      run: b\r\n", ""]
    {
        let yaml = round("lefthook.yml", Some(text));
        assert!(yaml.contains("use_stdin: true"), "{yaml}");
        assert_eq!(yaml.contains("\r\n"), text.contains("\r\n"));
    }
    assert!(
        round("lefthook.toml", Some("[pre-push]\nparallel = true\n"))
            .contains("[pre-push.commands.imgbuild]")
    );
    let config =
        "repos:\n  - repo: https://example.org/x\n    rev: v1\n    hooks: [{id: x}]\nfail_fast: true\n";
    assert!(round(".pre-commit-config.yaml", Some(config)).contains("entry: imgbuild hook pre-push"));
}

#[test]
fn what_cannot_be_added_to_safely_is_told() {
    for (file, text) in [
        ("lefthook.yml", "pre-push: {commands: {}}\n"),
        ("lefthook.json", "{}\n"),
        (".pre-commit-config.yaml", "repos: []\n"),
    ] {
        let world = World::new();
        let repo = world.repository("sha1");
        write(&repo, file, text);
        let ran = world.imgbuild(&repo, &["hook", "install"]).expect(4);
        ran.says("nothing can be added to safely").says("imgbuild hook pre-push");
        assert_eq!(fs::read_to_string(repo.join(file)).expect("file"), text);
    }
    let world = World::new();
    let repo = world.repository("sha1");
    write(&repo, "elsewhere.yml", "");
    symlink("elsewhere.yml", repo.join("lefthook.yml")).expect("link");
    world.imgbuild(&repo, &["hook", "install"]).expect(4).says("it is a link");
}

#[test]
fn husky_runs_the_gate_and_what_follows_gets_the_same_stdin() {
    let world = World::new();
    let repo = world.repository("sha1");
    let record = world.path("record");
    // As husky 9 has it: git calls .husky/_/pre-push, which runs the file by `sh -e`.
    script(&repo.join(".husky/_/pre-push"), "#!/usr/bin/env sh\nsh -e .husky/pre-push \"$@\"\n", 0o755);
    write(&repo, ".husky/pre-push", &format!("cat >>'{}'\nexit 0\n", record.display()));
    world.git(&repo, &["config", "core.hooksPath", ".husky/_"]);
    world.imgbuild(&repo, &["hook", "install"]).expect(0).says("husky");
    let name = "refs/heads/$(id)`id`\"'";
    world.git(&repo, &["update-ref", name, "HEAD"]);
    world.push(&repo, &["main", name]).expect(0).says("0 findings");
    let head = world.head(&repo);
    assert_eq!(
        fs::read_to_string(&record).expect("record"),
        format!("refs/heads/main {head} refs/heads/main {ZERO}\n{name} {head} {name} {ZERO}\n")
    );
    world.push(&repo, &["main"]).expect(0);
    write(&repo, "Dockerfile", ROOT);
    world.commit(&repo, "root");
    world.push(&repo, &["main"]).expect(1).says("IMG222");
}

#[test]
fn git_with_hooks_in_its_configuration() {
    let mut world = World::new();
    let repo = world.repository("sha1");
    let old = world.imgbuild(&repo, &["hook", "install", "--manager", "git-config"]);
    // Whatever git is installed, it says what it is.
    let version = world.git(&repo, &["--version"]);
    let minor = version.split('.').nth(1).and_then(|minor| minor.parse::<u32>().ok()).expect("version");
    if version.starts_with("git version 2.") && minor < 54 {
        old.expect(4).says("2.54 is the first that does");
    } else {
        old.expect(0);
        world.imgbuild(&repo, &["hook", "uninstall"]).expect(0);
    }
    // The same git, which calls itself newer.
    let path = std::env::var_os("PATH").expect("PATH");
    let real = std::env::split_paths(&path).map(|folder| folder.join("git"));
    let real = real.into_iter().find(|path| path.exists()).expect("git");
    let wrapper = format!(
        "#!/bin/sh\nfor a; do [ \"$a\" = --version ] && {{ echo git version 2.54.0; exit; }}; done\nexec {} \"$@\"\n",
        real.display()
    );
    fs::create_dir(world.path("newer")).expect("folder");
    script(&world.path("newer/git"), &wrapper, 0o755);
    let path = std::env::join_paths(
        [world.path("newer"), world.path("bin")]
            .into_iter()
            .chain(std::env::split_paths(&std::env::var_os("PATH").expect("PATH"))),
    );
    world.variables = vec![("PATH", path.expect("path"))];
    let before = all_files(&repo);
    write(&repo, ".husky/keep", "");
    world.imgbuild(&repo, &["hook", "install"]).expect(0).says("git config --local hook.imgbuild.event");
    assert_eq!(world.git(&repo, &["config", "--local", "hook.imgbuild.command"]), "imgbuild hook pre-push");
    assert_eq!(world.git(&repo, &["config", "--local", "hook.imgbuild.event"]), "pre-push");
    world.imgbuild(&repo, &["hook", "install"]).expect(0).says("it is there already");
    world.imgbuild(&repo, &["hook", "uninstall"]).expect(0);
    fs::remove_dir_all(repo.join(".husky")).expect("remove");
    let bytes = |files: Vec<(PathBuf, u32, Vec<u8>)>| {
        files.into_iter().map(|(_, _, bytes)| bytes).collect::<Vec<_>>()
    };
    assert_eq!(bytes(all_files(&repo)), bytes(before));
}
