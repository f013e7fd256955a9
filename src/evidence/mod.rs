//! Evidence: what was proven of an image, attached to its digest, and judged by whoever meets it later.
//!
//! A [`Statement`] (in-toto) says something of a digest: how it came about ([`Provenance`]), which tests it passed
//! ([`TestSummary`]), what is in it (an SBOM). [`Draft`] attaches statements as OCI referrers, signed where there is a
//! [`SigningKey`]; [`collect`](fn@collect) reads whatever anybody attached, and [`check`](fn@check) tells what of it holds.

mod attach;
mod bundle;
mod check;
mod collect;
mod der;
mod dsse;
mod key;
mod kind;
mod provenance;
mod repeated;
mod repository_uri;
mod sealed;
mod simple_signing;
mod statement;
mod test_summary;

pub use attach::{AttachedAt, Draft, attach, attach_classic_signature};
pub use check::{Aspect, Demand, Doubt, Proof, Proven, Standing, Verdict, check, read, weigh};
pub use collect::{Attached, Collected, Content, Place, collect};
pub use dsse::Envelope;
pub use key::{KeyId, Password, PublicKey, SigningKey};
pub use kind::Predicate;
pub use provenance::{
    BUILD_TYPE, Build, Dependency, External, GitFacts, Internal, Metadata, Provenance, RunDetails, Source,
    Worker, slsa_level,
};
pub use repeated::unsaid;
pub use simple_signing::SimpleSigning;
pub use statement::{Statement, StatementSubject};
pub use test_summary::{TestConfiguration, TestSummary, TestVerdict};
