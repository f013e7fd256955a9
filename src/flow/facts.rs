//! What the report says of each stage's value.

use crate::config::Settings;
use crate::engine::EngineInfo;
use crate::image::Reference;
use crate::plan::Plan;
use crate::report::RunReport;
use crate::report::run_report::{
    CiFacts, EngineFacts, ImageFacts, PolicyFacts, SourceFacts, TagFacts, TagState,
};
use crate::smoke::Candidate;
use crate::source::{CiContext, Revision, SourceState};

/// The commit and who builds it; known before the plan, so that a refusal names them too.
pub(super) fn source(report: &mut RunReport, state: &SourceState, ci: &CiContext, revision: &Revision) {
    let branch = if ci.tag.is_some() { None } else { ci.branch.as_ref().or(state.branch.as_ref()) };
    report.source = Some(SourceFacts {
        commit: revision.commit.clone(),
        short: revision.commit.chars().take(7).collect(),
        tree: state.tree.clone(),
        branch: branch.map(ToString::to_string),
        pr: ci.pr.clone(),
        tag: ci.tag.as_ref().map(ToString::to_string),
        clean: state.changes.is_empty(),
        remote: ci.repository_url.clone().or_else(|| state.remote_url.clone()),
        merge_commit: revision.merge_commit.clone(),
    });
    report.ci = ci
        .provider_name()
        .map(|provider| CiFacts { provider: provider.to_owned(), build_url: ci.build_url.clone() });
}

/// The policy that binds the run.
pub(super) fn policy(report: &mut RunReport, settings: &Settings) {
    let policy = &settings.checks.policy;
    report.policy = Some(PolicyFacts { digest: policy.digest.clone(), sources: policy.sources.clone() });
}

/// The engine.
pub(super) fn engine(info: &EngineInfo) -> EngineFacts {
    EngineFacts {
        id: info.id.as_str().to_owned(),
        version: info.version.clone(),
        api: info.api_version.clone(),
    }
}

/// The plan: labels, and every tag as not touched yet.
pub(super) fn plan(report: &mut RunReport, plan: &Plan) {
    report.labels = plan.labels.clone();
    report.tags = plan
        .tags
        .iter()
        .map(|planned| TagFacts {
            reference: plan.reference(planned).to_string(),
            digest: None,
            before: planned.now.clone(),
            state: TagState::Planned,
        })
        .collect();
}

/// The image that is tested.
pub(super) fn image(candidate: &Candidate, plan: &Plan) -> ImageFacts {
    ImageFacts {
        id: Some(candidate.id().clone()),
        config_digest: None,
        digest: None,
        repository: Some(plan.repository.to_string()),
    }
}

/// A tag that was set on the engine.
pub(super) fn local_tag(reference: &Reference) -> TagFacts {
    TagFacts { reference: reference.to_string(), digest: None, before: None, state: TagState::Local }
}
