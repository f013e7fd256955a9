//! `unpinned-go-package`.

use crate::dockerfile::shell::{Command, Word};
use crate::rules::words::commands::{has_verb, package_name, report_unpinned};
use crate::rules::{Analysis, Found, rule};

rule! {
    /// ## What it does
    /// Reports packages that `go install`, `go get` and `go run` take without a version, or with `@latest`.
    /// Paths and files of the module (`./cmd/a`, `main.go`) are left alone.
    ///
    /// ## Why is this bad?
    /// The proxy serves what is newest on the day of the build. The same commit gives another image
    /// tomorrow.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM golang:1.23
    /// RUN go install golang.org/x/tools/cmd/stringer@latest
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM golang:1.23
    /// RUN go install golang.org/x/tools/cmd/stringer@v0.25.0
    /// ```
    ///
    /// ## References
    /// - <https://go.dev/ref/mod#go-install>
    /// - <https://go.dev/ref/mod#version-queries>
    IMG323 "unpinned-go-package" {
        level: Warning,
        items: [Repeatable],
        aliases: ["DL3062"],
        remedy: "name the version of each package, such as golang.org/x/tools/cmd/stringer@v0.25.0",
        check: Text(check),
    }
}

const VERBS: &[&str] = &["install", "get", "run"];

/// All of them may be written with one dash or two.
const WITH_VALUE: &[&str] = &[
    "C",
    "asmflags",
    "buildmode",
    "compiler",
    "exec",
    "gccgoflags",
    "gcflags",
    "installsuffix",
    "ldflags",
    "mod",
    "modfile",
    "o",
    "overlay",
    "p",
    "pgo",
    "pkgdir",
    "tags",
    "toolexec",
];

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    report_unpinned(file, found, unpinned, |finding, word| {
        let path = word.text.split('@').next().unwrap_or_default();
        let path = package_name(&Word { text: path.to_owned(), ..word.clone() });
        finding.remedy(format!("name a version: {path}@VERSION"));
    });
}

fn unpinned(command: &Command) -> Vec<Word> {
    if command.name() != "go" || !has_verb(command, VERBS) {
        return Vec::new();
    }
    let Some(verb) = command.words.iter().position(|word| VERBS.contains(&word.text.as_str())) else {
        return Vec::new();
    };
    let runs = command.words.get(verb).is_some_and(|word| word.text == "run");
    let words = packages(command.words.get(verb + 1..).unwrap_or_default());
    // What follows the package of `go run` is for the program.
    let most = if runs { 1 } else { usize::MAX };
    words.into_iter().take(most).filter(|word| !is_pinned(&word.text)).cloned().collect()
}

/// Go's flags have long names behind one dash.
fn packages(args: &[Word]) -> Vec<&Word> {
    let mut found = Vec::new();
    let mut args = args.iter();
    while let Some(word) = args.next() {
        match word.text.strip_prefix('-') {
            Some(flag) if WITH_VALUE.contains(&flag.trim_start_matches('-')) => {
                args.next();
            }
            Some(_) => {}
            None => found.push(word),
        }
    }
    found
}

fn is_pinned(text: &str) -> bool {
    let is_local = text.starts_with(['.', '/']) || text == "tool" || text.ends_with(".go");
    let is_named =
        text.split_once('@').is_some_and(|(_, version)| !matches!(version, "latest" | "none" | ""));
    is_local || is_named
}
