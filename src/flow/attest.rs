//! What a run attaches to the image that it pushed: how it was built, which tests it passed, what it holds, and a
//! signature.
//!
//! It is attached once the unique tag is up, and before any version or moving tag: who follows those finds it there.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::prepare::Prepared;
use super::session::Session;
use super::{clock, inventory};
use crate::config::Builder;
use crate::engine::Keeper;
use crate::error::{Error, Kind, Result};
use crate::event::{Event, Outcome};
use crate::evidence::{
    self, BUILD_TYPE, Build, Dependency, Draft, External, GitFacts, Internal, Metadata, Predicate,
    Provenance, RunDetails, SigningKey, Source, Statement, TestConfiguration, TestSummary, TestVerdict,
    Worker,
};
use crate::image::{Digest, Reference, label};
use crate::inventory::Inventory;
use crate::inventory::sbom::{About, cyclonedx, spdx};
use crate::registry::{Manifest, Registry};
use crate::report::RunReport;
use crate::smoke::VerifiedImage;

/// The build arguments whose values are imgbuild's own, and so no secret. Of all others only the names are told.
const PUBLIC_ARGUMENTS: [&str; 7] =
    ["GIT_SHA", "VCS_REF", "BUILD_URL", "BUILD_DATE", "SOURCE_DATE_EPOCH", "VERSION", "IMGBUILD"];
/// What the ids of builders begin with.
const BUILDER: &str = "https://imgbuild.dev/builder";

/// What is attached with, and what was read for it.
pub(super) struct Attesting {
    pub(super) key: Option<SigningKey>,
    /// What the image holds, where an SBOM is wanted.
    pub(super) contents: Option<Arc<Inventory>>,
}

/// What the image holds, where the run attaches an SBOM: `known`, or what its layers say.
///
/// An image of an earlier run that this one adopts has its SBOM already.
pub(super) async fn contents(
    session: &Session,
    prepared: &Prepared,
    keeper: &Keeper,
    verified: &VerifiedImage,
    known: Option<Arc<Inventory>>,
) -> Result<Option<Arc<Inventory>>> {
    let plan = &prepared.plan;
    if !prepared.settings.evidence.sbom.value || !plan.pushes() || plan.adopts.is_some() {
        return Ok(None);
    }
    match known {
        Some(known) => Ok(Some(known)),
        None => {
            let read = inventory::read(session, keeper.engine(), verified.id().as_str()).await;
            read.map(Some).map_err(|error| error.hint("`evidence.sbom = false` attaches no list of it"))
        }
    }
}

/// Attaches what the settings ask for to `manifest`, and signs it where there is a key.
///
/// An image of an earlier run that this one adopts has its provenance already: this run did not build it.
pub(super) async fn attach(
    session: &Session,
    prepared: &Prepared,
    verified: &VerifiedImage,
    manifest: &Manifest,
    attesting: &Attesting,
    report: &RunReport,
) -> Result<()> {
    let Some(registry) = &prepared.registry else { return Ok(()) };
    let (settings, key) = (&prepared.settings.evidence, attesting.key.as_ref());
    let subject = manifest.descriptor()?;
    let (path, name) = (prepared.plan.repository.path(), prepared.plan.repository.to_string());
    let statement = |kind: Predicate, said| Statement::new(&manifest.digest, Some(&name), &kind, said);
    let mut statements = Vec::new();
    if settings.provenance.value && prepared.plan.adopts.is_none() {
        let said = provenance(session, prepared, manifest.config_digest(), report);
        statements.push(statement(Predicate::Provenance, said.to_json()));
    }
    if settings.tests.value {
        statements.push(statement(Predicate::Tests, tests(prepared, verified, report).to_json()));
    }
    if let Some(contents) = &attesting.contents {
        let about = About {
            repository: name.clone(),
            digest: manifest.digest.clone(),
            created: Timestamp::from_second(prepared.plan.created).unwrap_or_default(),
        };
        for (kind, document) in
            [(Predicate::Spdx, spdx(contents, &about)), (Predicate::CycloneDx, cyclonedx(contents, &about))]
        {
            statements.push(statement(kind, parsed(&document)?));
        }
    }
    if key.is_some() {
        statements.push(statement(Predicate::Signature, json!({})));
    }
    let statements = unsaid(session, registry, path, &manifest.digest, statements, key).await?;
    let created = clock::rfc3339(clock::now());
    let draft = |statement| Draft { statement, created: created.clone() };
    let drafts: Vec<Draft> = statements.into_iter().map(draft).collect();
    let attached = evidence::attach(registry, path, &subject, &drafts, key).await.map_err(|error| {
        error
            .hint("no version and no moving tag was set: those are for images whose evidence is there")
            .hint("what was attached stays, and a further run adds what is missing")
    })?;
    for one in attached {
        tell(session, &one.kind, one.digest.as_str(), &manifest.digest, one.signed);
    }
    if let Some(key) = key.filter(|_| settings.classic_signature.value) {
        classic(session, registry, path, &name, &manifest.digest, key).await?;
    }
    Ok(())
}

