//! `imgbuild verify REF`: whether signature, provenance, tests, SBOM and policy of a published image hold.

mod policy;
mod text;

pub(super) use policy::limits;
pub(super) use text::one_line;

use std::path::PathBuf;

use serde_json::json;

use super::published::{self, Published};
use super::session::Session;
use super::{gather, guarded, keys};
use crate::config::model::EvidenceKind;
use crate::config::{Flags, Settings};
use crate::error::{Error, Kind, Result};
use crate::evidence::{Collected, Demand, Doubt, Proof, PublicKey, weigh};
use crate::image::Reference;

/// What is asked.
#[derive(Debug, Clone, Default)]
pub struct VerifyOptions {
    /// The image.
    pub reference: String,
    /// Files of public keys; without any, the keys of the configuration count.
    pub keys: Vec<PathBuf>,
    /// A configuration file whose `[evidence]` is the policy.
    pub policy: Option<PathBuf>,
    /// Whether the bytes of layers are left unread: whoever pulls compares them.
    pub skip_layers: bool,
}

/// What came of it.
#[derive(Debug)]
pub struct Verified {
    /// For people, with a final newline. It holds words of whoever attached something.
    pub text: String,
    /// The same for programs.
    pub json: serde_json::Value,
    /// What does not hold.
    pub error: Option<Error>,
}

/// Judges an image by what is attached to it. Nothing of it is run or unpacked.
pub async fn verify(session: &Session, options: &VerifyOptions) -> Result<Verified> {
    let reference = published::parse(&options.reference)?;
    let settings = match &options.policy {
        Some(file) => gather::settings_with_policy(session, &Flags::default(), file)?,
        None => gather::settings_for_registries(session, &Flags::default(), None).await?.0,
    };
    let keys = keys::believed(session, &options.keys, &settings.evidence)?;
    let demand = demand(&settings.evidence.require);
    weighed(session, &settings, reference, &keys, demand, options.skip_layers).await
}

/// Refuses an image unless what is attached to it holds by the keys of the configuration, a signature in any case. Without
/// keys nothing is demanded. Its bytes are left to whoever pulls it by this digest.
pub(super) async fn require(session: &Session, settings: &Settings, reference: Reference) -> Result<()> {
    let keys = keys::believed(session, &[], &settings.evidence)?;
    if keys.is_empty() {
        return Ok(());
    }
    let demand = Demand { signature: true, ..demand(&settings.evidence.require) };
    weighed(session, settings, reference, &keys, demand, true).await?.error.map_or(Ok(()), Err)
}

async fn weighed(
    session: &Session,
    settings: &Settings,
    reference: Reference,
    keys: &[PublicKey],
    demand: Demand,
    skip_layers: bool,
) -> Result<Verified> {
    let registries = published::reading(session, settings)?;
    let what = format!("verify {reference}");
    let looked = async {
        let found = published::find(session, &registries, reference).await?;
        let collected = found.evidence().await?;
        let mut judged = judge(&collected, keys, demand);
        if !skip_layers {
            judged.doubts.extend(found.bytes().await?);
        }
        judged.doubts.extend(policy::doubts(&found, &judged.proofs, &settings.evidence));
        judged.doubts.sort_by_key(|doubt| doubt.aspect);
        Ok(conclude(&found, &judged, keys, demand))
    };
    guarded::read(session, settings, &what, looked).await
}

/// What has to hold, as the configuration has it.
fn demand(require: &[EvidenceKind]) -> Demand {
    let has = |kind| require.contains(&kind);
    Demand {
        signature: has(EvidenceKind::Signature),
        provenance: has(EvidenceKind::Provenance),
        tests: has(EvidenceKind::Tests),
        sbom: has(EvidenceKind::Sbom),
    }
}

/// What holds of an image, and what does not.
pub(super) struct Judged {
    pub(super) proofs: Vec<Proof>,
    pub(super) doubts: Vec<Doubt>,
}

/// Judges a single image, or an index: there, what does not hold of the index has to hold of each of its images.
pub(super) fn judge(collected: &[Collected], keys: &[PublicKey], demand: Demand) -> Judged {
    let mut verdicts = collected.iter().map(|one| weigh(one, keys, demand));
    let Some(top) = verdicts.next() else { return Judged { proofs: Vec::new(), doubts: Vec::new() } };
    let children: Vec<_> = verdicts.collect();
    let mut doubts = Vec::new();
    for doubt in top.doubts {
        let of_children: Vec<&Doubt> = children
            .iter()
            .flat_map(|child| child.doubts.iter().filter(|one| one.aspect == doubt.aspect))
            .collect();
        let lacking: Vec<String> = children
            .iter()
            .filter(|child| child.doubts.iter().any(|one| one.aspect == doubt.aspect))
            .map(|child| format!("sha256:{}…", child.proof.subject().short()))
            .collect();
        match of_children.first() {
            None if !children.is_empty() => {}
            None => doubts.push(doubt),
            Some(of_child) => doubts.push(Doubt {
                aspect: doubt.aspect,
                why: format!(
                    "of the index, {}; of its images {}, {}",
                    doubt.why,
                    lacking.join(", "),
                    of_child.why
                ),
            }),
        }
    }
    // A word against it counts, whatever else is said.
    doubts.retain(|doubt| top.refuted.iter().all(|refuted| refuted.aspect != doubt.aspect));
    doubts.extend(top.refuted);
    doubts.extend(children.iter().flat_map(|child| child.refuted.iter().cloned()));
    let mut proofs = vec![top.proof];
    proofs.extend(children.into_iter().map(|child| child.proof));
    Judged { proofs, doubts }
}

fn conclude(found: &Published, judged: &Judged, keys: &[PublicKey], demand: Demand) -> Verified {
    let mut names: Vec<&str> = judged.doubts.iter().map(|doubt| doubt.aspect.name()).collect();
    names.dedup();
    let error = (!names.is_empty()).then(|| {
        let verb = if names.len() == 1 { "does" } else { "do" };
        let message = format!("{} is not verified: {} {verb} not hold", found.reference, names.join(", "));
        judged
            .doubts
            .iter()
            .fold(Error::new(Kind::Refused, message), |error, doubt| error.hint(doubt.to_string()))
    });
    let rows = text::rows(judged, demand);
    let json = json!({
        "schema": 1,
        "reference": found.reference.to_string(),
        "digest": found.top.digest,
        "verified": error.is_none(),
        "keys": keys.iter().map(|key| key.id().as_str()).collect::<Vec<_>>(),
        "aspects": rows.iter().map(|row| json!({
            "aspect": row.aspect.name(), "state": row.state, "why": row.why, "signers": row.signers,
        })).collect::<Vec<_>>(),
    });
    Verified { text: text::text(found, &rows), json, error }
}

#[cfg(test)]
mod tests;
