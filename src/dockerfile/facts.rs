//! What a build of one target depends on, told from the text alone.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::Graph;
use super::scopes::{Scope, Scopes, graph_and_scopes};
use super::words::{assignments, declarations};
use super::{Dockerfile, Instruction, Keyword, graph, needs};
use crate::error::{Error, Kind, Result};

/// What a stage starts from, variables expanded.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum BaseImage {
    /// The empty image.
    Scratch,
    /// An earlier stage, by its index.
    Stage(usize),
    /// A reference as people write it: not normalised, perhaps not valid.
    Image(String),
    /// The text as written, where a variable has no value before the build.
    Unresolved(String),
}

/// What is known of the build of one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Index of the stage that is built.
    pub target: usize,
    /// Indices of the stages that the target really uses, itself included, ascending.
    pub stages: Vec<usize>,
    /// What those stages start from, in the same order.
    pub bases: Vec<BaseImage>,
    /// Every image the build pulls: the bases that are images, `COPY --from=IMAGE` and `RUN --mount=from=IMAGE`.
    pub images: BTreeSet<String>,
    /// The image under the target after following stages, as written after expansion; `None` for `scratch` and
    /// where it cannot be known before the build.
    pub final_base: Option<String>,
    /// Names of ARGs whose value the build can see: those before the first FROM and those of the used stages.
    pub declared_args: BTreeSet<String>,
    /// Whether the target, or a stage it continues, ends up with a HEALTHCHECK of its own. What the base image brings
    /// is not known here.
    pub healthcheck: bool,
    /// Words of `EXPOSE` in the target and the stages it continues, expanded as far as ARG and ENV are known.
    pub exposed_ports: BTreeSet<String>,
    /// Keys that `LABEL` sets in the target and the stages it continues, each with the line that does so last. One
    /// that holds a variable which only the build knows is as it is written.
    pub labels: BTreeMap<String, u32>,
    /// The first line that the classic builder of Engine 20.10 cannot build, and why.
    pub needs_buildkit: Option<(u32, String)>,
}

/// The facts of `target` (the last stage, where `None`; else a stage's name or index), given the build arguments.
///
/// Fails with [`Kind::Config`] where the file has problems (the first one is named) and where there is no such stage.
pub fn facts(
    file: &Dockerfile,
    target: Option<&str>,
    build_args: &BTreeMap<String, String>,
) -> Result<Facts> {
    refuse_problems(file)?;
    let (graph, scopes) = graph_and_scopes(file, build_args);
    let target = find_target(file, &graph, target)?;
    let used = graph.used(target);
    let chain = graph.chain(target);
    let bases = &graph.bases;
    let used_bases = used.stages.iter().filter_map(|index| bases.get(*index).cloned()).collect();
    let final_base = match chain.first().and_then(|index| bases.get(*index)) {
        Some(BaseImage::Image(reference)) => Some(reference.clone()),
        _ => None,
    };
    Ok(Facts {
        target,
        bases: used_bases,
        images: used.images,
        final_base,
        declared_args: declared_args(file, &used.stages),
        healthcheck: graph::healthcheck(file, &chain),
        exposed_ports: exposed_ports(file, &chain, &scopes),
        labels: labels(file, &chain, &scopes),
        needs_buildkit: needs::needs_buildkit(file, target),
        stages: used.stages.into_iter().collect(),
    })
}

fn refuse_problems(file: &Dockerfile) -> Result<()> {
    let Some(first) = file.problems.first() else { return Ok(()) };
    let error = Error::new(
        Kind::Config,
        format!("the Dockerfile is invalid: line {}, column {}: {}", first.line, first.column, first.message),
    );
    Err(match file.problems.len() {
        1 => error,
        count => error.hint(format!("{} more problems follow", count - 1)),
    })
}

fn find_target(file: &Dockerfile, graph: &Graph, target: Option<&str>) -> Result<usize> {
    if let Some(index) = graph.find(target) {
        return Ok(index);
    }
    let Some(wanted) = target else { return Err(Error::new(Kind::Config, "the Dockerfile has no FROM")) };
    let names: Vec<&str> = file.stages.iter().filter_map(|s| s.name.as_deref()).take(20).collect();
    let error = Error::new(Kind::Config, format!("the Dockerfile has no stage {wanted:?}"));
    Err(match names.as_slice() {
        [] => error.hint("no stage has a name: write FROM … AS NAME"),
        names => error.hint(format!("its stages are: {}", names.join(", "))),
    })
}

fn declared_args(file: &Dockerfile, stages: &BTreeSet<usize>) -> BTreeSet<String> {
    let first = file.stages.first().map_or(0, |stage| stage.instructions.start);
    let ranges = std::iter::once(0..first)
        .chain(stages.iter().filter_map(|index| file.stages.get(*index)).map(|s| s.instructions.clone()));
    ranges
        .filter_map(|range| file.instructions.get(range))
        .flatten()
        .filter(|i| i.keyword == Keyword::Arg)
        .flat_map(|i| declarations(&i.arguments, file.directives.escape))
        .map(|pair| pair.name)
        .collect()
}

fn exposed_ports(file: &Dockerfile, chain: &[usize], scopes: &Scopes) -> BTreeSet<String> {
    let mut ports = BTreeSet::new();
    walk(file, chain, scopes, &mut |instruction, scope| {
        if instruction.keyword == Keyword::Expose {
            let words = instruction.arguments.split_ascii_whitespace();
            ports.extend(words.map(|word| expanded(word, scope)));
        }
    });
    ports
}

fn labels(file: &Dockerfile, chain: &[usize], scopes: &Scopes) -> BTreeMap<String, u32> {
    let mut labels = BTreeMap::new();
    walk(file, chain, scopes, &mut |instruction, scope| {
        if instruction.keyword == Keyword::Label {
            let pairs = assignments(&instruction.arguments, file.directives.escape).unwrap_or_default();
            labels.extend(pairs.iter().map(|pair| (expanded(&pair.name, scope), instruction.line)));
        }
    });
    labels
}

/// Calls `look` with each instruction of the stages, and with what it sees.
fn walk(file: &Dockerfile, chain: &[usize], scopes: &Scopes, look: &mut dyn FnMut(&Instruction, &Scope<'_>)) {
    for index in chain.iter().filter_map(|index| file.stages.get(*index)).flat_map(|s| s.instructions.clone())
    {
        if let Some(instruction) = file.instructions.get(index) {
            look(instruction, &scopes.at(index));
        }
    }
}

/// The word expanded; one with a variable that the base image may set stays as it is written.
fn expanded(word: &str, scope: &Scope<'_>) -> String {
    let known = scope.expand(word).filter(|r| r.unknown.is_empty() && r.unset.is_empty());
    known.map_or_else(|| word.to_owned(), |r| r.text)
}

/// The line of the classic builder's `Step index/n`, 1-based both.
///
/// That builder counts every instruction from the top of the file, unused stages included, an `ONBUILD` as one, and
/// stops behind the target's last; labels given through the API follow as steps of their own and have no line.
pub fn step_line(file: &Dockerfile, step_index: u32) -> Option<u32> {
    let index = usize::try_from(step_index).ok()?.checked_sub(1)?;
    file.instructions.get(index).map(|i| i.line)
}

#[cfg(test)]
mod tests;
