//! `tls-verification-off`.

use crate::dockerfile::shell::Command;
use crate::dockerfile::{Keyword, Span};
use crate::rules::analysis::{Analysis, Step};
use crate::rules::words::{curl_letters, inside};
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports flags, settings and variables that switch off the check of certificates or of signatures: of
    /// `curl`, `wget`, `pip`, `apk`, `apt-get`, `yum`, `dnf`, `rpm`, `zypper`, `git`, `npm`, `go`, `gem` and
    /// others.
    ///
    /// ## Why is this bad?
    /// Whoever is between the build and the server can put anything in the place of what is downloaded, and it
    /// ends up in the image. Set by `ENV`, it holds for every container, too.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// RUN curl -k -o /usr/local/bin/tool https://example.com/tool-1.2
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// COPY ca.crt /usr/local/share/ca-certificates/
    /// RUN update-ca-certificates
    /// RUN curl -o /usr/local/bin/tool https://example.com/tool-1.2
    /// ```
    ///
    /// ## References
    /// - <https://curl.se/docs/sslcerts.html>
    /// - <https://manpages.debian.org/stable/apt/apt-secure.8.en.html>
    IMG410 "tls-verification-off" {
        level: Warning,
        items: [BestPractice],
        aliases: [
            "CKV2_DOCKER_2",
            "CKV2_DOCKER_3",
            "CKV2_DOCKER_4",
            "CKV2_DOCKER_5",
            "CKV2_DOCKER_6",
            "CKV2_DOCKER_7",
            "CKV2_DOCKER_8",
            "CKV2_DOCKER_9",
            "CKV2_DOCKER_10",
            "CKV2_DOCKER_11",
            "CKV2_DOCKER_12",
            "CKV2_DOCKER_13",
            "CKV2_DOCKER_14",
            "CKV2_DOCKER_15",
            "CKV2_DOCKER_16",
        ],
        remedy: "add the certificate or the key that is missing (update-ca-certificates, signed-by), and check again",
        check: Text(check),
    }
}

/// What switches a check off.
struct Switch {
    /// The words of the file, for the message.
    what: String,
    /// What checkov calls it.
    alias: Option<&'static str>,
}

impl Switch {
    fn new(what: impl Into<String>, alias: &'static str) -> Option<Switch> {
        Some(Switch { what: what.into(), alias: Some(alias) })
    }

    fn own(what: impl Into<String>) -> Option<Switch> {
        Some(Switch { what: what.into(), alias: None })
    }
}

/// Commands and their long flags, where the flag alone says it.
const FLAGS: [(&[&str], &[&str], Option<&str>); 14] = [
    (&["curl"], &["--insecure", "--proxy-insecure"], Some("CKV2_DOCKER_2")),
    (&["wget"], &["--no-check-certificate"], Some("CKV2_DOCKER_3")),
    (&["aria2c"], &["--check-certificate=false"], None),
    (&["uv"], &["--allow-insecure-host"], None),
    (&["apk"], &["--allow-untrusted"], Some("CKV2_DOCKER_7")),
    (&["apt-get", "apt", "aptitude"], &["--allow-unauthenticated"], Some("CKV2_DOCKER_8")),
    (&["apt-get", "apt", "aptitude"], &["--force-yes"], Some("CKV2_DOCKER_11")),
    (&["apt-get", "apt", "aptitude"], &["--allow-insecure-repositories"], None),
    (&["yum", "dnf", "microdnf", "tdnf"], &["--nogpgcheck", "--no-gpgchecks"], Some("CKV2_DOCKER_9")),
    (&["rpm"], &["--nosignature", "--nodigest", "--noverify"], Some("CKV2_DOCKER_10")),
    (&["zypper"], &["--no-gpg-checks"], None),
    (&["npm", "yarn", "pnpm"], &["--strict-ssl=false", "--no-strict-ssl"], Some("CKV2_DOCKER_13")),
    (&["helm", "kubectl"], &["--insecure-skip-tls-verify"], None),
    (&["ansible-galaxy"], &["--ignore-certs"], None),
];

