//! What of the evidence holds: who signed it, whether it is about this image, and whether it proves what is demanded.

use std::fmt;

use super::{Collected, Content, KeyId, Place, Predicate, Provenance, PublicKey, Statement, TestSummary};
use crate::image::Digest;

/// How many reasons are told of one thing that does not hold.
const MAX_REASONS: usize = 5;
/// The longest reason, in characters: it may quote whoever attached something.
const LONGEST: usize = 500;

/// What may hold or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Aspect {
    /// Its bytes are those that its digest stands for.
    Image,
    /// Somebody who is trusted signed the image.
    Signature,
    /// How it came about.
    Provenance,
    /// Its tests passed.
    Tests,
    /// What is in it.
    Sbom,
    /// What it says of itself is allowed.
    Policy,
}

impl Aspect {
    /// Those that evidence is attached for.
    pub const ATTACHED: [Aspect; 4] = [Aspect::Signature, Aspect::Provenance, Aspect::Tests, Aspect::Sbom];

    /// A word for people and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Aspect::Image => "image",
            Aspect::Signature => "signature",
            Aspect::Provenance => "provenance",
            Aspect::Tests => "tests",
            Aspect::Sbom => "sbom",
            Aspect::Policy => "policy",
        }
    }

    /// What such evidence is for.
    fn of(kind: &Predicate) -> Option<Aspect> {
        match kind {
            Predicate::Signature => Some(Aspect::Signature),
            Predicate::Provenance => Some(Aspect::Provenance),
            Predicate::Tests => Some(Aspect::Tests),
            Predicate::Spdx | Predicate::CycloneDx => Some(Aspect::Sbom),
            Predicate::Other(_) => None,
        }
    }
}

/// What must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demand {
    /// A signature by a key that is trusted.
    pub signature: bool,
    /// Provenance.
    pub provenance: bool,
    /// The results of tests, all of which passed.
    pub tests: bool,
    /// An SBOM. Where one is attached, it has to hold whether it is demanded or not.
    pub sbom: bool,
}

impl Demand {
    /// Whether it is for `aspect`.
    pub fn is_for(self, aspect: Aspect) -> bool {
        match aspect {
            Aspect::Signature => self.signature,
            Aspect::Provenance => self.provenance,
            Aspect::Tests => self.tests,
            Aspect::Sbom => self.sbom,
            Aspect::Image | Aspect::Policy => false,
        }
    }
}

/// Something that does not hold, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// What.
    pub aspect: Aspect,
    /// Why, as a fragment for people. It may hold words of whoever attached something.
    pub why: String,
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.aspect.name(), self.why)
    }
}

/// How one thing that is attached stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// Where it was found.
    pub place: Place,
    /// What it says; of what could not be read, what it claims to say.
    pub kind: Option<Predicate>,
    /// The key among the trusted ones that signed it.
    pub signer: Option<KeyId>,
    /// Whether there is a signature, of whomever.
    pub has_signature: bool,
    /// What it says. None of what could not be read, and of cosign's older signatures.
    pub statement: Option<Statement>,
    /// Why it proves nothing.
    pub objection: Option<String>,
}

/// What was proven of an image. Nothing but [`check`] makes one:
///
/// ```compile_fail,E0451
/// fn forge(subject: imgbuild::image::Digest) -> imgbuild::evidence::Proof {
///     imgbuild::evidence::Proof { subject, standings: Vec::new(), aspects: Vec::new() }
/// }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Proof {
    subject: Digest,
    standings: Vec<Standing>,
    aspects: Vec<Aspect>,
}

/// A statement that holds, in the form that belongs to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Proven<T> {
    /// What it says.
    pub said: T,
    /// Where it was found.
    pub place: Place,
    /// Whose it is; `None` where no keys were given, and it is only as trustworthy as whoever may push there.
    pub signer: Option<KeyId>,
}

impl Proof {
    /// The manifest that it is about.
    pub fn subject(&self) -> &Digest {
        &self.subject
    }

    /// What holds.
    pub fn aspects(&self) -> &[Aspect] {
        &self.aspects
    }

    /// How it came about; what imgbuild wrote comes first.
    pub fn provenance(&self) -> Vec<Proven<Provenance>> {
        let mut found = self.said(Provenance::of);
        found.sort_by_key(|one| !one.said.is_ours());
        found
    }

    /// The results of tests.
    pub fn tests(&self) -> Vec<Proven<TestSummary>> {
        self.said(TestSummary::of)
    }

