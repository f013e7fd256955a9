//! The scripts that a container starts with, as far as the context ships them.

use std::collections::BTreeSet;

use super::ContextFiles;
use super::copies::{expanded, operands};
use crate::dockerfile::Keyword;
use crate::rules::analysis::{Analysis, Step};

/// Where programs without a `/` in their names are looked for.
const PATH: [&str; 6] = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
/// Programs of an `ENTRYPOINT` or a `CMD` that are looked for; each may be any of the files that were copied.
const MOST_PROGRAMS: usize = 50;
/// Programs that run the script that they are given.
const SHELLS: [&str; 7] = ["sh", "bash", "ash", "dash", "ksh", "zsh", "busybox"];

/// The files of the context that `ENTRYPOINT` and `CMD` of the target run, by what `COPY` and `ADD` put there.
pub fn started_scripts(analysis: &Analysis<'_>, entries: &ContextFiles) -> BTreeSet<String> {
    let Some(target) = analysis.target() else { return BTreeSet::new() };
    let mut copied: Vec<Copied> = Vec::new();
    let mut folder = "/".to_owned();
    let (mut entrypoint, mut cmd) = (Vec::new(), Vec::new());
    let steps = |stage: usize| {
        // There is a step for each instruction.
        let stage = analysis.file.stages.get(stage)?;
        analysis.steps.get(stage.instructions.clone())
    };
    for step in analysis.graph.chain(target).into_iter().filter_map(steps).flatten() {
        if step.onbuild {
            continue;
        }
        match step.instruction.keyword {
            Keyword::Workdir => {
                if let Some(path) = expanded(analysis, step, step.instruction.arguments.trim()) {
                    folder = absolute(&path, &folder);
                }
            }
            Keyword::Copy | Keyword::Add => {
                if let Some((sources, to)) = operands(analysis, step) {
                    let to = absolute(&to, &folder);
                    copied.extend(sources.into_iter().map(|source| Copied { source, to: to.clone() }));
                }
            }
            Keyword::Entrypoint => {
                // What was CMD before is no argument of another ENTRYPOINT.
                cmd.clear();
                entrypoint = programs(step, &folder);
            }
            Keyword::Cmd => cmd = programs(step, &folder),
            _ => {}
        }
    }
    let started = entrypoint.iter().chain(&cmd).take(MOST_PROGRAMS).flatten();
    started.filter_map(|path| copied.iter().rev().find_map(|copied| copied.shipped(path, entries))).collect()
}

/// What one source of a `COPY` became.
struct Copied {
    source: String,
    to: String,
}

impl Copied {
    /// The file of the context that lies at `path`.
    fn shipped(&self, path: &str, entries: &ContextFiles) -> Option<String> {
        let source = self.source.as_str();
        let name = source.rsplit('/').next().unwrap_or(source);
        let below = path.strip_prefix(self.to.as_str()).filter(|_| self.to.ends_with('/'));
        let below = below.or_else(|| path.strip_prefix(self.to.as_str())?.strip_prefix('/'));
        let is_file = path == self.to || below == Some(name);
        let inside = || match (below?, source) {
            (rest, ".") => Some(rest.to_owned()),
            (rest, source) => Some(format!("{source}/{rest}")),
        };
        let candidates = [is_file.then(|| source.to_owned()), inside()];
        candidates
            .into_iter()
            .flatten()
            .find(|path| entries.find(path).is_some_and(|entry| !entry.forced && !entry.is_link))
    }
}

