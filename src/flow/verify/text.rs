//! What came of a verification, for people.

use std::fmt::Write as _;

use super::Judged;
use crate::evidence::{Aspect, Demand, Predicate, Proof, Standing};
use crate::flow::published::Published;

/// How one aspect stands.
pub(super) struct Row {
    pub(super) aspect: Aspect,
    /// `holds`, `fails` or `absent`.
    pub(super) state: &'static str,
    /// Why it does not, or what holds.
    pub(super) why: String,
    /// The ids of the keys.
    pub(super) signers: Vec<String>,
}

/// A row for each aspect, in their order.
pub(super) fn rows(judged: &Judged, demand: Demand) -> Vec<Row> {
    let all =
        [Aspect::Image, Aspect::Signature, Aspect::Provenance, Aspect::Tests, Aspect::Sbom, Aspect::Policy];
    all.map(|aspect| row(judged, demand, aspect)).into()
}

fn row(judged: &Judged, demand: Demand, aspect: Aspect) -> Row {
    let against: Vec<&str> =
        judged.doubts.iter().filter(|doubt| doubt.aspect == aspect).map(|doubt| doubt.why.as_str()).collect();
    if !against.is_empty() {
        return Row { aspect, state: "fails", why: against.join("; "), signers: Vec::new() };
    }
    let holds = judged.proofs.iter().any(|proof| proof.aspects().contains(&aspect));
    let is_always = matches!(aspect, Aspect::Image | Aspect::Policy);
    if !holds && !is_always {
        let why = if demand.is_for(aspect) { "" } else { "nobody demands it" };
        return Row { aspect, state: "absent", why: why.to_owned(), signers: Vec::new() };
    }
    let mut signers: Vec<String> = judged
        .proofs
        .iter()
        .flat_map(Proof::standings)
        .filter(|standing| is_of(standing, aspect))
        .filter_map(|standing| Some(standing.signer.as_ref()?.to_string()))
        .collect();
    signers.sort();
    signers.dedup();
    Row { aspect, state: "holds", why: said(judged, aspect), signers }
}

fn is_of(standing: &Standing, aspect: Aspect) -> bool {
    match &standing.kind {
        Some(Predicate::Signature) => aspect == Aspect::Signature,
        Some(Predicate::Provenance) => aspect == Aspect::Provenance,
        Some(Predicate::Tests) => aspect == Aspect::Tests,
        Some(kind) => kind.is_sbom() && aspect == Aspect::Sbom,
        None => false,
    }
}

/// What holds, in a few words.
fn said(judged: &Judged, aspect: Aspect) -> String {
    let proofs = judged.proofs.iter();
    match aspect {
        Aspect::Provenance => {
            let said = proofs.flat_map(Proof::provenance).next().map(|one| one.said);
            said.map_or_else(String::new, |said| {
                let commit = said.commit().unwrap_or("no commit");
                format!("{commit} by {}", said.run_details.builder.id)
            })
        }
        Aspect::Tests => {
            let passed: usize = proofs.flat_map(Proof::tests).map(|one| one.said.passed_tests.len()).sum();
            format!("{passed} passed")
        }
        Aspect::Sbom => {
            let kinds = proofs.flat_map(Proof::sboms).map(|one| one.said.kind().word().to_owned());
            kinds.collect::<Vec<_>>().join(", ")
        }
        Aspect::Image | Aspect::Signature | Aspect::Policy => String::new(),
    }
}

/// The rows as text. Words from outside may hold line ends, which would begin rows of their own.
pub(super) fn text(found: &Published, rows: &[Row]) -> String {
    let mut text = format!("{}\n  {:<10}  {}\n", found.reference, "digest", found.top.digest);
    for row in rows {
        let mut line = format!("  {:<10}  {}", row.aspect.name(), row.state);
        if !row.why.is_empty() {
            let _ = write!(line, ": {}", row.why);
        }
        if !row.signers.is_empty() {
            let _ = write!(line, " (key {})", row.signers.join(", "));
        }
        let _ = writeln!(text, "{}", one_line(&line));
    }
    text
}

/// The text on one line; what else is hidden in it is for the printer.
pub(in crate::flow) fn one_line(text: &str) -> String {
    text.replace(['\n', '\r', '\u{2028}', '\u{2029}'], " ")
}
