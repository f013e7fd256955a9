//! A test's world whose registry fails: a login that only the proxy knows, and the invariant that holds whatever fails.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use imgbuild::image::Digest;
use serde_json::Value;

use super::fault_proxy::{Fault, FaultProxy, Often, On};
use super::lab::{Invocation, Lab, Repo};

const USER: &str = "user";
/// The password that the proxy demands, and that no output may hold.
pub(crate) const PASSWORD: &str = "pass-ZcU7x";
/// The same as the docker CLI keeps it.
pub(crate) const AUTH: &str = "dXNlcjpwYXNzLVpjVTd4";

/// The longest that a push may stand still.
pub(crate) const IDLE: &str = "2s";

/// How long what fails is tried again, and the time that it is over within: far less than the 50 s of the engine's own
/// tries, and far more than a busy machine adds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    pub(crate) retry_for: &'static str,
    pub(crate) within: Duration,
}

/// What is permanent is over long before the budget is.
pub(crate) const AT_ONCE: Patience = Patience { retry_for: "90s", within: Duration::from_secs(30) };
/// What may pass is given up with the budget, one last silence, and the requests' own time.
pub(crate) const IN_BUDGET: Patience = Patience { retry_for: "4s", within: Duration::from_secs(40) };

pub(crate) const OK: &[i32] = &[0];
pub(crate) const REGISTRY: &[i32] = &[7];
/// Where the engine may have tried again before imgbuild knew.
pub(crate) const EITHER: &[i32] = &[0, 7];

/// One fault, and what has to come of it.
pub(crate) struct Row {
    pub(crate) on: On,
    pub(crate) fault: Fault,
    pub(crate) often: Often,
    pub(crate) exit: &'static [i32],
    pub(crate) patience: Patience,
    /// What the error says, where there is one, beside host and repository.
    pub(crate) says: &'static [&'static str],
}

impl Row {
    pub(crate) fn once(on: On, fault: Fault, exit: &'static [i32]) -> Row {
        Row { on, fault, often: Often::Once, exit, patience: IN_BUDGET, says: &[] }
    }

    pub(crate) fn ever(
        on: On,
        fault: Fault,
        exit: &'static [i32],
        patience: Patience,
        says: &'static [&'static str],
    ) -> Row {
        Row { on, fault, often: Often::Ever, exit, patience, says }
    }

    /// Fails unless `error` names where it was, and what the row says.
    pub(crate) fn is_told(&self, world: &Faulty, error: &str, what: &str) {
        let (error, repository) = (error.to_lowercase(), format!("t/{}", world.lab.name()));
        for said in [world.proxy.address.as_str(), &repository].iter().chain(self.says) {
            assert!(error.contains(&said.to_lowercase()), "{said:?} is not in {error}: {what}");
        }
    }
}

/// Judges every row, also those beside one that fails. They spend their time waiting, so all run at once.
pub(crate) fn judge(rows: &[Row], holds: impl Fn(&Row) + Sync) {
    let failed = std::thread::scope(|scope| {
        let running: Vec<_> = rows.iter().map(|row| scope.spawn(|| holds(row))).collect();
        running.into_iter().map(|row| row.join()).filter(Result::is_err).count()
    });
    assert_eq!(failed, 0, "of {} rows", rows.len());
}

/// A lab and the proxy before its registry, which demands a login.
pub(crate) struct Faulty {
    pub(crate) lab: Lab,
    pub(crate) proxy: FaultProxy,
}

