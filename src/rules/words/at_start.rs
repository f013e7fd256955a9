//! What a command brings from elsewhere when a container starts.

use super::downloads::downloads;
use super::node::{is_other_install, is_yarn_install, npm_install};
use super::python::pip_install;
use super::url::shown_url;
use crate::dockerfile::shell::{Command, Context};

/// Tools and the first words with which they download.
const TOOLS: [(&str, &[&str]); 34] = [
    ("apt-get", &["install", "update", "upgrade", "dist-upgrade"]),
    ("apt", &["install", "update", "upgrade", "full-upgrade"]),
    ("aptitude", &["install", "update", "upgrade"]),
    ("apk", &["add", "update", "upgrade"]),
    ("yum", &["install", "update", "upgrade"]),
    ("dnf", &["install", "update", "upgrade"]),
    ("microdnf", &["install", "update", "upgrade"]),
    ("zypper", &["install", "in", "update", "refresh"]),
    ("npm", &["ci", "update", "upgrade"]),
    ("yarn", &["add", "upgrade"]),
    ("pnpm", &["add", "update", "fetch"]),
    ("bun", &["add", "update"]),
    ("bower", &["install"]),
    ("gem", &["install", "update"]),
    ("bundle", &["install", "update"]),
    ("bundler", &["install", "update"]),
    ("composer", &["install", "update", "require", "create-project"]),
    ("poetry", &["install", "update", "add"]),
    ("pipenv", &["install", "sync", "update"]),
    ("pipx", &["install", "upgrade"]),
    ("uv", &["sync", "add"]),
    ("conda", &["install", "create", "update"]),
    ("mamba", &["install", "create", "update"]),
    ("go", &["get", "install"]),
    ("cargo", &["install", "fetch"]),
    ("dotnet", &["restore"]),
    ("mix", &["deps.get"]),
    ("cpan", &["install"]),
    ("cpanm", &["install"]),
    ("git", &["clone", "pull", "fetch", "submodule"]),
    ("svn", &["checkout", "co", "update", "up"]),
    ("hg", &["clone", "pull"]),
    ("playwright", &["install"]),
    ("lein", &["deps"]),
];

/// Flags of those tools, wherever they stand, whose value is the next word.
const WITH_VALUE: [&str; 8] = ["C", "o", "prefix", "cwd", "filter", "directory", "working-dir", "git-dir"];

/// What the command downloads whenever the container starts, for a message: `pip installs packages`.
pub(in crate::rules) fn downloads_at_start(command: &Command) -> Option<String> {
    let context = command.context;
    let command = command.unwrapped();
    let name = command.name();
    let says = |words: &[&str]| command.args().iter().any(|word| words.contains(&word.text.as_str()));
    if says(&["--offline", "--no-index", "--dry-run", "--version", "--help"]) {
        return None;
    }
    let words = command.positional(&WITH_VALUE);
    let word = |at: usize| words.get(at).map_or("", |word| word.text.as_str());
    if matches!(name, "mvn" | "mvnw" | "gradle" | "gradlew" | "sbt") {
        let offline = name.starts_with("mvn") && says(&["-o", "-v"]);
        return (!offline).then(|| format!("{name} fetches what the build needs"));
    }
    let tool = TOOLS.iter().find(|(tool, _)| *tool == name);
    if tool.is_some_and(|(_, verbs)| verbs.contains(&word(0))) {
        return Some(match name {
            "git" | "svn" | "hg" => format!("{name} fetches sources"),
            _ if matches!(word(0), "update" | "refresh")
                && !matches!(name, "npm" | "composer" | "gem" | "bundle") =>
            {
                format!("{name} fetches lists of packages")
            }
            _ => format!("{name} installs packages"),
        });
    }
    let installs = pip_install(&command).is_some() && !says(&["run", "show"])
        || npm_install(&command).is_some() && matches!(word(0), "install" | "i" | "add")
        || is_yarn_install(&command)
        || is_other_install(&command)
        || name == "uv" && word(0) == "pip" && matches!(word(1), "install" | "sync")
        || name == "go" && word(0) == "mod" && word(1) == "download"
        || name == "yarn" && word(0) == "global" && word(1) == "add";
    if installs {
        let title = if name.starts_with("python") { "pip" } else { name };
        return Some(format!("{title} installs packages"));
    }
    // What a condition asks, what is thrown away, and what another service of the same network answers, is no download.
    let waits = context.has(Context::Condition) || says(&["/dev/null", "--spider"]);
    let found = downloads(&command);
    let url = found.iter().map(|word| word.text.as_str()).find(|url| !waits && is_public(url))?;
    Some(format!("{name} downloads {}", shown_url(url)))
}

