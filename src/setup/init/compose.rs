//! Compose files: of the one service that is built, how. How it runs is for tests to say.

use super::description::Description;
use super::look::Look;
use super::value::{Value, of_compose};
use crate::yaml;

/// Names that compose looks for, in its order.
const FILES: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];

/// What a compose file says of the build. `None` where there is none, or none of its services is built; the error says why
/// nothing of it is taken over.
pub(super) fn describe(look: &Look) -> Option<Result<Description, String>> {
    let name = FILES.into_iter().find(|name| look.is_there(name))?;
    let described = match look.read(name) {
        None => Err("it cannot be read".to_owned()),
        Some(bytes) => describe_file(name, &bytes).transpose()?,
    };
    Some(described.map_err(|why| format!("{name}: nothing is taken over: {why}")))
}

fn describe_file(name: &str, bytes: &[u8]) -> Result<Option<Description>, String> {
    let root = yaml::load(bytes).map_err(|problem| format!("line {problem}"))?;
    let Value::Map(mut top) = Value::of_node(&root, of_compose) else {
        return Err("it is no map".to_owned());
    };
    let Some(at) = top.iter().position(|(key, _)| key == "services") else { return Ok(None) };
    let Value::Map(services) = top.swap_remove(at).1 else { return Ok(None) };
    let is_built =
        |value: &Value| matches!(value, Value::Map(keys) if keys.iter().any(|(key, _)| key == "build"));
    let mut built: Vec<(String, Value)> = services.into_iter().filter(|(_, value)| is_built(value)).collect();
    if built.len() > 1 {
        let names: Vec<&str> = built.iter().take(20).map(|(name, _)| name.as_str()).collect();
        return Err(format!(
            "imgbuild.toml describes one image, and it builds {}: {}",
            built.len(),
            names.join(", ")
        ));
    }
    let Some((service, Value::Map(keys))) = built.pop() else { return Ok(None) };
    let mut attributes = Vec::new();
    let mut running = Vec::new();
    for (key, value) in keys {
        match (key.as_str(), value) {
            ("build", Value::Map(build)) => attributes.extend(build),
            // The short form is the context alone.
            ("build", value) => attributes.push(("context".to_owned(), value)),
            ("image", value) => attributes.push((key, value)),
            ("platform", value) if !attributes.iter().any(|(key, _)| key == "platforms") => {
                attributes.push((key, value));
            }
            _ => running.push(key),
        }
    }
    let mut description = Description::new(format!("{name}, service {service}"), &attributes);
    for key in running {
        description.leave(format!("{key} (how it runs: a test's env, services and mounts say that)"));
    }
    Ok(Some(description))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<Option<Description>, String> {
        describe_file("compose.yaml", text.as_bytes())
    }

    #[test]
    fn how_the_one_service_is_built() {
        let found = read(
            "services:\n  db: {image: postgres:17}\n  api:\n    image: ghcr.io/acme/api:${TAG:-dev}\n    build:\n      context: ./api\n      dockerfile: Dockerfile.prod\n      target: runtime\n      args:\n        - GO=1.10\n        - FROM_ENV\n        - DB_PASSWORD=hunter2\n      platforms: [linux/amd64]\n      secrets: [npmrc]\n      no_cache: true\n    ports: [\"8080:8080\"]\n    depends_on: [db]\n",
        )
        .unwrap()
        .unwrap();
        assert_eq!(found.context.as_deref(), Some("./api"));
        assert_eq!(found.dockerfile.as_deref(), Some("Dockerfile.prod"));
        assert_eq!(found.target.as_deref(), Some("runtime"));
        assert_eq!(found.platform.as_deref(), Some("linux/amd64"));
        assert!(found.no_cache && found.repository.is_none());
        assert_eq!(found.args.into_iter().collect::<Vec<_>>(), [("GO".to_owned(), "1.10".to_owned())]);
        let left = found.left.join("\n");
        for name in
            ["image (no plain value)", "args.FROM_ENV", "args.DB_PASSWORD", "secrets", "ports", "depends_on"]
        {
            assert!(left.contains(name), "{name}: {left}");
        }
        assert!(!left.contains("hunter2"));
    }

    #[test]
    fn the_short_form_and_files_without_a_build() {
        let found =
            read("services:\n  api:\n    build: .\n    image: ghcr.io/acme/api:1\n").unwrap().unwrap();
        assert_eq!(
            (found.context.as_deref(), found.repository.as_deref()),
            (Some("."), Some("ghcr.io/acme/api"))
        );
        for none in ["services:\n  db: {image: x}\n", "services: []\n", "name: x\n", "services: {a: b}\n"] {
            assert_eq!(read(none), Ok(None), "{none}");
        }
        for (text, why) in [
            ("services:\n  a: {build: .}\n  b: {build: .}\n", "it builds 2: a, b"),
            ("- a\n", "no map"),
            ("a: [", "line 2:1: not YAML"),
            ("a: &a [*a]\n", "alias"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_read_never_panics(text in r"(services|build|args|: |\n  |\n    |- |[{}\[\],a-c$&*]|\PC){0,60}") {
            let _ = read(&text);
        }
    }
}
