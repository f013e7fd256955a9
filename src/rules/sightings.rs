//! What was seen of a running container of each practice, in a line for the scorecard.

use std::collections::BTreeMap;

use super::facts::RuntimeFacts;
use super::words::{is_package_host, listed, seconds, services};
use super::{Fact, Item};
use crate::expect::ImageKind;

/// A line for each practice that something was seen of. It says what was seen, and not that it is well: where a rule found
/// something, the findings count.
pub fn sightings(seen: &RuntimeFacts) -> BTreeMap<Item, String> {
    if seen.kind.as_ref().is_ok_and(|kind| kind.kind == ImageKind::Base) {
        return BTreeMap::new();
    }
    let lines = [
        (Item::OneService, one_service(seen)),
        (Item::Logs, logs(seen)),
        (Item::NoDownloads, offline(seen)),
        (Item::Healthcheck, health(seen)),
        (Item::Data, data(seen)),
    ];
    lines.into_iter().filter_map(|(item, line)| Some((item, line?))).collect()
}

fn known<T>(fact: &Fact<T>) -> Option<&T> {
    fact.as_ref().ok()
}

fn one_service(seen: &RuntimeFacts) -> Option<String> {
    let services = services(known(&seen.processes)?)?;
    let names: Vec<&str> = services.iter().map(|service| service.name).collect();
    (!names.is_empty()).then(|| format!("{} ran", listed(&names)))
}

fn logs(seen: &RuntimeFacts) -> Option<String> {
    let logs = known(&seen.logs)?;
    let lines = logs.stdout_lines.saturating_add(logs.stderr_lines);
    let count = match lines {
        0 => "nothing was printed".to_owned(),
        1 => "1 line was printed".to_owned(),
        lines => format!("{lines} lines were printed"),
    };
    Some(format!(
        "{count}, and {} written",
        if logs.files.is_empty() { "no log file was" } else { "log files were" }
    ))
}

fn offline(seen: &RuntimeFacts) -> Option<String> {
    let offline = known(&seen.offline)?;
    let came =
        if offline.came_up { "it started without a network" } else { "it did not start without a network" };
    if offline.names_unknown.is_some() {
        return Some(came.to_owned());
    }
    let names: Vec<&str> = offline.names.iter().map(String::as_str).collect();
    let downloads = names.iter().any(|name| is_package_host(name));
    Some(match names.as_slice() {
        [] => format!("{came}, and asked for no host"),
        names if downloads => format!("{came}, and asked for {}", listed(names)),
        names => format!("{came}, and asked for {} alone, where no packages are", listed(names)),
    })
}

fn health(seen: &RuntimeFacts) -> Option<String> {
    let health = known(&seen.health)?;
    let after = seconds(health.after_ms);
    if !health.healthy {
        return Some(format!("it was not healthy within {after}"));
    }
    let frozen = match known(&seen.frozen) {
        Some(frozen) if frozen.unhealthy => ", and unhealthy once it was frozen",
        _ => "",
    };
    Some(format!("it was healthy after {after}{frozen}"))
}

fn data(seen: &RuntimeFacts) -> Option<String> {
    let writes = known(&seen.writes)?;
    let written = match writes.paths.is_empty() {
        true => "nothing was written outside of volumes",
        false => "nothing that has to last was written outside of volumes",
    };
    let read_only = match known(&seen.read_only) {
        Some(variant) if variant.came_up => ", and it starts with a read-only root",
        _ => "",
    };
    Some(format!("{written}{read_only}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::facts::{FrozenSeen, HealthSeen, KindSeen, LogsSeen, OfflineSeen, WritesSeen};

    #[test]
    fn each_practice_has_a_line_where_something_was_seen() {
        let mut seen = RuntimeFacts::unknown("api", "not seen");
        assert!(sightings(&seen).is_empty());
        seen.health = Fact::Known(HealthSeen { healthy: true, after_ms: 310, probes: Vec::new() });
        seen.frozen = Fact::Known(FrozenSeen { unhealthy: true, ..FrozenSeen::default() });
        seen.logs = Fact::Known(LogsSeen { stdout_lines: 3, ..LogsSeen::default() });
        seen.writes = Fact::Known(WritesSeen::default());
        let names = vec!["db".to_owned()];
        seen.offline = Fact::Known(OfflineSeen { came_up: true, names, ..OfflineSeen::default() });
        let lines = sightings(&seen);
        for (item, line) in [
            (Item::Healthcheck, "it was healthy after 0.3 s, and unhealthy once it was frozen"),
            (Item::Logs, "3 lines were printed, and no log file was written"),
            (Item::Data, "nothing was written outside of volumes"),
            (
                Item::NoDownloads,
                "it started without a network, and asked for db alone, where no packages are",
            ),
        ] {
            assert_eq!(lines.get(&item).map(String::as_str), Some(line));
        }
        seen.kind = Fact::Known(KindSeen { kind: ImageKind::Base, why: String::new() });
        assert!(sightings(&seen).is_empty());
    }
}