/// For each command of an `ENTRYPOINT` or a `CMD`, the paths that its program may have in the image.
fn programs(step: &Step<'_>, folder: &str) -> Vec<Vec<String>> {
    let commands = step.commands().map(|(_, command)| command.unwrapped());
    let program = |command: &crate::dockerfile::shell::Command| {
        let mut word = command.words.first()?;
        if SHELLS.contains(&command.name()) {
            let operands = command.positional(&["o", "O"]);
            // `bash -c` brings its script along; `busybox sh FILE` names a shell first.
            if command.has_flag(&["c"]) {
                return None;
            }
            word = operands.into_iter().find(|word| !SHELLS.contains(&word.text.as_str()))?;
        } else if matches!(command.name(), "." | "source") {
            word = command.args().first()?;
        }
        let text = word.text.as_str();
        if !word.literal || text.is_empty() {
            return None;
        }
        let mut paths = Vec::new();
        if text.contains('/') || text != command.raw_name() {
            paths.push(absolute(text, folder));
        }
        if !text.contains('/') {
            paths.extend(PATH.iter().map(|folder| format!("{folder}/{text}")));
        }
        Some(paths)
    };
    commands.filter_map(|command| program(&command)).collect()
}

/// `path` from the root, without `.` and `..`; a `/` at its end stays.
fn absolute(path: &str, folder: &str) -> String {
    let whole = if path.starts_with('/') { path.to_owned() } else { format!("{folder}/{path}") };
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let is_folder = path.ends_with('/') || path == "." || path.ends_with("/.");
    let end = if is_folder && !parts.is_empty() { "/" } else { "" };
    format!("/{}{end}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::parse;
    use crate::rules::Expectations;
    use crate::rules::facts::ContextEntry;

    fn started(text: &str) -> Vec<String> {
        let text = format!("FROM x\n{text}");
        let file = parse(text.as_bytes());
        let expectations = Expectations::default();
        let analysis = Analysis::new("Dockerfile", text.as_bytes(), &file, &expectations);
        let paths = ["app/run.sh", "docker-entrypoint.sh", "entry.sh", "scripts/entry.sh"];
        let entry = |path| ContextEntry { path, size: 1, is_link: false, forced: false };
        started_scripts(&analysis, &paths.into_iter().map(entry).collect()).into_iter().collect()
    }

    #[test]
    fn scripts_are_found_behind_copies() {
        let table: [(&str, &[&str]); 16] = [
            ("COPY entry.sh /\nENTRYPOINT [\"/entry.sh\"]", &["entry.sh"]),
            ("COPY entry.sh /start\nENTRYPOINT [\"/start\"]", &["entry.sh"]),
            (
                "COPY docker-entrypoint.sh /usr/local/bin/\nENTRYPOINT [\"docker-entrypoint.sh\"]",
                &["docker-entrypoint.sh"],
            ),
            (
                "COPY docker-entrypoint.sh /usr/local/bin\nENTRYPOINT [\"docker-entrypoint.sh\"]",
                &["docker-entrypoint.sh"],
            ),
            ("WORKDIR /app\nCOPY . .\nCMD ./app/run.sh", &["app/run.sh"]),
            ("WORKDIR /app\nCOPY app ./\nCMD [\"sh\", \"run.sh\"]", &["app/run.sh"]),
            ("COPY app /srv\nCMD [\"/bin/bash\", \"-e\", \"/srv/run.sh\", \"serve\"]", &["app/run.sh"]),
            (
                "COPY scripts/*.sh /bin/\nCOPY scripts/entry.sh /e\nENTRYPOINT [\"tini\", \"--\", \"/e\"]",
                &["scripts/entry.sh"],
            ),
            ("COPY . /\nCMD exec /entry.sh", &["entry.sh"]),
            ("COPY entry.sh scripts/ /s/\nCMD /s/entry.sh", &["scripts/entry.sh"]),
            ("COPY . /\nENTRYPOINT [\"/entry.sh\"]\nCMD [\"/app/run.sh\"]", &["app/run.sh", "entry.sh"]),
            ("COPY . /\nCMD [\"/app/run.sh\"]\nENTRYPOINT [\"/entry.sh\"]", &["entry.sh"]),
            ("COPY . /\nCMD sh -c /entry.sh", &[]),
            ("COPY --from=0 . /\nCMD /entry.sh", &[]),
            ("COPY entry.sh /\nCMD /other.sh", &[]),
            ("CMD $X", &[]),
        ];
        for (text, expected) in table {
            assert_eq!(started(text), expected, "{text}");
        }
    }
}
