//! The flags that each instruction knows, and the values they take.

use super::super::{Directives, Flag, Instruction, Keyword, Span};
use super::{Found, durations, mounts};
use crate::dockerfile::words::shown;

/// How a flag is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Alone, or with `true` or `false`.
    Switch,
    /// With a value, once.
    Once,
    /// With a value, any number of times.
    Many,
}

use Kind::{Many, Once, Switch};

/// The flags of `instruction`; `None` where a builder takes whatever is written and ignores it.
fn known(instruction: &Instruction) -> Option<&'static [(&'static str, Kind)]> {
    Some(match instruction.keyword {
        Keyword::Add => &[
            ("chown", Once),
            ("chmod", Once),
            ("link", Switch),
            ("keep-git-dir", Switch),
            ("checksum", Once),
            ("unpack", Switch),
            ("exclude", Many),
        ],
        Keyword::Copy => &[
            ("from", Once),
            ("chown", Once),
            ("chmod", Once),
            ("link", Switch),
            ("parents", Switch),
            ("exclude", Many),
        ],
        Keyword::From => &[("platform", Once)],
        Keyword::Run => &[("mount", Many), ("network", Once), ("security", Once), ("device", Many)],
        Keyword::Healthcheck if super::is_none(&instruction.arguments) => return None,
        Keyword::Healthcheck => &[
            ("interval", Once),
            ("timeout", Once),
            ("start-period", Once),
            ("start-interval", Once),
            ("retries", Once),
        ],
        Keyword::Arg | Keyword::Stopsignal | Keyword::Unknown => return None,
        _ => &[],
    })
}

/// What is wrong with the flags of `instruction`.
pub(super) fn check(instruction: &Instruction, directives: &Directives, found: &mut Found) {
    let Some(known) = known(instruction) else { return };
    let keyword = instruction.keyword.name();
    let mut seen: Vec<&str> = Vec::new();
    for flag in &instruction.flags {
        if found.full() {
            break;
        }
        let name = &flag.name;
        let Some((name, kind)) = known.iter().find(|(known, _)| known == name) else {
            // Another frontend may know more flags than we do.
            if !directives.foreign() {
                let near = nearest(name, known).map(|near| format!(" (did you mean --{near}?)"));
                let near = near.unwrap_or_default();
                found.add(flag.span, format!("{keyword}: unknown flag {}{near}", dashed(name)));
            }
            continue;
        };
        if *kind != Many && seen.contains(name) {
            found.add(flag.span, format!("{keyword}: --{name} is given twice"));
        }
        seen.push(name);
        match (kind, flag.value.as_deref()) {
            (Switch, Some(value))
                if !value.eq_ignore_ascii_case("true") && !value.eq_ignore_ascii_case("false") =>
            {
                found.add(flag.span, format!("{keyword}: --{name} is true or false, not {}", shown(value)));
            }
            (Once | Many, None) => {
                found.add(flag.span, format!("{keyword}: --{name} needs a value: --{name}=VALUE"));
            }
            (Once | Many, Some(value)) => of_value(flag, name, value, directives, found),
            (Switch, _) => {}
        }
    }
}

fn of_value(flag: &Flag, name: &str, value: &str, directives: &Directives, found: &mut Found) {
    let span: Span = flag.span;
    let among = |words: &[&str], found: &mut Found| {
        if !words.contains(&value) {
            found.add(span, format!("RUN: --{name} is {}, not {}", words.join(" or "), shown(value)));
        }
    };
    match name {
        "network" => among(&["default", "none", "host"], found),
        "security" => among(&["sandbox", "insecure"], found),
        "mount" => mounts::check(value, directives.foreign(), &mut |why| {
            found.add(span, format!("RUN --mount: {why}"))
        }),
        "device" => mounts::device(value, &mut |why| found.add(span, format!("RUN --device: {why}"))),
        "interval" | "timeout" | "start-period" | "start-interval" => {
            if let Some(why) = durations::wrong(value) {
                found.add(span, format!("HEALTHCHECK: --{name}={}: {why}", cut(value)));
            }
        }
        "retries" if !value.is_empty() && !value.parse::<i32>().is_ok_and(|n| n >= 0) => {
            found.add(span, format!("HEALTHCHECK: --retries is a number from 0 on, not {}", shown(value)));
        }
        _ => {}
    }
}

fn dashed(name: &str) -> String {
    format!("--{}", cut(name))
}

fn cut(text: &str) -> String {
    text.chars().take(60).collect()
}

/// The flag that somebody who wrote `name` probably meant.
fn nearest(name: &str, known: &[(&'static str, Kind)]) -> Option<&'static str> {
    let names = known.iter().map(|(known, _)| *known);
    near(name, names)
}

/// The word of `known` that is closest to `word`, if one is close.
pub(super) fn near(word: &str, known: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    // The distance of long words is expensive, and nobody misspells by that much.
    if word.len() > 24 {
        return None;
    }
    let lower = word.to_lowercase();
    known
        .map(|known| (strsim::osa_distance(known, &lower), known))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, known)| *distance <= if known.len() <= 5 { 1 } else { 2 })
        .map(|(_, known)| known)
}
