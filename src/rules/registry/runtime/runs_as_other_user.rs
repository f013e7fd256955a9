//! `runs-as-other-user`.

use crate::rules::facts::{RuntimeFacts, UsersSeen};
use crate::rules::words::{in_a_row, shown};
use crate::rules::{Fact, Found, Place, rule};

rule! {
    /// ## What it does
    /// Reports an image that says it runs as one user, and has processes of another: of root, or of any other number.
    /// One that says root, or nothing, is `image-runs-as-root`'s matter.
    ///
    /// ## Why is this bad?
    /// Whoever checks the image by its `USER` believes that it has no rights. A program with the setuid bit, or `sudo`
    /// without a password, gave them back.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// RUN echo "app ALL=(ALL) NOPASSWD: ALL" > /etc/sudoers.d/app
    /// USER app
    /// CMD ["sudo", "server"]
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// USER 10001
    /// CMD ["server"]
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/dockerfile/#user>
    /// - <https://docs.docker.com/engine/containers/run/#security-configuration>
    IMG904 "runs-as-other-user" {
        level: Warning,
        items: [BestPractice],
        aliases: [],
        remedy: "start the service as the user that USER names, and take sudo and setuid programs out of the image",
        check: Running(check),
    }
}

/// More names help nobody.
const MOST: usize = 5;

fn check(seen: &RuntimeFacts, found: &mut Found<'_>) -> Fact<()> {
    seen.of_either(&seen.users, |users| {
        let claims_root = is_root(users);
        let others = users.actual.iter().filter(|(uid, _)| match users.claimed_uid {
            // A name of somebody else whose number is root's.
            Some(0) | None => **uid == 0,
            Some(claimed) => **uid != claimed,
        });
        let others: Vec<(&u32, &String)> = others.collect();
        if claims_root || others.is_empty() {
            return;
        }
        let who = match others.first() {
            Some((0, _)) => "root".to_owned(),
            _ => in_a_row(&others.iter().take(MOST).map(|(uid, _)| uid.to_string()).collect::<Vec<_>>()),
        };
        let place = Place::field(&seen.reference, "Config.User");
        let message = format!("its USER is {}, and processes of it run as {who}", shown(&users.claimed));
        let processes = others.iter().take(MOST).map(|(uid, name)| format!("{} as {uid}", shown(name)));
        found.add(place, message).evidence(in_a_row(&processes.collect::<Vec<_>>()));
    })
}

fn is_root(users: &UsersSeen) -> bool {
    let user = users.claimed.split(':').next().unwrap_or_default();
    user.is_empty() || user == "root" || user.parse() == Ok(0_u32)
}
