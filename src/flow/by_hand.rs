//! The build as a command for a shell, to see a failure by hand.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::builder::{self, Chosen, SOURCE_DATE_EPOCH};
use super::prepare::Prepared;
use super::session::Session;
use crate::config::{Builder, HandedBy, Settings};
use crate::engine::{BUILDER_TLS_DIR, Engine};
use crate::environment::Environment;
use crate::image::{IMAGE_CONTEXT, Reference};
use crate::shell;

/// The tree without files, by its id of 40 digits and of 64. Every repository has it.
const EMPTY_TREES: [&str; 2] = [
    "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
];
/// Where most systems keep the roots that they trust: `buildctl` takes none by itself.
const SYSTEM_ROOTS: &str = "/etc/ssl/certs/ca-certificates.crt";
/// The entitlement for steps in the host's network.
const HOST_NETWORK: &str = "network.host";

/// The command that builds the same up to the stage that failed, and before it what that needs. Values of arguments and
/// secrets are left out: each is taken from the environment.
pub(super) fn build(session: &Session, prepared: &Prepared, chosen: &Chosen) -> String {
    let (settings, plan, listing) = (&prepared.settings, &prepared.plan, &prepared.listing);
    let by = match (&settings.builder.builder.value, chosen) {
        (Builder::At(address), _) => By::At(address),
        (_, Chosen::Classic) => By::Classic,
        (_, Chosen::BuildKit(_)) => By::Engine,
    };
    // A builder elsewhere is told the engine's.
    let own = prepared.engine.as_ref().map(Engine::info).map(|info| info.platform());
    let own = own.filter(|_| matches!(by, By::At(_)));
    let context = &prepared.located.context;
    Told {
        settings,
        environment: &session.environment,
        directory: &session.directory,
        root: &prepared.source.root,
        context: context.strip_prefix(&prepared.source.root).unwrap_or(context),
        dockerfile: Path::new(&plan.dockerfile),
        commit: listing.commit().map(|id| Commit {
            id,
            has_attributes: listing.has_attributes(),
            has_fetched: listing.has_fetched(),
        }),
        target: plan.target.as_deref(),
        platform: plan.platform.as_deref().or(own.as_deref()),
        epoch: plan.source_date_epoch,
        is_withheld: builder::withheld(prepared).is_some(),
    }
    .text(by)
}

/// Who builds.
#[derive(Debug, Clone, Copy)]
enum By<'a> {
    Classic,
    Engine,
    /// The builder at this address.
    At(&'a str),
}

/// What the builder was told.
#[derive(Debug, Clone, Copy)]
struct Told<'a> {
    settings: &'a Settings,
    environment: &'a Environment,
    /// The folder that flags and variables name files from.
    directory: &'a Path,
    /// The folder that the command is for.
    root: &'a Path,
    /// From the root.
    context: &'a Path,
    /// From the context.
    dockerfile: &'a Path,
    /// Whose files were sent; `None` for the folder's.
    commit: Option<Commit<'a>>,
    target: Option<&'a str>,
    platform: Option<&'a str>,
    epoch: Option<i64>,
    /// No secret, agent or entitlement was given.
    is_withheld: bool,
}

#[derive(Debug, Clone, Copy)]
struct Commit<'a> {
    id: &'a str,
    /// Attributes that may leave files out of an archive, or change them.
    has_attributes: bool,
    /// Files that are not the commit's own, which no archive of it has.
    has_fetched: bool,
}

