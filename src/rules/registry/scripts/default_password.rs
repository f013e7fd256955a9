//! `default-password`.

use crate::dockerfile::Keyword;
use crate::dockerfile::shell::{Command, Link};
use crate::rules::analysis::{Analysis, Step};
use crate::rules::words::inside;
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports a `RUN` that gives a user a password: with `chpasswd`, `… | passwd`, `passwd -d`, or
    /// `useradd -p`. Passwords out of mounted secrets, and locked ones, are left alone.
    ///
    /// ## Why is this bad?
    /// The password is in the Dockerfile and in the history of the image, and every container has the same.
    /// Whoever has the image can look for it at leisure.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// RUN echo "root:changeme" | chpasswd
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// RUN useradd --system --no-create-home --shell /usr/sbin/nologin app
    /// USER app
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/build/building/secrets/>
    /// - <https://manpages.debian.org/stable/passwd/chpasswd.8.en.html>
    IMG418 "default-password" {
        level: Warning,
        items: [Configuration],
        aliases: ["CKV2_DOCKER_17"],
        remedy: "leave the account without a password, or set one when the container starts",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    for step in file.of(Keyword::Run).filter(|step| !has_secret(step)) {
        let first = step.bodies.iter().find_map(|body| {
            let script = inside(body);
            script.commands.iter().find_map(|command| {
                let bare = command.unwrapped();
                // Only the name: the password itself may stand behind it.
                let name = bare.words.first().filter(|_| sets(&bare))?;
                Some((step.span(body, name.range.clone()), bare.name().to_owned()))
            })
        });
        if let Some((span, name)) = first {
            found.add(file.place_at(step, span), format!("{name} puts a password into the image"));
        }
    }
}

/// Whether secrets are mounted: what is set is then unknown to the image's history.
fn has_secret(step: &Step<'_>) -> bool {
    step.instruction.flags.iter().any(|flag| {
        flag.name == "mount" && flag.value.as_deref().is_some_and(|value| value.contains("type=secret"))
    })
}

fn sets(command: &Command) -> bool {
    let has = |words: &[&str]| command.args().iter().any(|word| words.contains(&word.text.as_str()));
    match command.name() {
        "chpasswd" => !has(&["--help"]),
        "passwd" => command.link == Link::Pipe || has(&["--stdin", "-d", "--delete"]),
        "useradd" | "usermod" => {
            command.flag_value(&["p", "password"]).is_some_and(|value| !value.text.starts_with(['!', '*']))
        }
        _ => false,
    }
}
