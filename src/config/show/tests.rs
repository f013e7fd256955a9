//! What `imgbuild config` prints, word for word, and that it reads back as the same settings.

use crate::config::flags::Flags;
use crate::config::settings::Push;
use crate::config::{Layers, Settings, parse, resolve, to_json, to_toml};
use crate::environment::Environment;
use std::path::{Path, PathBuf};

fn settings(text: &str, flags: &Flags) -> Settings {
    let mut document = parse("imgbuild.toml", text.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
    document.path = Some(PathBuf::from("/repo/imgbuild.toml"));
    resolve(&Layers {
        flags,
        environment: &Environment::from_pairs([
            ("IMGBUILD_PLATFORM", "linux/arm64"),
            ("IMGBUILD_INSECURE_REGISTRIES", "10.0.0.5:5000"),
            ("IMGBUILD_PUSH_IDLE_TIMEOUT", "120s"),
        ]),
        document: Some(&document),
        is_ci: true,
        push: Push::Auto,
        working_folder: Path::new("/repo"),
        root: Path::new("/repo"),
        now: 0,
        rule_names: |id| vec![id.to_owned()],
    })
    .unwrap_or_else(|error| panic!("{error}"))
}

const FILE: &str = r#"
[image]
repository = "api"
tags = ["{branch}", "nightly"]
context = "services/api"
labels = { "com.acme.team" = "pay\tments" }
build = { args = { NPM_TOKEN = "hunter2", MIRROR = "https://me:hunter2@example.org/x", RUST = "1.90" } }
[[image.test]]
name = "serves"
http = [{ port = 8080, body = "\u001b\"" }]
env = { DB_PASSWORD = "hunter2", until = "2027" }
[[image.test]]
job = true
run = [{ cmd = ["api", "--version"], fresh = true, stdout = '^api \d+' }]
[registries]
integration = "ghcr.io/acme"
insecure = ["registry.lan:5000"]
[push]
retry-for = "90s"
[checks]
ignore = [{ rule = "IMG105", until = 2027-01-01, reason = "later", match = "x" }]
levels = { IMG105 = "error", DL3008 = "off" }
trusted-registries = ["docker.io"]
labels = { "org.opencontainers.image.title" = "text" }
max-size = "500MB"
max-layers = 40
allow-services = ["supervisord"]
allow-setuid = ["/usr/bin/su"]
baseline = "ci/known.json"
[profile.ci.image.build]
timeout = "90m"
"#;

#[test]
fn every_value_says_where_it_came_from() {
    let flags = Flags {
        target: Some("runtime".to_owned()),
        push: Some(Push::Never),
        tags: vec!["edge-{date}".to_owned()],
        ..Flags::default()
    };
    let settings = settings(FILE, &flags);
    let text = to_toml(&settings, true);
    // Elsewhere is shown that it tells policies apart.
    let text = text.replace(settings.checks.policy.digest.as_str(), "DIGEST");
    assert_eq!(
        text,
        r#"# profile = "ci"  # a CI was detected
# push = "never"  # --push
# policy.digest = "DIGEST"  # imgbuild.toml
image.repository = "api"  # imgbuild.toml:3
image.context = "services/api"  # imgbuild.toml:5
image.target = "runtime"  # --target
image.platform = "linux/arm64"  # IMGBUILD_PLATFORM
image.read-only = false  # default
image.hardened = false  # default
image.companions = []  # default
image.keep-dev = 3  # default
image.structure-tests = []
image.goss = []
image.tags = [
  "{branch}",  # imgbuild.toml:4
  "nightly",  # imgbuild.toml:4
  "edge-{date}",  # --tag
]
image.labels."com.acme.team" = "pay\tments"  # imgbuild.toml:6
image.build.args.MIRROR = "<hidden>"  # imgbuild.toml:7
image.build.args.NPM_TOKEN = "<hidden>"  # imgbuild.toml:7
image.build.args.RUST = "1.90"  # imgbuild.toml:7
image.build.builder = "auto"  # default
image.build.context = "worktree"  # default
image.build.fetched = []
image.build.mtime = "content"  # default
image.build.source-date-epoch = "none"  # default
image.build.rewrite-timestamp = false  # default
image.build.entitlements = []
image.build.secrets = []
image.build.ssh = []
image.build.cache-from = []
image.build.cache-to = []
image.build.pull = false  # default
image.build.no-cache = false  # default
image.build.reproducible = false  # default
image.build.generated = []  # default
image.build.timeout = "1h30m"  # imgbuild.toml:31 (profile ci)
image.build.idle-timeout = "10m"  # default
image.test = [
  { env = { DB_PASSWORD = "<hidden>", until = "2027" }, http = [{ body = "\U0000001B\"", port = 8080 }], name = "serves" },  # imgbuild.toml:8
  { job = true, name = "test-2", run = [{ cmd = ["api", "--version"], fresh = true, stdout = "^api \\d+" }] },  # imgbuild.toml:12
]
registries.integration.prefix = "ghcr.io/acme"  # imgbuild.toml:16
registries.integration.immutable = false  # default
registries.insecure = [
  "registry.lan:5000",  # imgbuild.toml:17
  "10.0.0.5:5000",  # IMGBUILD_INSECURE_REGISTRIES
]
evidence.provenance = true  # a CI was detected
evidence.tests = true  # a CI was detected
evidence.sbom = true  # a CI was detected
evidence.classic-signature = false  # default
evidence.verify-keys = []
evidence.require = ["signature", "provenance", "tests"]  # default
promote.branches = ["main", "release/*"]  # default
push.retry-for = "1m30s"  # imgbuild.toml:19
push.idle-timeout = "2m"  # IMGBUILD_PUSH_IDLE_TIMEOUT
push.timeout = "1h"  # default
retention.keep-newest = 10  # default
retention.keep-within = "7d"  # default
retention.pull-requests = "30d"  # default
retention.keep = []  # default
checks.fail-on = "error"  # default
checks.levels.DL3008 = "off"  # imgbuild.toml:22
checks.levels.IMG105 = "error"  # imgbuild.toml:22
checks.trusted-registries = ["docker.io"]  # imgbuild.toml:23
checks.labels."org.opencontainers.image.title" = "text"  # imgbuild.toml:24
checks.max-size = "500MB"  # imgbuild.toml:25
checks.max-layers = 40  # imgbuild.toml:26
checks.allow-services = ["supervisord"]  # imgbuild.toml:27
checks.allow-setuid = ["/usr/bin/su"]  # imgbuild.toml:28
checks.read-layers = true  # default
checks.baseline = "ci/known.json"  # imgbuild.toml:29
checks.ignore = [
  { match = "x", reason = "later", rule = "IMG105", until = 2027-01-01 },  # imgbuild.toml:21
]
"#
    );
}

#[test]
fn the_text_is_a_file_that_gives_the_same_settings() {
    for file in [FILE, ""] {
        for origins in [true, false] {
            let first = to_toml(&settings(file, &Flags::default()), origins);
            let plain = to_toml(&settings(file, &Flags::default()), false);
            assert_eq!(to_toml(&settings(&first, &Flags::default()), false), plain);
        }
    }
}

#[test]
fn json_has_the_same_and_hides_the_same() {
    let text = to_json(&settings(FILE, &Flags::default()));
    assert!(!text.contains("hunter2"), "{text}");
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["schema"], 1);
    assert_eq!(json["settings"]["image.build.timeout"]["value"], "1h30m");
    assert_eq!(json["settings"]["image.build.timeout"]["origin"], "imgbuild.toml:31 (profile ci)");
    assert_eq!(json["settings"]["image.test"]["value"][1]["job"], true);
    assert_eq!(json["settings"]["image.test"]["origin"][1], "imgbuild.toml:12");
    assert_eq!(json["settings"]["profile"]["value"], "ci");
}

