//! What is kept of a promotion beside the image: who promoted it, when, from where, as what.

use serde_json::{Value, json};

use super::model::Promotion;
use crate::evidence::{Predicate, Statement};

/// The type of the predicate.
pub const PREDICATE_TYPE: &str = "https://imgbuild.dev/promotion/v1";

/// Who promotes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct By {
    /// The user, as the CI or the system names it.
    pub user: Option<String>,
    /// Who the release registry takes it for.
    pub login: String,
    /// The CI's name.
    pub ci: Option<String>,
    /// The page of the CI's run.
    pub url: Option<String>,
    /// The id of the run.
    pub run: String,
    /// When, RFC 3339.
    pub at: String,
}

/// The statement of a promotion, of the digest that is promoted.
pub fn record(promotion: &Promotion, by: &By) -> Statement {
    let predicate = json!({
        "source": promotion.source,
        "target": promotion.target().to_string(),
        "version": promotion.version,
        "commit": promotion.revision,
        "branch": promotion.branch,
        "gitTag": promotion.git_tag.name,
        "signedBy": promotion.signed_by,
        "promotedBy": {"user": by.user, "login": by.login, "ci": by.ci, "url": by.url},
        "run": by.run,
        "promotedOn": by.at,
        "toolVersion": env!("CARGO_PKG_VERSION"),
    });
    let name = promotion.target().to_string();
    let kind = Predicate::Other(PREDICATE_TYPE.to_owned());
    Statement::new(promotion.digest(), Some(&name), &kind, predicate)
}

/// Whether `statement` records this promotion: of this digest, as this version, to this place. When and by whom it was is
/// that of the first time.
pub fn is_recorded(promotion: &Promotion, statement: &Statement) -> bool {
    let says = |key: &str| statement.predicate.get(key).and_then(Value::as_str).unwrap_or_default();
    statement.predicate_type == PREDICATE_TYPE
        && statement.is_about(promotion.digest())
        && says("version") == promotion.version
        && says("target") == promotion.target().to_string()
}
