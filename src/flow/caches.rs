//! Caches of the build, with what they take from the environment.

use std::collections::BTreeMap;

use super::session::Session;
use crate::config::{CacheSpec, Sourced};
use crate::engine::Cache;
use crate::error::{Error, Kind, Result};

/// Attributes that nobody may read: the builder gets them, and no output has them.
const SECRETS: [&str; 5] = ["token", "ghtoken", "secret_access_key", "session_token", "secret_key"];

/// The caches to begin with. One that cannot be asked for is told, and the build goes on without it; so is one that is asked with
/// a secret, where those are `withheld`: a frontend that the Dockerfile names would read it.
pub(super) fn to_begin_with(
    session: &Session,
    caches: &[Sourced<CacheSpec>],
    withheld: Option<&'static str>,
) -> Vec<Cache> {
    let given = |cache: &Sourced<CacheSpec>| match withheld.filter(|_| needs_secret(&cache.value)) {
        Some(why) => Err(format!("it is asked with a secret, and none is handed over: {why}")),
        None => of(session, cache),
    };
    let known = |cache: &Sourced<CacheSpec>| match given(cache) {
        Ok(cache) => Some(cache),
        Err(why) => {
            session.events.note(format!("nothing is taken from the cache {}: {why}", cache.value));
            None
        }
    };
    caches.iter().filter_map(known).collect()
}

fn needs_secret(cache: &CacheSpec) -> bool {
    cache.kind == "gha" || SECRETS.iter().any(|name| cache.attributes.contains_key(*name))
}

/// The caches to fill; one that cannot be is an error before anything is built.
pub(super) fn to_fill(session: &Session, caches: &[&Sourced<CacheSpec>]) -> Result<Vec<Cache>> {
    let known = |cache: &&Sourced<CacheSpec>| {
        of(session, cache).map_err(|why| {
            Error::new(
                Kind::Config,
                format!("the cache {} ({}) cannot be filled: {why}", cache.value, cache.origin),
            )
            .hint("GitHub gives these variables to actions alone: hand them to the steps that run programs")
            .hint("docs/build.md shows the step that does so")
        })
    };
    caches.iter().map(known).collect()
}

/// The cache as the builder is told of it, its secrets masked from now on; inside what is not there.
fn of(session: &Session, cache: &Sourced<CacheSpec>) -> std::result::Result<Cache, String> {
    let mut attributes = cache.attributes.clone();
    if cache.kind == "gha" {
        of_github(&mut attributes, |name| session.environment.get(name).filter(|value| !value.is_empty()))?;
    }
    let secrets = SECRETS.iter().filter_map(|name| attributes.get(*name));
    secrets.for_each(|secret| session.masker.add(secret));
    let (folder, within) = (cache.folder.clone(), cache.within.clone());
    Ok(Cache { kind: cache.kind.clone(), attributes, folder, within })
}

/// What a cache of GitHub's is asked with, where the settings do not say it: as the runner gives it to actions.
fn of_github<'a>(
    attributes: &mut BTreeMap<String, String>,
    variable: impl Fn(&str) -> Option<&'a str>,
) -> std::result::Result<(), String> {
    let is_on = |value: &str| matches!(value, "1" | "t" | "T" | "true" | "True" | "TRUE");
    let is_second = match attributes.get("version") {
        Some(version) => version == "2",
        None => variable("ACTIONS_CACHE_SERVICE_V2").is_some_and(is_on),
    };
    let results = variable("ACTIONS_RESULTS_URL");
    let found = [
        ("token", variable("ACTIONS_RUNTIME_TOKEN")),
        ("url_v2", results.filter(|_| is_second)),
        ("url", variable("ACTIONS_CACHE_URL").or(results)),
    ];
    for (name, value) in found {
        if let Some(value) = value.filter(|_| !attributes.contains_key(name)) {
            attributes.insert(name.to_owned(), value.to_owned());
        }
    }
    if !attributes.contains_key("token") {
        return Err("ACTIONS_RUNTIME_TOKEN is not set".to_owned());
    }
    if !attributes.contains_key("url") && !attributes.contains_key("url_v2") {
        return Err("neither ACTIONS_RESULTS_URL nor ACTIONS_CACHE_URL is set".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `name=value` of what a cache is asked with, sorted; or what is not there.
    fn asked(written: &str, variables: &[(&str, &str)]) -> String {
        let cache: CacheSpec = written.parse().unwrap();
        let mut attributes = cache.attributes;
        let variable =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        match of_github(&mut attributes, variable) {
            Ok(()) => {
                attributes.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" ")
            }
            Err(why) => why,
        }
    }

    #[test]
    fn caches_that_are_asked_with_a_secret() {
        for (written, expected) in [
            ("type=gha", true),
            ("type=gha,token=t", true),
            ("type=s3,region=r,bucket=b,secret_access_key=k", true),
            ("type=registry,ref=registry.example.org/cache:1", false),
            ("type=local,src=cache", false),
        ] {
            assert_eq!(needs_secret(&written.parse().unwrap()), expected, "{written}");
        }
    }

    #[test]
    fn what_github_gives() {
        let token = ("ACTIONS_RUNTIME_TOKEN", "t");
        let [first, second] = [("ACTIONS_CACHE_URL", "https://c/"), ("ACTIONS_RESULTS_URL", "https://r/")];
        let on = ("ACTIONS_CACHE_SERVICE_V2", "True");
        for (written, variables, expected) in [
            ("type=gha", &[token, second, on][..], "token=t url=https://r/ url_v2=https://r/"),
            (
                "type=gha,scope=x",
                &[token, first, second, on],
                "scope=x token=t url=https://c/ url_v2=https://r/",
            ),
            ("type=gha", &[token, first, second], "token=t url=https://c/"),
            ("type=gha", &[token, second, ("ACTIONS_CACHE_SERVICE_V2", "0")], "token=t url=https://r/"),
            ("type=gha,version=1", &[token, first, second, on], "token=t url=https://c/ version=1"),
            ("type=gha,version=2,token=u,url_v2=https://x/", &[token], "token=u url_v2=https://x/ version=2"),
            ("type=gha", &[second, on], "ACTIONS_RUNTIME_TOKEN is not set"),
            ("type=gha", &[token, on], "neither ACTIONS_RESULTS_URL nor ACTIONS_CACHE_URL is set"),
        ] {
            assert_eq!(asked(written, variables), expected, "{written}");
        }
    }
}
