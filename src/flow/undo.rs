//! `imgbuild publish --undo REPORT`: every tag that a run published points again to what it pointed to before.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::gather;
use super::registries::{self, Registries};
use super::session::Session;
use super::supervise::{Ended, supervise};
use crate::config::Flags;
use crate::error::{Error, Kind, Result};
use crate::event::Stage;
use crate::image::Reference;
use crate::publish::{self, RecordedTag};
use crate::report::RunReport;
use crate::report::run_report::{ImageFacts, SCHEMA, TagState};

/// The largest report that is read, in bytes.
const MAX_REPORT: u64 = 64 << 20;

/// Takes back what the run with the report in `file` published.
pub async fn undo(session: &Session, flags: &Flags, file: &Path) -> Ended {
    supervise(session, "publish", async |report, _| {
        session.stage(Stage::Publish, stages(session, flags, file, report)).await
    })
    .await
}

async fn stages(session: &Session, flags: &Flags, file: &Path, report: &mut RunReport) -> Result<()> {
    let earlier = read(&session.directory.join(file))?;
    let tags = recorded(&earlier, file)?;
    let Some(repository) = tags.first().map(|tag| tag.reference.repository().clone()) else {
        session.events.note(format!("the run {} published nothing: there is nothing to undo", earlier.run));
        return Ok(());
    };
    report.image = Some(ImageFacts { repository: Some(repository.to_string()), ..ImageFacts::default() });
    let (settings, _) = gather::settings_for_registries(session, flags, Some(gather::PUSHES)).await?;
    let store = registries::store(session)?.publishing_to(repository.registry());
    let registry = Registries::new(session, &settings, store, None).open(session, &repository)?;
    publish::undo(&registry, repository.path(), &tags, &session.events).await?;
    report.pushed = true;
    Ok(())
}

fn read(path: &Path) -> Result<RunReport> {
    let shown = path.display();
    let unread = |cause: std::io::Error| {
        Error::new(Kind::Io, format!("cannot read the report {shown}"))
            .because(cause)
            .hint("`imgbuild ci --report FILE` writes one")
    };
    let mut text = Vec::new();
    File::open(path).and_then(|file| file.take(MAX_REPORT + 1).read_to_end(&mut text)).map_err(unread)?;
    if u64::try_from(text.len()).is_ok_and(|length| length > MAX_REPORT) {
        return Err(Error::new(Kind::Usage, format!("{shown} is larger than {} MiB", MAX_REPORT >> 20)));
    }
    let report: RunReport = serde_json::from_slice(&text).map_err(|cause| {
        Error::new(Kind::Usage, format!("{shown} is no report of a run"))
            .because(cause)
            .hint("`imgbuild ci --report FILE` writes one")
    })?;
    if report.schema != SCHEMA {
        return Err(Error::new(
            Kind::Usage,
            format!("{shown} is a report of schema {}, and this imgbuild reads {SCHEMA}", report.schema),
        )
        .hint("undo it with the version of imgbuild that wrote it"));
    }
    Ok(report)
}

/// The tags that the run may have moved, all of one repository.
fn recorded(report: &RunReport, file: &Path) -> Result<Vec<RecordedTag>> {
    let config = report.image.as_ref().and_then(|image| image.config_digest.clone());
    // All tags of a run are of one image: a push whose end was not seen put there what the others have.
    let verified = report.tags.iter().filter(|tag| tag.state == TagState::Verified);
    let image = verified.filter_map(|tag| tag.digest.clone()).next();
    let wrong = |why: String| Error::new(Kind::Usage, format!("{} names {why}", file.display()));
    let mut tags: Vec<RecordedTag> = Vec::new();
    let moved = |state| matches!(state, TagState::Pushed | TagState::Verified);
    for tag in report.tags.iter().filter(|tag| moved(tag.state)) {
        let reference: Reference = tag
            .reference
            .parse()
            .map_err(|cause| wrong(format!("{:?}, which is no reference", tag.reference)).because(cause))?;
        if reference.tag().is_none() || reference.digest().is_some() {
            return Err(wrong(format!("{reference}, which is no tag")));
        }
        let other = |first: &RecordedTag| first.reference.repository() != reference.repository();
        if tags.first().is_some_and(other) {
            return Err(wrong("tags of several repositories".to_owned()));
        }
        tags.push(RecordedTag {
            reference,
            before: tag.before.clone(),
            after: tag.digest.clone().or_else(|| image.clone()),
            config: config.clone(),
        });
    }
    Ok(tags)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::Digest;
    use crate::report::run_report::TagFacts;

    fn report(tags: &[(&str, TagState)]) -> RunReport {
        let mut report = RunReport::new("ci", "r", "2026-01-01T00:00:00Z");
        report.tags = tags
            .iter()
            .map(|(reference, state)| TagFacts {
                reference: (*reference).to_owned(),
                digest: Some(Digest::of(b"x")),
                before: None,
                state: *state,
            })
            .collect();
        report
    }

    #[test]
    fn only_what_may_have_moved_is_taken_back() {
        let tags = [
            ("r.example/a:1", TagState::Verified),
            ("r.example/a:2", TagState::Pushed),
            ("r.example/a:3", TagState::Planned),
            ("r.example/a:4", TagState::Local),
            ("r.example/a:5", TagState::Removed),
        ];
        let found = recorded(&report(&tags), Path::new("f")).unwrap();
        let found: Vec<_> = found.iter().map(|tag| tag.reference.to_string()).collect();
        assert_eq!(found, ["r.example/a:1", "r.example/a:2"]);
    }

    #[test]
    fn a_report_that_was_tampered_with_is_no_report() {
        for tags in [
            &[("r.example/a:1", TagState::Verified), ("r.example/b:1", TagState::Verified)][..],
            &[("r.example/a", TagState::Verified)],
            &[("../../etc", TagState::Verified)],
            &[(
                "r.example/a@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                TagState::Pushed,
            )],
        ] {
            assert_eq!(recorded(&report(tags), Path::new("f")).unwrap_err().kind(), Kind::Usage, "{tags:?}");
        }
    }
}
