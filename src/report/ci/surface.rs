//! The one place that knows which CI understands what.

use std::borrow::Cow;

use super::{Annotation, Outputs, azure, buildkite, github, teamcity};

/// Whose page the log is shown on, and so what in it is a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Surface {
    /// No CI that knows any, or none was asked for: lines of text.
    #[default]
    Lines,
    /// GitHub Actions.
    GitHub,
    /// Gitea and Forgejo Actions: GitHub's groups, masks and files, without annotations.
    Gitea,
    /// GitLab CI.
    GitLab,
    /// Azure Pipelines.
    Azure,
    /// TeamCity.
    TeamCity,
    /// Buildkite.
    Buildkite,
}

impl Surface {
    /// Whether commands, and the log around them, have to go to stdout: TeamCity promises to read them nowhere else.
    pub fn is_on_stdout(self) -> bool {
        self == Surface::TeamCity
    }

    /// Whether the log of a stage is folded away, so that the last words have to quote what failed.
    pub fn folds(self) -> bool {
        self != Surface::Lines
    }

    /// Text for the log with lines of ours and quoted output in it, each escaped already, so that no line of it is taken
    /// for a command even where the escaping should have missed one.
    pub fn shielded(self, text: &str) -> Cow<'_, str> {
        match self {
            Surface::GitHub | Surface::Gitea => Cow::Owned(github::shielded(text)),
            _ => self.guarded(text),
        }
    }

    /// Text of whole lines, whose beginnings are not commands any more; everything else [`escape`](crate::report::escape)
    /// has seen to.
    pub fn guarded(self, text: &str) -> Cow<'_, str> {
        match self {
            Surface::Buildkite => buildkite::guarded(text),
            _ => Cow::Borrowed(text),
        }
    }

    /// What stands above the last words of a run, which are never folded away.
    pub fn heading(self, title: &'static str) -> String {
        match self {
            Surface::Buildkite => format!("+++ {title}\n"),
            _ => String::new(),
        }
    }

    /// The commands that show `annotations`, at most ten of a level; empty where the CI shows none.
    pub fn annotations(self, annotations: &[Annotation]) -> String {
        match self {
            Surface::GitHub => annotations.iter().map(|one| github::annotation(one) + "\n").collect(),
            Surface::Azure => annotations.iter().filter_map(azure::issue).collect(),
            Surface::TeamCity => annotations.iter().filter_map(teamcity::problem).collect(),
            Surface::Lines | Surface::Gitea | Surface::GitLab | Surface::Buildkite => String::new(),
        }
    }

    /// The commands that set the outputs, where it is the log that sets them.
    pub fn outputs(self, outputs: &Outputs) -> String {
        match self {
            Surface::Azure => azure::outputs(outputs),
            Surface::TeamCity => teamcity::outputs(outputs),
            _ => String::new(),
        }
    }

    /// The commands that tell of files: the summary as Markdown, and the tests as JUnit XML. Paths have to be absolute.
    pub fn files(self, summary: Option<&str>, junit: Option<&str>) -> String {
        match self {
            Surface::Azure => summary.map(azure::summary).unwrap_or_default(),
            Surface::TeamCity => junit.map(teamcity::tests).unwrap_or_default(),
            _ => String::new(),
        }
    }

    /// The commands that have the CI mask `secrets` in all that any step of the job prints. They hold the secrets: nobody
    /// but the CI may read them.
    pub fn masks<'a>(self, secrets: impl Iterator<Item = &'a str>) -> String {
        match self {
            Surface::GitHub | Surface::Gitea => secrets.flat_map(github::masks).collect(),
            _ => String::new(),
        }
    }
}
