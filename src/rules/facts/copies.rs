//! What a Dockerfile copies out of its context.

use super::ContextFiles;
use crate::context::Ignore;
use crate::dockerfile::{Form, Keyword};
use crate::rules::Place;
use crate::rules::analysis::{Analysis, Step};

/// Sources with wildcards that are held against the whole context; each costs a look at every file.
const MOST_WILD: usize = 100;

/// A file or folder of the context that a `COPY` or an `ADD` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopiedSource {
    /// The instruction.
    pub place: Place,
    /// `COPY` or `ADD`.
    pub keyword: &'static str,
    /// After expansion, relative to the context's root; `.` is all of it.
    pub source: String,
    /// Whether the ignore file names it and nothing of it is sent.
    pub ignored: bool,
}

/// What `COPY` and `ADD` take from a context with these `entries`, which are sorted by path, and these patterns. What
/// variables keep open is left out, and so is what `ONBUILD` copies from another build's context.
pub fn copies(analysis: &Analysis<'_>, ignore: &Ignore, entries: &ContextFiles) -> Vec<CopiedSource> {
    let mut found = Vec::new();
    let mut wild = 0;
    for step in analysis.steps.iter().filter(|step| !step.onbuild) {
        let Some((sources, _)) = operands(analysis, step) else { continue };
        for source in sources {
            let left_out = source != "." && ignore.matches(source.as_bytes()).unwrap_or(false);
            let sent = |source: &str, wild: &mut usize| match source.contains(['*', '?', '[']) {
                false => is_sent(source, entries),
                true => {
                    *wild += 1;
                    *wild > MOST_WILD || any_fits(source, entries)
                }
            };
            let ignored = left_out && !sent(&source, &mut wild);
            let keyword = step.instruction.keyword.name();
            found.push(CopiedSource { place: analysis.place(step), keyword, source, ignored });
        }
    }
    found
}

/// The sources and the destination of a `COPY` or an `ADD` from the context, expanded; the sources that variables keep
/// open, URLs and documents are left out. `None` for any other step.
pub(super) fn operands(analysis: &Analysis<'_>, step: &Step<'_>) -> Option<(Vec<String>, String)> {
    let instruction = step.instruction;
    if !matches!(instruction.keyword, Keyword::Copy | Keyword::Add) || instruction.flag("from").is_some() {
        return None;
    }
    let mut words = match instruction.form() {
        Form::Exec(words) => words,
        _ => instruction.words(analysis.file.directives.escape),
    };
    let destination = expanded(analysis, step, &words.pop()?)?;
    let known = |word: String| expanded(analysis, step, &word).filter(|word| !is_foreign(word));
    let sources = words.into_iter().filter(|word| !word.contains("<<")).filter_map(known);
    Some((sources.map(|source| cleaned(&source)).collect(), destination))
}

/// The word with its variables filled in, where all of them are known.
pub(super) fn expanded(analysis: &Analysis<'_>, step: &Step<'_>, word: &str) -> Option<String> {
    let resolution = analysis.scopes.at(step.index).expand(word)?;
    (resolution.unknown.is_empty() && resolution.unset.is_empty()).then_some(resolution.text)
}

fn is_foreign(source: &str) -> bool {
    source.contains("://") || source.starts_with("git@")
}

/// Relative to the root, without `.` and `..`, which does not lead out.
fn cleaned(source: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in source.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}

/// Whether the file, or something in the folder, is seen by `COPY`.
fn is_sent(source: &str, entries: &ContextFiles) -> bool {
    let folder = format!("{source}/");
    let seen = |from: &str, fits: &dyn Fn(&str) -> bool| {
        entries.from(from).take_while(|entry| fits(entry.path)).any(|entry| !entry.forced)
    };
    seen(source, &|path| path == source) || seen(&folder, &|path| path.starts_with(&folder))
}

/// Whether `COPY` sees something that fits, or that lies in a folder that does.
fn any_fits(source: &str, entries: &ContextFiles) -> bool {
    // A pattern of an ignore file matches what a pattern of COPY does.
    let Ok(pattern) = Ignore::parse(source.as_bytes()) else { return true };
    entries.iter().any(|entry| !entry.forced && pattern.matches(entry.path.as_bytes()).unwrap_or(true))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::parse;
    use crate::rules::Expectations;
    use crate::rules::facts::ContextEntry;

    fn ignored(text: &str, ignore: &str, sent: &[&'static str]) -> Vec<String> {
        let file = parse(text.as_bytes());
        let expectations = Expectations::default();
        let analysis = Analysis::new("Dockerfile", text.as_bytes(), &file, &expectations);
        let entry = |path: &&'static str| ContextEntry {
            path,
            size: 1,
            is_link: false,
            forced: *path == "Dockerfile",
        };
        let entries: ContextFiles = sent.iter().map(entry).collect();
        let ignore = Ignore::parse(ignore.as_bytes()).unwrap();
        let found = copies(&analysis, &ignore, &entries).into_iter().filter(|copy| copy.ignored);
        found.map(|copy| copy.source).collect()
    }

    #[test]
    fn only_what_is_left_out_as_a_whole_is_ignored() {
        let table: [(&str, &str, &[&str], &[&str]); 10] = [
            ("COPY dist /d", "dist", &["a"], &["dist"]),
            ("COPY ./dist/ /d", "dist", &["a"], &["dist"]),
            ("COPY /x/../dist /d", "dist", &["a"], &["dist"]),
            ("COPY dist /d", "dist\n!dist/a", &["dist/a"], &[]),
            ("COPY a dist/x /d/", "dist", &["a"], &["dist/x"]),
            ("COPY . /d", "*", &[], &[]),
            ("COPY *.md /d", "*.md", &["a"], &["*.md"]),
            ("COPY *.md /d", "*.md\n!README.md", &["README.md"], &[]),
            ("COPY Dockerfile /d", "Dockerfile", &["Dockerfile"], &["Dockerfile"]),
            ("COPY missing /d", "dist", &["a"], &[]),
        ];
        for (line, patterns, sent, expected) in table {
            assert_eq!(
                ignored(&format!("FROM x\n{line}\n"), patterns, sent),
                expected,
                "{line} {patterns:?}"
            );
        }
    }

    #[test]
    fn what_comes_from_elsewhere_is_no_source() {
        let text = "FROM x\nCOPY --from=0 dist /d\nADD https://x.test/dist /d\nCOPY $UNSET/dist /d\n\
                    COPY <<dist /d\ndist\nONBUILD COPY dist /d\n";
        assert_eq!(ignored(text, "dist", &["a"]), Vec::<String>::new());
        assert_eq!(ignored("FROM x\nARG D=dist\nCOPY \"$D\" /d\n", "dist", &["a"]), ["dist"]);
    }
}