#[test]
fn tests_are_shown_as_they_were_written() {
    let text = r#"
[image]
kind = "service"
probes = "quick"
companions = ["crond"]
goss = ["tests/goss.yaml"]
[[image.test]]
ready = { port = [80, 81], log = "up" }
http = [{ port = 80, status = [200, 204], headers = { X-Api-Key = "hunter2" }, answer-headers = { Server = false, Set-Token = { not = "hunter2" } }, body = { json = { "/n" = { at-most = 3, greater = 0.5 } } } }]
files = [{ path = "/a", size = { at-most = "10MB", at-least = 1 }, type = "file", content = { not = "x" } }]
ports = [80, { port = 53, protocol = "udp" }]
processes = ["nginx", { name = "x", count = { at-least = 2 } }]
image = { env = { TOKEN = { any = ["hunter2"] }, A = true }, ports = [80, "53/udp"], max-size = "1GB" }
exec = [{ cmd = "pytest", folder = "tests", within = "90s" }]
services = [{ image = "postgres:17", alias = "db", env = { POSTGRES_PASSWORD = "hunter2" }, mounts = [{ tmpfs = "/x" }] }]
mounts = [{ bind = "./data:/data:ro" }]
memory = "512MB"
"#;
    let first = to_toml(&settings(text, &Flags::default()), false);
    assert!(!first.contains("hunter2"), "{first}");
    for part in [
        "image.kind = \"service\"\nimage.probes = \"quick\"\n",
        "image.goss = [\n  \"tests/goss.yaml\",\n]",
        "answer-headers = { Server = false, Set-Token = { not = \"<hidden>\" } }",
        "body = { json = { \"/n\" = { at-most = 3, greater = 0.5 } } }",
        "headers = { X-Api-Key = \"<hidden>\" }, port = 80, status = [200, 204] }]",
        "size = { at-least = 1, at-most = \"10MB\" }, type = \"file\" }]",
        "ports = [80, { port = 53, protocol = \"udp\" }]",
        "processes = [\"nginx\", { count = { at-least = 2 }, name = \"x\" }]",
        "image = { env = { A = true, TOKEN = { any = [\"<hidden>\"] } }, max-size = \"1GB\", ports = [80, \"53/udp\"] }",
        "exec = [{ cmd = \"pytest\", folder = \"tests\", within = \"1m30s\" }]",
        "mounts = [{ bind = \"./data:/data:ro\" }], name = \"test-1\"",
        "ready = { log = \"up\", port = [80, 81] }",
    ] {
        assert!(first.contains(part), "{part}\n{first}");
    }
    assert_eq!(to_toml(&settings(&first, &Flags::default()), false), first);
}

