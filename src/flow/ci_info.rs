//! `imgbuild ci-info`: what the CI says of this run, what the checkout says, and where each value comes from. It only
//! looks, so that whatever does not fit is shown and not refused.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::gather;
use super::session::Session;
use crate::error::{Kind, Result};
use crate::report::escape;
use crate::source::{self, CiContext, Provider, Revision, SourceState};

/// Columns of the table.
const WIDTH: usize = 80;
/// Columns before a value.
const INDENT: usize = 19;

/// What is known of the run.
#[derive(Debug)]
pub struct CiInfo {
    /// For people, in lines of at most 80 columns, with a final newline.
    pub text: String,
    /// The same for programs: every field, with null for what nobody says.
    pub json: Value,
}

/// A field and where its value came from.
struct Row {
    name: &'static str,
    value: Value,
    origin: Option<String>,
}

impl Row {
    /// The value as people read it; `None` for what is not worth a line.
    fn shown(&self) -> Option<String> {
        match &self.value {
            Value::Null | Value::Bool(false) => None,
            Value::Bool(true) => Some("yes".to_owned()),
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    }
}

/// Whether the run may push, and why not.
pub(super) struct Push {
    /// `never`, `asked` or `yes`.
    pub(super) may: &'static str,
    pub(super) why: Option<String>,
}

/// Looks at the environment, the CI's files and the checkout. An error is only that the look was broken off.
pub async fn ci_info(session: &Session) -> Result<CiInfo> {
    let ci = gather::ci_context(session);
    let mut problems = Vec::new();
    let git = match gather::source(session, &ci).await {
        Ok(git) => Some(git),
        Err(error) if matches!(error.kind(), Kind::Interrupted | Kind::Terminated) => return Err(error),
        Err(error) => {
            problems.push(error.to_string());
            None
        }
    };
    let git = git.as_deref();
    let revision = git.and_then(|git| match source::reconcile(&ci, git) {
        Ok(revision) => Some(revision),
        Err(error) => {
            problems.push(error.to_string());
            None
        }
    });
    problems.extend(untold(&ci).map(str::to_owned));
    let rows: Vec<Row> = rows(&ci, git, revision.as_ref())
        .into_iter()
        .map(|row| match row.value {
            Value::String(text) => Row { value: Value::String(session.masker.text(text)), ..row },
            _ => row,
        })
        .collect();
    let problems: Vec<String> = problems.into_iter().map(|text| session.masker.text(text)).collect();
    let push = push(&ci);
    Ok(CiInfo {
        text: text(&ci, &rows, &push, git, &problems),
        json: document(&ci, rows, &push, git, &problems),
    })
}

/// What a CI says only when it is asked to.
pub(super) fn untold(ci: &CiContext) -> Option<&'static str> {
    (ci.provider == Some(Provider::CloudBuild) && ci.commit.is_none())
        .then_some("Cloud Build hands its substitutions on where the build has `automapSubstitutions: true`")
}

pub(super) fn push(ci: &CiContext) -> Push {
    let asked = |why: &str| Push { may: "asked", why: Some(why.to_owned()) };
    match ci.why_never() {
        Some(why) => Push { may: "never", why: Some(why.to_owned()) },
        None if !ci.is_ci() => asked("outside a CI the image is a development image"),
        None if ci.is_for_who_knows_what() => {
            asked("this CI does not say what the run is for; IMGBUILD_BRANCH or IMGBUILD_TAG would")
        }
        None => Push { may: "yes", why: None },
    }
}

