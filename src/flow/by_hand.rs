//! The build as a command for a shell, to see a failure by hand.

use std::path::Path;

use super::builder::{self, Chosen};
use super::prepare::Prepared;
use crate::config::{Builder, HandedBy, Settings};
use crate::shell;

/// The command that builds the same up to the stage that failed. Values of arguments and secrets are left out: docker takes
/// each from the environment.
pub(super) fn build(prepared: &Prepared, chosen: &Chosen) -> String {
    let settings = &prepared.settings;
    if let Builder::At(address) = &settings.builder.builder.value {
        return at(address, prepared);
    }
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
    for (id, place) in secrets(settings) {
        flag("--secret", &format!("id={id},{place}"));
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

/// The same for a builder at an address, by BuildKit's own client.
fn at(address: &str, prepared: &Prepared) -> String {
    let (settings, plan) = (&prepared.settings, &prepared.plan);
    let context = context(prepared);
    let folder = shell::word(if context.is_empty() { "." } else { &context });
    let mut words = format!(
        "buildctl --addr {} build --progress=plain --frontend dockerfile.v0 --local context={folder} --local \
         dockerfile={folder}",
        shell::word(address)
    );
    let mut option = |name: &str, value: &str| {
        words.push_str(&format!(" --opt {}", shell::word(&format!("{name}={value}"))));
    };
    if plan.dockerfile != "Dockerfile" {
        option("filename", &plan.dockerfile);
    }
    for (name, value) in [("target", &plan.target), ("platform", &plan.platform)] {
        if let Some(value) = value {
            option(name, value);
        }
    }
    if let Some(network) = &settings.network {
        option("force-network-mode", network);
    }
    for (name, value) in secrets(settings) {
        words.push_str(&format!(" --secret {}", shell::word(&format!("id={name},{value}"))));
    }
    for name in settings.build_args.keys() {
        // It takes none from the environment by itself.
        words.push_str(&format!(" --opt build-arg:{name}=\"${name}\""));
    }
    words
}

fn context(prepared: &Prepared) -> String {
    let context = &prepared.located.context;
    context.strip_prefix(&prepared.source.root).unwrap_or(context).to_string_lossy().into_owned()
}

/// Each secret's id, and where it is.
fn secrets(settings: &Settings) -> impl Iterator<Item = (&str, String)> {
    settings.builder.secrets.iter().map(|one| {
        let place = match &one.by {
            HandedBy::Id => format!("env={}", builder::variable_of(&one.id)),
            HandedBy::Variable(name) => format!("env={name}"),
            HandedBy::File(path) => format!("src={}", path.display()),
        };
        (one.id.as_str(), place)
    })
}
