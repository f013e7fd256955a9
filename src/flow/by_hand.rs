//! The build as a command for a shell, to see a failure by hand.

use std::path::Path;

use super::builder::{self, Chosen};
use super::prepare::Prepared;
use crate::config::HandedBy;
use crate::shell;

/// The command that builds the same up to the stage that failed. Values of arguments and secrets are left out: docker takes
/// each from the environment.
pub(super) fn build(prepared: &Prepared, chosen: &Chosen) -> String {
    let settings = &prepared.settings;
    let begin = match chosen {
        Chosen::Classic => ["DOCKER_BUILDKIT=0", "docker", "build"],
        Chosen::BuildKit(_) => ["docker", "build", "--progress=plain"],
    };
    let mut words = begin.map(str::to_owned).to_vec();
    let commit = prepared.listing.commit();
    let mut flag = |name: &str, value: &str| words.extend([name.to_owned(), shell::word(value)]);
    let context =
        prepared.located.context.strip_prefix(&prepared.source.root).unwrap_or(&prepared.located.context);
    // An archive on standard input has the context's folder as its root.
    let beside = if commit.is_some() { Path::new("") } else { context };
    let file = beside.join(&prepared.located.dockerfile);
    if file != beside.join("Dockerfile") {
        flag("-f", &file.to_string_lossy());
    }
    if let Some(target) = &prepared.plan.target {
        flag("--target", target);
    }
    if let Some(platform) = &prepared.plan.platform {
        flag("--platform", platform);
    }
    if let Some(network) = &settings.network {
        flag("--network", network);
    }
    settings.build_args.keys().for_each(|name| flag("--build-arg", name));
    // A URL may hold a login.
    settings.builder.contexts.keys().for_each(|name| flag("--build-context", &format!("{name}=…")));
    for one in &settings.builder.secrets {
        let place = match &one.by {
            HandedBy::Id => format!("env={}", builder::variable_of(&one.id)),
            HandedBy::Variable(name) => format!("env={name}"),
            HandedBy::File(path) => format!("src={}", path.display()),
        };
        flag("--secret", &format!("id={},{place}", one.id));
    }
    for one in &settings.builder.agents {
        match &one.by {
            HandedBy::File(path) => flag("--ssh", &format!("{}={}", one.id, path.display())),
            HandedBy::Id | HandedBy::Variable(_) => flag("--ssh", &one.id),
        }
    }
    let context = context.to_string_lossy();
    if let Some(commit) = commit {
        let tree = if context.is_empty() { commit.to_owned() } else { format!("{commit}:{context}") };
        return format!("git archive {} | {} -", shell::word(&tree), words.join(" "));
    }
    words.push(if context.is_empty() { ".".to_owned() } else { shell::word(&context) });
    words.join(" ")
}