/// Every field, in the order of the table.
fn rows(ci: &CiContext, git: Option<&SourceState>, revision: Option<&Revision>) -> Vec<Row> {
    let origin = |field: &str| ci.origins.get(field).cloned();
    let of_ci = |name: &'static str, value: Option<String>| Row {
        name,
        origin: value.as_ref().and_then(|_| origin(name)),
        value: value.map_or(Value::Null, Value::String),
    };
    let flag = |name: &'static str, value: bool| Row { name, value: value.into(), origin: origin(name) };
    let name = |name: &Option<source::RefName>| name.as_ref().map(ToString::to_string);
    let branch = git.map_or_else(|| ci.branch.clone(), |git| source::branch(ci, git));
    let remote = git.and_then(|git| git.remote_url.clone());
    let of_git = |row: Row, value: Option<String>, from: &str| match (&row.value, value) {
        (Value::Null, Some(value)) => {
            Row { name: row.name, value: value.into(), origin: Some(from.to_owned()) }
        }
        _ => row,
    };
    let project =
        remote.as_ref().and_then(|url| Some(url.split_once("://")?.1.split_once('/')?.1.to_owned()));
    vec![
        of_ci("provider", ci.provider_name().map(str::to_owned)),
        of_ci("event", ci.event.clone()),
        full_ref(ci, branch.as_ref()),
        commit(ci, revision),
        merge_commit(ci, revision),
        of_ci("base_commit", ci.base_commit.clone()),
        of_git(of_ci("branch", name(&ci.branch)), name(&branch), "git:HEAD"),
        of_ci("tag", name(&ci.tag)),
        of_ci("pr", ci.pr.clone()),
        of_ci("base_branch", name(&ci.base_branch)),
        of_ci("related_pr", ci.related_pr.clone()),
        flag("fork", ci.fork),
        flag("privileged_pr", ci.privileged_pr),
        flag("merge_queue", ci.merge_queue),
        flag("emulator", ci.emulator),
        of_ci("default_branch", ci.default_branch.clone()),
        of_git(of_ci("project", ci.project.clone()), project, "git:remote"),
        of_git(of_ci("repository_url", ci.repository_url.clone()), remote, "git:remote"),
        of_ci("build_url", ci.build_url.clone()),
        of_ci("job_url", ci.job_url.clone()),
        of_ci("build_id", ci.build_id.clone()),
        of_ci("build_number", ci.build_number.clone()),
        Row { name: "attempt", value: ci.attempt.into(), origin: origin("attempt") },
        of_ci("job", ci.job.clone()),
        of_ci("actor", ci.actor.clone()),
        of_ci("repository", ci.repository.clone()),
        of_ci("workspace", ci.workspace.as_deref().map(shown_path)),
    ]
}

fn shown_path(path: &Path) -> String {
    path.display().to_string()
}

/// The ref as the CI spells it, or as it follows from tag and branch.
fn full_ref(ci: &CiContext, branch: Option<&source::RefName>) -> Row {
    let origin = |field: &str| ci.origins.get(field).cloned();
    let (value, origin) = match (&ci.git_ref, &ci.tag, branch) {
        (Some(full), ..) => (Some(full.to_string()), origin("git_ref")),
        (None, Some(tag), _) => (Some(format!("refs/tags/{tag}")), origin("tag")),
        // The branch of a pull request's head may be another repository's.
        (None, None, Some(branch)) if !ci.is_pr() => {
            (Some(format!("refs/heads/{branch}")), origin("branch").or(Some("git:HEAD".to_owned())))
        }
        _ => (None, None),
    };
    Row { name: "ref", value: value.map_or(Value::Null, Value::String), origin }
}

/// The commit that is built; where CI and checkout disagree, what the CI says.
fn commit(ci: &CiContext, revision: Option<&Revision>) -> Row {
    let said = ci.origins.get("commit").cloned();
    let (value, origin) = match revision {
        Some(revision) if ci.commit.as_ref() == Some(&revision.commit) => (Some(&revision.commit), said),
        Some(revision) if revision.merge_commit.is_some() => {
            (Some(&revision.commit), Some("git:a parent of HEAD".to_owned()))
        }
        Some(revision) => (Some(&revision.commit), Some("git:HEAD".to_owned())),
        None => (ci.commit.as_ref(), said),
    };
    Row { name: "commit", value: value.map_or(Value::Null, |commit| commit.as_str().into()), origin }
}