/// What the command downloads where it is not there: `npx x`.
pub(in crate::rules) fn may_download_at_start(command: &Command) -> Option<String> {
    let command = command.unwrapped();
    let word = command.subcommand();
    let name = command.name();
    let may = match name {
        "npx" => !command.has_flag(&["no-install", "no", "offline"]) && !word.is_empty(),
        "bunx" | "pnpx" | "uvx" => !word.is_empty(),
        "npm" => matches!(word, "exec" | "x"),
        "pnpm" | "yarn" => word == "dlx",
        "pipx" => word == "run",
        "uv" => word == "run" && !command.has_flag(&["offline", "no-sync", "frozen"]),
        _ => false,
    };
    may.then(|| format!("{name} downloads what is not installed"))
}

/// Whether the host of an address has a domain and is none of a private network's.
fn is_public(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default();
    let private = ["10.", "192.168.", "169.254.", "172."].iter().any(|net| host.starts_with(net));
    let internal = [".local", ".internal", ".svc", ".localhost"].iter().any(|end| host.ends_with(end));
    host.contains('.') && !host.contains('$') && !private && !internal
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::shell::parse;

    #[test]
    fn what_is_brought_at_the_start() {
        for (text, want) in [
            ("apt-get -y update", "apt-get fetches lists of packages"),
            ("sudo apt-get -o x=y install curl", "apt-get installs packages"),
            ("python3 -m pip install -r r.txt", "pip installs packages"),
            ("pip install --no-index a", ""),
            ("pip list", ""),
            ("npm install", "npm installs packages"),
            ("npm --prefix web ci", "npm installs packages"),
            ("npm run install", ""),
            ("npm start", ""),
            ("yarn", "yarn installs packages"),
            ("yarn start", ""),
            ("bundle exec rails s", ""),
            ("uv pip install x", "uv installs packages"),
            ("go run main.go", ""),
            ("./mvnw spring-boot:run", "mvnw fetches what the build needs"),
            ("mvn -o spring-boot:run", ""),
            ("git -C x pull", "git fetches sources"),
            ("git config x y", ""),
            ("curl -fsSL https://a.com/b?c -o d", "curl downloads https://a.com/b"),
            ("curl -f http://localhost/health", ""),
            ("curl -f http://vault:8200/x", ""),
            ("curl -f http://169.254.169.254/x", ""),
            ("curl -o /dev/null https://a.com", ""),
        ] {
            let found = downloads_at_start(&parse(text).commands[0]).unwrap_or_default();
            assert_eq!(found, want, "{text}");
        }
        let waiting = parse("until curl https://a.com; do sleep 1; done");
        assert_eq!(downloads_at_start(&waiting.commands[0]), None);
    }

    #[test]
    fn what_may_be_brought_at_the_start() {
        for (text, want) in [
            ("npx serve", true),
            ("npx --no-install serve", false),
            ("npm exec serve", true),
            ("npm start", false),
            ("yarn dlx x", true),
            ("uv run --no-sync x", false),
        ] {
            assert_eq!(may_download_at_start(&parse(text).commands[0]).is_some(), want, "{text}");
        }
    }
}