impl Faulty {
    pub(crate) fn new(name: &str) -> Faulty {
        let lab = Lab::new(name);
        let proxy = FaultProxy::start(&lab.registry);
        proxy.demands(USER, PASSWORD);
        let folder = lab.path("home").join(".docker");
        fs::create_dir_all(&folder).expect("folder");
        let login = format!(r#"{{"auths":{{"{}":{{"auth":"{AUTH}"}}}}}}"#, proxy.address);
        fs::write(folder.join("config.json"), login).expect("login");
        Faulty { lab, proxy }
    }

    /// The test's repository, through the proxy.
    pub(crate) fn repository(&self) -> String {
        format!("{}/t/{}", self.proxy.address, self.lab.name())
    }

    /// A git repository with `push` under `[push]`. It is the same commit in every test, so that the engine builds it
    /// once: where it is published is not in it.
    pub(crate) fn repo(&self, folder: &str, push: &str) -> Repo<'_> {
        let repo = self.lab.repo(folder);
        let dockerfile = format!(
            "FROM {}\nCOPY name /name\nLABEL org.opencontainers.image.title=faults\n\
             STOPSIGNAL SIGKILL\nCMD [\"sleep\", \"600\"]\n",
            self.lab.base
        );
        repo.write("Dockerfile", &dockerfile);
        repo.write("name", "faults\n");
        let config = format!(
            "schema = 1\n[image]\nprobes = \"off\"\n[[image.test]]\nname = \"is it\"\n\
             run = [{{ cmd = [\"cat\", \"/name\"], stdout = \"faults\" }}]\n[push]\n{push}"
        );
        repo.write("imgbuild.toml", &config);
        repo.commit("first");
        repo
    }

    /// `ci` in `repo`, which publishes through the proxy.
    pub(crate) fn ci(&self, repo: &Repo<'_>, arguments: &[&str]) -> Invocation {
        let repository = self.repository();
        repo.imgbuild(&[&["ci", "--repository", &repository], arguments].concat())
    }

    /// Fails unless what the report says of tags holds in the registry: after exit 0, each has the image that was
    /// tested; else, each that is there is told.
    pub(crate) fn invariant(&self, report: &Value, what: &str) {
        let repository = format!("{}:", self.repository());
        let told: BTreeMap<&str, &Value> = report["tags"]
            .as_array()
            .expect("tags")
            .iter()
            .map(|tag| {
                let reference = tag["reference"].as_str().expect("reference");
                (reference.strip_prefix(repository.as_str()).expect("our repository"), &tag["state"])
            })
            .collect();
        let there = self.lab.tags();
        if report["exit_code"] != 0 {
            for tag in &there {
                let state = told.get(tag.as_str()).copied();
                assert!(
                    state.is_some_and(|state| state == "pushed" || state == "verified"),
                    "{tag} moved, and the report says {told:?}: {what}"
                );
            }
            return;
        }
        assert_eq!(report["pushed"], true, "{what}");
        assert!(
            told.keys().all(|tag| there.contains(*tag)) && !told.is_empty(),
            "{told:?}, {there:?}: {what}"
        );
        let image = &report["image"];
        let digests = [&image["config_digest"], &image["digest"]];
        assert!(digests.contains(&&image["id"]), "{image}: {what}");
        for tag in told.keys() {
            let (bytes, config) = self.lab.manifest(tag);
            assert_eq!(image["config_digest"], config, "{tag}: {what}");
            assert_eq!(image["digest"], Digest::of(&bytes).as_str(), "{tag}: {what}");
        }
    }

    /// Fails if a host other than the registry was sent a credential, or an output holds one.
    pub(crate) fn credential_stays(&self, outputs: &[&str]) {
        let requests = self.proxy.requests();
        let strays: Vec<_> =
            requests.iter().filter(|it| it.host == self.proxy.elsewhere && it.authorized).collect();
        assert!(strays.is_empty(), "a credential at another host: {strays:#?}");
        assert!(
            requests.iter().any(|seen| seen.host == self.proxy.address && seen.authorized),
            "nobody logged in"
        );
        for output in outputs {
            assert!(!output.contains(PASSWORD) && !output.contains(AUTH), "a secret is told: {output}");
        }
    }
}

/// How long the stage took that publishes; `None` where the run did not come to it.
pub(crate) fn publish_time(report: &Value) -> Option<Duration> {
    let timings = report["timings"].as_array().expect("timings");
    let publish = timings.iter().find(|timing| timing["stage"] == "publish")?;
    Some(Duration::from_millis(publish["ms"].as_u64().expect("ms")))
}
