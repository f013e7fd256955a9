//! From a deployment's settings to the containers that it takes.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::decide::Way;
use super::record::{Attached, Record, SpecRecord};
use crate::config::{DeploySettings, EnvFrom, HostMount, PublishedPort};
use crate::engine::{ContainerSpec, HostPort, Image, Limits, Mounted, Restart};
use crate::environment::Environment;
use crate::error::{Error, Kind, Result};
use crate::image::hex;

/// The longest value that a file may hold, in bytes: a kernel takes no longer one.
const MAX_VALUE: u64 = 128 << 10;
/// Networks that know no names of containers.
const NAMELESS: [&str; 3] = ["bridge", "host", "none"];

/// The values of a deployment's variables. Printed nowhere.
#[derive(Clone, Default)]
pub struct Values(BTreeMap<String, String>);

impl Values {
    /// All of them, by their names.
    pub(super) fn all(&self) -> &BTreeMap<String, String> {
        &self.0
    }
}

impl fmt::Debug for Values {
    /// Names only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Reads the values of a deployment's variables. `hide` is told of each that comes from elsewhere than the configuration,
/// before anything else is done with it. One that is not there is [`Kind::Refused`]: half a configuration would run.
pub fn values(
    deploy: &DeploySettings,
    environment: &Environment,
    folder: &Path,
    hide: impl Fn(&str),
) -> Result<Values> {
    let mut values = BTreeMap::new();
    for (name, from) in &deploy.env {
        let value = match from {
            EnvFrom::Text(text) => text.clone(),
            EnvFrom::Variable(variable) => {
                let value = environment.get(variable).ok_or_else(|| {
                    Error::new(
                        Kind::Refused,
                        format!(
                            "cannot deploy {}: the variable {variable}, for its {name}, is not set",
                            deploy.name
                        ),
                    )
                    .hint(format!("set {variable} where imgbuild runs"))
                })?;
                hide(value);
                value.to_owned()
            }
            EnvFrom::File(file) => {
                let value = read(&folder.join(file)).map_err(|cause| {
                    Error::new(
                        Kind::Refused,
                        format!(
                            "cannot deploy {}: cannot read {}, for its {name}",
                            deploy.name,
                            file.display()
                        ),
                    )
                    .because(cause)
                })?;
                hide(&value);
                value
            }
        };
        values.insert(name.clone(), value);
    }
    Ok(Values(values))
}

fn read(path: &Path) -> Result<String, std::io::Error> {
    let mut text = String::new();
    File::open(path)?.take(MAX_VALUE + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_VALUE {
        return Err(std::io::Error::other(format!("it is larger than {} KiB", MAX_VALUE >> 10)));
    }
    let text = text.strip_suffix('\n').unwrap_or(&text);
    Ok(text.strip_suffix('\r').unwrap_or(text).to_owned())
}

/// What is to run.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// By these settings.
    pub deploy: &'a DeploySettings,
    /// Of this image.
    pub image: &'a Image,
    /// With these values.
    pub values: &'a Values,
}

impl Wanted<'_> {
    /// How it takes over.
    pub fn way(&self) -> Way {
        let deploy = self.deploy;
        let alone = !deploy.ports.is_empty() || host_network(deploy) || deploy.preflight == Some(false);
        let shares = writes(deploy).is_some() && deploy.preflight != Some(true);
        if alone || shares { Way::InPlace } else { Way::Beside }
    }

    /// What its labels say of it.
    pub fn record(&self) -> SpecRecord {
        let deploy = self.deploy;
        SpecRecord {
            restart: Restart { policy: deploy.restart.policy.to_owned(), retries: deploy.restart.retries },
            networks: self.networks(),
            ports: deploy.ports.iter().map(port_text).collect(),
            env: deploy.env.keys().cloned().collect(),
            shares: writes(deploy).is_some(),
            gates: gates(deploy),
        }
    }