/// Leaves out what an earlier run attached: one that is repeated, as that of a release is which is adopted, adds nothing.
async fn unsaid(
    session: &Session,
    registry: &Registry,
    path: &str,
    subject: &Digest,
    statements: Vec<Statement>,
    key: Option<&SigningKey>,
) -> Result<Vec<Statement>> {
    // Mostly the image is new, and there is nothing to read.
    if statements.is_empty() || registry.referrers(path, subject).await?.is_empty() {
        return Ok(statements);
    }
    let there = evidence::collect(registry, path, subject).await?;
    let before = statements.len();
    let left = evidence::unsaid(statements, &there, key.map(SigningKey::public).as_ref());
    let said = before.saturating_sub(left.len());
    if said > 0 {
        let more = if left.is_empty() { "nothing is added to it" } else { "what is new is added" };
        session.events.note(format!("{subject} has {said} of {before} statements already: {more}"));
    }
    Ok(left)
}

/// The JSON of a document that was just written.
fn parsed(document: &[u8]) -> Result<Value> {
    let failed = |cause| Error::new(Kind::Internal, "the SBOM is not JSON").because(cause);
    serde_json::from_slice(document).map_err(failed)
}

async fn classic(
    session: &Session,
    registry: &Registry,
    path: &str,
    name: &str,
    subject: &Digest,
    key: &SigningKey,
) -> Result<()> {
    let tag = evidence::attach_classic_signature(registry, path, subject, name, key).await?;
    tell(session, &Predicate::Signature, &tag, subject, true);
    Ok(())
}

fn tell(session: &Session, kind: &Predicate, place: &str, subject: &Digest, signed: bool) {
    let kind = if kind.is_sbom() { "sbom" } else { kind.word() };
    session.events.emit(Event::EvidenceAttached {
        kind: kind.to_owned(),
        place: place.to_owned(),
        subject: subject.to_string(),
        signed,
    });
}

