//! The shared vectors: facts that were computed by running the reference implementations. Each file says how.
//!
//! They are read from `tests/vectors/`, or from the folder that `IMGBUILD_VECTORS` names. A file that is missing or holds
//! no rows fails its test. One module for each set.

#![cfg(test)]

mod support;

mod dockerignore_match {
    use imgbuild::context::Ignore;
    use imgbuild::error::Kind;

    use super::support::vectors::{load, report, rows, text};

    #[test]
    fn every_row() {
        let set = load("dockerignore_match");
        let rows = rows(&set, "cases");
        let mut wrong = Vec::new();
        for row in rows {
            let matched = Ignore::parse(text(row, "dockerignore").as_bytes())
                .and_then(|ignore| ignore.matches(text(row, "path").as_bytes()));
            let right = match (&matched, row["error"].as_str()) {
                (Ok(ignored), None) => Some(*ignored) == row["ignored"].as_bool(),
                (Err(error), Some(reference)) => {
                    let same_words =
                        |words: &str| !reference.contains(words) || error.message().contains(words);
                    error.kind() == Kind::Config
                        && same_words("syntax error in pattern")
                        && same_words("illegal exclusion pattern")
                }
                _ => false,
            };
            if !right {
                wrong.push(format!("{row}\n    gave {matched:?}"));
            }
        }
        report("dockerignore_match", rows.len(), &wrong);
    }
}

mod dockerignore_engine {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use imgbuild::context::{EntryKind, ListOptions, list};
    use imgbuild::error::{Kind, Result};
    use imgbuild::stop::Stop;
    use serde_json::Value;

    use super::support::vectors::{load, report, rows, text};

    /// Makes the set's tree; each file holds its own path.
    fn make_tree(root: &Path, tree: &[Value]) {
        for entry in tree.iter().map(|entry| entry.as_str().unwrap()) {
            let path = root.join(entry);
            if entry.ends_with('/') {
                fs::create_dir_all(path).unwrap();
            } else {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, entry).unwrap();
            }
        }
    }

    /// The regular files that `COPY . /` would copy.
    fn files(root: &Path) -> Result<BTreeSet<String>> {
        let stop = Stop::default();
        let options = ListOptions {
            root,
            dockerfile: Path::new("Dockerfile"),
            own: &[],
            known_blob: None,
            cache: None,
            stop: &stop,
        };
        let listing = list(&options)?;
        let seen = listing.entries().filter(|entry| entry.kind == EntryKind::File && !entry.forced);
        Ok(seen.map(|entry| String::from_utf8(entry.path).unwrap()).collect())
    }

    #[test]
    fn every_row_as_todays_buildkit_walks() {
        let set = load("dockerignore_engine");
        let (tree, rows) = (rows(&set, "tree"), rows(&set, "cases"));
        let folder = tempfile::tempdir().unwrap();
        make_tree(folder.path(), tree);
        let mut wrong = Vec::new();
        for row in rows {
            fs::write(folder.path().join(".dockerignore"), text(row, "dockerignore")).unwrap();
            let found = files(folder.path());
            let expected = &row["fsutil_2026"];
            let right = match (&found, expected["files"].as_array()) {
                (Ok(found), Some(files)) => found
                    .iter()
                    .map(String::as_str)
                    .eq(files.iter().filter_map(Value::as_str).collect::<BTreeSet<_>>()),
                (Err(error), None) => expected["error"].is_string() && error.kind() == Kind::Config,
                _ => false,
            };
            if !right {
                wrong.push(format!(
                    "{} {:?}\n    gave {found:?}\n    not  {expected}",
                    row["id"], row["dockerignore"]
                ));
            }
        }
        report("dockerignore_engine", rows.len(), &wrong);
    }
}

mod image_refs {
    use imgbuild::image::{Reference, Tag};

    use super::support::vectors::{load, optional, rows, text};

    #[test]
    fn every_row() {
        let set = load("image_refs");
        for row in rows(&set, "cases") {
            let input = text(row, "input");
            let parsed = input.parse::<Reference>();
            if optional(row, "error").is_some() {
                assert!(parsed.is_err(), "{row}: parsed as {parsed:?}");
                continue;
            }
            let reference = parsed.unwrap_or_else(|error| panic!("{row}: {error}"));
            assert_eq!(reference.to_string(), text(row, "canonical"), "{row}");
            assert_eq!(reference.repository().registry(), text(row, "domain"), "{row}");
            assert_eq!(reference.repository().path(), text(row, "path"), "{row}");
            assert_eq!(reference.familiar(), text(row, "familiar"), "{row}");
            assert_eq!(reference.tag().map(Tag::as_str), optional(row, "tag"), "{row}");
            assert_eq!(reference.digest(), optional(row, "digest"), "{row}");
            assert_eq!(reference.or_latest().to_string(), text(row, "with_default_tag"), "{row}");
        }
    }
}

mod tags_and_refs {
    use imgbuild::image::{Tag, slug};

    use super::support::vectors::{load, rows, text};

