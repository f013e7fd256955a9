//! From `[deploy.NAME]` as written to what is deployed. What cannot be is refused by `parse`.

use std::collections::BTreeMap;
use std::time::Duration;

use super::layers::Asked;
use super::specs::{http, or, ready};
use crate::config::model::{self, CommandLine, Deploy, EnvValue, Number, Size};
use crate::config::origin::Origin;
use crate::config::quote;
use crate::config::settings::{
    Accept, BeforeCommand, DeploySettings, EnvFrom, HostMount, JoinedNetwork, Restart, ServiceSettings,
};

const GRACE: Duration = Duration::from_secs(10);
const WATCH: Duration = Duration::from_secs(15);
const BEFORE: Duration = Duration::from_secs(300);
const KEEP: u32 = 3;
const RESTART: Restart = Restart { policy: "unless-stopped", retries: 0 };

/// Every deployment. A table of a stronger file replaces that of the same name as a whole: half a container is none.
pub(super) fn deploys(asked: &mut Asked<'_>) -> BTreeMap<String, DeploySettings> {
    let mut all = BTreeMap::new();
    for part in asked.parts_for("deploy") {
        for (name, written) in part.deploy.into_iter().flatten() {
            if all.contains_key(name) {
                continue;
            }
            let origin = part.origin(&format!("deploy.{}", quote::key(name)));
            all.extend(deploy(name, written, origin).map(|made| (name.clone(), made)));
        }
    }
    all
}

fn deploy(name: &str, written: &Deploy, origin: Origin) -> Option<DeploySettings> {
    let mounts: Vec<HostMount> = written.mounts.iter().flatten().filter_map(mount).collect();
    Some(DeploySettings {
        service: written.service.unwrap_or(false).then(|| service(written, &mounts)),
        name: name.to_owned(),
        image: written.image.as_ref()?.parse().ok()?,
        container: written.container.clone().unwrap_or_else(|| name.to_owned()),
        cmd: written.cmd.as_ref().map(CommandLine::argv),
        ports: written.ports.iter().flatten().filter_map(|text| text.parse().ok()).collect(),
        env: written.env.iter().flatten().map(|(name, value)| (name.clone(), env(value))).collect(),
        mounts,
        networks: written.networks.iter().flatten().filter_map(network).collect(),
        restart: written.restart.as_ref().and_then(|text| text.parse().ok()).unwrap_or(RESTART),
        memory: written.memory.map(Size::bytes),
        cpus: written.cpus.map(Number::get),
        pids: written.pids,
        user: written.user.clone(),
        read_only: written.read_only.unwrap_or(false),
        ready: ready(written.ready.as_ref()),
        http: written.http.iter().flatten().filter_map(http).collect(),
        grace: or(written.grace, GRACE),
        watch: or(written.watch, WATCH),
        keep: written.keep.unwrap_or(KEEP),
        preflight: written.preflight,
        before: written.before.iter().flatten().filter_map(before).collect(),
        labels: written.labels.clone().unwrap_or_default(),
        accept: match written.accept {
            None | Some(model::Accept::Release) => Accept::Release,
            Some(model::Accept::Any) => Accept::Any,
        },
        origin,
        written: written.clone(),
    })
}

fn service(written: &Deploy, mounts: &[HostMount]) -> ServiceSettings {
    let host_ports = written.publish == Some(model::Publish::Host);
    let has_ports = written.ports.iter().flatten().next().is_some();
    let names = written.networks.iter().flatten().filter_map(|joined| joined.parts().0);
    let shares = (host_ports && has_ports)
        || mounts.iter().any(HostMount::is_shared_writable)
        || names.into_iter().any(|name| name == "host");
    ServiceSettings {
        replicas: written.replicas.unwrap_or(1),
        parallelism: written.parallelism.unwrap_or(1),
        start_first: match written.order {
            None => !shares,
            Some(order) => order == model::Order::StartFirst,
        },
        host_ports,
    }
}

fn env(value: &EnvValue) -> EnvFrom {
    match value {
        EnvValue::Text(text) => EnvFrom::Text(text.clone()),
        EnvValue::From(source) => match (&source.env, &source.file) {
            (Some(variable), _) => EnvFrom::Variable(variable.clone()),
            (None, Some(file)) => EnvFrom::File(file.clone()),
            (None, None) => EnvFrom::Text(String::new()),
        },
    }
}

fn mount(mount: &model::HostMount) -> Option<HostMount> {
    let parts = |text: &str| {
        let mut parts = text.split(':');
        let (source, target) = (parts.next()?.to_owned(), parts.next()?.to_owned());
        Some((source, target, parts.next() == Some("ro")))
    };
    if let Some(text) = &mount.bind {
        let (source, target, read_only) = parts(text)?;
        return Some(HostMount::Bind { source, target, read_only });
    }
    if let Some(text) = &mount.volume {
        let (name, target, read_only) = parts(text)?;
        return Some(HostMount::Volume { name, target, read_only });
    }
    let options = mount.options.clone().unwrap_or_default();
    mount.tmpfs.clone().map(|target| HostMount::Tmpfs { target, options })
}

fn network(joined: &model::Joined) -> Option<JoinedNetwork> {
    let (name, aliases) = joined.parts();
    Some(JoinedNetwork { name: name?.clone(), aliases: aliases.to_vec() })
}

fn before(before: &model::Before) -> Option<BeforeCommand> {
    Some(BeforeCommand {
        argv: before.cmd.as_ref()?.argv(),
        inside: before.inside.unwrap_or(false),
        within: or(before.within, BEFORE),
    })
}
