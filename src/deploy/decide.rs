//! Which steps lead from what is found on a host to what is wanted. Pure: `model` plays them, and strikes at each instant.

use std::collections::BTreeMap;

use super::name::Name;
use super::record::{Attached, Record, Replaced};
use super::state::{Found, Seen};
use crate::engine::Restart;

/// How a new container takes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// The old one stops first: both would want the same port of the host, or write to the same place.
    InPlace,
    /// The old one stops once the new one has passed.
    Beside,
}

/// One thing that is done to a container on the host. Each can be done again where it was done already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// It gets another name.
    Rename {
        /// The container.
        id: String,
        /// The name.
        to: Name,
    },
    /// The engine starts it again when this says.
    Restart {
        /// The container.
        id: String,
        /// When.
        when: Restart,
    },
    /// It joins a network.
    Connect {
        /// The container.
        id: String,
        /// The network, and its names there.
        to: Attached,
    },
    /// It leaves a network.
    Disconnect {
        /// The container.
        id: String,
        /// The network.
        network: String,
    },
    /// It is started.
    Start {
        /// The container.
        id: String,
    },
    /// It is stopped.
    Stop {
        /// The container.
        id: String,
        /// Whether it gets its grace; else it is killed.
        gently: bool,
    },
    /// Its image gets a name of its own, so that one can go back to it once the container is gone.
    Hold {
        /// The container.
        id: String,
    },
    /// It is removed.
    Remove {
        /// The container.
        id: String,
    },
    /// It has to pass its gates.
    Ready {
        /// The container.
        id: String,
    },
    /// It is watched.
    Watch {
        /// The container.
        id: String,
    },
    /// The old one has to serve again.
    Serves {
        /// The container.
        id: String,
    },
}

impl Step {
    /// The word in events.
    pub const fn word(&self) -> &'static str {
        match self {
            Step::Rename { .. } => "rename",
            Step::Restart { .. } => "restart-policy",
            Step::Connect { .. } => "connect",
            Step::Disconnect { .. } => "disconnect",
            Step::Start { .. } => "start",
            Step::Stop { .. } => "stop",
            Step::Hold { .. } => "hold",
            Step::Remove { .. } => "remove",
            Step::Ready { .. } => "ready",
            Step::Watch { .. } => "watch",
            Step::Serves { .. } => "serves",
        }
    }

    /// The container.
    pub fn id(&self) -> &str {
        match self {
            Step::Rename { id, .. }
            | Step::Restart { id, .. }
            | Step::Connect { id, .. }
            | Step::Disconnect { id, .. }
            | Step::Start { id }
            | Step::Stop { id, .. }
            | Step::Hold { id }
            | Step::Remove { id }
            | Step::Ready { id }
            | Step::Watch { id }
            | Step::Serves { id } => id,
        }
    }

    /// Whether it looks at the container, and does nothing to it. Anything else is done by whoever has the lock alone.
    pub const fn is_gate(&self) -> bool {
        matches!(self, Step::Ready { .. } | Step::Watch { .. } | Step::Serves { .. })
    }
}

/// Containers that are in the way and not this deployment's, for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict(pub String);

/// What an earlier run left, and what brings order into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settling {
    /// Nothing is left.
    Nothing,
    /// These steps; what served before serves afterwards.
    Steps(Vec<Step>),
    /// The new one runs in the place of the old one, and nobody knows whether it passed.
    Judge {
        /// The new one.
        new: String,
        /// Where it passes.
        accept: Vec<Step>,
        /// Where it does not.
        back: Vec<Step>,
    },
}

/// The steps of a swap, with `new` made and called [`Name::Next`], and nothing done to `old` yet.
///
/// `new` was made to be never started again, and where it starts beside the old one without its names in networks, so that
/// nobody finds it; `record` is what its labels say.
pub(super) fn forward(way: Way, new: &str, record: &Record, old: Option<&Seen>) -> Vec<Step> {
    let id = || new.to_owned();
    let wanted = || restarted(new, record);
    let mut steps = Vec::new();
    match way {
        Way::InPlace => {
            if let Some(old) = old {
                steps.push(Step::Rename { id: old.id.clone(), to: Name::Previous });
                steps.extend(rested(old));
                steps.push(Step::Stop { id: old.id.clone(), gently: true });
            }
            steps.push(Step::Rename { id: id(), to: Name::Current });
            steps.push(Step::Start { id: id() });
            steps.push(Step::Ready { id: id() });
            // From here on it comes back by itself after an engine's restart, since nothing else would.
            steps.extend(wanted());
            steps.push(Step::Watch { id: id() });
        }
        Way::Beside => {
            steps.push(Step::Start { id: id() });
            steps.push(Step::Ready { id: id() });
            steps.push(Step::Watch { id: id() });
            steps.extend(wanted());
            for attached in fronts(&record.spec.networks) {
                steps.push(Step::Disconnect { id: id(), network: attached.network.clone() });
                steps.push(Step::Connect { id: id(), to: attached.clone() });
            }
            // Its addresses are others now.
            steps.push(Step::Ready { id: id() });
            if let Some(old) = old {
                steps.push(Step::Rename { id: old.id.clone(), to: Name::Previous });
                steps.extend(rested(old));
                for (network, aliases) in &old.networks {
                    if !aliases.is_empty() {
                        steps.push(Step::Disconnect { id: old.id.clone(), network: network.clone() });
                    }
                }
            }
            steps.push(Step::Rename { id: id(), to: Name::Current });
        }
    }
    if let Some(old) = old {
        steps.extend(leave(old, way == Way::Beside));
    }
    steps
}

