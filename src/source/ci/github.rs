//! GitHub Actions, and Gitea's and Forgejo's, which set the same variables. The event's JSON is the only place that
//! says where a pull request comes from.
//!
//! Sources: github/docs `variables.md`, `events-that-trigger-workflows.md`; forgejo/runner `internal/app/run`;
//! go-gitea/gitea#28621 and #36842.

use super::context::Said;
use super::fork::Fork;
use super::look::{Fact, Look, commit_id, pr_number};
use super::refs::Ref;
use super::systems::set;
use super::{CiContext, Provider};
use crate::environment::Environment;
use crate::source::RefName;
use crate::source::url::{sanitise_page_url, sanitise_url};

pub(super) fn is_github(env: &Environment) -> Option<&'static str> {
    set(env, "GITHUB_ACTIONS")
}

pub(super) fn is_gitea(env: &Environment) -> Option<&'static str> {
    set(env, "GITEA_ACTIONS")
}

pub(super) fn is_forgejo(env: &Environment) -> Option<&'static str> {
    set(env, "FORGEJO_ACTIONS")
}

/// Whether it is one of the three.
pub(super) fn is(env: &Environment) -> bool {
    [is_github, is_gitea, is_forgejo].iter().any(|marker| marker(env).is_some())
}

/// Events that build a pull request with its author's rights; the ref says whether they really do.
const PULL_REQUEST_EVENTS: [&str; 3] = ["pull_request", "pull_request_review", "pull_request_review_comment"];

fn checked_out<'a>(look: &Look<'a>) -> Ref<'a> {
    let Some(full) = look.raw("GITHUB_REF") else {
        return match (look.raw("GITHUB_REF_NAME"), look.env.get("GITHUB_REF_TYPE")) {
            (Some(name), Some("tag")) => Ref::Tag(name.value),
            (Some(name), Some("branch")) => Ref::Branch(name.value),
            _ => Ref::None,
        };
    };
    Ref::of(full.value)
}

fn event_name<'a>(look: &Look<'a>) -> &'a str {
    look.env.get("GITHUB_EVENT_NAME").unwrap_or_default()
}

/// A closed and merged pull request runs on its target branch, and is not a pull request any more.
fn is_pull_request(look: &Look<'_>) -> bool {
    event_name(look) == "pull_request_target" || matches!(checked_out(look), Ref::Pull(..))
}

pub(super) fn read(look: &Look<'_>, ci: &mut CiContext) {
    let named = |bytes: &[u8]| {
        let key = if look.raw("GITHUB_REF").is_some() { "GITHUB_REF" } else { "GITHUB_REF_NAME" };
        Some(Fact { value: RefName::from_bytes(bytes), origin: format!("env:{key}") })
    };
    let sha = look.commit("GITHUB_SHA");
    if is_pull_request(look) {
        let head = look.event("pull_request.head.sha").and_then(|sha| sha.and_then(|sha| commit_id(&sha)));
        ci.set("commit", head, |ci| &mut ci.commit);
        match checked_out(look) {
            Ref::Pull(_, true) => ci.set("merge_commit", sha, |ci| &mut ci.merge_commit),
            Ref::Pull(_, false) if ci.commit.is_none() => ci.set("commit", sha, |ci| &mut ci.commit),
            Ref::Pull(_, false) => {}
            _ => ci.set("base_commit", sha, |ci| &mut ci.base_commit),
        }
        pull_request(look, ci);
    } else {
        ci.set("commit", sha, |ci| &mut ci.commit);
        match checked_out(look) {
            Ref::Branch(name) => ci.set("branch", named(name), |ci| &mut ci.branch),
            Ref::Tag(name) => ci.set("tag", named(name), |ci| &mut ci.tag),
            Ref::Pull(..) | Ref::None => {}
        }
        let base = look
            .event("merge_group.base_ref")
            .and_then(|base| base.and_then(|base| base.strip_prefix("refs/heads/").map(RefName::from_bytes)));
        ci.set("base_branch", base, |ci| &mut ci.base_branch);
    }
    // Pull requests say it too, but there it is what is checked out that counts.
    if ci.pr.is_some() && ci.base_commit.is_none() && event_name(look) != "pull_request_target" {
        let base = look.event("pull_request.base.sha").and_then(|sha| sha.and_then(|sha| commit_id(&sha)));
        ci.set("base_commit", base, |ci| &mut ci.base_commit);
    }
    ci.put(Said {
        event: look.text("GITHUB_EVENT_NAME"),
        git_ref: look.name("GITHUB_REF"),
        default_branch: look.event("repository.default_branch"),
        build_id: look.text("GITHUB_RUN_ID"),
        build_number: look.text("GITHUB_RUN_NUMBER"),
        attempt: look.count("GITHUB_RUN_ATTEMPT"),
        job: look.text("GITHUB_JOB"),
        actor: look.text("GITHUB_ACTOR"),
        project: look.text("GITHUB_REPOSITORY"),
        workspace: look.path("GITHUB_WORKSPACE"),
        merge_queue: look.event_value("merge_group").map(|_| "event:merge_group".to_owned()),
        ..Said::default()
    });
    addresses(look, ci);
}

