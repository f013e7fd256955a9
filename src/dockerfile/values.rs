//! The values of ARG and ENV, as far as they are known before a build.

use std::collections::{BTreeMap, BTreeSet};

use super::words::{assignments, declarations};
use super::{Dockerfile, Instruction, Keyword, expand};

/// ARGs that BuildKit sets by itself, visible in every `FROM`. Nobody else knows their values.
pub(super) const PLATFORM_ARGS: [&str; 10] = [
    "BUILDPLATFORM",
    "BUILDOS",
    "BUILDOSVERSION",
    "BUILDARCH",
    "BUILDVARIANT",
    "TARGETPLATFORM",
    "TARGETOS",
    "TARGETOSVERSION",
    "TARGETARCH",
    "TARGETVARIANT",
];

/// Bytes that all values of one file may take together; further ones count as unknown.
const MAX_TOTAL: usize = 1 << 20;

/// Names with their values; `None` is a value that only the build will know.
#[derive(Debug, Clone, Default)]
pub(super) struct Values {
    args: BTreeMap<String, Option<String>>,
    env: BTreeMap<String, Option<String>>,
    bytes: usize,
}

/// A word after expansion.
pub(super) struct Resolved {
    /// The text, with nothing in place of what is not known.
    pub(super) text: String,
    /// Names used whose value only the build will know.
    pub(super) unknown: BTreeSet<String>,
    /// Names used that nobody sets.
    pub(super) unset: BTreeSet<String>,
}

impl Values {
    /// What `FROM` lines see: the ARGs before the first of them, and the platform.
    pub(super) fn global(file: &Dockerfile, build_args: &BTreeMap<String, String>) -> Values {
        let mut values = Values::default();
        for name in PLATFORM_ARGS {
            values.set_arg(name, build_args.get(name).cloned());
        }
        let end = file.stages.first().map_or(file.instructions.len(), |s| s.instructions.start);
        for instruction in file.instructions.iter().take(end).filter(|i| i.keyword == Keyword::Arg) {
            for (name, default) in declarations(&instruction.arguments, file.directives.escape) {
                match build_args.get(&name) {
                    Some(value) => values.set_arg(&name, Some(value.clone())),
                    None if default.is_none() && values.args.contains_key(&name) => {}
                    None => {
                        let value = values.value(default.as_deref().unwrap_or_default(), file);
                        values.set_arg(&name, value);
                    }
                }
            }
        }
        values
    }

    /// Notes what an `ARG` or `ENV` of a stage sets; `global` are the values before the first `FROM`.
    pub(super) fn apply(
        &mut self,
        instruction: &Instruction,
        file: &Dockerfile,
        global: &Values,
        build_args: &BTreeMap<String, String>,
    ) {
        match instruction.keyword {
            Keyword::Arg => {
                for (name, default) in declarations(&instruction.arguments, file.directives.escape) {
                    let value = match (build_args.get(&name), default) {
                        (Some(value), _) => Some(value.clone()),
                        (None, Some(default)) => self.value(&default, file),
                        (None, None) => match global.args.get(&name) {
                            Some(value) => value.clone(),
                            // Declared and never given: the shell sees it unset.
                            None => continue,
                        },
                    };
                    self.set_arg(&name, value);
                }
            }
            Keyword::Env => {
                let pairs = assignments(&instruction.arguments, file.directives.escape).unwrap_or_default();
                // All pairs of one instruction see the values from before it.
                let values: Vec<_> = pairs
                    .into_iter()
                    .map(|(name, value)| (name, self.value(&value.unwrap_or_default(), file)))
                    .collect();
                for (name, value) in values {
                    let value = self.afford(value);
                    self.env.insert(name, value);
                }
            }
            _ => {}
        }
    }

    /// `word` with the values put in; `None` where it cannot be expanded at all.
    pub(super) fn resolve(&self, word: &str, file: &Dockerfile) -> Option<Resolved> {
        let lookup = |name: &str| self.get(name).map(|value| value.clone().unwrap_or_default());
        let expanded = expand(word, file.directives.escape, &lookup).ok()?;
        let unknown = expanded.matched.into_iter().filter(|name| self.get(name) == Some(&None)).collect();
        Some(Resolved { text: expanded.text, unknown, unset: expanded.unmatched })
    }

    /// What `ENV` says wins over `ARG`.
    fn get(&self, name: &str) -> Option<&Option<String>> {
        self.env.get(name).or_else(|| self.args.get(name))
    }

    fn value(&self, word: &str, file: &Dockerfile) -> Option<String> {
        self.resolve(word, file).filter(|r| r.unknown.is_empty()).map(|r| r.text)
    }

    fn set_arg(&mut self, name: &str, value: Option<String>) {
        let value = self.afford(value);
        self.args.insert(name.to_owned(), value);
    }

    fn afford(&mut self, value: Option<String>) -> Option<String> {
        let value = value?;
        self.bytes = self.bytes.saturating_add(value.len());
        (self.bytes <= MAX_TOTAL).then_some(value)
    }
}
