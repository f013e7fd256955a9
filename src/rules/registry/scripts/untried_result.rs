//! `untried-result`.

use crate::dockerfile::Keyword;
use crate::dockerfile::shell::Command;
use crate::rules::analysis::Analysis;
use crate::rules::words::inside;
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports the stage that is built where its `RUN`s make something and none of them tries it: no
    /// `--version`, no `test`, `check` or `verify`, no `nginx -t`, no `python -c`. It says nothing where the
    /// configuration has tests of the image.
    ///
    /// ## Why is this bad?
    /// A program that cannot start (a library is missing, the architecture is wrong, a module is not found) is
    /// noticed in the container, when the image has been published.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM alpine:3.20
    /// RUN apk add --no-cache nginx=1.26.3-r0
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM alpine:3.20
    /// RUN apk add --no-cache nginx=1.26.3-r0 && nginx -t
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/build/building/best-practices/#build-and-test-your-images-in-ci>
    IMG415 "untried-result" {
        level: Info,
        items: [Tests],
        aliases: [],
        remedy: "end the stage with a RUN that tries the result, such as its --version, or test the image after the build",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    if file.expectations.has_tests == Some(true) {
        return;
    }
    let Some(target) = file.target() else { return };
    let runs =
        || file.of_stage(target).filter(|step| step.instruction.keyword == Keyword::Run && !step.onbuild);
    let makes = runs().next().is_some();
    // A shell that is not understood may try anything.
    let unread = runs().any(|step| !step.is_posix());
    let tried = runs().flat_map(|step| &step.bodies).any(|body| inside(body).commands.iter().any(tries));
    let from = file.of_stage(target).next();
    if let Some(from) = from.filter(|_| makes && !unread && !tried) {
        found.add(file.place(from), "no RUN of the stage tries what the stage makes");
    }
}

/// Whether a command tries something that is there.
fn tries(command: &Command) -> bool {
    let command = command.unwrapped();
    let name = command.name();
    let args = command.args();
    let texts = || args.iter().map(|word| word.text.as_str());
    let asks =
        |word: &str| matches!(word, "--version" | "-version" | "-V" | "version" | "--help" | "-h" | "-v");
    match name {
        "" | "[" | "[[" | "echo" | "printf" => false,
        // They check downloads.
        "gpg" | "gpgv" | "cosign" | "openssl" => false,
        "python" | "python3" | "perl" | "ruby" | "node" | "php"
            if texts().any(|arg| matches!(arg, "-c" | "-e" | "-r" | "-m")) =>
        {
            texts().any(|arg| matches!(arg, "-c" | "-e" | "-r")) || texts().any(tests)
        }
        "nginx" | "httpd" | "apachectl" | "apache2ctl" | "haproxy" | "sshd" | "postconf" => {
            texts().any(|arg| matches!(arg, "-t" | "-c" | "configtest")) || texts().any(asks)
        }
        "ldd" | "which" | "type" => true,
        "command" => command.has_flag(&["v", "V"]),
        _ => {
            tests(name)
                || args.len() <= 2 && texts().next_back().is_some_and(asks)
                || texts().find(|arg| !arg.starts_with('-')).is_some_and(tests)
        }
    }
}

/// Whether a name, or a target of `make` and its like, is that of a test.
fn tests(name: &str) -> bool {
    name.split(['-', '_', '.', '/', ':']).any(|word| {
        [
            "test",
            "tests",
            "check",
            "verify",
            "smoke",
            "smoketest",
            "selftest",
            "healthcheck",
            "doctor",
            "pytest",
        ]
        .contains(&word)
    })
}
