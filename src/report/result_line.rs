//! What a script wants of a run.

use super::RunReport;
use crate::image::Reference;

/// `repository@digest` with a newline where the run pushed; else the first tag, by which the engine knows the image: it has
/// no digest of a registry yet. Of a deployment, what runs now. Empty where the run failed.
pub fn result_line(report: &RunReport) -> String {
    if let Some(deploy) = report.deploy.as_ref().filter(|_| report.ok) {
        return match (deploy.reference.parse::<Reference>(), deploy.digest.parse()) {
            (Ok(reference), Ok(digest)) => format!("{}\n", reference.repository().at(&digest)),
            _ => format!("{}\n", deploy.digest),
        };
    }
    let Some(tag) = report.tags.first().filter(|_| report.ok) else { return String::new() };
    let digest = report.image.as_ref().and_then(|image| image.digest.as_ref());
    match (tag.reference.parse::<Reference>(), digest) {
        (Ok(reference), Some(digest)) => format!("{}\n", reference.repository().at(digest)),
        _ => format!("{}\n", tag.reference),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::Digest;
    use crate::report::run_report::{DeployFacts, ImageFacts, TagFacts, TagState};

    fn report(reference: &str, digest: Option<&Digest>) -> RunReport {
        let mut report = RunReport::new("ci", "run", String::new());
        report.ok = true;
        report.image = Some(ImageFacts { digest: digest.cloned(), ..ImageFacts::default() });
        report.tags.push(TagFacts {
            reference: reference.to_owned(),
            state: TagState::Verified,
            before: None,
            digest: None,
        });
        report
    }

    #[test]
    fn of_a_deployment_it_is_what_runs() {
        let digest = Digest::of(b"x").to_string();
        let mut report = RunReport::new("deploy", "run", String::new());
        report.ok = true;
        let facts = |reference: &str| DeployFacts {
            reference: reference.to_owned(),
            digest: digest.clone(),
            ..DeployFacts::default()
        };
        report.deploy = Some(facts("ghcr.io/acme/web:1"));
        assert_eq!(result_line(&report), format!("ghcr.io/acme/web@{digest}\n"));
        report.deploy = Some(facts("by hand: no reference"));
        assert_eq!(result_line(&report), format!("{digest}\n"));
    }

    #[test]
    fn it_is_the_repository_at_the_digest_or_the_first_tag() {
        let digest = Digest::of(b"x");
        for (reference, expected) in [
            ("ghcr.io/acme/api:main-1", format!("ghcr.io/acme/api@{digest}\n")),
            ("localhost:5000/api:1", format!("localhost:5000/api@{digest}\n")),
        ] {
            assert_eq!(result_line(&report(reference, Some(&digest))), expected);
            assert_eq!(result_line(&report(reference, None)), format!("{reference}\n"));
        }
        let failed = RunReport { ok: false, ..report("ghcr.io/acme/api:1", Some(&digest)) };
        assert_eq!(result_line(&failed), "");
    }
}
