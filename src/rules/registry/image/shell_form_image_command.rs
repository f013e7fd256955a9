//! `shell-form-image-command`.

use crate::rules::facts::ImageFacts;
use crate::rules::{Found, Place, rule};

rule! {
    /// ## What it does
    /// Reports an image whose `ENTRYPOINT` or `CMD` is a line for a shell, and does not begin with `exec`. The
    /// base image may have brought it.
    ///
    /// ## Why is this bad?
    /// The shell is then the first process, and most shells do not pass signals on. `docker stop` waits ten
    /// seconds and kills the service in the middle of its work.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// CMD server --port 8080
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// CMD ["server", "--port", "8080"]
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/dockerfile/#shell-and-exec-form>
    /// - <https://docs.docker.com/reference/build-checks/json-args-recommended/>
    IMG813 "shell-form-image-command" {
        level: Info,
        items: [BestPractice],
        aliases: [],
        remedy: "write it as a JSON list, or begin the line with exec",
        check: Image(check),
    }
}

fn check(image: &ImageFacts, found: &mut Found<'_>) {
    let fields = [("ENTRYPOINT", "Config.Entrypoint", &image.entrypoint), ("CMD", "Config.Cmd", &image.cmd)];
    for (keyword, field, words) in fields {
        // Behind an ENTRYPOINT in a list, CMD is what that makes of it.
        if is_shell_form(words) && (keyword == "ENTRYPOINT" || image.entrypoint.is_empty()) {
            let message =
                format!("the {keyword} of the image is run by a shell, which keeps signals from it");
            found.add(Place::field(&image.reference, field), message);
        }
    }
}

/// Just what a builder makes of a line. With further words somebody wrote the list by hand and meant it.
fn is_shell_form(words: &[String]) -> bool {
    let [shell, flag, line] = words else { return false };
    let shell = shell.rsplit('/').next().unwrap_or(shell);
    matches!(shell, "sh" | "bash" | "ash" | "dash" | "zsh" | "ksh")
        && flag.starts_with('-')
        && flag.ends_with('c')
        && !line.trim_start().starts_with("exec ")
}
