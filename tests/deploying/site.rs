//! A host with one deployment, its images, and who asks it.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::lab::{Invocation, Lab, Ran};

/// What `imgbuild ci` says of an image that it built of a clean commit.
pub(crate) const RELEASE: [&str; 3] = [
    "dev.imgbuild.tool.version=1",
    "dev.imgbuild.git.clean=true",
    "org.opencontainers.image.revision=0123456789abcdef",
];
pub(crate) const HEALTHCHECK: &str =
    "HEALTHCHECK --interval=30s CMD [\"wget\", \"-q\", \"-O\", \"/dev/null\", \"http://127.0.0.1:8080/\"]\n";
pub(crate) const SERVES: &str = "CMD [\"httpd\", \"-f\", \"-p\", \"8080\", \"-h\", \"/www\"]\n";

/// A host with one deployment, `web`.
pub(crate) struct Site {
    pub(crate) lab: Lab,
    pub(crate) port: u16,
    pub(crate) more: String,
}

impl Site {
    /// Of a service on a fixed port of the host.
    pub(crate) fn new(name: &str) -> Site {
        Site::of(Lab::new(name))
    }

    pub(crate) fn of(lab: Lab) -> Site {
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = free.local_addr().expect("address").port();
        drop(free);
        let site = Site { lab, port, more: String::new() };
        fs::create_dir_all(site.folder()).expect("folder");
        site.configure("", "");
        site
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.lab.path("site")
    }

    /// The container's name.
    pub(crate) fn name(&self) -> &str {
        self.lab.name()
    }

    /// Writes the configuration: `extra` into the table, with `ports` in place of the fixed one where it is not empty.
    pub(crate) fn configure(&self, extra: &str, ports: &str) {
        let fixed = format!("ports = [\"127.0.0.1:{}:8080\"]", self.port);
        let ports = if ports.is_empty() { fixed.as_str() } else { ports };
        let text = format!(
            "[deploy.web]\nimage = \"{}:1\"\ncontainer = \"{}\"\n{ports}\nnetworks = [{}]\n\
             ready = {{ healthcheck = true, within = \"20s\" }}\n\
             http = [{{ path = \"/\", port = 8080, within = \"3s\" }}]\nwatch = \"300ms\"\ngrace = \"2s\"\n{extra}\n{}",
            self.lab.repository(),
            self.name(),
            self.networks(),
            self.more,
        );
        fs::write(self.folder().join("imgbuild.toml"), text).expect("configuration");
    }

    pub(crate) fn networks(&self) -> String {
        let network = self.network();
        format!("{{ name = \"{network}\", aliases = [\"api\"] }}")
    }

    /// A network of the site's own; made when it is first asked for.
    pub(crate) fn network(&self) -> String {
        let network = format!("net-{}", self.name());
        let there = self.lab.docker(&["network", "ls", "-q", "--filter", &format!("name=^{network}$")]);
        if there.is_empty() {
            self.lab.docker(&["network", "create", &network]);
        }
        network
    }

    /// Makes and pushes the image `tag`, whose page says so; `body` is the end of its Dockerfile.
    pub(crate) fn version_of(&self, tag: &str, labels: &[&str], body: &str) -> String {
        let folder = self.lab.path(&format!("image-{tag}"));
        fs::create_dir_all(&folder).expect("folder");
        fs::write(folder.join("index.html"), format!("version {tag}\n")).expect("page");
        let dockerfile = format!(
            // Steps that no other test has: whoever removes an image removes them with it.
            "FROM {}\nLABEL test.site={}\nCOPY index.html /www/index.html\nEXPOSE 8080\nSTOPSIGNAL SIGKILL\n{body}",
            self.lab.base,
            self.name(),
        );
        fs::write(folder.join("Dockerfile"), dockerfile).expect("Dockerfile");
        let reference = format!("{}:{tag}", self.lab.repository());
        let mut arguments = vec!["build", "-q", "-t", &reference];
        labels.iter().for_each(|label| arguments.extend(["--label", label]));
        arguments.push(folder.to_str().expect("path"));
        self.lab.docker(&arguments);
        self.lab.docker(&["push", "-q", &reference]);
        reference
    }

    pub(crate) fn version(&self, tag: &str, body: &str) -> String {
        self.version_of(tag, &RELEASE, body)
    }

    /// A version that works.
    pub(crate) fn good(&self, tag: &str) -> String {
        self.version(tag, &format!("{HEALTHCHECK}{SERVES}"))
    }

    pub(crate) fn imgbuild(&self, arguments: &[&str]) -> Invocation {
        self.lab.imgbuild(&self.folder(), arguments)
    }

