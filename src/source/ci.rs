//! What the CI says it is building: a pure function of the environment and, on GitHub, of the event's JSON.
//!
//! Nothing in it is trusted: it is checked against the repository by [`reconcile`](super::reconcile), and its texts
//! (branch names above all) are whatever the author of a pull request typed.

mod appveyor;
mod azure;
mod bitbucket;
mod buildkite;
mod circleci;
mod cloudbuild;
mod codebuild;
mod context;
mod drone;
mod event_file;
mod fork;
mod github;
mod gitlab;
mod jenkins;
mod look;
mod other;
mod overrides;
mod properties;
mod provider;
mod refs;
mod systems;
mod teamcity;
mod tekton;
mod travis;
mod woodpecker;

use crate::environment::Environment;

pub use context::CiContext;
pub use event_file::read_event;
pub use overrides::{OVERRIDES, Override};
pub use provider::Provider;

use fork::{ASSUMED, Fork};
use look::{Fact, Look, path_of_url};
use systems::{SYSTEMS, System};

/// What the CI says, from the environment and what [`read_event`] found. Never fails: what makes no sense is left out.
///
/// `CI=false` (or `0`) switches the detection off, but never the guards on forks and privileged runs.
pub fn detect(env: &Environment, event: Option<&serde_json::Value>) -> CiContext {
    let look = Look { env, event };
    let mut ci = CiContext::default();
    if let Some(found) = provider(&look) {
        let (provider, named) = found.value;
        ci.provider = Some(provider);
        ci.named = named;
        ci.origins.insert("provider", found.origin);
        if let Some(system) = system(provider) {
            (system.read)(&look, &mut ci);
        }
    }
    let says_pr = ci.pr.is_some();
    overrides::apply(&look, &mut ci);
    guard(&look, &mut ci, says_pr);
    if ci.tag.is_some() {
        ci.clear("branch", |ci| &mut ci.branch);
    }
    if ci.project.is_none()
        && let (Some(url), Some(origin)) = (&ci.repository_url, ci.origins.get("repository_url"))
    {
        let project = Fact { value: url.clone(), origin: origin.clone() };
        let project = project.and_then(|url| path_of_url(&url));
        ci.set("project", project, |ci| &mut ci.project);
    }
    ci.ignored = overrides::ignored(&look, &ci);
    ci
}

fn system(provider: Provider) -> Option<&'static System> {
    SYSTEMS.iter().find(|system| system.provider == provider)
}

/// The system, and its name where it is not known.
type Found = Fact<(Provider, Option<String>)>;

fn provider(look: &Look<'_>) -> Option<Found> {
    if let Some(named) = look.var("IMGBUILD_CI_PROVIDER") {
        return named.and_then(overrides::provider);
    }
    if look.env.get("CI").is_some() && !look.env.is_true("CI") {
        return None;
    }
    SYSTEMS.iter().find_map(|system| {
        let key = (system.marker)(look.env)?;
        Some(Fact { value: (system.provider, None), origin: format!("env:{key}") })
    })
}

/// Asks every system whose marker is there, whatever was detected or overridden: no setting may clear what they say.
/// `says_pr` is whether the system itself names a pull request.
fn guard(look: &Look<'_>, ci: &mut CiContext, says_pr: bool) {
    let speaks =
        |system: &&System| (system.marker)(look.env).is_some() || Some(system.provider) == ci.provider;
    let told: Vec<Fork> = SYSTEMS.iter().filter(speaks).filter_map(|system| (system.fork)(look)).collect();
    let by_word = ci.pr.is_some() && !says_pr;
    let untold = told.contains(&Fork::Untold)
        || (by_word && ci.provider.is_some_and(|provider| !provider.names_pull_requests()));
    let yes = told.into_iter().find_map(|fork| match fork {
        Fork::Yes(origin) => Some(origin),
        Fork::Untold => None,
    });
    let word = overrides::fork(look);
    let by_override = || "override:IMGBUILD_FORK".to_owned();
    let fork = yes
        .or_else(|| word.unwrap_or(false).then(by_override))
        .or_else(|| (untold && word.is_none()).then(|| ASSUMED.to_owned()));
    let github = github::is(look.env);
    let privileged = github.then(|| github::privileged(look)).flatten();
    let emulator = (github && look.env.is_true("ACT")).then(|| "env:ACT".to_owned());
    (ci.fork, ci.privileged_pr, ci.emulator) = (fork.is_some(), privileged.is_some(), emulator.is_some());
    for (field, origin) in [("fork", fork), ("privileged_pr", privileged), ("emulator", emulator)] {
        ci.origins.extend(origin.map(|origin| (field, origin)));
    }
}

#[cfg(test)]
mod tests;