fn merge_commit(ci: &CiContext, revision: Option<&Revision>) -> Row {
    let said = ci.origins.get("merge_commit").cloned();
    let (value, origin) = match revision {
        Some(Revision { merge_commit: None, .. }) => (None, None),
        Some(Revision { merge_commit, .. }) if *merge_commit == ci.merge_commit => {
            (merge_commit.as_ref(), said)
        }
        Some(Revision { merge_commit, .. }) => (merge_commit.as_ref(), Some("git:HEAD".to_owned())),
        None => (ci.merge_commit.as_ref(), said),
    };
    Row { name: "merge_commit", value: value.map_or(Value::Null, |commit| commit.as_str().into()), origin }
}

fn text(ci: &CiContext, rows: &[Row], push: &Push, git: Option<&SourceState>, problems: &[String]) -> String {
    let mut text = match ci.provider {
        Some(provider) => format!("{}\n", provider.title()),
        None => "no CI: this is a run on somebody's own machine\n".to_owned(),
    };
    for row in rows {
        if let Some(shown) = row.shown() {
            line(&mut text, row.name, &shown, row.origin.as_deref());
        }
    }
    let push = match &push.why {
        Some(why) if push.may == "asked" => format!("only with --push always: {why}"),
        Some(why) => format!("{}: {why}", push.may),
        None => push.may.to_owned(),
    };
    line(&mut text, "push", &push, None);
    if let Some(git) = git {
        text.push_str("the checkout\n");
        line(&mut text, "root", &shown_path(&git.root), None);
        line(&mut text, "head", &git.commit, None);
        let kinds = [(git.detached, "detached"), (git.shallow, "shallow"), (!git.is_pristine(), "changed")];
        let kinds: Vec<&str> = kinds.iter().filter(|(is, _)| *is).map(|(_, kind)| *kind).collect();
        if !kinds.is_empty() {
            line(&mut text, "state", &kinds.join(", "), None);
        }
    }
    for problem in problems {
        line(&mut text, "problem", problem, None);
    }
    text
}

/// A line of the table, and more where it does not fit.
fn line(text: &mut String, name: &str, value: &str, origin: Option<&str>) {
    let value = escape::line(value, escape::LOG_COLUMNS);
    let origin = origin.map(|origin| format!("({})", escape::line(origin, escape::LOG_COLUMNS)));
    let mut lines = wrapped(&value);
    if let Some(origin) = origin {
        let last = lines.last().map_or(0, |last| columns(last));
        match lines.last_mut() {
            Some(line) if last + 2 + columns(&origin) <= WIDTH - INDENT => {
                line.push_str("  ");
                line.push_str(&origin);
            }
            _ => lines.extend(wrapped(&origin)),
        }
    }
    for (at, line) in lines.iter().enumerate() {
        let name = if at == 0 { name } else { "" };
        text.push_str(format!("  {name:<width$}{line}", width = INDENT - 2).trim_end_matches(' '));
        text.push('\n');
    }
}

/// An upper bound: outside of ASCII no character is wider than two.
fn columns(text: &str) -> usize {
    text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum()
}

/// The text in lines that fit, broken at spaces where there are any.
fn wrapped(text: &str) -> Vec<String> {
    let room = WIDTH - INDENT;
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split_inclusive(' ') {
        if used > 0 && used + columns(word.trim_end_matches(' ')) > room {
            lines.push(String::new());
            used = 0;
        }
        for c in word.chars() {
            let width = if c.is_ascii() { 1 } else { 2 };
            if used + width > room && c != ' ' {
                lines.push(String::new());
                used = 0;
            }
            if let Some(line) = lines.last_mut().filter(|_| used + width <= room) {
                line.push(c);
                used += width;
            }
        }
    }
    lines
}