    pub(crate) fn deploy(&self, arguments: &[&str]) -> Ran {
        self.imgbuild(&[&["deploy", "web", "--format", "json"], arguments].concat()).run()
    }

    /// Deploys `tag`, which has to work.
    pub(crate) fn deployed(&self, tag: &str) -> Value {
        let ran = self.deploy(&[tag]);
        assert_eq!(ran.code, Some(0), "{}\n{}", ran.stdout, ran.stderr);
        assert_eq!(self.answer(), format!("version {tag}\n"));
        ran.json()
    }

    /// Starts a container of the deployment's name as somebody does who knows nothing of imgbuild.
    pub(crate) fn run_by_hand(&self, reference: &str) {
        let (port, network) = (format!("127.0.0.1:{}:8080", self.port), self.network());
        self.lab.docker(&[
            "run",
            "-d",
            "--name",
            self.name(),
            "--restart",
            "unless-stopped",
            "--network",
            &network,
            "-p",
            &port,
            reference,
        ]);
    }

    /// Puts `with` in the place of `text`, which the configuration holds.
    pub(crate) fn reconfigure(&self, text: &str, with: &str) {
        let path = self.folder().join("imgbuild.toml");
        let config = fs::read_to_string(&path).expect("configuration");
        assert!(config.contains(text), "{text} is not in:\n{config}");
        fs::write(path, config.replace(text, with)).expect("configuration");
    }

    /// What the service answers; an empty text where it does not.
    pub(crate) fn answer(&self) -> String {
        ask(self.port).unwrap_or_default()
    }

    pub(crate) fn inspect(&self, format: &str) -> String {
        self.lab.docker(&["inspect", "-f", format, self.name()])
    }

    /// Exactly one container of the deployment is there; it runs, comes back by itself, and nothing of a run is left.
    pub(crate) fn is_tidy(&self, what: &str) {
        let filter = format!("name=^{}", self.name());
        let names = self.lab.docker(&["ps", "-a", "--filter", &filter, "--format", "{{.Names}}"]);
        assert_eq!(names, self.name(), "{what}");
        assert_eq!(
            self.inspect("{{.State.Running}} {{.HostConfig.RestartPolicy.Name}}"),
            "true unless-stopped",
            "{what}"
        );
        let filter = format!("name={}", self.name());
        let left = self.lab.docker(&["volume", "ls", "-q", "--filter", &filter]);
        assert_eq!(left, "", "the lock stayed: {what}");
        let networks = self.inspect("{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}");
        assert_eq!(networks.trim(), self.network(), "{what}");
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let name = self.name().to_owned();
        for name in
            [name.clone(), format!("{name}-previous"), format!("{name}-next"), format!("client-{name}")]
        {
            self.lab.docker_output(&["rm", "-f", "-v", &name]);
        }
        self.lab.docker_output(&["volume", "rm", &format!("imgbuild-deploy-{name}")]);
        self.lab.docker_output(&["network", "rm", &format!("net-{name}")]);
    }
}

/// One request to a port of this machine: the body of an answer with status 200.
pub(crate) fn ask(port: u16) -> Option<String> {
    let address = ([127, 0, 0, 1], port).into();
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_millis(500)).ok()?;
    stream.set_read_timeout(Some(Duration::from_millis(1000))).ok()?;
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    head.split(' ').nth(1).filter(|status| *status == "200").map(|_| body.to_owned())
}

/// Asks every 10 ms, and counts.
pub(crate) struct Client {
    stop: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<Counted>,
}

/// What a client saw.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    pub(crate) answered: u32,
    pub(crate) failed: u32,
    /// The longest time between the begin of one request that was answered and the end of the next one that was.
    pub(crate) gap: Duration,
}

impl Client {
    pub(crate) fn start(port: u16) -> Client {
        let stop = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut counted = Counted::default();
            let mut last: Option<Instant> = None;
            let mut answered = false;
            // The last answer is where the last gap ends.
            while !(asked.load(Ordering::Relaxed) && answered) {
                let began = Instant::now();
                let answer = ask(port);
                answered = answer.is_some();
                match answer {
                    Some(_) => {
                        counted.answered += 1;
                        counted.gap = last.map_or(counted.gap, |last| counted.gap.max(last.elapsed()));
                        last = Some(began);
                    }
                    None => counted.failed += 1,
                }
                // The pace of the client, and nothing that is waited for.
                std::thread::park_timeout(Duration::from_millis(10).saturating_sub(began.elapsed()));
            }
            counted
        });
        Client { stop, thread }
    }

    pub(crate) fn end(self) -> Counted {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("client")
    }
}

pub(crate) fn is_step(event: &Value, step: &str) -> bool {
    event["type"] == "deploy-step" && event["step"] == step
}
