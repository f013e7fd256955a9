//! The commands, word for word.

use super::*;
use crate::config::Flags;
use crate::config::testing::settings;

const ID: &str = "4f1c2b7e9a0d3c5b6e8f7a1b2c3d4e5f60718293";

fn told<'a>(settings: &'a Settings, environment: &'a Environment) -> Told<'a> {
    Told {
        settings,
        environment,
        directory: Path::new("/repo/sub"),
        root: Path::new("/repo"),
        context: Path::new(""),
        dockerfile: Path::new("Dockerfile"),
        commit: None,
        target: None,
        platform: None,
        epoch: None,
        is_withheld: false,
    }
}

fn commit(has_attributes: bool, has_fetched: bool) -> Option<Commit<'static>> {
    Some(Commit { id: ID, has_attributes, has_fetched })
}

#[test]
fn the_files_are_the_commits() {
    let (settings, environment) = (settings("", &Flags::default()), Environment::default());
    let of = |commit, context| Told { commit, context: Path::new(context), ..told(&settings, &environment) };
    let engine = "docker build --progress=plain";
    let empty = EMPTY_TREES[0];
    for (told, expected) in [
        (of(None, ""), format!(": {engine} .")),
        (of(None, "a b"), format!(": {engine} 'a b'")),
        (of(commit(false, false), "app"), format!(": git archive {ID}:app | {engine} -")),
        (
            of(commit(true, false), ""),
            format!(": GIT_ATTR_SOURCE={empty} git archive --worktree-attributes {ID} | {engine} -"),
        ),
        (
            of(commit(true, true), "app"),
            format!(
                ", in a clone that has {ID} checked out with its submodules and files of git-lfs: {engine} app"
            ),
        ),
    ] {
        assert_eq!(told.text(By::Engine), format!("the same by hand{expected}"));
    }
    let buildctl = of(commit(false, false), "app").text(By::At("unix:///run/b.sock"));
    let expected = format!(
        "the same by hand: dir=$(mktemp -d) && git archive {ID}:app | tar -x -C \"$dir\" && buildctl --addr \
         unix:///run/b.sock build --progress=plain --frontend dockerfile.v0 --local context=\"$dir\" --local \
         dockerfile=\"$dir\""
    );
    assert_eq!(buildctl, expected);
}

#[test]
fn a_builder_over_tls_is_reached_as_buildctl_reaches_it() {
    let settings = settings("", &Flags::default());
    let with = Environment::from_pairs([(BUILDER_TLS_DIR, "certs")]);
    let without = Environment::default();
    for (environment, address, expected) in [
        (&without, "tcp://h:1", "--addr tcp://h:1"),
        (&with, "tcp://h:1", "--addr tcp://h:1 --tlsdir sub/certs"),
        (&with, "https://h:1/", "--addr tcp://h:1 --tlsdir sub/certs"),
        (&without, "https://h:1", "--addr tcp://h:1 --tlscacert /etc/ssl/certs/ca-certificates.crt"),
        (&with, "unix:///b.sock", "--addr unix:///b.sock"),
    ] {
        let text = told(&settings, environment).text(By::At(address));
        assert!(text.contains(&format!("buildctl {expected} build ")), "{text}");
    }
}

#[test]
fn what_the_builder_was_told_is_told_and_no_value() {
    let file = "[image.build]\nnetwork = 'host'\nargs = { VERSION = 'hunter2', SOURCE_DATE_EPOCH = '7' }\n\
        entitlements = ['security.insecure']\nsecrets = ['npm-token', 'other']\nssh = ['default']\n\
        contexts = { base = 'docker-image://r.example/b:1', git = 'https://me:hunter2@h/x.git' }\n";
    let flags = Flags {
        secrets: vec!["id=of-file,src=s.txt".to_owned(), "id=of-variable,env=MINE".to_owned()],
        ssh: vec!["id=sock,src=agent.sock".to_owned(), "id=named,env=AGENT".to_owned()],
        ..Flags::default()
    };
    let settings = settings(file, &flags);
    let environment = Environment::from_pairs([("OTHER_FILE", "/run/hunter2"), ("NPM_TOKEN", "hunter2")]);
    let told = Told { epoch: Some(7), platform: Some("linux/amd64"), ..told(&settings, &environment) };
    let handed = "--secret id=npm-token,env=NPM_TOKEN --secret id=other,src=\"$OTHER_FILE\" \
        --secret id=of-file,src=sub/s.txt --secret id=of-variable,env=MINE --ssh default \
        --ssh sock=sub/agent.sock --ssh named=\"$AGENT\" --allow security.insecure";
    assert_eq!(
        told.text(By::Engine),
        format!(
            "the same by hand: docker build --progress=plain --platform linux/amd64 --network host --build-arg \
             SOURCE_DATE_EPOCH=7 --build-arg VERSION --build-context base=docker-image://r.example/b:1 \
             --build-context 'git=…' {handed} ."
        )
    );
    assert_eq!(
        told.text(By::At("unix:///b")),
        format!(
            "the same by hand: buildctl --addr unix:///b build --progress=plain --frontend dockerfile.v0 --local \
             context=. --local dockerfile=. --opt platform=linux/amd64 --opt force-network-mode=host --opt \
             build-arg:SOURCE_DATE_EPOCH=7 --opt context:base=docker-image://r.example/b:1 --opt 'context:git=…' \
             --opt build-arg:VERSION=\"$VERSION\" {handed} --allow network.host"
        )
    );
    let withheld = Told { is_withheld: true, ..told };
    let text = withheld.text(By::Engine);
    assert!(!["--secret", "--ssh", "--allow", "hunter2"].iter().any(|word| text.contains(word)), "{text}");
}
