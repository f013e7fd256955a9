//! From a deployment's settings to the service of a swarm that it is.

use super::record::Record;
use super::spec::{Wanted, host_port};
use crate::config::{DeploySettings, HostMount, ServiceSettings, TmpfsOptions};
use crate::engine::{Mounted, Restart, ServiceSpec};

impl Wanted<'_> {
    /// The service, of the image that nodes get by `image`; its tasks are known by the number `force`. Labels are the
    /// service's own: a container with them would be one of a host's deployments.
    pub fn service(&self, like: ServiceSettings, record: &Record, image: &str, force: u64) -> ServiceSpec {
        let deploy = self.deploy;
        let (mounts, tmpfs) = mounts(deploy);
        ServiceSpec {
            name: deploy.container.clone(),
            labels: record.labels(),
            image: image.to_owned(),
            command: deploy.cmd.clone(),
            env: self.values.all().clone(),
            user: deploy.user.clone(),
            read_only: deploy.read_only,
            mounts,
            tmpfs,
            networks: deploy
                .networks
                .iter()
                .map(|joined| (joined.name.clone(), joined.aliases.clone()))
                .collect(),
            ports: deploy.ports.iter().map(host_port).collect(),
            host_ports: like.host_ports,
            memory_bytes: deploy.memory.unwrap_or_default(),
            nano_cpus: deploy.cpus.map(|cpus| (cpus * 1e9) as u64).unwrap_or_default(),
            pids: deploy.pids.unwrap_or_default(),
            restart: Restart { policy: deploy.restart.policy.to_owned(), retries: deploy.restart.retries },
            stop_grace: deploy.grace,
            replicas: like.replicas,
            parallelism: like.parallelism,
            start_first: like.start_first,
            monitor: deploy.watch,
            force,
        }
    }
}

type Tmpfs = (String, Option<u64>, Option<u32>);

fn mounts(deploy: &DeploySettings) -> (Vec<Mounted>, Vec<Tmpfs>) {
    let (mut mounts, mut tmpfs) = (Vec::new(), Vec::new());
    for mount in &deploy.mounts {
        let (is_path, source, target, read_only) = match mount {
            HostMount::Bind { source, target, read_only } => (true, source, target, *read_only),
            HostMount::Volume { name, target, read_only } => (false, name, target, *read_only),
            HostMount::Tmpfs { target, options } => {
                // What a swarm does not know was refused with the file.
                let TmpfsOptions { size, mode } = options.parse().unwrap_or_default();
                tmpfs.push((target.clone(), size, mode));
                continue;
            }
        };
        mounts.push(Mounted { is_path, source: source.clone(), target: target.clone(), read_only });
    }
    (mounts, tmpfs)
}

#[cfg(test)]
mod tests {
    use super::super::record::SpecRecord;
    use super::super::spec::{Values, tests::deploy};
    use super::*;
    use crate::engine::Image;

    fn service(text: &str) -> ServiceSpec {
        let (deploy, image, values) =
            (deploy(&format!("service = true\n{text}")), Image::default(), Values::default());
        let record = Record {
            name: "web".to_owned(),
            reference: "r.example/web:1".to_owned(),
            digest: "sha256:1".to_owned(),
            run: "run".to_owned(),
            by: "me".to_owned(),
            at: 1,
            spec: SpecRecord::default(),
            replaces: None,
            history: Vec::new(),
        };
        let wanted = Wanted { deploy: &deploy, image: &image, values: &values };
        wanted.service(deploy.service.unwrap(), &record, "r.example/web@sha256:1", 3)
    }

    #[test]
    fn who_goes_first_goes_by_what_the_two_would_share() {
        for (text, start_first) in [
            ("", true),
            ("ports = ['80:80']", true),
            ("ports = ['80:80']\npublish = 'host'", false),
            ("publish = 'host'", true),
            ("networks = ['host']", false),
            ("mounts = [{ volume = 'data:/d' }]", false),
            ("mounts = [{ volume = 'data:/d:ro' }, { tmpfs = '/t' }]", true),
            ("mounts = [{ volume = 'data:/d' }]\norder = 'start-first'", true),
            ("order = 'stop-first'", false),
        ] {
            assert_eq!(service(text).start_first, start_first, "{text}");
        }
    }

    #[test]
    fn the_table_of_a_container_describes_a_service() {
        let spec = service(
            "container = 'shop_web'\nreplicas = 3\nparallelism = 2\nwatch = '4s'\ngrace = '3s'\nmemory = '64MiB'\n\
             mounts = [{ bind = '/a:/b:ro' }, { tmpfs = '/t', options = 'size=1m' }]\nports = ['80:8080']\n\
             networks = [{ name = 'front', aliases = ['api'] }]",
        );
        assert_eq!((spec.name.as_str(), spec.replicas, spec.parallelism, spec.force), ("shop_web", 3, 2, 3));
        assert_eq!((spec.monitor.as_secs(), spec.stop_grace.as_secs(), spec.memory_bytes), (4, 3, 64 << 20));
        assert_eq!((spec.mounts.len(), &spec.tmpfs[0]), (1, &("/t".to_owned(), Some(1 << 20), None)));
        assert_eq!(spec.networks, [("front".to_owned(), vec!["api".to_owned()])]);
        assert_eq!(spec.labels["dev.imgbuild.deploy.digest"], "sha256:1");
        assert!(!spec.host_ports && spec.ports[0].host == 80);
    }
}
