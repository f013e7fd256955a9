//! `needs-writable-root`.

use crate::rules::facts::RuntimeFacts;
use crate::rules::words::said;
use crate::rules::{Fact, Found, Place, rule};

rule! {
    /// ## What it does
    /// Reports an image that does not come up with a root file system that is read-only, where the setting
    /// `image.read-only` says that it does. `/tmp` and `/run` can be written, and so can its volumes. Without the setting
    /// it says nothing.
    ///
    /// ## Why is this bad?
    /// The image is not what it says it is. Whoever runs it read-only, as clusters with a policy do, gets a service that
    /// ends at once, or one that runs and fails with each write.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// CMD ["server", "--cache=/opt/server/cache"]
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// CMD ["server", "--cache=/tmp/server"]
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/cli/docker/container/run/#read-only>
    IMG910 "needs-writable-root" {
        level: Error,
        items: [Data],
        aliases: [],
        remedy: "write below /tmp, /run or a VOLUME alone, or take image.read-only out",
        check: Running(check),
    }
}

fn check(seen: &RuntimeFacts, found: &mut Found<'_>) -> Fact<()> {
    if !seen.expectations.read_only {
        return Fact::Known(());
    }
    seen.of_either(&seen.read_only, |variant| {
        if !variant.came_up {
            let message = "it does not come up with a read-only root file system, as it is said to";
            found.add(Place::file(&seen.reference), message).evidence(said(&variant.why));
        }
    })
}
