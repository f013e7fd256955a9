//! As whom an image says to run, and as whom it runs.

use std::collections::BTreeMap;

use crate::engine::{Engine, ProcessRow};
use crate::error::Result;
use crate::rules::Fact;
use crate::rules::facts::UsersSeen;
use crate::smoke::look::{self, Place};

/// Compares what `claimed` (`Config.User`) stands for in the container with the users of its processes.
pub(super) async fn seen(
    engine: &Engine,
    id: &str,
    claimed: &str,
    rows: &[ProcessRow],
) -> Result<Fact<UsersSeen>> {
    if rows.is_empty() {
        return Ok(Fact::Missing("the engine lists no processes of its container".to_owned()));
    }
    let user = claimed.split(':').next().unwrap_or_default();
    let claimed_uid = match user.parse() {
        Ok(uid) => Some(uid),
        Err(_) if user.is_empty() || user == "root" => Some(0),
        Err(_) => {
            let accounts = look::accounts(Place { engine, id }).await?;
            let account = accounts.as_ref().ok().and_then(|accounts| accounts.user(user));
            let Some(account) = account else {
                let why = accounts.err().unwrap_or_else(|| "/etc/passwd does not have it".to_owned());
                return Ok(Fact::Missing(format!("the number of its user cannot be told: {why}")));
            };
            Some(account.uid)
        }
    };
    let mut actual = BTreeMap::new();
    for row in rows {
        let Ok(uid) = row.uid.parse::<u32>() else {
            return Ok(Fact::Missing("the engine does not tell users by number".to_owned()));
        };
        actual.entry(uid).or_insert_with(|| row.comm.clone());
    }
    // Where users are mapped, root in the container is somebody else outside, whose numbers are what is seen here.
    if actual.keys().all(|uid| *uid >= 100_000) {
        return Ok(Fact::Missing(
            "the engine maps users, so their numbers in the container cannot be seen".to_owned(),
        ));
    }
    Ok(Fact::Known(UsersSeen { claimed: claimed.to_owned(), claimed_uid, actual }))
}