/// The engine starts the new one again as `record` says; nothing where it never does.
fn restarted(new: &str, record: &Record) -> Option<Step> {
    let when = &record.spec.restart;
    (!when.is_never()).then(|| Step::Restart { id: new.to_owned(), when: when.clone() })
}

/// The engine starts the old one no more; nothing where it never did.
fn rested(old: &Seen) -> Option<Step> {
    (!old.restart.is_never()).then(|| Step::Restart { id: old.id.clone(), when: Restart::never() })
}

/// The networks in which the container has names.
fn fronts(networks: &[Attached]) -> impl Iterator<Item = &Attached> {
    networks.iter().filter(|attached| !attached.aliases.is_empty())
}

/// The old one goes for good: from here on there is no way back but a rollback, for which its image is held first. Whoever
/// deployed it may not have come to that, and nobody did where it was made by hand.
fn leave(old: &Seen, running: bool) -> Vec<Step> {
    let id = || old.id.clone();
    let stop = running.then(|| Step::Stop { id: id(), gently: true });
    [Step::Hold { id: id() }].into_iter().chain(stop).chain([Step::Remove { id: id() }]).collect()
}

/// What a run does about a swap of its own that did not come to its end, while it has the lock: what another run that took the
/// lock does by now is not to be disturbed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Aftermath {
    /// The new one serves, and the old one is gone.
    Serves,
    /// These steps; what served before serves afterwards, and where nothing did, nothing is left.
    Back(Vec<Step>),
}

/// What is to be done about the swap of run `run` by what is found; `passed` says whether the new one had passed all of its gates.
pub(super) fn aftermath(found: &Found, run: &str, passed: bool) -> Result<Aftermath, Conflict> {
    let is_ours = |seen: &&Seen| seen.record.as_ref().is_some_and(|record| record.run == run);
    let is_alone = found.previous.is_none() && found.next.is_none();
    if passed && is_alone && found.current.as_ref().filter(is_ours).is_some() {
        return Ok(Aftermath::Serves);
    }
    let mut steps = match settle(found)? {
        Settling::Nothing => Vec::new(),
        Settling::Steps(steps) | Settling::Judge { back: steps, .. } => steps,
    };
    // What it made in the place of nothing goes as well.
    let is_first = |seen: &&Seen| seen.record.as_ref().is_some_and(|record| record.replaces.is_none());
    for seen in [&found.current, &found.next].into_iter().flatten().filter(is_ours).filter(is_first) {
        let goes = |step: &Step| matches!(step, Step::Remove { id } if *id == seen.id);
        if !steps.iter().any(goes) {
            steps.push(Step::Remove { id: seen.id.clone() });
        }
    }
    Ok(Aftermath::Back(steps))
}

/// What is to be done about what is found, whichever instant an earlier run ended at. Where nothing is left to do, the
/// next swap may begin.
pub(super) fn settle(found: &Found) -> Result<Settling, Conflict> {
    let Found { current, previous, next } = found;
    if let Some(next) = next.as_ref().filter(|next| next.record.is_none()) {
        return Err(stranger(next, Name::Next));
    }
    let heir = next.as_ref().or(current.as_ref());
    let replaced = |old: &Seen| {
        let all = [next, current].into_iter().flatten();
        all.filter_map(|seen| seen.record.as_ref()?.replaces.clone()).find(|replaced| replaced.id == old.id)
    };
    Ok(match (current, previous) {
        (None, None) => match next {
            None => Settling::Nothing,
            // Of a first deployment: nothing served before.
            Some(next) => Settling::Steps(vec![Step::Remove { id: next.id.clone() }]),
        },
        (Some(current), None) => match next {
            None => unfinished(current),
            Some(next) => match replaced(current) {
                Some(was) => Settling::Steps(restore(current, Name::Current, &was, Some((next, Name::Next)))),
                None => Settling::Steps(vec![Step::Remove { id: next.id.clone() }]),
            },
        },
        (None, Some(previous)) => {
            let was = match (replaced(previous), &previous.record) {
                (Some(was), _) => was,
                // The new one is gone already: what the old one's own labels say of it.
                (None, Some(record)) => Replaced {
                    id: previous.id.clone(),
                    running: true,
                    restart: record.spec.restart.clone(),
                    networks: record.spec.networks.clone(),
                },
                (None, None) => return Err(stranger(previous, Name::Previous)),
            };
            let next = next.as_ref().map(|next| (next, Name::Next));
            Settling::Steps(restore(previous, Name::Previous, &was, next))
        }
        (Some(current), Some(previous)) => {
            let Some(was) = replaced(previous) else {
                return Err(Conflict(format!(
                    "there are two containers, and neither says that it takes the place of the other: {} and {}",
                    short(&current.id),
                    short(&previous.id)
                )));
            };
            // It takes two to be left at the new one's name: the third is of no use.
            let left = heir.filter(|heir| heir.id != current.id);
            let clear = left.map(|left| Step::Remove { id: left.id.clone() });
            let back = restore(previous, Name::Previous, &was, Some((current, Name::Current)));
            let back: Vec<Step> = clear.clone().into_iter().chain(back).collect();
            match &current.record {
                Some(record) if current.running => {
                    let wanted = restarted(&current.id, record);
                    let accept = clear.into_iter().chain(wanted).chain(leave(previous, previous.running));
                    Settling::Judge { new: current.id.clone(), accept: accept.collect(), back }
                }
                _ => Settling::Steps(back),
            }
        }
    })
}

