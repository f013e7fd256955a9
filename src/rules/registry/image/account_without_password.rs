//! `account-without-password`.

use crate::rules::facts::LayerFacts;
use crate::rules::{Found, Place, rule};

rule! {
    /// ## What it does
    /// Reports accounts in the image's `/etc/passwd` or `/etc/shadow` whose password is empty.
    ///
    /// ## Why is this bad?
    /// Whoever has a shell in the container becomes that user by `su` without being asked for anything, and whatever offers a login
    /// lets everybody in.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// RUN passwd -d root
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// RUN useradd --system --no-create-home api
    /// USER 10001
    /// ```
    ///
    /// ## References
    /// - <https://man7.org/linux/man-pages/man5/shadow.5.html>
    /// - <https://nvd.nist.gov/vuln/detail/CVE-2019-5021>
    IMG815 "account-without-password" {
        level: Error,
        items: [BestPractice],
        aliases: ["DKL-LI-0001"],
        remedy: "lock the account: `passwd -l NAME`, or a `*` in its second field",
        check: Layers(check),
    }
}

fn check(image: &LayerFacts, found: &mut Found<'_>) {
    for account in &image.files.open_accounts {
        let message = format!("the account {:?} has an empty password in {}", account.name, account.file);
        found.add(Place::field(&image.reference, &account.file), message);
    }
}
