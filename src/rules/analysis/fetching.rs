//! Commands that fetch software: what must not happen when a container starts.

use crate::dockerfile::shell::Command;

/// Package managers, with the words behind them that fetch.
const MANAGERS: [(&[&str], &[&str]); 16] = [
    (&["apt-get", "apt", "aptitude"], &["install", "update", "upgrade", "dist-upgrade", "full-upgrade"]),
    (&["apk"], &["add", "update", "upgrade"]),
    (&["yum", "dnf", "microdnf", "tdnf"], &["install", "update", "upgrade", "localinstall", "groupinstall"]),
    (&["zypper"], &["install", "in", "update", "up", "refresh"]),
    (&["pip", "pip2", "pip3", "pipx"], &["install", "download"]),
    (&["uv"], &["sync", "pip", "tool"]),
    (&["poetry", "pipenv", "pdm"], &["install", "sync", "update", "add"]),
    (&["conda", "mamba", "micromamba"], &["install", "create", "update"]),
    (&["npm"], &["install", "i", "ci", "update", "add"]),
    (&["pnpm"], &["install", "i", "add", "update", "dlx"]),
    (&["yarn"], &["install", "add", "upgrade", "dlx"]),
    (&["gem"], &["install", "update"]),
    (&["bundle", "bundler"], &["install", "update"]),
    (&["composer"], &["install", "require", "update", "create-project"]),
    (&["go"], &["get", "install"]),
    (&["cargo"], &["install", "fetch"]),
];
/// Programs that take a script from their standard input, or unpack it.
const EATERS: [&str; 11] =
    ["sh", "bash", "ash", "dash", "zsh", "tar", "bsdtar", "gunzip", "unzip", "python", "python3"];

/// What a command fetches by, as "apt-get install" or "curl"; `None` where it fetches nothing. A request whose answer goes
/// nowhere but to the script, such as one to a service, fetches nothing. `next` is the command that its output is piped to.
pub(in crate::rules) fn fetches(command: &Command, next: Option<&Command>) -> Option<String> {
    let command = command.unwrapped();
    let name = command.name();
    if let Some((_, verbs)) = MANAGERS.iter().find(|(names, _)| names.contains(&name)) {
        let verb = command.args().iter().find(|word| verbs.contains(&word.text.as_str()))?;
        return Some(format!("{name} {}", verb.text));
    }
    if matches!(name, "python" | "python3" | "python2") {
        let words: Vec<&str> = command.args().iter().map(|word| word.text.as_str()).collect();
        let module =
            words.windows(3).any(|three| three.starts_with(&["-m", "pip"]) && three.contains(&"install"));
        return module.then(|| format!("{name} -m pip install"));
    }
    if name == "git" {
        let verb =
            command.args().iter().find(|word| matches!(word.text.as_str(), "clone" | "pull" | "fetch"))?;
        return Some(format!("git {}", verb.text));
    }
    if !matches!(name, "curl" | "wget") || command.args().iter().any(|word| is_local(&word.text)) {
        return None;
    }
    let eaten = next.is_some_and(|next| EATERS.contains(&next.unwrapped().name()));
    let redirected = command.redirects.iter().any(|redirect| {
        redirect.op.starts_with('>') && redirect.fd != Some(2) && is_file(&redirect.target.text)
    });
    let saved = match name {
        "curl" => {
            command.has_flag(&["O", "remote-name", "remote-name-all"])
                || command.flag_value(&["o", "output"]).is_some_and(|to| is_file(&to.text))
        }
        _ if command.has_flag(&["spider"]) => false,
        _ => match command.flag_value(&["O", "output-document"]) {
            Some(to) => is_file(&to.text),
            None => command.args().iter().any(|word| !word.text.starts_with('-')),
        },
    };
    (eaten || redirected || saved).then(|| name.to_owned())
}

/// Whether output that goes there is kept.
fn is_file(target: &str) -> bool {
    !target.is_empty() && target != "-" && !target.starts_with("/dev/") && !target.starts_with('&')
}

/// Whether a URL leads to the container itself.
fn is_local(word: &str) -> bool {
    let rest = word.split_once("://").map_or(word, |(_, rest)| rest);
    ["localhost", "127.", "[::1]", "0.0.0.0"].iter().any(|host| rest.starts_with(host))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::shell::parse;

    #[test]
    fn what_fetches_and_what_only_asks() {
        let table = [
            ("apt-get -qq install -y jq", Some("apt-get install")),
            ("sudo -E apk add curl", Some("apk add")),
            ("python -m pip install x", Some("python -m pip install")),
            ("npm ci", Some("npm ci")),
            ("npm start", None),
            ("bundle exec puma", None),
            ("go run .", None),
            ("git clone https://h.test/r", Some("git clone")),
            ("git rev-parse HEAD", None),
            ("curl -fsSL https://h.test/x -o /x", Some("curl")),
            ("curl -fsSLO https://h.test/x", Some("curl")),
            ("curl -fsSL https://h.test/x | sh", Some("curl")),
            ("curl -fsSL https://h.test/x > /x", Some("curl")),
            ("curl -fs http://db:8080/ready > /dev/null", None),
            ("curl -fs -o /dev/null http://db:8080/ready", None),
            ("curl -X POST http://db:8080/init", None),
            ("curl -o /x http://localhost/x", None),
            ("wget https://h.test/x", Some("wget")),
            ("wget -qO- http://db:8080/ready", None),
            ("wget -q --spider http://db:8080/ready", None),
            ("echo apt-get install", None),
        ];
        for (text, expected) in table {
            let script = parse(text);
            let found = fetches(&script.commands[0], script.commands.get(1));
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }
}