#[test]
fn the_address_of_a_builder_is_shown_without_its_login() {
    for (given, shown) in [
        ("tcp://u:hunter2@h:1", "tcp://…@h:1"),
        ("https://u:hunter2/@x@h:1/", "https://…@h:1/"),
        ("tcp://h:1", "tcp://h:1"),
        ("unix:///run/a@b.sock", "unix:///run/a@b.sock"),
    ] {
        let flags = Flags { builder: Some(given.parse().expect("builder")), ..Flags::default() };
        let settings = settings("", &flags);
        let text = format!("# image.build.builder = \"{shown}\"");
        assert!(to_toml(&settings, true).contains(&text), "{}", to_toml(&settings, true));
        assert!(!to_json(&settings).contains("hunter2"));
    }
}

#[test]
fn a_deployment_is_shown_without_secrets_and_reads_back() {
    let text = "[deploy.web]\nimage = 'r.example/web:1'\nports = ['80:8080']\nkeep = 5\n\
                env = { LOG = 'info', DB_PASSWORD = 'hunter2', KEY_FILE = { file = '/k' } }\n\
                networks = [{ name = 'front', aliases = ['api'] }]\nhttp = [{ port = 8080 }]\n";
    let shown = to_toml(&settings(text, &Flags::default()), true);
    let line = shown.lines().find(|line| line.starts_with("deploy.web = ")).unwrap();
    assert!(!shown.contains("hunter2") && line.ends_with("# imgbuild.toml:1"), "{line}");
    for part in ["ports = [\"80:8080\"]", "DB_PASSWORD = \"<hidden>\"", "aliases = [\"api\"]", "keep = 5"] {
        assert!(line.contains(part), "{part} is not in {line}");
    }
    let again = settings(line, &Flags::default());
    let (was, now) = (settings(text, &Flags::default()), &again.deploys["web"]);
    assert_eq!((&now.ports, &now.networks, &now.http), {
        let was = &was.deploys["web"];
        (&was.ports, &was.networks, &was.http)
    });
}