    /// Its networks, and its names there. Where it comes up beside the old one its own name is one of them: while the two
    /// change names, the name leads to the new one all the time.
    fn networks(&self) -> Vec<Attached> {
        let deploy = self.deploy;
        let has_aliases = deploy.networks.iter().any(|joined| !joined.aliases.is_empty());
        let attached = deploy.networks.iter().map(|joined| {
            let mut aliases = joined.aliases.clone();
            let is_front = !NAMELESS.contains(&joined.name.as_str()) && (!has_aliases || !aliases.is_empty());
            if self.way() == Way::Beside && is_front && !aliases.contains(&deploy.container) {
                aliases.push(deploy.container.clone());
            }
            Attached { network: joined.name.clone(), aliases }
        });
        let attached: Vec<Attached> = attached.collect();
        if attached.is_empty() {
            return vec![Attached { network: "bridge".to_owned(), aliases: Vec::new() }];
        }
        attached
    }

    /// The container that takes over, called `name`, and the networks that it has to join before it is started. It starts
    /// again by itself only once it has proven itself.
    pub fn container(&self, record: &Record, name: String) -> (ContainerSpec, Vec<Attached>) {
        let mut networks = record.spec.networks.clone();
        if self.way() == Way::Beside {
            networks.iter_mut().for_each(|attached| attached.aliases.clear());
        }
        let (mut spec, further) = self.base(networks);
        spec.name = Some(name);
        spec.labels = record.labels();
        spec.restart = Some(Restart::never());
        spec.ports = self.deploy.ports.iter().map(host_port).collect();
        (spec, further)
    }

    /// The container in which the image is tried beside the old one: without ports of the host, and nobody finds it by a name.
    pub fn trial(&self) -> (ContainerSpec, Vec<Attached>) {
        let mut networks = self.networks();
        networks.iter_mut().for_each(|attached| attached.aliases.clear());
        self.base(networks)
    }

    /// The container of a command before the swap.
    pub fn command(&self, argv: &[String]) -> (ContainerSpec, Vec<Attached>) {
        let (mut spec, further) = self.trial();
        let mut argv = argv.iter().cloned();
        spec.entrypoint = Some(argv.next().into_iter().collect());
        spec.command = Some(argv.collect());
        spec.unset_health = true;
        (spec, further)
    }

    fn base(&self, networks: Vec<Attached>) -> (ContainerSpec, Vec<Attached>) {
        let deploy = self.deploy;
        let mut networks = networks.into_iter();
        let first = networks.next();
        let mut spec = ContainerSpec {
            image: self.image.id.clone(),
            command: deploy.cmd.clone(),
            env: self.values.0.clone(),
            limits: Limits {
                memory_bytes: deploy.memory.unwrap_or_default(),
                pids: deploy.pids.unwrap_or_default(),
                ..Limits::default()
            },
            network: first.as_ref().map(|attached| attached.network.clone()),
            aliases: first.map(|attached| attached.aliases).unwrap_or_default(),
            stop_timeout: Some(deploy.grace),
            user: deploy.user.clone(),
            read_only: deploy.read_only,
            nano_cpus: deploy.cpus.map(|cpus| (cpus * 1e9) as u64).unwrap_or_default(),
            ..ContainerSpec::default()
        };
        for mount in &deploy.mounts {
            match mount {
                HostMount::Bind { source, target, read_only } => spec.mounts.push(Mounted {
                    is_path: true,
                    source: source.clone(),
                    target: target.clone(),
                    read_only: *read_only,
                }),
                HostMount::Volume { name, target, read_only } => spec.mounts.push(Mounted {
                    is_path: false,
                    source: name.clone(),
                    target: target.clone(),
                    read_only: *read_only,
                }),
                HostMount::Tmpfs { target, options } => {
                    spec.tmpfs.insert(target.clone(), options.clone());
                }
            }
        }
        (spec, networks.collect())
    }
}