    #[test]
    fn every_row_and_property() {
        let set = load("tags_and_refs");
        for row in rows(&set, "tags") {
            let valid = row["valid"].as_bool().expect("valid");
            assert_eq!(text(row, "tag").parse::<Tag>().is_ok(), valid, "{row}");
        }
        let mut seen = std::collections::BTreeMap::new();
        for row in rows(&set, "refs") {
            let name = text(row, "ref");
            let slugged = slug(name.as_bytes(), &[]);
            assert_eq!(slugged, slug(name.as_bytes(), &[]), "deterministic: {row}");
            for tag in [
                slugged.clone(),
                format!("{slugged}-abc1234-1700000000"),
                format!("tag-{slugged}-abc1234-17000000000-dev"),
            ] {
                assert!(tag.parse::<Tag>().is_ok(), "{row}: {tag}");
            }
            assert!(
                !slugged.eq_ignore_ascii_case("latest") && !slugged.ends_with("-dev"),
                "{row}: {slugged}"
            );
            assert!(semver::Version::parse(&slugged).is_err(), "{row}: {slugged}");
            assert!(!slugged.starts_with("::") && !slugged.starts_with("##["), "{row}: {slugged}");
            if let Some(other) = seen.insert(slugged.clone(), name.to_owned()) {
                assert_eq!(other, name, "two refs share the slug {slugged}");
            }
        }
        for group in set["must_stay_distinct"].as_array().expect("groups") {
            let mut slugs: Vec<String> = group
                .as_array()
                .expect("group")
                .iter()
                .map(|r| slug(r.as_str().expect("ref").as_bytes(), &[]))
                .collect();
            let before = slugs.len();
            slugs.sort();
            slugs.dedup();
            assert_eq!(slugs.len(), before, "{group}");
        }
    }
}

mod docker_auth {
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;

    use imgbuild::environment::Environment;
    use imgbuild::registry::{Credential, CredentialStore, hostname};
    use serde_json::{Value, json};

    use super::support::vectors::{load, optional, report, rows, text};

    /// The set's stub of a helper, which notes each time it is run.
    fn install_helper(folder: &Path, stub: &str) {
        let noting = stub.replacen('\n', "\necho \"$1\" >>\"$DOCKER_CONFIG/runs\"\n", 1);
        let path = folder.join("docker-credential-relok");
        std::fs::write(&path, noting).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// A login in the form of the set, which leaves out what is empty.
    fn shown(credential: Option<Credential>) -> Value {
        let Some(found) = credential else { return json!({}) };
        let fields = [
            ("username", found.username.as_str()),
            ("password", found.password.expose()),
            ("identitytoken", found.identity_token.expose()),
            ("registrytoken", found.registry_token.expose()),
            ("serveraddress", &found.server),
        ];
        let present = fields.into_iter().filter(|(_, value)| !value.is_empty());
        present
            .map(|(name, value)| (name.to_owned(), Value::from(value)))
            .collect::<serde_json::Map<_, _>>()
            .into()
    }

    /// What is expected; docker answers an entry that holds no login with its key alone, which here is anonymous.
    fn wanted(row: &Value) -> Value {
        let result = row["result"].as_object().unwrap_or_else(|| panic!("{row}: neither result nor error"));
        let mut present = result.clone();
        present.retain(|_, value| value != "");
        if present.keys().eq(["serveraddress"]) { json!({}) } else { present.into() }
    }

    /// Whether the login that is expected is one that the stub alone knows.
    fn is_the_helpers(row: &Value) -> bool {
        optional(&row["result"], "password").is_some_and(|password| ["hpass", "hubpass"].contains(&password))
    }

    #[tokio::test]
    async fn every_row() {
        let set = load("docker_auth");
        let rows = rows(&set, "cases");
        let folder = tempfile::tempdir().unwrap();
        install_helper(folder.path(), text(&set, "helper_stub"));
        let home = folder.path().to_str().unwrap();
        let path = format!("{home}:/usr/bin:/bin");
        let (mut wrong, mut helped) = (Vec::new(), 0);
        for row in rows {
            std::fs::write(folder.path().join("config.json"), text(row, "config_json")).unwrap();
            std::fs::write(folder.path().join("runs"), "").unwrap();
            // Podman's files are none of docker's.
            let own = [("DOCKER_CONFIG", home), ("XDG_RUNTIME_DIR", home), ("PATH", path.as_str())];
            let variable = optional(row, "docker_auth_config_env").map(|text| ("DOCKER_AUTH_CONFIG", text));
            let found = match CredentialStore::load(&Environment::from_pairs(own.into_iter().chain(variable)))
            {
                Ok(store) => store.for_registry(text(row, "lookup")).await.map(shown),
                Err(error) => Err(error),
            };
            let right = match (&found, optional(row, "error")) {
                (Err(_), Some(_)) => true,
                (Ok(found), None) => *found == wanted(row),
                _ => false,
            };
            let runs = std::fs::read_to_string(folder.path().join("runs")).unwrap();
            helped += runs.lines().count();
            if !right || (is_the_helpers(row) && runs != "get\n") {
                wrong.push(format!("{row}\n    gave {found:?}, helper run {runs:?}"));
            }
        }
        assert!(helped > 0, "no helper was ever run");
        report("docker_auth", rows.len(), &wrong);
    }

    #[test]
    fn every_hostname() {
        let set = load("docker_auth");
        for row in rows(&set, "hostname_normalisation") {
            assert_eq!(hostname(text(row, "input")), text(row, "host"), "{row}");
        }
    }
}