/// Commands, the setting, the values that switch the check off, and what checkov calls it.
type Setting = (&'static [&'static str], &'static str, &'static [&'static str], Option<&'static str>);

/// Settings in the form `name=value` or `name value`, as a command's words have them, in lower case.
const SETTINGS: [Setting; 11] = [
    (&["git"], "http.sslverify", &["false", "0", "no", "off"], None),
    (&["npm", "yarn", "pnpm"], "strict-ssl", &["false"], Some("CKV2_DOCKER_13")),
    (
        &["yum", "dnf", "microdnf", "yum-config-manager"],
        "sslverify",
        &["false", "0", "no"],
        Some("CKV2_DOCKER_15"),
    ),
    (&["yum", "dnf", "microdnf", "yum-config-manager"], "gpgcheck", &["false", "0", "no"], None),
    (&["conda", "mamba"], "ssl_verify", &["false", "no"], None),
    (&["composer"], "disable-tls", &["true"], None),
    (&["composer"], "secure-http", &["false"], None),
    (&["apt-get", "apt"], "acquire::https::verify-peer", &["false", "0", "no"], None),
    (&["apt-get", "apt"], "acquire::https::verify-host", &["false", "0", "no"], None),
    (&["apt-get", "apt"], "acquire::allowinsecurerepositories", &["true", "1", "yes"], None),
    (&["apt-get", "apt"], "apt::get::allowunauthenticated", &["true", "1", "yes"], None),
];

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    for step in &file.steps {
        let first = match step.instruction.keyword {
            Keyword::Run => in_script(step),
            Keyword::Env | Keyword::Arg => in_pairs(file, step),
            _ => None,
        };
        if let Some((span, switch)) = first {
            let finding = found.add(
                file.place_at(step, span),
                format!("{} switches off the check of what is downloaded", switch.what),
            );
            if let Some(alias) = switch.alias {
                finding.known_as(alias);
            }
        }
    }
}

fn in_script(step: &Step<'_>) -> Option<(Span, Switch)> {
    step.bodies.iter().find_map(|body| {
        let script = inside(body);
        script.commands.iter().find_map(|command| {
            let switch = of_command(&command.unwrapped())?;
            Some((step.span(body, command.range.clone()), switch))
        })
    })
}

fn in_pairs(file: &Analysis<'_>, step: &Step<'_>) -> Option<(Span, Switch)> {
    let pairs = step.instruction.pairs(file.file.directives.escape).unwrap_or_default();
    pairs.into_iter().find_map(|pair| {
        let value = pair.value.as_deref()?.trim_matches(['"', '\'']);
        Some((step.instruction.place(pair.range.clone()), of_variable(&pair.name, value)?))
    })
}

/// A variable that a tool goes by.
fn of_variable(name: &str, value: &str) -> Option<Switch> {
    let off = matches!(value.to_ascii_lowercase().as_str(), "0" | "false" | "no" | "off");
    let upper = name.to_ascii_uppercase();
    match upper.as_str() {
        "NODE_TLS_REJECT_UNAUTHORIZED" if value == "0" => Switch::new(name, "CKV2_DOCKER_6"),
        "PYTHONHTTPSVERIFY" if value == "0" => Switch::new(name, "CKV2_DOCKER_5"),
        "GIT_SSL_NO_VERIFY" if !value.is_empty() && !off => Switch::new(name, "CKV2_DOCKER_14"),
        "NPM_CONFIG_STRICT_SSL" if off => Switch::new(name, "CKV2_DOCKER_12"),
        "PIP_TRUSTED_HOST" if !value.is_empty() => Switch::new(name, "CKV2_DOCKER_16"),
        "PERL_LWP_SSL_VERIFY_HOSTNAME" | "CONDA_SSL_VERIFY" | "YARN_STRICT_SSL" if off => Switch::own(name),
        "GOINSECURE" if !value.is_empty() => Switch::own(name),
        "GOSUMDB" if value == "off" => Switch::own(name),
        "GOFLAGS" if value.split_whitespace().any(|flag| flag == "-insecure") => {
            Switch::own("GOFLAGS=-insecure")
        }
        _ => None,
    }
}

