//! Which stages a target really uses.

use std::collections::{BTreeMap, BTreeSet};

use super::values::Values;
use super::{BaseImage, Dockerfile, Keyword, Stage};

/// What each stage starts from, by the stage's index. A stage refers to earlier ones only, the latest of a name.
pub(super) fn bases(file: &Dockerfile, global: &Values) -> Vec<BaseImage> {
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    let mut bases = Vec::with_capacity(file.stages.len());
    for (index, stage) in file.stages.iter().enumerate() {
        bases.push(base(stage, file, global, &names));
        if let Some(name) = &stage.name {
            names.insert(name, index);
        }
    }
    bases
}

fn base(stage: &Stage, file: &Dockerfile, global: &Values, names: &BTreeMap<&str, usize>) -> BaseImage {
    let unresolved = || BaseImage::Unresolved(stage.base.clone());
    let Some(resolved) = global.resolve(&stage.base, file) else { return unresolved() };
    let text = resolved.text;
    // A name that ends where a tag should follow had a variable without a value in it.
    if !resolved.unknown.is_empty() || text.is_empty() || text.ends_with([':', '@', '/']) {
        return unresolved();
    }
    if let Some(index) = names.get(text.to_lowercase().as_str()) {
        return BaseImage::Stage(*index);
    }
    if text == "scratch" { BaseImage::Scratch } else { BaseImage::Image(text) }
}

/// What a target is made of.
pub(super) struct Used {
    /// Indices of stages.
    pub(super) stages: BTreeSet<usize>,
    /// Images named by `--from` and `--mount=from=`.
    pub(super) images: BTreeSet<String>,
}

/// Everything that `target` reaches through `FROM`, `COPY --from` and `RUN --mount=from=`.
pub(super) fn used(file: &Dockerfile, bases: &[BaseImage], target: usize, global: &Values) -> Used {
    let names: BTreeMap<&str, usize> =
        file.stages.iter().enumerate().filter_map(|(i, s)| Some((s.name.as_deref()?, i))).collect();
    let mut used = Used { stages: BTreeSet::new(), images: BTreeSet::new() };
    let mut open = vec![target];
    while let Some(index) = open.pop() {
        let Some(stage) = file.stages.get(index) else { continue };
        if !used.stages.insert(index) {
            continue;
        }
        if let Some(BaseImage::Stage(parent)) = bases.get(index) {
            open.push(*parent);
        }
        for source in sources(file, stage) {
            let source = match global.resolve(source, file) {
                Some(resolved) if resolved.unknown.is_empty() => resolved.text,
                _ => continue,
            };
            if let Ok(number) = source.parse::<usize>() {
                open.push(number);
            } else if let Some(named) = names.get(source.to_lowercase().as_str()) {
                open.push(*named);
            } else if !source.is_empty() && source != "scratch" {
                used.images.insert(source);
            }
        }
    }
    used
}

/// The values of `--from=` and of `from=` in `--mount=`, in a stage's instructions.
fn sources<'a>(file: &'a Dockerfile, stage: &Stage) -> impl Iterator<Item = &'a str> {
    let instructions = file.instructions.get(stage.instructions.clone()).unwrap_or_default();
    instructions.iter().flat_map(|i| &i.flags).filter_map(|flag| {
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
    })
}

/// `target` and the stages it continues, from the first to itself.
pub(super) fn chain(bases: &[BaseImage], target: usize) -> Vec<usize> {
    let mut chain = vec![target];
    let mut at = target;
    // Parents come earlier in the file, so this ends.
    while let Some(BaseImage::Stage(parent)) = bases.get(at)
        && *parent < at
    {
        chain.push(*parent);
        at = *parent;
    }
    chain.reverse();
    chain
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
