//! `volume-on-system-path`.

use crate::dockerfile::Keyword;
use crate::rules::analysis::Analysis;
use crate::rules::words::{is_of_system, listed};
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports a `VOLUME` or a `WORKDIR` that is a folder of the system: below `/proc`, `/sys`, `/dev`, `/boot`,
    /// `/bin`, `/sbin` or `/lib`, or `/etc`, `/usr` and the like themselves. A `VOLUME` of `/` counts, too.
    ///
    /// ## Why is this bad?
    /// A volume hides what the image has there, keeps the programs of an old image alive in a new one, and lets
    /// whoever mounts it change the system. A working directory there mixes the service with it.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// VOLUME /etc
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// VOLUME /etc/app
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/dockerfile/#volume>
    /// - <https://docs.docker.com/engine/storage/volumes/>
    IMG223 "volume-on-system-path" {
        level: Warning,
        items: [Data, BestPractice],
        aliases: ["DKL-DI-0002", "DS-0030"],
        remedy: "keep data and files in a folder of their own, such as /data or /app",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    for step in file.steps.iter().filter(|step| !step.onbuild) {
        let is_volume = match step.instruction.keyword {
            Keyword::Volume => true,
            Keyword::Workdir => false,
            _ => continue,
        };
        let paths =
            file.operands(step).into_iter().map(|word| file.expanded(step, &word.text).unwrap_or(word.text));
        let is_root = |path: &str| path.trim_end_matches('/').is_empty();
        let wrong: Vec<String> =
            paths.filter(|path| is_of_system(path) || is_volume && is_root(path)).collect();
        if !wrong.is_empty() {
            let keyword = step.instruction.keyword.name();
            found
                .add(file.place(step), format!("{keyword} takes a folder of the system: {}", listed(&wrong)));
        }
    }
}