fn document(
    ci: &CiContext,
    rows: Vec<Row>,
    push: &Push,
    git: Option<&SourceState>,
    problems: &[String],
) -> Value {
    let fields: Map<String, Value> = rows
        .into_iter()
        .map(|row| (row.name.to_owned(), json!({ "value": row.value, "origin": row.origin })))
        .collect();
    let checkout = git.map(|git| {
        json!({
            "root": shown_path(&git.root), "head": git.commit, "detached": git.detached, "shallow": git.shallow,
            "clean": git.is_pristine(),
        })
    });
    json!({
        "schema": 1,
        "is_ci": ci.is_ci(),
        "fields": fields,
        "push": { "may": push.may, "why": push.why },
        "checkout": checkout,
        "problems": problems,
        "ignored": ci.ignored,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEAD: &str = "4f1c2b7e9a0d3c5b6e8f7a1b2c3d4e5f60718293";
    const MERGE: &str = "9e107d9d372bb6826bd81d3542a419d6e277d9a1";

    fn row(rows: Vec<Row>, name: &str) -> (Value, Option<String>) {
        let row = rows.into_iter().find(|row| row.name == name).unwrap();
        (row.value, row.origin)
    }

    fn ci() -> CiContext {
        CiContext {
            provider: Some(Provider::GitHub),
            merge_commit: Some(MERGE.to_owned()),
            pr: Some("7".to_owned()),
            origins: [("merge_commit", "env:GITHUB_SHA".to_owned()), ("pr", "env:GITHUB_REF".to_owned())]
                .into(),
            ..CiContext::default()
        }
    }

    #[test]
    fn what_git_knows_is_told_as_gits() {
        let git = SourceState {
            commit: MERGE.to_owned(),
            branch: Some("main".into()),
            remote_url: Some("https://host/a/b".to_owned()),
            ..SourceState::default()
        };
        let revision = Revision { commit: HEAD.to_owned(), merge_commit: Some(MERGE.to_owned()) };
        let of = |name| row(rows(&ci(), Some(&git), Some(&revision)), name);
        let from = |origin: &str| Some(origin.to_owned());
        assert_eq!(of("commit"), (HEAD.into(), from("git:a parent of HEAD")));
        assert_eq!(of("merge_commit"), (MERGE.into(), from("env:GITHUB_SHA")));
        assert_eq!(of("branch"), ("main".into(), from("git:HEAD")));
        assert_eq!(of("ref"), (Value::Null, None), "a pull request's branch may be a fork's");
        assert_eq!(of("project"), ("a/b".into(), from("git:remote")));
        assert_eq!(of("fork"), (false.into(), None));

        let local = |name| row(rows(&CiContext::default(), Some(&git), None), name);
        assert_eq!(local("ref"), ("refs/heads/main".into(), from("git:HEAD")));
        let plain = Revision { commit: MERGE.to_owned(), merge_commit: None };
        let of = |name| row(rows(&CiContext::default(), Some(&git), Some(&plain)), name);
        assert_eq!(of("commit"), (MERGE.into(), from("git:HEAD")));
        assert_eq!(of("merge_commit"), (Value::Null, None));
    }

    #[test]
    fn why_it_does_not_push() {
        let may = |ci: &CiContext| push(ci).may;
        assert_eq!(may(&CiContext::default()), "asked");
        assert_eq!(may(&ci()), "yes");
        assert_eq!(may(&CiContext { fork: true, ..ci() }), "never");
        assert_eq!(may(&CiContext { privileged_pr: true, ..ci() }), "never");
        assert_eq!(may(&CiContext { provider: Some(Provider::Other), ..CiContext::default() }), "asked");
    }

    proptest! {
        #[test]
        fn the_table_is_80_columns_wide(value in "\\PC{0,200}|[ -~]{0,200}|(a{30} ){0,9}", origin in "\\PC{0,90}") {
            let mut text = String::new();
            line(&mut text, "repository_url", &value, Some(&origin));
            for line in text.lines() {
                prop_assert!(columns(line) <= WIDTH, "{line}");
            }
            // Nothing but spaces is lost at the ends of lines.
            let bare = |text: &str| text.replace([' ', '\n'], "");
            let shown = format!("repository_url{}({})", escape::line(&value, 2000), escape::line(&origin, 2000));
            prop_assert_eq!(bare(&text), bare(&shown));
        }
    }
}
