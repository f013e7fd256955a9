//! As whom an image says to run, and as whom it runs.

use std::collections::BTreeMap;

use crate::engine::{Engine, ProcessRow};
use crate::error::Result;
use crate::rules::Fact;
use crate::rules::facts::UsersSeen;

/// Most bytes of `/etc/passwd` that are read.
const PASSWD: u64 = 1 << 20;

/// Compares what `claimed` (`Config.User`) stands for in the container with the users of its processes.
pub(super) async fn seen(
    engine: &Engine,
    id: &str,
    claimed: &str,
    rows: &[ProcessRow],
) -> Result<Fact<UsersSeen>> {
    let user = claimed.split(':').next().unwrap_or_default();
    let claimed_uid = match user.parse() {
        Ok(uid) => Some(uid),
        Err(_) if user.is_empty() || user == "root" => Some(0),
        Err(_) => {
            let passwd = engine.read_file(id, "/etc/passwd", PASSWD).await?;
            passwd.and_then(|file| by_name(&String::from_utf8_lossy(&file.bytes), user))
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

/// The number of the user of this name.
fn by_name(passwd: &str, name: &str) -> Option<u32> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next()? == name).then(|| fields.nth(1)?.parse().ok()).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_a_number() {
        let passwd = "root:x:0:0::/:/bin/sh\nbroken\napp:x:10001:1::/:\napp:x:7:1::/:\nodd:x:y:\n";
        assert_eq!(by_name(passwd, "app"), Some(10_001));
        assert_eq!(by_name(passwd, "root"), Some(0));
        assert_eq!(by_name(passwd, "odd"), None);
        assert_eq!(by_name(passwd, "broken"), None);
    }
}