/// How the image was built.
fn provenance(
    session: &Session,
    prepared: &Prepared,
    config_digest: Option<Digest>,
    report: &RunReport,
) -> Provenance {
    let (plan, settings, ci) = (&prepared.plan, &prepared.settings, &prepared.ci);
    let facts = report.source.clone().unwrap_or_default();
    let commit = BTreeMap::from([("gitCommit".to_owned(), plan.revision.clone())]);
    let uri = facts.remote.as_ref().map(|remote| format!("git+{remote}"));
    let git_ref = ci.git_ref.as_ref().map(ToString::to_string).or_else(|| {
        let tag = facts.tag.as_ref().map(|tag| format!("refs/tags/{tag}"));
        tag.or_else(|| facts.branch.as_ref().map(|branch| format!("refs/heads/{branch}")))
    });
    let mut dependencies = vec![Dependency {
        uri: uri.clone().map(|uri| format!("{uri}@{}", plan.revision)).unwrap_or_default(),
        digest: commit.clone(),
    }];
    // A repository without a remote has no address; the commit stands in the source.
    dependencies.retain(|one| !one.uri.is_empty());
    dependencies.extend(base(prepared));
    let value =
        |name: &String, value: &String| PUBLIC_ARGUMENTS.contains(&name.as_str()).then(|| value.clone());
    let own = |name: &String| !settings.build_args.contains_key(name);
    let withheld = ci.why_never().is_some();
    let secrets = settings.builder.secrets.iter().filter(|_| !withheld).map(|one| one.id.clone()).collect();
    let clean = plan.labels.get(label::GIT_CLEAN).is_some_and(|clean| clean == "true");
    Provenance {
        build_definition: Build {
            build_type: BUILD_TYPE.to_owned(),
            external_parameters: External {
                source: Some(Source { uri: uri.unwrap_or_default(), digest: commit, git_ref }),
                dockerfile: Some(plan.dockerfile.clone()),
                target: plan.target.clone(),
                platform: plan.platform.clone(),
                arguments: plan
                    .args
                    .iter()
                    .map(|(name, text)| (name.clone(), value(name, text).filter(|_| own(name))))
                    .collect(),
                secrets,
            },
            internal_parameters: Internal {
                context_digest: Some(plan.context_digest.clone()),
                config_digest,
                git: Some(GitFacts {
                    tree: facts.tree,
                    clean,
                    branch: facts.branch,
                    tag: facts.tag,
                    pull_request: facts.pr,
                    merge_commit: facts.merge_commit,
                }),
                development: Some(plan.development),
                engine: prepared.engine.as_ref().map(|engine| engine.info().version.clone()),
                builder: Some(match &settings.builder.builder.value {
                    // Its address may be nobody's business.
                    Builder::At(_) => "remote".to_owned(),
                    builder => builder.as_str().to_owned(),
                }),
                ci: ci.provider_name().map(str::to_owned),
            },
            resolved_dependencies: dependencies,
        },
        run_details: RunDetails {
            builder: Worker {
                id: match ci.provider_name() {
                    Some(provider) => format!("{BUILDER}/ci/{provider}"),
                    None => format!("{BUILDER}/local"),
                },
                version: BTreeMap::from([("imgbuild".to_owned(), env!("CARGO_PKG_VERSION").to_owned())]),
            },
            metadata: Metadata {
                invocation_id: Some(ci.build_url.clone().unwrap_or_else(|| session.run.clone())),
                started_on: Timestamp::from_second(session.now).ok().map(|time| time.to_string()),
                finished_on: Some(clock::rfc3339(clock::now())),
            },
        },
    }
}

/// The image that it stands on, where its digest is known.
fn base(prepared: &Prepared) -> Option<Dependency> {
    let labels = &prepared.plan.labels;
    let digest = labels.get(label::oci::BASE_DIGEST)?.strip_prefix("sha256:")?;
    let reference: Reference = labels.get(label::oci::BASE_NAME)?.parse().ok()?;
    let tag = reference.tag().map(|tag| format!("@{tag}")).unwrap_or_default();
    // A port's colon would begin something else in such a URL.
    let name = reference.repository().familiar().replace(':', "%3A");
    Some(Dependency {
        uri: format!("pkg:docker/{name}{tag}"),
        digest: BTreeMap::from([("sha256".to_owned(), digest.to_owned())]),
    })
}

/// The tests that it passed.
fn tests(prepared: &Prepared, verified: &VerifiedImage, report: &RunReport) -> TestSummary {
    let names = |outcome: Outcome| {
        let all = verified.tests().iter().filter(move |test| test.outcome == outcome);
        all.map(|test| test.name.clone()).collect::<Vec<String>>()
    };
    let failed = names(Outcome::Failed);
    let source = report.source.as_ref();
    let mut configuration = vec![TestConfiguration {
        name: Some("source".to_owned()),
        uri: source.and_then(|source| source.remote.as_ref()).map(|remote| format!("git+{remote}")),
        digest: BTreeMap::from([("gitCommit".to_owned(), prepared.plan.revision.clone())]),
    }];
    configuration.extend(report.policy.as_ref().map(|policy| TestConfiguration {
        name: Some("policy".to_owned()),
        uri: None,
        digest: BTreeMap::from([("sha256".to_owned(), policy.digest.hex().to_owned())]),
    }));
    TestSummary {
        // Nothing else is a verified image; a reader is told what was counted all the same.
        result: if failed.is_empty() { TestVerdict::Passed } else { TestVerdict::Failed },
        configuration,
        url: prepared.ci.build_url.clone(),
        passed_tests: names(Outcome::Ok),
        warned_tests: Vec::new(),
        failed_tests: failed,
    }
}