fn of_command(command: &Command) -> Option<Switch> {
    let assigned = command.assignments.iter().find_map(|a| of_variable(&a.name, &a.value.text));
    assigned.or_else(|| of_words(command))
}

fn of_words(command: &Command) -> Option<Switch> {
    let name = command.name();
    let args = || command.args().iter().map(|word| word.text.as_str());
    for (names, flags, alias) in &FLAGS {
        if !names.contains(&name) {
            continue;
        }
        let is_it =
            |arg: &&str| flags.contains(arg) || flags.contains(&arg.split('=').next().unwrap_or_default());
        if let Some(flag) = args().find(is_it) {
            return Some(Switch { what: format!("{name} {flag}"), alias: *alias });
        }
    }
    for (names, key, values, alias) in &SETTINGS {
        if names.contains(&name) && sets(command, key, values) {
            return Some(Switch { what: format!("{name} with {key}"), alias: *alias });
        }
    }
    match name {
        "curl" if args().any(|arg| curl_letters(arg).any(|letter| letter == 'k')) => {
            Switch::new("curl -k", "CKV2_DOCKER_2")
        }
        "export" | "declare" | "setx" => {
            args().find_map(|arg| arg.split_once('=').and_then(|(name, value)| of_variable(name, value)))
        }
        "go" if args().any(|arg| arg == "-insecure") => Switch::own("go -insecure"),
        "gem" if args().any(|arg| arg.trim_start_matches("--source=").starts_with("http://")) => {
            Switch::own("gem with a source without TLS")
        }
        "echo" | "printf" if args().any(trusts) => Switch::own("[trusted=yes]"),
        "skopeo" | "buildah" | "podman" if args().any(|arg| arg.ends_with("tls-verify=false")) => {
            Switch::own(format!("{name} --tls-verify=false"))
        }
        _ if is_pip(command) && args().any(|arg| arg.split('=').next() == Some("--trusted-host")) => {
            Switch::new("pip --trusted-host", "CKV2_DOCKER_4")
        }
        _ if is_pip(command) && sets(command, "global.trusted-host", &[""]) => {
            Switch::own("pip with trusted-host")
        }
        _ => None,
    }
}

/// `pip`, `pip3.12`, `python -m pip`.
fn is_pip(command: &Command) -> bool {
    let name = command.name();
    let versioned = |name: &str, tool: &str| {
        name.strip_prefix(tool).is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit() || c == '.'))
    };
    versioned(name, "pip")
        || name == "pipx"
        || versioned(name, "python") && command.args().iter().any(|word| word.text == "pip")
}

/// Whether `key` gets one of `values`: `key=value` at the end of a word, or in two words. The value "" is any one.
fn sets(command: &Command, key: &str, values: &[&str]) -> bool {
    let words = command.args();
    let is_value =
        |value: &str| values.contains(&"") || values.contains(&value.to_ascii_lowercase().as_str());
    words.iter().enumerate().any(|(at, word)| {
        let lower = word.text.to_ascii_lowercase();
        let ends = |text: &str| {
            text.strip_suffix(key)
                .is_some_and(|before| !before.ends_with(|c: char| c.is_ascii_alphanumeric()))
        };
        match lower.split_once('=') {
            Some((name, value)) if ends(name) => is_value(value),
            // As in --setopt=sslverify=false.
            Some((_, rest)) => {
                rest.split_once('=').is_some_and(|(name, value)| ends(name) && is_value(value))
            }
            None => ends(&lower) && words.get(at + 1).is_some_and(|next| is_value(&next.text)),
        }
    })
}

/// Whether a list of package sources is told to go unchecked.
fn trusts(text: &str) -> bool {
    text.contains("trusted=yes") && text.contains("deb")
        || text.lines().any(|line| matches!(line.trim(), "gpgcheck=0" | "sslverify=0" | "sslverify=false"))
}