/// Whether the image is tried beside the one that runs; why it is not otherwise. Only of a deployment in place: beside the
/// old one, the new one is tried by being what it is.
pub(super) fn preflight(deploy: &DeploySettings) -> Result<(), String> {
    match (deploy.preflight, writes(deploy)) {
        (Some(true), _) => Ok(()),
        (Some(false), _) => Err("`preflight = false`".to_owned()),
        (None, Some(place)) => {
            Err(format!("both would write to {place}; `preflight = true` says that they may"))
        }
        (None, None) if host_network(deploy) => {
            Err("both would listen on the host's network; `preflight = true` says that they may".to_owned())
        }
        (None, None) => Ok(()),
    }
}

fn host_network(deploy: &DeploySettings) -> bool {
    deploy.networks.iter().any(|joined| joined.name == "host")
}

/// The first place that two containers of it would write to.
fn writes(deploy: &DeploySettings) -> Option<&str> {
    deploy.mounts.iter().find(|mount| mount.is_shared_writable()).map(|mount| match mount {
        HostMount::Bind { source, .. } => source.as_str(),
        HostMount::Volume { name, .. } => name.as_str(),
        HostMount::Tmpfs { target, .. } => target.as_str(),
    })
}

pub(super) fn host_port(port: &PublishedPort) -> HostPort {
    HostPort { address: port.address.clone(), host: port.host, container: port.container, udp: port.udp }
}

fn port_text(port: &PublishedPort) -> String {
    let address = port.address.as_ref().map(|address| match address.contains(':') {
        true => format!("[{address}]:"),
        false => format!("{address}:"),
    });
    let protocol = if port.udp { "/udp" } else { "" };
    format!("{}{}:{}{protocol}", address.unwrap_or_default(), port.host, port.container)
}

