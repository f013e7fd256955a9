//! The pipeline: which CI a repository has, and the file by which that calls imgbuild.

use super::look::Look;
use super::proposal::{Addition, Proposal};
use super::template::{filled, is_plain};
use super::{registry, release};
use crate::error::Result;
use crate::image::Reference;

/// A CI for which there is a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ci {
    /// GitHub Actions.
    GitHub,
    /// GitLab CI.
    GitLab,
    /// Jenkins.
    Jenkins,
    /// Buildkite.
    Buildkite,
    /// Tekton.
    Tekton,
}

/// What a pipeline is filled in with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Values<'a> {
    pub(super) action: Option<&'a str>,
    pub(super) image: Option<&'a str>,
    pub(super) credentials: &'a str,
    /// As git has it; `None` where it is not known.
    pub(super) branch: Option<&'a str>,
    /// Where the image goes.
    pub(super) repository: Option<&'a str>,
}

impl Ci {
    /// Every one of them.
    pub const ALL: [Ci; 5] = [Ci::GitHub, Ci::GitLab, Ci::Jenkins, Ci::Buildkite, Ci::Tekton];

    /// Its name for people.
    pub const fn name(self) -> &'static str {
        match self {
            Ci::GitHub => "GitHub Actions",
            Ci::GitLab => "GitLab CI",
            Ci::Jenkins => "Jenkins",
            Ci::Buildkite => "Buildkite",
            Ci::Tekton => "Tekton",
        }
    }

    /// Its value of `--ci`.
    const fn word(self) -> &'static str {
        match self {
            Ci::GitHub => "github",
            Ci::GitLab => "gitlab",
            Ci::Jenkins => "jenkins",
            Ci::Buildkite => "buildkite",
            Ci::Tekton => "tekton",
        }
    }

    /// The file that is written.
    const fn path(self) -> &'static str {
        match self {
            Ci::GitHub => ".github/workflows/image.yml",
            Ci::GitLab => ".gitlab-ci.yml",
            Ci::Jenkins => "Jenkinsfile",
            Ci::Buildkite => ".buildkite/pipeline.yml",
            Ci::Tekton => ".tekton/imgbuild.yaml",
        }
    }

    const fn template(self) -> &'static str {
        match self {
            Ci::GitHub => include_str!("../../../templates/github/image.yml"),
            Ci::GitLab => include_str!("../../../templates/gitlab/gitlab-ci.yml"),
            Ci::Jenkins => include_str!("../../../templates/jenkins/Jenkinsfile"),
            Ci::Buildkite => include_str!("../../../templates/buildkite/pipeline.yml"),
            Ci::Tekton => include_str!("../../../templates/tekton/task.yaml"),
        }
    }

    /// Where in the template begins what a file that is there needs, and what comes behind that.
    const fn part(self) -> (&'static str, &'static str) {
        match self {
            Ci::GitHub => ("  image:\n", ""),
            Ci::GitLab => ("build-image:\n", ""),
            Ci::Jenkins => ("        stage('Image')", "\n    }\n}\n"),
            Ci::Buildkite => ("  - label:", ""),
            Ci::Tekton => ("apiVersion:", ""),
        }
    }

    /// The files by which a repository has it.
    fn files(self, look: &Look) -> Vec<String> {
        let folder = match self {
            Ci::GitHub => ".github/workflows",
            Ci::Buildkite => ".buildkite",
            Ci::Tekton => ".tekton",
            Ci::GitLab | Ci::Jenkins => {
                return Vec::from_iter(Some(self.path().to_owned()).filter(|path| look.is_there(path)));
            }
        };
        let names = look.folder(folder).into_iter();
        let is_yaml = |name: &String| name.ends_with(".yml") || name.ends_with(".yaml");
        names.filter(is_yaml).map(|name| format!("{folder}/{name}")).collect()
    }
}

/// The CI that is set up: the one that the repository has, by its files and else by the host of its remote.
pub(super) fn choose(look: &Look, remote: Option<&str>, notes: &mut Vec<String>) -> Option<Ci> {
    let by_host = remote.and_then(registry::host_and_path).and_then(|(host, _)| match host {
        "github.com" => Some(Ci::GitHub),
        "gitlab.com" => Some(Ci::GitLab),
        host if host.split('.').next() == Some("gitlab") => Some(Ci::GitLab),
        _ => None,
    });
    let found: Vec<Ci> = Ci::ALL.into_iter().filter(|ci| !ci.files(look).is_empty()).collect();
    let calls = |ci: &&Ci| ci.files(look).iter().any(|path| calls_imgbuild(look, path));
    let chosen = found
        .iter()
        .find(calls)
        .or_else(|| found.iter().find(|ci| Some(**ci) == by_host))
        .or_else(|| found.first())
        .copied()
        .or(by_host);
    for other in found.iter().filter(|ci| Some(**ci) != chosen) {
        notes.push(format!(
            "there is {}, too: imgbuild init --ci {} sets that up",
            other.name(),
            other.word()
        ));
    }
    if chosen.is_none() {
        notes.push(format!(
            "no CI is set up: nothing says which one this is; --ci takes {}",
            Ci::ALL.map(Ci::word).join(", ")
        ));
    }
    chosen
}

