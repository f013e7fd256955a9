//! The files in which a CI describes a run beyond its environment: GitHub's event, and TeamCity's properties. Who opens
//! a pull request writes much of them, so that they are bounded in every way: size, depth, and what is kept.

use std::fmt;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::{github, properties, teamcity};
use crate::environment::Environment;

/// The largest file that is read, in bytes; GitHub's own limit for an event is 25 MB.
const LARGEST: u64 = 32 << 20;

/// How deep the deepest key lies that is wanted: `pull_request.head.repo.full_name`.
const DEEPEST: usize = 4;

/// Longer texts are no name, no commit and no number, in bytes.
const LONGEST: usize = 4096;

/// Every key that is asked for on some level of an event.
const KEYS: [&str; 16] = [
    "base",
    "base_ref",
    "default_branch",
    "event",
    "full_name",
    "head",
    "head_repository",
    "issue",
    "merge_group",
    "number",
    "pull_request",
    "ref",
    "repo",
    "repository",
    "sha",
    "workflow_run",
];

/// What the CI's files say, for [`detect`](super::detect), and what could not be read, in words.
///
/// Of the files nothing is kept but what detection asks for. A file that cannot be read is as good as none: whatever
/// it would have said of a fork is not known then.
pub fn read_event(env: &Environment) -> (Option<Value>, Option<String>) {
    let found = if github::is(env) {
        path(env, "GITHUB_EVENT_PATH").map(|path| event(&path))
    } else if teamcity::marker(env).is_some() {
        path(env, "TEAMCITY_BUILD_PROPERTIES_FILE").map(|path| build_properties(&path))
    } else {
        None
    };
    match found {
        Some(Ok(value)) => (Some(value), None),
        Some(Err(trouble)) => (None, Some(trouble)),
        None => (None, None),
    }
}

fn path(env: &Environment, key: &str) -> Option<PathBuf> {
    env.get_os(key).map(PathBuf::from)
}

fn event(path: &Path) -> Result<Value, String> {
    let said =
        |why: &dyn fmt::Display| format!("the CI's event file {} cannot be read: {why}", path.display());
    prune(&content(path).map_err(|why| said(&why))?).map_err(|why| said(&why))
}

/// The file that the environment names, and the one that this names.
fn build_properties(path: &Path) -> Result<Value, String> {
    let said = |path: &Path, why: String| {
        format!("TeamCity's properties file {} cannot be read: {why}", path.display())
    };
    let read = |path: &Path, found: &mut Map<String, Value>| {
        let bytes = content(path).map_err(|why| said(path, why))?;
        properties::read(&String::from_utf8_lossy(&bytes), found);
        Ok::<_, String>(())
    };
    let mut found = Map::new();
    read(path, &mut found)?;
    if let Some(Value::String(next)) = found.remove(properties::CONFIGURATION) {
        read(Path::new(&next), &mut found)?;
    }
    Ok(Value::Object(found))
}

fn content(path: &Path) -> Result<Vec<u8>, String> {
    let too_large = || format!("it is larger than {} MiB", LARGEST >> 20);
    let about = fs::metadata(path).map_err(|cause| cause.to_string())?;
    // A pipe would wait for somebody, and a device never ends.
    if !about.is_file() {
        return Err("it is no regular file".to_owned());
    }
    if about.len() > LARGEST {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes))
        .map_err(|cause| cause.to_string())?;
    if bytes.len() as u64 > LARGEST { Err(too_large()) } else { Ok(bytes) }
}

/// The event with nothing but [`KEYS`], lists left empty and long texts left out.
fn prune(bytes: &[u8]) -> serde_json::Result<Value> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = Prune(0).deserialize(&mut json)?;
    json.end()?;
    Ok(value)
}

/// Keeps what is wanted of a value this far down.
struct Prune(usize);

