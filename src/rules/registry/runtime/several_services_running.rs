//! `several-services-running`.

use crate::rules::facts::RuntimeFacts;
use crate::rules::words::{listed, said, services};
use crate::rules::{Fact, Found, Place, rule};

rule! {
    /// ## What it does
    /// Reports a container in which several services run: processes of more than one executable that are there each time
    /// it is looked at. Workers of one executable are one service; a shell that waits for its child, small programs that
    /// pass signals on (tini, dumb-init), and what runs for a moment only are none. The setting `image.companions` names
    /// executables that may run beside the service.
    ///
    /// ## Why is this bad?
    /// The engine watches one process. When another one ends, nothing notices and nothing starts it again; signals do not
    /// reach it; none of them can be updated, limited or scaled alone.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// CMD ["sh", "-c", "php-fpm & exec nginx -g 'daemon off;'"]
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// CMD ["nginx", "-g", "daemon off;"]
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/engine/containers/multi-service_container/>
    /// - <https://docs.docker.com/build/building/best-practices/#decouple-applications>
    IMG905 "several-services-running" {
        level: Warning,
        items: [OneService],
        aliases: [],
        remedy: "make an image for each service, or name what belongs to this one in image.companions",
        check: Running(check),
    }
}

/// More command lines help nobody.
const MOST: usize = 4;

fn check(seen: &RuntimeFacts, found: &mut Found<'_>) -> Fact<()> {
    let mut once = false;
    let answer = seen.of_either(&seen.processes, |processes| {
        let Some(services) = services(processes) else {
            once = true;
            return;
        };
        if services.len() > 1 {
            let mut names: Vec<&str> = services.iter().map(|service| service.name).collect();
            names.sort_unstable();
            let lines = services.iter().take(MOST).map(|service| said(service.args));
            found
                .add(Place::file(&seen.reference), format!("{} run in one container", listed(&names)))
                .evidence(lines.collect::<Vec<_>>().join("; "));
        }
    });
    if once { Fact::Missing("its processes were seen only once".to_owned()) } else { answer }
}