impl Told<'_> {
    fn text(&self, by: By<'_>) -> String {
        let archive = self.commit.filter(|commit| !commit.has_fetched).map(|commit| self.archive(commit));
        let command = match by {
            By::At(address) => self.buildctl(address, archive),
            By::Classic => self.docker("DOCKER_BUILDKIT=0 docker build", false, archive),
            By::Engine => self.docker("docker build --progress=plain", true, archive),
        };
        match self.commit.filter(|commit| commit.has_fetched) {
            None => format!("the same by hand: {command}"),
            Some(commit) => format!(
                "the same by hand, in a clone that has {} checked out with its submodules and files of git-lfs: {command}",
                commit.id
            ),
        }
    }

    /// Writes the files of the context as a tar archive, whose root is the context's.
    fn archive(&self, commit: Commit<'_>) -> String {
        let context = self.context.to_string_lossy();
        let tree = if context.is_empty() { commit.id.to_owned() } else { format!("{}:{context}", commit.id) };
        let tree = shell::word(&tree);
        if !commit.has_attributes {
            return format!("git archive {tree}");
        }
        // Files were sent whatever attributes say of them: they are taken from where there are none.
        let [short, long] = EMPTY_TREES;
        let none = if commit.id.len() == long.len() { long } else { short };
        format!("GIT_ATTR_SOURCE={none} git archive --worktree-attributes {tree}")
    }

    fn docker(&self, begin: &str, is_buildkit: bool, archive: Option<String>) -> String {
        let settings = self.settings;
        let mut words = begin.to_owned();
        let mut flag = |name: &str, word: &str| words.push_str(&format!(" {name} {word}"));
        // An archive on standard input has the context's folder as its root.
        let beside = if archive.is_some() { Path::new("") } else { self.context };
        let file = beside.join(self.dockerfile);
        if file != beside.join("Dockerfile") {
            flag("-f", &shell::word(&file.to_string_lossy()));
        }
        for (name, value) in [("--target", self.target), ("--platform", self.platform)] {
            if let Some(value) = value {
                flag(name, &shell::word(value));
            }
        }
        if let Some(network) = &settings.network {
            flag("--network", &shell::word(network));
        }
        if let Some(seconds) = self.epoch.filter(|_| is_buildkit) {
            flag("--build-arg", &format!("{SOURCE_DATE_EPOCH}={seconds}"));
        }
        self.arguments(is_buildkit).for_each(|name| flag("--build-arg", &shell::word(name)));
        for (name, value) in self.contexts() {
            flag("--build-context", &shell::word(&format!("{name}={value}")));
        }
        self.secrets().for_each(|secret| flag("--secret", &secret));
        self.agents().for_each(|agent| flag("--ssh", &agent));
        self.entitlements().for_each(|one| flag("--allow", &shell::word(one)));
        if let Some(archive) = archive {
            return format!("{archive} | {words} -");
        }
        format!("{words} {}", folder(self.context))
    }

    /// The same by BuildKit's own client.
    fn buildctl(&self, address: &str, archive: Option<String>) -> String {
        let settings = self.settings;
        let (before, folder) = match archive {
            Some(archive) => {
                (format!("dir=$(mktemp -d) && {archive} | tar -x -C \"$dir\" && "), "\"$dir\"".to_owned())
            }
            None => (String::new(), folder(self.context)),
        };
        let mut words = format!(
            "{before}buildctl {} build --progress=plain --frontend dockerfile.v0 --local context={folder} --local \
             dockerfile={folder}",
            self.way(address)
        );
        let mut flag = |name: &str, word: &str| words.push_str(&format!(" {name} {word}"));
        let mut option = |name: &str, value: &str| flag("--opt", &shell::word(&format!("{name}={value}")));
        if self.dockerfile != Path::new("Dockerfile") {
            option("filename", &self.dockerfile.to_string_lossy());
        }
        for (name, value) in [("target", self.target), ("platform", self.platform)] {
            if let Some(value) = value {
                option(name, value);
            }
        }
        let network = settings.network.as_ref().map(|network| network.value.as_str());
        if let Some(network) = network.filter(|network| matches!(*network, "none" | "host")) {
            option("force-network-mode", network);
        }
        if let Some(seconds) = self.epoch {
            option(&format!("build-arg:{SOURCE_DATE_EPOCH}"), &seconds.to_string());
        }
        for (name, value) in self.contexts() {
            option(&format!("context:{name}"), &value);
        }
        for name in self.arguments(true) {
            // It takes none from the environment by itself.
            flag("--opt", &format!("{}{}", shell::word(&format!("build-arg:{name}=")), variable(name)));
        }
        self.secrets().for_each(|secret| flag("--secret", &secret));
        self.agents().for_each(|agent| flag("--ssh", &agent));
        self.entitlements().for_each(|one| flag("--allow", &shell::word(one)));
        if network == Some("host") && !self.entitlements().any(|one| one == HOST_NETWORK) {
            flag("--allow", HOST_NETWORK);
        }
        words
    }

    /// How `buildctl` is told where the builder is: TLS is no scheme there, but what files for it are given.
    fn way(&self, address: &str) -> String {
        let Some((scheme, rest)) = address.split_once("://").filter(|(scheme, _)| *scheme != "unix") else {
            return format!("--addr {}", shell::word(address));
        };
        let way = format!("--addr {}", shell::word(&format!("tcp://{}", rest.trim_end_matches('/'))));
        match self.environment.get_os(BUILDER_TLS_DIR) {
            Some(folder) => format!("{way} --tlsdir {}", self.place(Path::new(folder))),
            None if scheme == "https" => format!("{way} --tlscacert {SYSTEM_ROOTS}"),
            None => way,
        }
    }

    /// The names of arguments; that of the epoch is among them only where it is not told by itself.
    fn arguments(&self, tells_epoch: bool) -> impl Iterator<Item = &str> {
        let is_told = tells_epoch && self.epoch.is_some();
        let names = self.settings.build_args.keys().map(String::as_str);
        names.filter(move |name| !is_told || *name != SOURCE_DATE_EPOCH)
    }

    /// Further contexts. A URL may hold a login, an image cannot.
    fn contexts(&self) -> impl Iterator<Item = (&str, String)> {
        self.settings.builder.contexts.iter().map(|(name, context)| {
            let image = context.strip_prefix(IMAGE_CONTEXT);
            let is_image = image.is_some_and(|image| image.parse::<Reference>().is_ok());
            (name.as_str(), if is_image { context.value.clone() } else { "…".to_owned() })
        })
    }

    /// Where each secret is, as a word of a shell.
    fn secrets(&self) -> impl Iterator<Item = String> {
        let all = self.settings.builder.secrets.iter().filter(|_| !self.is_withheld);
        all.map(|one| {
            let start = |key: &str| shell::word(&format!("id={},{key}=", one.id));
            match &one.by {
                HandedBy::Variable(name) => format!("{}{}", start("env"), shell::word(name)),
                HandedBy::File(path) => format!("{}{}", start("src"), self.place(path)),
                HandedBy::Id => {
                    let name = builder::variable_of(&one.id);
                    let in_file = format!("{name}_FILE");
                    let is_set = |name: &str| self.environment.get_os(name).is_some();
                    match !is_set(&name) && is_set(&in_file) {
                        true => format!("{}{}", start("src"), variable(&in_file)),
                        false => format!("{}{name}", start("env")),
                    }
                }
            }
        })
    }

    /// Each ssh agent, likewise.
    fn agents(&self) -> impl Iterator<Item = String> {
        let all = self.settings.builder.agents.iter().filter(|_| !self.is_withheld);
        all.map(|one| match &one.by {
            HandedBy::Id => shell::word(&one.id),
            HandedBy::Variable(name) => format!("{}{}", shell::word(&format!("{}=", one.id)), variable(name)),
            HandedBy::File(path) => format!("{}{}", shell::word(&format!("{}=", one.id)), self.place(path)),
        })
    }

    fn entitlements(&self) -> impl Iterator<Item = &str> {
        let all = self.settings.builder.entitlements.iter().filter(|_| !self.is_withheld);
        all.map(|one| one.value.as_str())
    }

    /// A path that is written from the folder of the run, from where the command is for.
    fn place(&self, path: &Path) -> String {
        let place: PathBuf = self.directory.join(path);
        shell::word(&place.strip_prefix(self.root).unwrap_or(&place).to_string_lossy())
    }
}

fn folder(context: &Path) -> String {
    if context == OsStr::new("") { ".".to_owned() } else { shell::word(&context.to_string_lossy()) }
}

/// What the shell puts the value of a variable for.
fn variable(name: &str) -> String {
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !name.starts_with(|first: char| first.is_ascii_digit());
    if is_name && !name.is_empty() { format!("\"${name}\"") } else { "…".to_owned() }
}

#[cfg(test)]
mod tests;