impl<'de> DeserializeSeed<'de> for Prune {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Prune {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(if value.len() > LONGEST { Value::Null } else { value.into() })
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Array(Vec::new()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut kept = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            if self.0 < DEEPEST && KEYS.contains(&key.as_str()) {
                let value = map.next_value_seed(Prune(self.0 + 1))?;
                kept.insert(key, value);
            } else {
                // Skipped without recursion, however deep it is.
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Value::Object(kept))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_asked_for_is_kept_and_nothing_else() {
        let event = json!({
            "repository": { "full_name": "a/b", "default_branch": "main", "owner": { "login": "a" } },
            "pull_request": {
                "number": 7, "body": "x".repeat(100_000), "labels": [1, 2],
                "head": { "sha": "s", "ref": "x".repeat(LONGEST + 1), "repo": { "full_name": "c/d", "fork": true } },
            },
            "number": [7],
            "issue": null,
        });
        let kept = prune(event.to_string().as_bytes()).unwrap();
        let head = json!({ "sha": "s", "ref": null, "repo": { "full_name": "c/d" } });
        assert_eq!(
            kept,
            json!({
                "repository": { "full_name": "a/b", "default_branch": "main" },
                "pull_request": { "number": 7, "head": head },
                "number": [],
                "issue": null,
            })
        );
    }

    #[test]
    fn depth_is_bounded() {
        let deep = |open: &str, close: &str, n: usize| open.repeat(n) + "1" + &close.repeat(n);
        for hostile in [
            deep("[", "]", 1_000_000),
            deep("{\"x\":", "}", 1_000_000),
            deep("{\"head\":", "}", 1_000_000),
            format!("{{\"pull_request\":{{\"head\":{}}}}}", deep("[", "]", 1_000_000)),
        ] {
            // Too deep or not, it comes to an end, and to little.
            if let Ok(kept) = prune(hostile.as_bytes()) {
                assert!(kept.to_string().len() < 200);
            }
        }
        let ignored = format!("{{\"x\":{},\"number\":7}}", deep("[", "]", 1_000_000));
        assert_eq!(prune(ignored.as_bytes()).unwrap(), json!({ "number": 7 }));
    }

    #[test]
    fn what_is_no_json_is_an_error() {
        for text in ["", "{", "{}{}", "\u{0}", "nul", "{\"number\":1e}", "\u{feff}{}"] {
            assert!(prune(text.as_bytes()).is_err(), "{text:?}");
        }
        assert!(prune(b"{\"number\":\"\xff\"}").is_err());
        assert_eq!(prune(b"[]").unwrap(), json!([]));
    }

    fn read(path: &Path) -> (Option<Value>, Option<String>) {
        let pairs = [("GITHUB_ACTIONS", "true"), ("GITHUB_EVENT_PATH", path.to_str().unwrap())];
        read_event(&Environment::from_pairs(pairs))
    }

    #[test]
    fn files_that_are_none() {
        let folder = tempfile::tempdir().unwrap();
        let large = folder.path().join("large");
        File::create(&large).unwrap().set_len(LARGEST + 1).unwrap();
        let pipe = folder.path().join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        for (path, why) in [
            (folder.path(), "no regular file"),
            (Path::new("/dev/zero"), "no regular file"),
            (&pipe, "no regular file"),
            (&large, "larger than 32 MiB"),
            (&folder.path().join("none"), "No such file"),
        ] {
            let (event, trouble) = read(path);
            assert!(event.is_none() && trouble.unwrap().contains(why), "{}", path.display());
        }
    }

    #[test]
    fn the_event_is_read_on_github_and_its_like_only() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("e.json");
        fs::write(&file, "{\"number\":7}").unwrap();
        let path = file.to_str().unwrap();
        for (marker, read) in [
            ("GITHUB_ACTIONS", true),
            ("GITEA_ACTIONS", true),
            ("FORGEJO_ACTIONS", true),
            ("GITLAB_CI", false),
        ] {
            let pairs = [(marker, "true"), ("GITHUB_EVENT_PATH", path)];
            let (event, trouble) = read_event(&Environment::from_pairs(pairs));
            assert_eq!((event.is_some(), trouble), (read, None), "{marker}");
        }
    }

    #[test]
    fn teamcity_names_one_file_in_the_other() {
        let folder = tempfile::tempdir().unwrap();
        let (build, configuration) = (folder.path().join("build"), folder.path().join("configuration"));
        fs::write(&build, format!("{}={}\n", properties::CONFIGURATION, configuration.display())).unwrap();
        let read = || {
            let file = build.to_str().unwrap();
            let pairs = [("TEAMCITY_VERSION", "2025.07"), ("TEAMCITY_BUILD_PROPERTIES_FILE", file)];
            read_event(&Environment::from_pairs(pairs))
        };
        assert!(read().1.unwrap().contains("configuration cannot be read"));
        fs::write(&configuration, "teamcity.build.branch=main\npassword=hunter2\n").unwrap();
        assert_eq!(read(), (Some(json!({ "teamcity.build.branch": "main" })), None));
    }
}