/// The way back from a swap that was cut off, whether or not the new one would pass: its steps, and what serves at its end.
/// `None` where no swap was cut off, or nothing served before it.
pub(super) fn way_back(found: &Found) -> Result<Option<(Vec<Step>, &Seen)>, Conflict> {
    let (Settling::Steps(steps) | Settling::Judge { back: steps, .. }) = settle(found)? else {
        return Ok(None);
    };
    let serves =
        steps.iter().find(|step| matches!(step, Step::Serves { .. })).map(|step| step.id().to_owned());
    let all = [&found.current, &found.previous].into_iter().flatten();
    let old = serves.and_then(|id| all.into_iter().find(|seen| seen.id == id));
    Ok(old.map(|old| (steps, old)))
}

/// A first deployment that was cut off before the engine was told to start it again: it takes the place of nothing, so that
/// it stays where it passes, and goes where it does not.
fn unfinished(current: &Seen) -> Settling {
    let Some(record) = current.record.as_ref().filter(|record| record.replaces.is_none()) else {
        return Settling::Nothing;
    };
    if !current.restart.is_never() || record.spec.restart.is_never() {
        return Settling::Nothing;
    }
    let id = || current.id.clone();
    let back = vec![Step::Remove { id: id() }];
    match current.running {
        false => Settling::Steps(back),
        true => Settling::Judge {
            new: id(),
            accept: vec![Step::Restart { id: id(), when: record.spec.restart.clone() }],
            back,
        },
    }
}

/// Brings `old`, which is called `at` now, back to what it was; `new`, called so now, goes last of all, as its log is
/// evidence until then.
fn restore(old: &Seen, at: Name, was: &Replaced, new: Option<(&Seen, Name)>) -> Vec<Step> {
    let mut steps = Vec::new();
    if let Some((new, name)) = new {
        // A start that was under way when its run was killed may not be seen yet.
        if new.running || name == Name::Current {
            let gently = new.record.as_ref().is_none_or(|record| record.spec.shares);
            steps.push(Step::Stop { id: new.id.clone(), gently });
        }
        if name == Name::Current {
            steps.push(Step::Rename { id: new.id.clone(), to: Name::Next });
        }
    }
    let id = || old.id.clone();
    // A stop that was under way goes on without its run: it has to be over before anything is started.
    let stopping = old.running && at == Name::Previous && old.restart.is_never();
    if stopping {
        steps.push(Step::Stop { id: id(), gently: true });
    }
    steps.extend(missing(&old.networks, &was.networks).map(|to| Step::Connect { id: id(), to }));
    if old.restart != was.restart {
        steps.push(Step::Restart { id: id(), when: was.restart.clone() });
    }
    if at != Name::Current {
        steps.push(Step::Rename { id: id(), to: Name::Current });
    }
    if was.running {
        if stopping || !old.running {
            steps.push(Step::Start { id: id() });
        }
        steps.push(Step::Serves { id: id() });
    }
    steps.extend(new.map(|(new, _)| Step::Remove { id: new.id.clone() }));
    steps
}

/// The networks of `wanted` that it is not in.
fn missing<'a>(
    now: &'a BTreeMap<String, Vec<String>>,
    wanted: &'a [Attached],
) -> impl Iterator<Item = Attached> {
    wanted.iter().filter(|attached| !now.contains_key(&attached.network)).cloned()
}

fn stranger(seen: &Seen, name: Name) -> Conflict {
    let which = if name == Name::Next { "the new one" } else { "the old one" };
    Conflict(format!(
        "the name for {which} is taken by container {}, which is no deployment",
        short(&seen.id)
    ))
}

/// The digits of a container's id that people are shown.
pub(super) fn short(id: &str) -> &str {
    id.get(..12).unwrap_or(id)
}
