//! `downloads-at-start`.

use crate::rules::facts::RuntimeFacts;
use crate::rules::words::{is_package_host, listed};
use crate::rules::{Fact, Found, Place, rule};

rule! {
    /// ## What it does
    /// Reports a container that asks for the name of a host of packages or sources when it starts, such as those of PyPI,
    /// npm, Debian or GitHub. It is started without a network, and a resolver that knows no name notes what is asked for.
    ///
    /// ## Why is this bad?
    /// What runs is not what was built and tested: it is whatever those hosts hand out that day. A start takes longer, and
    /// fails where they are down or out of reach.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM python:3.12
    /// COPY . /app
    /// CMD ["sh", "-c", "pip install -r /app/requirements.txt && exec python /app/main.py"]
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM python:3.12
    /// COPY . /app
    /// RUN pip install -r /app/requirements.txt
    /// CMD ["python", "/app/main.py"]
    /// ```
    ///
    /// ## References
    /// - <https://12factor.net/build-release-run>
    /// - <https://docs.docker.com/build/building/best-practices/>
    IMG915 "downloads-at-start" {
        level: Warning,
        items: [NoDownloads],
        aliases: [],
        remedy: "install everything in a RUN of the Dockerfile",
        check: Running(check),
    }
}

fn check(seen: &RuntimeFacts, found: &mut Found<'_>) -> Fact<()> {
    let mut untold = None;
    let answer = seen.of_either(&seen.offline, |offline| {
        let hosts: Vec<&str> =
            offline.names.iter().map(String::as_str).filter(|name| is_package_host(name)).collect();
        if hosts.is_empty() {
            untold.clone_from(&offline.names_unknown);
            return;
        }
        let message = format!("it asks for {} when it starts", listed(&hosts));
        found.add(Place::file(&seen.reference), message).evidence(match offline.came_up {
            true => "it comes up without them",
            false => "it does not come up without them",
        });
    });
    untold.map_or(answer, Fact::Missing)
}