fn pull_request(look: &Look<'_>, ci: &mut CiContext) {
    let event_ref =
        |path| look.event(path).and_then(|name| name.and_then(|name| Some(RefName::from_bytes(name))));
    let branch = look.name("GITHUB_HEAD_REF").or_else(|| event_ref("pull_request.head.ref"));
    ci.set("branch", branch, |ci| &mut ci.branch);
    let base = look.name("GITHUB_BASE_REF").or_else(|| event_ref("pull_request.base.ref"));
    ci.set("base_branch", base, |ci| &mut ci.base_branch);
    let of_ref = match checked_out(look) {
        Ref::Pull(number, _) => {
            pr_number(number).map(|value| Fact { value, origin: "env:GITHUB_REF".to_owned() })
        }
        _ => None,
    };
    let of_event = || ["pull_request.number", "number"].into_iter().find_map(|path| look.event(path));
    // A pull request whose number nobody says is still one.
    let unknown = || Some(Fact { value: "unknown".to_owned(), origin: "env:GITHUB_EVENT_NAME".to_owned() });
    let number = of_ref.or_else(|| of_event()?.and_then(|n| pr_number(&n))).or_else(unknown);
    ci.set("pr", number, |ci| &mut ci.pr);
}

fn addresses(look: &Look<'_>, ci: &mut CiContext) {
    let (Some(server), Some(repository)) = (look.var("GITHUB_SERVER_URL"), look.var("GITHUB_REPOSITORY"))
    else {
        return;
    };
    let page = format!("{}/{}", server.value.trim_end_matches('/'), repository.value);
    let origin = "env:GITHUB_REPOSITORY".to_owned();
    let url = sanitise_url(&page).map(|value| Fact { value, origin: origin.clone() });
    ci.set("repository_url", url, |ci| &mut ci.repository_url);
    if look.env.is_true("ACT") {
        return;
    }
    // Forgejo, and Gitea before 1.26, lead to a run by its number, Gitea since then by its id. Neither says its version.
    let run = match ci.provider {
        Some(Provider::Forgejo) => look.var("GITHUB_RUN_NUMBER"),
        _ => look.var("GITHUB_RUN_ID"),
    };
    let is_github = ci.provider == Some(Provider::GitHub);
    let build = run.and_then(|run| {
        let attempt = ci.attempt.filter(|attempt| *attempt > 1 && is_github);
        let attempt = attempt.map(|attempt| format!("/attempts/{attempt}")).unwrap_or_default();
        run.and_then(|run| sanitise_page_url(&format!("{page}/actions/runs/{run}{attempt}")))
    });
    ci.set("build_url", build, |ci| &mut ci.build_url);
    let has_token = is_github && look.env.get("GITHUB_TOKEN").is_some();
    if has_token && ci.repository_url.as_deref().is_some_and(is_github_com) {
        let value = format!("ghcr.io/{}", repository.value.to_ascii_lowercase());
        ci.set("repository", Some(Fact { value, origin }), |ci| &mut ci.repository);
    }
}

fn is_github_com(url: &str) -> bool {
    url.starts_with("https://github.com/")
}

/// Without an event nothing says that it is no fork's.
pub(super) fn fork(look: &Look<'_>) -> Option<Fork> {
    let home = look
        .event("repository.full_name")
        .or_else(|| look.var("GITHUB_REPOSITORY")?.and_then(|name| Some(name.to_owned())));
    let differs = |path: &str| match (look.event(path), &home) {
        (Some(there), Some(home)) => !there.value.eq_ignore_ascii_case(&home.value),
        _ => true,
    };
    let yes = |origin: &str| Fork::Yes(origin.to_owned());
    if look.event_value("pull_request").is_some() {
        return differs("pull_request.head.repo.full_name").then(|| yes("event:pull_request.head.repo"));
    }
    if event_name(look) == "workflow_run" {
        return differs("workflow_run.head_repository.full_name")
            .then(|| yes("event:workflow_run.head_repository"));
    }
    let pull = is_pull_request(look) || PULL_REQUEST_EVENTS.contains(&event_name(look));
    pull.then(|| yes("assumed: the event file does not say where the pull request comes from"))
}

/// Why the run counts as one that a pull request started with rights that its author lacks, if it does.
pub(super) fn privileged(look: &Look<'_>) -> Option<String> {
    let yes = |origin: &str| Some(origin.to_owned());
    match event_name(look) {
        "pull_request_target" => yes("env:GITHUB_EVENT_NAME"),
        // A comment on a pull request, from whoever may comment.
        "issue_comment" => {
            let on_pull_request = look.event.is_none() || look.event_value("issue.pull_request").is_some();
            on_pull_request.then(|| "event:issue.pull_request".to_owned())
        }
        "workflow_run" => match look.event("workflow_run.event").as_ref().map(|event| event.value.as_str()) {
            Some("push" | "schedule" | "workflow_dispatch" | "release" | "create" | "merge_group") => None,
            _ => yes("event:workflow_run.event"),
        },
        _ => None,
    }
}
