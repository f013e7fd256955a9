//! Which stages a target really uses.

use std::collections::{BTreeMap, BTreeSet};

use super::scopes::{Scope, Scopes};
use super::{BaseImage, Dockerfile, Keyword, Stage};

/// How the stages of a file hang together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Graph {
    /// What each stage starts from, in the order of the file.
    pub bases: Vec<BaseImage>,
    /// What each stage copies from or mounts, besides its base.
    sources: Vec<Vec<Source>>,
    /// The last stage of each name.
    names: BTreeMap<String, usize>,
}

/// The value of a `--from=` or a `from=`, expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Source {
    Stage(usize),
    Image(String),
}

/// The graph of the stages of `file`, given the build arguments.
pub fn graph(file: &Dockerfile, build_args: &BTreeMap<String, String>) -> Graph {
    Graph::new(file, &Scopes::globals(file, build_args))
}

impl Graph {
    pub(super) fn new(file: &Dockerfile, scopes: &Scopes) -> Graph {
        let global = scopes.global();
        let names: BTreeMap<String, usize> =
            file.stages.iter().enumerate().filter_map(|(i, s)| Some((s.name.clone()?, i))).collect();
        let sources = file.stages.iter().map(|stage| sources(file, stage, &names, &global)).collect();
        Graph { bases: bases(file, &global), sources, names }
    }

    /// The stage that `target` means: the last, where it is `None`; else one of that name, or of that index.
    pub fn find(&self, target: Option<&str>) -> Option<usize> {
        let last = self.bases.len().checked_sub(1)?;
        let Some(wanted) = target else { return Some(last) };
        let by_number = || wanted.parse::<usize>().ok().filter(|number| *number <= last);
        self.names.get(&wanted.to_lowercase()).copied().or_else(by_number)
    }

    /// The indices of the stages that the build of `target` uses, itself included; none where there is no such stage.
    pub fn used_by(&self, target: Option<&str>) -> BTreeSet<usize> {
        self.find(target).map(|target| self.used(target).stages).unwrap_or_default()
    }

    /// Everything that `target` reaches through `FROM`, `COPY --from` and `RUN --mount=from=`.
    pub(super) fn used(&self, target: usize) -> Used {
        let mut used = Used { stages: BTreeSet::new(), images: BTreeSet::new() };
        let mut open = vec![target];
        while let Some(index) = open.pop() {
            let Some(base) = self.bases.get(index) else { continue };
            if !used.stages.insert(index) {
                continue;
            }
            match base {
                BaseImage::Stage(parent) => open.push(*parent),
                BaseImage::Image(reference) => {
                    used.images.insert(reference.clone());
                }
                BaseImage::Scratch | BaseImage::Unresolved(_) => {}
            }
            for source in self.sources.get(index).into_iter().flatten() {
                match source {
                    Source::Stage(stage) => open.push(*stage),
                    Source::Image(reference) => {
                        used.images.insert(reference.clone());
                    }
                }
            }
        }
        used
    }

    /// `stage` and the stages it continues, from the first to itself.
    pub fn chain(&self, stage: usize) -> Vec<usize> {
        let mut chain = vec![stage];
        let mut at = stage;
        // Parents come earlier in the file, so this ends.
        while let Some(BaseImage::Stage(parent)) = self.bases.get(at)
            && *parent < at
        {
            chain.push(*parent);
            at = *parent;
        }
        chain.reverse();
        chain
    }
}

/// What a target is made of.
pub(super) struct Used {
    /// Indices of stages.
    pub(super) stages: BTreeSet<usize>,
    /// Images that stages start from, and those named by `--from` and `--mount=from=`.
    pub(super) images: BTreeSet<String>,
}

/// What each stage starts from, by the stage's index. A stage refers to earlier ones only, the latest of a name.
pub(super) fn bases(file: &Dockerfile, global: &Scope<'_>) -> Vec<BaseImage> {
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    let mut bases = Vec::with_capacity(file.stages.len());
    for (index, stage) in file.stages.iter().enumerate() {
        bases.push(base(stage, global, &names));
        if let Some(name) = &stage.name {
            names.insert(name, index);
        }
    }
    bases
}

fn base(stage: &Stage, global: &Scope<'_>, names: &BTreeMap<&str, usize>) -> BaseImage {
    let unresolved = || BaseImage::Unresolved(stage.base.clone());
    let Some(resolved) = global.expand(&stage.base) else { return unresolved() };
    let text = resolved.text;
    // A name that ends where a tag should follow, or begins behind a host, had a variable without a value in it.
    if !resolved.unknown.is_empty()
        || text.is_empty()
        || text.starts_with('/')
        || text.ends_with([':', '@', '/'])
    {
        return unresolved();
    }
    if let Some(index) = names.get(text.to_lowercase().as_str()) {
        return BaseImage::Stage(*index);
    }
    if text == "scratch" { BaseImage::Scratch } else { BaseImage::Image(text) }
}

/// What the `--from=` and the `from=` in `--mount=` of a stage's instructions mean, as far as they are known.
fn sources(
    file: &Dockerfile,
    stage: &Stage,
    names: &BTreeMap<String, usize>,
    global: &Scope<'_>,
) -> Vec<Source> {
    let instructions = file.instructions.get(stage.instructions.clone()).unwrap_or_default();
    let values = instructions.iter().flat_map(|i| &i.flags).filter_map(|flag| {
        let value = flag.value.as_deref()?;
        match flag.name.as_str() {
            "from" => Some(value),
            "mount" => value
                .split(',')
                .filter_map(|pair| pair.split_once('='))
                .find(|(key, _)| key.trim().eq_ignore_ascii_case("from"))
                .map(|(_, from)| from),
            _ => None,
        }
    });
    let source = |value| {
        let text = global.expand(value).filter(|r| r.unknown.is_empty())?.text;
        if let Ok(number) = text.parse::<usize>() {
            Some(Source::Stage(number))
        } else if let Some(named) = names.get(text.to_lowercase().as_str()) {
            Some(Source::Stage(*named))
        } else {
            (!text.is_empty() && text != "scratch").then_some(Source::Image(text))
        }
    };
    values.filter_map(source).collect()
}

/// Whether the last HEALTHCHECK of `chain` asks for one.
pub(super) fn healthcheck(file: &Dockerfile, chain: &[usize]) -> bool {
    let last = chain
        .iter()
        .rev()
        .filter_map(|index| file.stages.get(*index))
        .filter_map(|stage| file.instructions.get(stage.instructions.clone()))
        .find_map(|all| all.iter().rfind(|i| i.keyword == Keyword::Healthcheck));
    last.is_some_and(|i| !i.arguments.get(..4).is_some_and(|word| word.eq_ignore_ascii_case("NONE")))
}