    /// The documents of what is in it.
    pub fn sboms(&self) -> Vec<Proven<Statement>> {
        self.said(|statement| statement.kind().is_sbom().then(|| statement.clone()))
    }

    /// Everything that holds.
    pub fn standings(&self) -> &[Standing] {
        &self.standings
    }

    fn said<T>(&self, read: impl Fn(&Statement) -> Option<T>) -> Vec<Proven<T>> {
        let proven = |one: &Standing| {
            let said = read(one.statement.as_ref()?)?;
            Some(Proven { said, place: one.place.clone(), signer: one.signer.clone() })
        };
        self.standings.iter().filter_map(proven).collect()
    }
}

/// How each thing that is attached stands, given the keys that are trusted.
///
/// Without keys nobody's signature can be told, and everything counts that is about the image: it is then as trustworthy
/// as whoever may push to the repository.
pub fn read(collected: &Collected, keys: &[PublicKey]) -> Vec<Standing> {
    collected.attached.iter().map(|one| {
        let (signer, has_signature, statement) = match &one.content {
            Content::Envelope(envelope) => (envelope.signed_by(keys).cloned(), true, envelope.statement().map(Some)),
            Content::Unsigned(bytes) => (None, false, Statement::parse(bytes).map(Some)),
            Content::SimpleSigning(signed) => (signed.signed_by(keys).cloned(), true, Ok(None)),
            Content::Unreadable(why) => (None, false, Err(why.clone())),
        };
        let is_older = matches!(one.content, Content::SimpleSigning(_));
        let is_believed = keys.is_empty() || signer.is_some();
        let kind = match &statement {
            // What was changed may say that it is something else: then its name tells what is missing.
            Ok(Some(statement)) if is_believed => Some(statement.kind()),
            Ok(Some(statement)) => one.claims.clone().or_else(|| Some(statement.kind())),
            Ok(None) => Some(Predicate::Signature),
            Err(_) => one.claims.clone(),
        };
        let objection = match (&statement, &one.content) {
            (Err(why), Content::Envelope(_)) if !keys.is_empty() && signer.is_none() => {
                Some(format!("its signature is of none of the keys, and {why}"))
            }
            (Err(why), _) => Some(why.clone()),
            _ if !keys.is_empty() && !has_signature => Some("nobody signed it".to_owned()),
            _ if !keys.is_empty() && signer.is_none() => Some(
                "its signature is of none of the keys: another key signed it, or it was changed after that".to_owned(),
            ),
            (Ok(Some(statement)), _) if !statement.is_about(&collected.subject) => Some(about(statement)),
            (Ok(Some(statement)), _) => says_nothing(statement),
            (Ok(None), Content::SimpleSigning(signed)) => match signed.subject() {
                Ok(subject) if subject == collected.subject => None,
                Ok(other) => Some(format!("it is about {other}")),
                Err(why) => Some(why),
            },
            (Ok(None), _) => None,
        };
        let objection = objection.map(cut);
        let statement = statement.ok().flatten().filter(|_| !is_older);
        Standing { place: one.place.clone(), kind, signer, has_signature, statement, objection }
    })
    .collect()
}

/// A reason as far as anybody reads it.
fn cut(mut reason: String) -> String {
    if let Some((at, _)) = reason.char_indices().nth(LONGEST) {
        reason.truncate(at);
        reason.push('…');
    }
    reason
}

/// What a statement is about, where that is something else.
fn about(statement: &Statement) -> String {
    let digests: Vec<String> = statement
        .subject
        .iter()
        .flat_map(|one| one.digest.iter().map(|(algorithm, hex)| format!("{algorithm}:{hex}")))
        .take(3)
        .collect();
    if digests.is_empty() {
        "it is about nothing".to_owned()
    } else {
        format!("it is about {}", digests.join(", "))
    }
}

/// Why a statement proves nothing, though it is about the image and signed.
fn says_nothing(statement: &Statement) -> Option<String> {
    let unknown = || Some("its form is not the specification's".to_owned());
    match statement.kind() {
        Predicate::Tests => match TestSummary::of(statement) {
            Some(summary) => summary.objection(),
            None => unknown(),
        },
        Predicate::Provenance => match Provenance::of(statement) {
            Some(said)
                if said.build_definition.build_type.is_empty() || said.run_details.builder.id.is_empty() =>
            {
                Some("it names no builder or no kind of build".to_owned())
            }
            Some(_) => None,
            None => unknown(),
        },
        kind if kind.is_sbom() && !statement.predicate.is_object() => unknown(),
        _ => None,
    }
}