/// Adds what the CI needs to a proposal.
pub(super) fn propose(look: &Look, ci: Ci, values: Values<'_>, proposal: &mut Proposal) -> Result<()> {
    let path = ci.path();
    let files = ci.files(look);
    if files.iter().any(|path| calls_imgbuild(look, path)) {
        let open = files.iter().filter(|path| holds(look, path, release::UNKNOWN));
        proposal.notes.extend(open.map(|path| to_fill_in(ci, path)));
        return Ok(());
    }
    let not_written = |why: &str| format!("{path} is not written: {why}");
    let Some(branch) = branch_word(values.branch.unwrap_or("main")) else {
        let branch = values.branch.unwrap_or_default();
        proposal
            .notes
            .push(not_written(&format!("the branch {branch:?} has a name that pipelines read otherwise")));
        return Ok(());
    };
    let project = release::project();
    let action = values.action.map(str::to_owned).or_else(|| project.map(release::action));
    let image = values.image.map(str::to_owned).or_else(|| project.map(release::image));
    let pairs = [
        ("default-branch", branch.as_str()),
        ("action", action.as_deref().unwrap_or(release::UNKNOWN_ACTION)),
        ("imgbuild-image", image.as_deref().unwrap_or(release::UNKNOWN_IMAGE)),
        ("credentials", values.credentials),
    ];
    let text = filled(ci.template(), &pairs)?;
    if text.contains(release::UNKNOWN) {
        proposal.notes.push(to_fill_in(ci, path));
    }
    if look.is_there(path) {
        let (begin, end) = ci.part();
        let part = text.find(begin).and_then(|at| text.get(at..)).unwrap_or(&text);
        let part = if end.is_empty() { part } else { part.strip_suffix(end).unwrap_or(part) };
        proposal.additions.push(Addition { path: path.to_owned(), lines: part.trim_end().to_owned() + "\n" });
    } else {
        proposal.files.push((path.to_owned(), text));
    }
    proposal.notes.extend(needs(ci, values, project));
    Ok(())
}

/// What to write into a pipeline by hand, where nobody said it.
fn to_fill_in(ci: Ci, path: &str) -> String {
    let (what, flag) = match ci {
        Ci::GitHub => ("action, as OWNER/imgbuild@COMMIT", "--action"),
        _ => ("image, as REGISTRY/imgbuild:VERSION", "--imgbuild-image"),
    };
    let unknown = release::UNKNOWN;
    format!(
        "{path} has a place to fill in, {unknown}: imgbuild's {what}. This build of imgbuild does not know where it is published; {flag} writes it into a new file"
    )
}

/// What a pipeline needs beside its file.
fn needs(ci: Ci, values: Values<'_>, project: Option<&str>) -> Vec<String> {
    let mut notes = Vec::new();
    let host = values.repository.and_then(|name| name.split_once('/')).map(|(host, _)| host);
    match ci {
        Ci::GitHub => {
            if let (None, Some(project)) = (values.action, project) {
                let version = release::action(project);
                notes.push(format!(
                    "the action is named by its tag, {version}; its commit pins it: git ls-remote https://github.com/{project}"
                ));
            }
            if let Some(host) = host.filter(|host| *host != "ghcr.io") {
                notes.push(format!(
                    "the step needs IMGBUILD_REGISTRY_USERNAME and IMGBUILD_REGISTRY_PASSWORD as env, of secrets that may push to {host}"
                ));
            }
        }
        Ci::Jenkins => {
            notes.push("Jenkins needs an agent of the label docker, with imgbuild and an engine".to_owned());
            notes.push(format!(
                "Jenkins needs a user name with password of the id {}, which may push",
                values.credentials
            ));
        }
        Ci::Buildkite => {
            notes.push("Buildkite's agent needs imgbuild, an engine and a login to the registry".to_owned())
        }
        Ci::Tekton => {
            notes.push("the task comes into a cluster by kubectl apply -f .tekton/imgbuild.yaml".to_owned());
        }
        Ci::GitLab => notes.push(
            "GitLab needs a runner that may run privileged containers, for the engine beside the job"
                .to_owned(),
        ),
    }
    notes
}

/// A branch as it can stand in a list of YAML, where it is a pattern for GitHub; `None` where it cannot.
fn branch_word(branch: &str) -> Option<String> {
    if !is_plain(branch) {
        return None;
    }
    const WORDS: [&str; 10] = ["true", "false", "yes", "no", "on", "off", "null", "y", "n", "nan"];
    let is_word = WORDS.iter().any(|word| branch.eq_ignore_ascii_case(word));
    let is_text = branch.starts_with(|c: char| c.is_ascii_alphabetic()) && !is_word;
    Some(if is_text { branch.to_owned() } else { format!("\"{branch}\"") })
}

fn calls_imgbuild(look: &Look, path: &str) -> bool {
    holds(look, path, "imgbuild")
}

fn holds(look: &Look, path: &str, word: &str) -> bool {
    look.read(path).is_some_and(|bytes| memchr::memmem::find(&bytes, word.as_bytes()).is_some())
}

/// Whether `text` can be what `uses:` names, with its version as a comment.
pub(super) fn is_action(text: &str) -> bool {
    let (name, version) = text.split_once(" # ").unwrap_or((text, "v1"));
    let Some((path, reference)) = name.split_once('@') else { return false };
    is_plain(path) && path.contains('/') && is_plain(reference) && is_plain(version)
}

/// Whether `text` is a reference of an image.
pub(super) fn is_image(text: &str) -> bool {
    text.parse::<Reference>().is_ok()
}

#[cfg(test)]
mod tests;