/// A digest of what the container has to answer, without the values of headers, which may be secrets.
fn gates(deploy: &DeploySettings) -> String {
    let mut hash = Sha256::new();
    let ready = &deploy.ready;
    let asked = deploy.http.iter().chain(&ready.http).map(|http| {
        let headers: Vec<&String> = http.headers.keys().collect();
        format!(
            "{} {} {} {headers:?} {:?} {:?}",
            http.method, http.port, http.path, http.status, http.answer_body
        )
    });
    let rest =
        format!("{:?} {:?} {:?}", ready.health, ready.log.as_ref().map(|log| log.as_str()), ready.ports);
    for part in asked.chain([rest]) {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    hex(&hash.finalize()).chars().take(24).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::{self, Flags};

    /// The deployment `web` of a file that says `text` of it.
    pub(in crate::deploy) fn deploy(text: &str) -> DeploySettings {
        let text = format!("[deploy.web]\nimage = 'r.example/web:1'\n{text}\n");
        let settings = config::testing::settings(&text, &Flags::default());
        settings.deploys["web"].clone()
    }

    fn wanted<R>(text: &str, look: impl FnOnce(Wanted<'_>) -> R) -> R {
        let (deploy, image, values) = (deploy(text), Image::default(), Values::default());
        look(Wanted { deploy: &deploy, image: &image, values: &values })
    }

    #[test]
    fn the_way_goes_by_what_the_two_would_share() {
        for (text, way, tried) in [
            ("", Way::Beside, true),
            ("ports = ['80:80']", Way::InPlace, true),
            ("networks = ['host']", Way::InPlace, false),
            ("preflight = false", Way::InPlace, false),
            ("mounts = [{ volume = 'data:/d' }]", Way::InPlace, false),
            ("mounts = [{ volume = 'data:/d:ro' }, { tmpfs = '/t' }]", Way::Beside, true),
            ("mounts = [{ bind = '/d:/d' }]\npreflight = true", Way::Beside, true),
            ("mounts = [{ bind = '/d:/d' }]\nports = ['80:80']", Way::InPlace, false),
        ] {
            wanted(text, |wanted| {
                assert_eq!(wanted.way(), way, "{text}");
                assert_eq!(preflight(wanted.deploy).is_ok(), tried, "{text}");
            });
        }
    }

    #[test]
    fn beside_the_old_one_nobody_finds_the_new_one_by_a_name() {
        let text = "networks = ['back', { name = 'front', aliases = ['api'] }]";
        wanted(text, |wanted| {
            let record = wanted.record();
            let names: Vec<&[String]> = record.networks.iter().map(|n| n.aliases.as_slice()).collect();
            assert_eq!(names, [&[][..], &["api".to_owned(), "web".to_owned()]]);
            let record = Record {
                name: "web".to_owned(),
                reference: String::new(),
                digest: String::new(),
                run: String::new(),
                by: String::new(),
                at: 0,
                spec: record,
                replaces: None,
                history: Vec::new(),
            };
            let (spec, further) = wanted.container(&record, "web-next".to_owned());
            assert_eq!((spec.network.as_deref(), spec.aliases.len()), (Some("back"), 0));
            assert_eq!((further[0].network.as_str(), further[0].aliases.len()), ("front", 0));
            assert!(spec.restart.unwrap().is_never() && spec.labels.contains_key("dev.imgbuild.deploy.name"));
        });
        wanted(
            "ports = ['127.0.0.1:80:8080']\nnetworks = [{ name = 'front', aliases = ['api'] }]",
            |wanted| {
                assert_eq!(wanted.record().networks[0].aliases, ["api"]);
                assert_eq!(wanted.record().ports, ["127.0.0.1:80:8080"]);
                let (trial, _) = wanted.trial();
                assert!(trial.ports.is_empty() && trial.aliases.is_empty() && trial.labels.is_empty());
            },
        );
        wanted("", |wanted| assert_eq!(wanted.record().networks[0].network, "bridge"));
    }

    #[test]
    fn what_the_container_gets() {
        let text = "cpus = 1.5\nmemory = '64MiB'\npids = 9\ngrace = '3s'\ncmd = ['serve']\nuser = '7:7'\n\
                    read-only = true\nmounts = [{ bind = '/a:/b:ro' }, { tmpfs = '/t', options = 'size=1m' }]";
        wanted(text, |wanted| {
            let (spec, _) = wanted.trial();
            assert_eq!(
                (spec.nano_cpus, spec.limits.memory_bytes, spec.limits.pids),
                (1_500_000_000, 64 << 20, 9)
            );
            assert_eq!((spec.stop_timeout, spec.read_only), (Some(Duration::from_secs(3)), true));
            assert_eq!((spec.mounts.len(), spec.tmpfs["/t"].as_str()), (1, "size=1m"));
            assert_eq!(
                (spec.command.unwrap(), spec.user.unwrap()),
                (vec!["serve".to_owned()], "7:7".to_owned())
            );
        });
    }

    #[test]
    fn values_come_from_here_and_are_hidden() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("key"), "from file\r\n").unwrap();
        let text = "env = { A = 'plain', B = { env = 'FROM' }, C = { file = 'key' } }";
        let deploy = deploy(text);
        let hidden = std::cell::RefCell::new(Vec::new());
        let hide = |value: &str| hidden.borrow_mut().push(value.to_owned());
        let env = Environment::from_pairs([("FROM", "from variable")]);
        let values = values(&deploy, &env, folder.path(), hide).unwrap();
        assert_eq!(values.0.values().collect::<Vec<_>>(), ["plain", "from variable", "from file"]);
        assert_eq!(hidden.into_inner(), ["from variable", "from file"]);
        assert!(!format!("{values:?}").contains("from"), "{values:?}");
        let missing = super::values(&deploy, &Environment::default(), folder.path(), |_| {}).unwrap_err();
        assert!(missing.kind() == Kind::Refused && missing.to_string().contains("FROM"), "{missing}");
    }

    #[test]
    fn gates_are_told_apart_and_keep_secrets() {
        let of = |text: &str| gates(&deploy(text));
        let one = of("http = [{ port = 80, headers = { Authorization = 'a' } }]");
        assert_eq!(one, of("http = [{ port = 80, headers = { Authorization = 'b' } }]"));
        assert_ne!(one, of("http = [{ port = 81, headers = { Authorization = 'a' } }]"));
        assert_ne!(one, of("ready = { healthcheck = true }"));
    }
}
