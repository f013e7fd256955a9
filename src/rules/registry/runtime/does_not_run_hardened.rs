//! `does-not-run-hardened`.

use crate::rules::facts::RuntimeFacts;
use crate::rules::words::said;
use crate::rules::{Fact, Found, Place, rule};

rule! {
    /// ## What it does
    /// Reports an image that does not come up hardened, where `image.hardened` or `--hardened` asks for it: with a
    /// root file system that is read-only, without capabilities, without new privileges, and as an unprivileged user.
    ///
    /// ## Why is this bad?
    /// Clusters with a strict policy start containers just so. What an image needs beyond that is better known before it
    /// is deployed.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// CMD ["server", "--port=80", "--pid-file=/srv/server.pid"]
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// USER 10001
    /// CMD ["server", "--port=8080", "--pid-file=/run/server.pid"]
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/engine/security/>
    /// - <https://kubernetes.io/docs/concepts/security/pod-security-standards/>
    IMG919 "does-not-run-hardened" {
        level: Error,
        items: [BestPractice],
        aliases: [],
        remedy: "listen on a port above 1023, write below /tmp, /run or a VOLUME alone, and need no capability",
        check: Running(check),
    }
}

fn check(seen: &RuntimeFacts, found: &mut Found<'_>) -> Fact<()> {
    if !seen.expectations.hardened {
        return Fact::Known(());
    }
    seen.of_either(&seen.hardened, |variant| {
        if !variant.came_up {
            let message = "it does not come up hardened, as it is asked to";
            found.add(Place::file(&seen.reference), message).evidence(said(&variant.why));
        }
    })
}
