//! Looks into containers of a real engine from outside: on this machine, and through a helper container as on another one.

#![cfg(test)]

mod support;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use imgbuild::engine::{
    Container, ContainerSpec, Endpoint, Engine, HealthOverride, Keeper, LogOptions, Owner,
};
use imgbuild::rules::Fact;
use imgbuild::smoke::{self, DnsSink};
use support::engine_proxy::over_tcp;
use support::lab::{Lab, PATIENCE};

/// Where the engine seems to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Here,
    Elsewhere,
}

const PLACES: [Place; 2] = [Place::Here, Place::Elsewhere];

/// A run that looks.
struct Run<'a> {
    lab: &'a Lab,
    keeper: Keeper,
}

impl<'a> Run<'a> {
    async fn begin(lab: &'a Lab, place: Place) -> Run<'a> {
        lab.docker(&["pull", "-q", &lab.base]);
        let endpoint = match place {
            Place::Here => lab.engine.clone(),
            Place::Elsewhere => {
                // An address of this machine that is not loopback.
                lab.docker(&["network", "create", lab.name()]);
                let gateway = "{{(index .IPAM.Config 0).Gateway}}";
                over_tcp(&lab.docker(&["network", "inspect", "-f", gateway, lab.name()]), &lab.engine)
            }
        };
        let endpoint = Endpoint::parse(&endpoint, "the test").unwrap();
        assert_eq!(endpoint.is_remote(), place == Place::Elsewhere);
        let engine = Engine::connect(&endpoint).await.unwrap();
        let owner = Owner::current(lab.name(), Duration::from_secs(600)).unwrap();
        let keeper = Keeper::begin(engine, owner, &lab.path("state")).unwrap();
        Run { lab, keeper: keeper.with_executable(PathBuf::from(env!("CARGO_BIN_EXE_imgbuild"))) }
    }

    fn engine(&self) -> &Engine {
        self.keeper.engine()
    }

    async fn look(&self, id: &str) -> Container {
        self.engine().inspect_container(id).await.unwrap().expect("a container")
    }

    async fn start(&self, spec: ContainerSpec) -> Container {
        let id = self.keeper.container(spec).await.unwrap();
        self.engine().start_container(&id).await.unwrap();
        self.look(&id).await
    }

    /// Starts a shell script of the base image, and waits until it says `ready`.
    async fn script(&self, script: &str) -> Container {
        let mut spec = self.base(&["sh", "-c", script]);
        spec.network = Some(self.keeper.network().await.unwrap().to_owned());
        let container = self.start(spec).await;
        let (ready, options) =
            (tokio::sync::Notify::new(), LogOptions { follow: true, ..LogOptions::default() });
        let mut see = |line: imgbuild::engine::LogLine| {
            assert_eq!(line.text, "ready");
            ready.notify_one();
        };
        tokio::select! {
            () = ready.notified() => {}
            ended = self.engine().container_logs(&container.id, &options, &mut see) => {
                panic!("the container ended: {ended:?}")
            }
            () = tokio::time::sleep(PATIENCE) => panic!("never ready"),
        }
        container
    }

    fn base(&self, command: &[&str]) -> ContainerSpec {
        ContainerSpec {
            image: self.lab.base.clone(),
            command: Some(command.iter().map(|&word| word.to_owned()).collect()),
            network: Some("none".to_owned()),
            ..ContainerSpec::default()
        }
    }

    async fn sockets(&self, container: &Container) -> BTreeSet<String> {
        match smoke::sockets(&self.keeper, container).await.unwrap() {
            Fact::Known(seen) => {
                assert!(seen.list.iter().all(|socket| socket.listening));
                seen.list.iter().map(|s| format!("{} {} {}", s.protocol, s.address, s.port)).collect()
            }
            Fact::Missing(why) => panic!("{why}"),
        }
    }

    async fn connects(&self, container: &Container, host: &str, port: u16) -> bool {
        let second = Duration::from_secs(1);
        match smoke::connect(&self.keeper, container, host, port, second).await.unwrap() {
            Fact::Known(connected) => connected,
            Fact::Missing(why) => panic!("{why}"),
        }
    }

    async fn until_health(&self, id: &str, wanted: &str) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let health = self.look(id).await.health.expect("a healthcheck");
            if health.status == wanted {
                break;
            }
            assert!(Instant::now() < deadline, "not {wanted}: {health:?}");
        }
    }

    /// Nothing is left, images included.
    async fn end(self) {
        let left = self.keeper.finish().await.unwrap().failed;
        assert!(left.is_empty(), "{left:?}");
        let (lab, name) = (self.lab, self.lab.name());
        assert_eq!(lab.owned(name), BTreeSet::new(), "left on the engine");
        assert_eq!(lab.journals(), Vec::<String>::new(), "left in the journal");
        let images = lab.docker(&["images", "--format", "{{.Repository}}:{{.Tag}}"]);
        assert!(!images.contains(name), "{images}");
    }
}

fn set(lines: &[&str]) -> BTreeSet<String> {
    lines.iter().map(|&line| line.to_owned()).collect()
}

