//! The build as a command for a shell, to see a failure by hand.

use super::builder::Chosen;
use super::prepare::Prepared;
use crate::shell;

/// The command that builds the same up to the stage that failed. Values of arguments and secrets are left out: docker takes
/// each from the environment.
pub(super) fn build(prepared: &Prepared, chosen: &Chosen) -> String {
    let settings = &prepared.settings;
    let mut words: Vec<String> = match chosen {
        Chosen::Classic => vec!["DOCKER_BUILDKIT=0".to_owned()],
        Chosen::BuildKit(_) => Vec::new(),
    };
    words.extend(["docker", "build", "--progress=plain"].map(str::to_owned));
    if matches!(chosen, Chosen::Classic) {
        words.pop();
    }
    let mut flag = |name: &str, value: &str| words.extend([name.to_owned(), shell::word(value)]);
    let context =
        prepared.located.context.strip_prefix(&prepared.source.root).unwrap_or(&prepared.located.context);
    let file = context.join(&prepared.located.dockerfile);
    if file != context.join("Dockerfile") {
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
    settings
        .builder
        .contexts
        .iter()
        .for_each(|(name, value)| flag("--build-context", &format!("{name}={}", value.value)));
    settings.builder.secrets.iter().for_each(|secret| flag("--secret", &format!("id={}", secret.id)));
    settings.builder.agents.iter().for_each(|agent| flag("--ssh", &agent.id));
    let context = context.to_string_lossy();
    words.push(if context.is_empty() { ".".to_owned() } else { shell::word(&context) });
    words.join(" ")
}
