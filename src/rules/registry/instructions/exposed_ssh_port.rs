//! `exposed-ssh-port`.

use crate::dockerfile::Keyword;
use crate::rules::analysis::Analysis;
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports an `EXPOSE` of port 22.
    ///
    /// ## Why is this bad?
    /// A shell server is a second service in the container, with accounts, keys and updates of its own, and a way
    /// in that nobody else watches.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// EXPOSE 22
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// EXPOSE 8080
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/dockerfile/#expose>
    /// - <https://docs.docker.com/engine/containers/multi-service_container/>
    IMG211 "exposed-ssh-port" {
        level: Warning,
        items: [OneService, BestPractice],
        aliases: ["DS-0004", "CKV_DOCKER_1"],
        remedy: "leave the port out, and use docker exec to look into a container",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    for step in file.of(Keyword::Expose) {
        let words = file.operands(step);
        let mut known = words.iter().map(|word| (word, file.expanded(step, &word.text)));
        let ssh = known.find(|(word, known)| is_ssh(known.as_deref().unwrap_or(&word.text)));
        if let Some((word, _)) = ssh {
            found.add(file.place_at(step, word.span), "the port of SSH is exposed");
        }
    }
}

fn is_ssh(word: &str) -> bool {
    let (ports, protocol) = word.split_once('/').unwrap_or((word, "tcp"));
    let port = ports.rsplit(':').next().unwrap_or(ports);
    let (first, last) = port.split_once('-').unwrap_or((port, port));
    let range = first.parse::<u16>().ok().zip(last.parse::<u16>().ok());
    protocol.eq_ignore_ascii_case("tcp") && range.is_some_and(|(first, last)| (first..=last).contains(&22))
}