/// What holds and what does not.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// What holds.
    pub proof: Proof,
    /// What was demanded and does not, in the order of [`Aspect`].
    pub doubts: Vec<Doubt>,
    /// Those doubts among them that nothing else makes up for, wherever it is attached: somebody who is believed says the
    /// opposite, or an SBOM is there and does not hold.
    pub refuted: Vec<Doubt>,
}

/// Judges what is attached to a manifest by the keys that are trusted. Pure: nothing is read.
pub fn weigh(collected: &Collected, keys: &[PublicKey], demand: Demand) -> Verdict {
    let standings = read(collected, keys);
    let mut doubts = Vec::new();
    let mut aspects = Vec::new();
    let mut refuted = Vec::new();
    for aspect in Aspect::ATTACHED {
        let of_it: Vec<&Standing> =
            standings.iter().filter(|one| one.kind.as_ref().and_then(Aspect::of) == Some(aspect)).collect();
        // A trusted word that tests failed is not outdone by another one that they passed.
        let failed = of_it.iter().find(|one| aspect == Aspect::Tests && is_believed(one, keys, collected));
        let holds = match (aspect, failed) {
            (Aspect::Signature, _) if keys.is_empty() => false,
            (_, Some(_)) => false,
            (Aspect::Sbom, None) => !of_it.is_empty() && each_kind_holds(&of_it),
            (_, None) => of_it.iter().any(|one| one.objection.is_none()),
        };
        if holds {
            aspects.push(aspect);
            continue;
        }
        let for_good = failed.is_some() || (aspect == Aspect::Sbom && !of_it.is_empty());
        if demand.is_for(aspect) || for_good {
            let doubt = Doubt { aspect, why: why(aspect, &of_it, &standings, keys) };
            refuted.extend(for_good.then(|| doubt.clone()));
            doubts.push(doubt);
        }
    }
    let standings = standings.into_iter().filter(|one| one.objection.is_none()).collect();
    Verdict { proof: Proof { subject: collected.subject.clone(), standings, aspects }, doubts, refuted }
}

/// Whether of each kind of document that is there, one holds: a list in one form does not make up for another one that was
/// changed, since whoever reads that form meets the changed one.
fn each_kind_holds(of_it: &[&Standing]) -> bool {
    of_it.iter().all(|one| of_it.iter().any(|other| other.kind == one.kind && other.objection.is_none()))
}

/// Whether it is a word that counts, and says that tests failed.
fn is_believed(one: &Standing, keys: &[PublicKey], collected: &Collected) -> bool {
    let is_trusted = keys.is_empty() || one.signer.is_some();
    let failed = |statement: &Statement| {
        statement.is_about(&collected.subject)
            && TestSummary::of(statement).is_some_and(|summary| summary.has_failed())
    };
    is_trusted && one.statement.as_ref().is_some_and(failed)
}

fn why(aspect: Aspect, of_it: &[&Standing], all: &[Standing], keys: &[PublicKey]) -> String {
    if aspect == Aspect::Signature && keys.is_empty() {
        return "no key was given to check it with".to_owned();
    }
    let mut told: Vec<&Standing> = of_it.iter().copied().filter(|one| one.objection.is_some()).collect();
    if told.is_empty() {
        // What could not be read may have been it.
        told = all.iter().filter(|one| one.kind.is_none() && one.objection.is_some()).collect();
    }
    let reason = |one: &&Standing| format!("{}: {}", one.place, one.objection.as_deref().unwrap_or_default());
    let mut reasons: Vec<String> = told.iter().take(MAX_REASONS).map(reason).collect();
    if told.len() > MAX_REASONS {
        reasons.push(format!("and {} more", told.len() - MAX_REASONS));
    }
    if reasons.is_empty() { "there is none".to_owned() } else { reasons.join("; ") }
}

/// What is attached proves what is demanded; else what does not hold, in the order of [`Aspect`].
pub fn check(collected: &Collected, keys: &[PublicKey], demand: Demand) -> Result<Proof, Vec<Doubt>> {
    let verdict = weigh(collected, keys, demand);
    if verdict.doubts.is_empty() { Ok(verdict.proof) } else { Err(verdict.doubts) }
}