#[tokio::test]
async fn sockets_of_each_protocol_and_address() {
    for place in PLACES {
        let lab = Lab::new("looks-sockets");
        let run = Run::begin(&lab, place).await;
        let script = "httpd -p 127.0.0.1:8081; httpd -p 0.0.0.0:8082; httpd -p 8083; echo ready; sleep 600";
        let container = run.script(script).await;
        let seen = run.sockets(&container).await;
        let wanted = ["tcp 127.0.0.1 8081", "tcp 0.0.0.0 8082", "tcp :: 8083"];
        assert_eq!(seen, set(&wanted), "{place:?}");
        for (host, port, connected) in [
            ("127.0.0.1", 8081, true),
            ("localhost", 8081, true),
            ("127.0.0.1", 8083, true),
            ("127.0.0.1", 8080, false),
            ("nobody.example", 8081, false),
        ] {
            assert_eq!(run.connects(&container, host, port).await, connected, "{place:?} {host} {port}");
        }
        run.end().await;
    }
}

#[tokio::test]
async fn an_image_without_tools_is_looked_into() {
    for place in PLACES {
        let lab = Lab::new("looks-bare");
        let run = Run::begin(&lab, place).await;
        let folder = lab.path("build");
        std::fs::create_dir_all(&folder).expect("folder");
        let dockerfile = format!(
            "FROM {} AS tools\nFROM scratch\nCOPY --from=tools /bin/busybox /httpd\nUSER 1000\n\
             ENTRYPOINT [\"/httpd\", \"-f\", \"-p\", \"0.0.0.0:8080\", \"-h\", \"/\"]\n",
            lab.base
        );
        std::fs::write(folder.join("Dockerfile"), dockerfile).expect("write");
        let image = lab.docker(&["build", "-q", "--network", "none", folder.to_str().expect("path")]);
        let spec = ContainerSpec { image, network: Some("none".to_owned()), ..ContainerSpec::default() };
        let container = run.start(spec).await;
        let deadline = Instant::now() + PATIENCE;
        while run.sockets(&container).await != set(&["tcp 0.0.0.0 8080"]) {
            assert!(Instant::now() < deadline, "{place:?}: it never listened");
        }
        let frozen = smoke::freeze(&run.keeper, &container).await.unwrap();
        assert_eq!(frozen, Fact::Known(1), "{place:?}");
        // The kernel goes on to take connections for it.
        assert!(run.connects(&container, "127.0.0.1", 8080).await, "{place:?}");
        assert_eq!(smoke::thaw(&run.keeper, &container).await.unwrap(), Fact::Known(1), "{place:?}");
        run.end().await;
    }
}

#[tokio::test]
async fn a_frozen_service_fails_its_healthcheck() {
    for place in PLACES {
        let lab = Lab::new("looks-frozen");
        let run = Run::begin(&lab, place).await;
        let check = ["CMD", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8080/etc/passwd"];
        let mut spec = run.base(&["sh", "-c", "httpd -f -p 8080 -h / & wait"]);
        spec.health_test = Some(check.map(str::to_owned).to_vec());
        spec.health = Some(HealthOverride {
            interval: Duration::from_millis(100),
            timeout: Duration::from_secs(1),
            retries: 1,
            ..HealthOverride::default()
        });
        let container = run.start(spec).await;
        run.until_health(&container.id, "healthy").await;
        let Fact::Known(count) = smoke::freeze(&run.keeper, &container).await.unwrap() else {
            panic!("{place:?}: not frozen")
        };
        // The shell and its child; a probe may be among them.
        assert!((2..=3).contains(&count), "{place:?}: {count}");
        run.until_health(&container.id, "unhealthy").await;
        assert!(matches!(smoke::thaw(&run.keeper, &container).await.unwrap(), Fact::Known(2..)), "{place:?}");
        run.until_health(&container.id, "healthy").await;
        run.end().await;
    }
}

#[tokio::test]
async fn names_are_noted_from_the_first_question_on() {
    let lab = Lab::new("looks-names");
    let run = Run::begin(&lab, Place::Here).await;
    let Fact::Known(sink) = DnsSink::start(&run.keeper).await.unwrap() else { panic!("no name server") };
    let mut spec = run.base(&["sleep", "600"]);
    spec.network = Some(sink.network_mode());
    let beside = run.start(spec).await;
    assert_eq!(run.sockets(&beside).await, set(&["udp 127.0.0.1 53"]));
    let script = "for name in PyPI.example.com db pypi.example.com localhost $(hostname); \
                  do nslookup $name; done; cat /etc/resolv.conf";
    let mut spec = run.base(&["sh", "-c", script]);
    spec.network = Some(sink.network_mode());
    let container = run.start(spec).await;
    run.engine().wait_container(&container.id).await.unwrap();
    let mut log = Vec::new();
    let mut keep = |line: imgbuild::engine::LogLine| log.push(line.text);
    run.engine().container_logs(&container.id, &LogOptions::default(), &mut keep).await.unwrap();
    let log = log.join("\n");
    assert!(log.contains("nameserver 127.0.0.1") && !log.contains("search"), "{log}");
    assert!(log.contains("can't find db: NXDOMAIN") && !log.contains("can't find localhost"), "{log}");
    assert_eq!(sink.names().await.unwrap(), ["pypi.example.com", "db"], "{log}");
    run.end().await;
}

#[tokio::test]
async fn what_does_not_run_is_not_known() {
    for place in PLACES {
        let lab = Lab::new("looks-ended");
        let run = Run::begin(&lab, place).await;
        let container = run.start(run.base(&["true"])).await;
        run.engine().wait_container(&container.id).await.unwrap();
        let sockets = smoke::sockets(&run.keeper, &container).await.unwrap();
        assert!(matches!(sockets, Fact::Missing(_)), "{place:?}: {sockets:?}");
        let frozen = smoke::freeze(&run.keeper, &container).await.unwrap();
        assert!(matches!(frozen, Fact::Missing(_)), "{place:?}: {frozen:?}");
        run.end().await;
    }
}
