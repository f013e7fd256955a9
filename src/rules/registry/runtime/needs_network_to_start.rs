//! `needs-network-to-start`.

use crate::rules::facts::RuntimeFacts;
use crate::rules::words::{is_package_host, listed, said};
use crate::rules::{Fact, Found, Place, rule};

rule! {
    /// ## What it does
    /// Reports an image that does not come up without a network, and names the hosts that it asked for. Hosts of packages
    /// and sources are `downloads-at-start`'s matter.
    ///
    /// ## Why is this bad?
    /// It need not be: a service may need its database. But one that starts without, and waits, comes back by itself when
    /// the others do, and can be started in any order.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// CMD ["sh", "-c", "migrate --database=postgres://db/app && exec server"]
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// CMD ["server", "--connect-retries=60"]
    /// ```
    ///
    /// ## References
    /// - <https://12factor.net/backing-services>
    /// - <https://docs.docker.com/compose/how-tos/startup-order/>
    IMG916 "needs-network-to-start" {
        level: Info,
        items: [NoDownloads],
        aliases: [],
        remedy: "nothing where it needs other services; else leave out what it asks for when it starts",
        check: Running(check),
    }
}

fn check(seen: &RuntimeFacts, found: &mut Found<'_>) -> Fact<()> {
    seen.of_either(&seen.offline, |offline| {
        if offline.came_up {
            return;
        }
        let (packages, others): (Vec<&str>, Vec<&str>) =
            offline.names.iter().map(String::as_str).partition(|name| is_package_host(name));
        let (services, hosts): (Vec<&str>, Vec<&str>) = others.into_iter().partition(|name| is_service(name));
        let message = match (services.as_slice(), hosts.as_slice()) {
            ([], []) if !packages.is_empty() => return,
            ([], []) if offline.names_unknown.is_some() => "it does not come up without a network".to_owned(),
            ([], []) => {
                "it does not come up without a network, though it asks for no host by name".to_owned()
            }
            (services, []) => {
                format!("it does not come up without other services: it asks for {}", listed(services))
            }
            ([], hosts) => format!("it does not come up without a network: it asks for {}", listed(hosts)),
            (services, hosts) => format!(
                "it does not come up without a network: it asks for {}, and for other services by {}",
                listed(hosts),
                listed(services)
            ),
        };
        found.add(Place::file(&seen.reference), message).evidence(said(&offline.why));
    })
}

/// Whether a name is one of a network's own: of another container, or of a cluster's service.
fn is_service(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    !name.contains('.')
        || [".local", ".internal", ".svc", ".localhost", ".lan"].iter().any(|end| name.ends_with(end))
        || name.contains(".svc.")
}
