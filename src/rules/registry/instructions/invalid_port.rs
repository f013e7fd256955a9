//! `invalid-port`.

use crate::dockerfile::Keyword;
use crate::rules::Level;
use crate::rules::analysis::Analysis;
use crate::rules::analysis::Operand;
use crate::rules::words::{listed, shown};
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports an `EXPOSE` of something that is no port: a number above 65535, a range that runs backwards, another
    /// protocol than tcp, udp and sctp, or a mapping with an address or a port of the host.
    ///
    /// ## Why is this bad?
    /// The builder refuses most of these. A mapping looks as if it published the port, which only `docker run
    /// --publish` does.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// EXPOSE 80800
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
    /// - <https://docs.docker.com/reference/build-checks/expose-invalid-format/>
    IMG209 "invalid-port" {
        level: Error,
        items: [BestPractice],
        aliases: ["DL3011", "ExposeInvalidFormat", "DS-0008"],
        remedy: "write the port of the container alone, such as EXPOSE 8080 or EXPOSE 53/udp",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    for step in file.of(Keyword::Expose).filter(|step| !step.onbuild) {
        let mut wrong = Vec::new();
        let mut is_refused = false;
        for Operand { text, .. } in file.operands(step) {
            let known = if text.contains('$') { file.expanded(step, &text) } else { Some(text) };
            let words = known.iter().flat_map(|known| known.split_ascii_whitespace());
            for (word, why) in words.filter_map(|word| Some((word, wrong_with(word)?))) {
                is_refused |= why != MAPPING;
                wrong.push(format!("{} {why}", shown(word)));
            }
        }
        if wrong.is_empty() {
            continue;
        }
        let finding = found.add(file.place(step), listed(&wrong));
        if !is_refused {
            finding.level(Level::Warning);
        }
    }
}

const MAPPING: &str = "maps a port of the host, which EXPOSE cannot";

fn wrong_with(word: &str) -> Option<&'static str> {
    let (ports, protocol) = word.split_once('/').unwrap_or((word, "tcp"));
    if ports.contains(':') {
        return Some(MAPPING);
    }
    if !["", "tcp", "udp", "sctp"].iter().any(|known| protocol.eq_ignore_ascii_case(known)) {
        return Some("names no protocol that there is");
    }
    let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
    let number =
        |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<u64>().ok()).flatten();
    match (number(first), number(last)) {
        (Some(first), Some(last)) if first > 65_535 || last > 65_535 => Some("is above 65535"),
        (Some(first), Some(last)) => (first > last).then_some("is a range that runs backwards"),
        _ => Some("is no port"),
    }
}
