//! A host of the mind, on which steps are played: it can be struck at any instant, as a kill of imgbuild or of the engine does.

use std::collections::{BTreeMap, BTreeSet};

use super::decide::{Aftermath, Settling, Step, Way, aftermath, forward, settle, way_back};
use super::name::Name;
use super::record::{Attached, Record, SpecRecord};
use super::state::{Found, Seen};
use crate::engine::Restart;

#[derive(Debug, Clone, Default)]
struct Host {
    containers: BTreeMap<String, (Option<Name>, Seen)>,
    /// Whether the new image passes its gates.
    good: bool,
    /// How often nobody answered by the service's names, in steps.
    gap: usize,
    /// Steps that were done.
    done: usize,
    /// Strikes before this step.
    strike: Option<usize>,
    /// A stop that was under way when its run was killed: the engine goes on with it.
    pending: Option<String>,
    /// Containers whose images are held to go back to.
    held: BTreeSet<String>,
    /// The run that has the lock; none while nobody is after it.
    lock: Option<&'static str>,
}

/// Why playing ended early.
#[derive(Debug, PartialEq)]
enum Cut {
    Struck,
    Failed,
    LockLost,
}

fn always() -> Restart {
    Restart { policy: "always".to_owned(), retries: 0 }
}

fn attached(way: Way) -> Vec<Attached> {
    let aliases = if way == Way::Beside { vec!["web".to_owned()] } else { Vec::new() };
    let back = Attached { network: "back".to_owned(), aliases: Vec::new() };
    vec![Attached { network: "front".to_owned(), aliases }, back]
}

fn networks(list: &[Attached]) -> BTreeMap<String, Vec<String>> {
    list.iter().map(|one| (one.network.clone(), one.aliases.clone())).collect()
}

fn record(way: Way, digest: &str, old: Option<&Seen>) -> Record {
    Record {
        name: "web".to_owned(),
        reference: "r".to_owned(),
        digest: digest.to_owned(),
        run: if old.is_some() { "run" } else { "before" }.to_owned(),
        by: "me".to_owned(),
        at: 1,
        spec: SpecRecord { restart: always(), networks: attached(way), ..SpecRecord::default() },
        replaces: old.map(Seen::replaced),
        history: Vec::new(),
    }
}

impl Host {
    /// With an old one that runs, made by us or by hand.
    fn with_old(way: Way, ours: bool) -> Host {
        let old = Seen {
            id: "old".to_owned(),
            running: true,
            restart: always(),
            networks: networks(&attached(way)),
            record: ours.then(|| record(way, "sha256:old", None)),
            ..Seen::default()
        };
        let mut host = Host::default();
        host.containers.insert("old".to_owned(), (Some(Name::Current), old));
        host
    }

    fn found(&self) -> Found {
        let named = |wanted: Name| {
            let mut all = self.containers.values().filter(|(name, _)| *name == Some(wanted));
            let first = all.next().map(|(_, seen)| seen.clone());
            assert!(all.next().is_none(), "two have one name: {self:#?}");
            first
        };
        Found { current: named(Name::Current), previous: named(Name::Previous), next: named(Name::Next) }
    }

    /// Makes the new one as `swap` does, and says which steps follow.
    fn begin(&mut self, way: Way) -> Vec<Step> {
        self.begin_as(way, "new")
    }

    /// The same for a container called `new`, by a run of the name `run`; that of any other by one of its own name.
    fn begin_as(&mut self, way: Way, new: &str) -> Vec<Step> {
        let old = self.found().current;
        let run = if new == "new" { "run" } else { new }.to_owned();
        let record = Record { run, ..record(way, "sha256:new", old.as_ref()) };
        let mut joined = networks(&record.spec.networks);
        if way == Way::Beside {
            joined.values_mut().for_each(Vec::clear);
        }
        let seen = Seen {
            id: new.to_owned(),
            running: false,
            restart: Restart::never(),
            networks: joined,
            record: Some(record.clone()),
            ..Seen::default()
        };
        self.containers.insert(new.to_owned(), (Some(Name::Next), seen));
        forward(way, new, &record, old.as_ref())
    }

    /// Plays `steps` as the run of this name, which may have lost the lock.
    fn play_as(&mut self, run: &str, steps: &[Step]) -> Result<(), Cut> {
        for step in steps {
            // What a gate sees of containers that another run takes away is either.
            match step.is_gate() {
                true => {}
                false if self.lock.is_some_and(|lock| lock != run) => return Err(Cut::LockLost),
                false => self.play(std::slice::from_ref(step))?,
            }
        }
        Ok(())
    }

    fn play(&mut self, steps: &[Step]) -> Result<(), Cut> {
        for step in steps {
            if self.strike == Some(self.done) {
                if let Step::Stop { id, .. } = step {
                    self.pending.get_or_insert_with(|| id.clone());
                }
                return Err(Cut::Struck);
            }
            self.done += 1;
            self.step(step)?;
            self.gap += usize::from(!self.is_served());
        }
        Ok(())
    }

    fn seen(&mut self, id: &str) -> &mut (Option<Name>, Seen) {
        self.containers.get_mut(id).unwrap_or_else(|| panic!("{id} is gone"))
    }

    fn step(&mut self, step: &Step) -> Result<(), Cut> {
        match step {
            Step::Rename { id, to } => {
                let taken =
                    self.containers.iter().any(|(other, (name, _))| other != id && *name == Some(*to));
                assert!(!taken, "{to:?} is taken: {self:#?}");
                self.seen(id).0 = Some(*to);
            }
            Step::Restart { id, when } => self.seen(id).1.restart = when.clone(),
            Step::Connect { id, to } => {
                let was = self.seen(id).1.networks.insert(to.network.clone(), to.aliases.clone());
                assert!(was.is_none(), "{id} is in {} already", to.network);
            }
            Step::Disconnect { id, network } => {
                self.seen(id)
                    .1
                    .networks
                    .remove(network)
                    .unwrap_or_else(|| panic!("{id} is not in {network}"));
            }
            Step::Start { id } => {
                // One port of the host cannot be had twice.
                let fixed =
                    self.seen(id).1.networks["front"].is_empty() && self.seen(id).0 == Some(Name::Current);
                let taken = self.containers.iter().any(|(other, (_, seen))| other != id && seen.running);
                assert!(!(fixed && taken), "the port is taken: {self:#?}");
                self.seen(id).1.running = true;
            }
            Step::Stop { id, .. } => {
                // It waits for the other one.
                self.pending.take_if(|pending| pending == id);
                self.seen(id).1.running = false;
            }
            Step::Hold { id } => {
                let held = self.seen(id).1.id.clone();
                self.held.insert(held);
            }
            Step::Remove { id } => {
                assert!(id != "old" || self.held.contains(id), "nobody can go back to it: {self:#?}");
                drop(self.containers.remove(id));
            }
            Step::Ready { id } | Step::Watch { id } => {
                assert!(self.seen(id).1.running, "{id} is looked at, and does not run");
                if !self.good && id == "new" {
                    return Err(Cut::Failed);
                }
            }
            Step::Serves { id } => assert!(self.seen(id).1.running && id == "old"),
        }
        Ok(())
    }

    /// Whether anybody who is known by the service's names runs.
    fn is_served(&self) -> bool {
        let in_place = |name: &Option<Name>, seen: &Seen| {
            seen.networks.get("front").is_some_and(Vec::is_empty) && *name == Some(Name::Current)
        };
        let by_alias = |seen: &Seen| seen.networks.get("front").is_some_and(|names| !names.is_empty());
        self.containers.values().any(|(name, seen)| seen.running && (in_place(name, seen) || by_alias(seen)))
    }

    /// Does what one further command does, and is struck again before its step `strike`.
    fn recover(&mut self, strike: Option<usize>) -> Result<(), Cut> {
        (self.done, self.strike) = (0, strike);
        let played = match settle(&self.found()).unwrap_or_else(|conflict| panic!("{conflict:?}: {self:#?}"))
        {
            Settling::Nothing => Ok(()),
            Settling::Steps(steps) => self.play(&steps),
            Settling::Judge { new, accept, back } => match self.play(&[Step::Ready { id: new }]) {
                Ok(()) => self.play(&accept),
                Err(Cut::Failed) => self.play(&back),
                Err(cut) => Err(cut),
            },
        };
        self.strike = None;
        played
    }

    /// The stop that was under way comes to its end.
    fn stop_ends(&mut self) {
        if let Some(seen) = self.pending.take().and_then(|id| self.containers.get_mut(&id)) {
            seen.1.running = false;
        }
    }

    /// All that ran is gone, and what the engine starts again runs.
    fn engine_dies(&mut self) {
        self.pending = None;
        for (_, seen) in self.containers.values_mut() {
            seen.running = seen.running && !seen.restart.is_never();
        }
    }

    /// Exactly one container is left, it serves, and it has all that was wanted of it.
    fn is_settled(&self, way: Way, what: &str) {
        let what = format!("{what}: {self:#?}");
        assert_eq!(settle(&self.found()), Ok(Settling::Nothing), "{what}");
        let all: Vec<&(Option<Name>, Seen)> = self.containers.values().collect();
        let [(name, seen)] = all[..] else { panic!("not one: {what}") };
        assert!(self.good || seen.id != "new", "{what}");
        assert_eq!((*name, seen.running, &seen.restart), (Some(Name::Current), true, &always()), "{what}");
        assert_eq!(seen.networks, networks(&attached(way)), "{what}");
    }
}

fn cases() -> impl Iterator<Item = (Way, bool, bool)> {
    let ways = [Way::InPlace, Way::Beside];
    ways.into_iter().flat_map(|way| {
        [(false, false), (false, true), (true, false), (true, true)].map(|(good, ours)| (way, good, ours))
    })
}

/// A whole swap, with its own way back where it fails; struck before step `strike` of it.
fn swap(host: &mut Host, way: Way, strike: Option<usize>) -> Result<(), Cut> {
    let steps = host.begin(way);
    host.strike = strike;
    match host.play(&steps) {
        Err(Cut::Failed) => match aftermath(&host.found(), "run", false) {
            Ok(Aftermath::Back(steps)) => host.play(&steps),
            other => panic!("{other:?}"),
        },
        played => played,
    }
}

/// How many of `steps` are over once the new one has passed all of its gates.
fn passed(steps: &[Step]) -> usize {
    steps.iter().rposition(Step::is_gate).expect("a gate") + 1
}

#[test]
fn a_swap_ends_with_one_that_serves() {
    for (way, good, ours) in cases() {
        let mut host = Host { good, ..Host::with_old(way, ours) };
        assert_eq!(swap(&mut host, way, None), Ok(()));
        host.is_settled(way, &format!("{way:?} good {good} ours {ours}"));
        assert_eq!(host.containers.contains_key("new"), good);
        if way == Way::Beside {
            assert_eq!(host.gap, 0, "somebody served all the time");
        }
    }
}

#[test]
fn whatever_instant_it_is_killed_at_one_further_command_makes_it_serve() {
    let mut struck = 0;
    for (way, good, ours) in cases() {
        for engine_too in [false, true] {
            for first in 0.. {
                let mut host = Host { good, ..Host::with_old(way, ours) };
                if swap(&mut host, way, Some(first)) != Err(Cut::Struck) {
                    break;
                }
                if engine_too {
                    host.engine_dies();
                }
                // The recovery is killed at each of its own steps, and done again.
                for second in 0.. {
                    let mut host = host.clone();
                    let cut = host.recover(Some(second));
                    if engine_too && cut == Err(Cut::Struck) {
                        host.engine_dies();
                    }
                    if cut == Err(Cut::Struck) {
                        assert_eq!(host.recover(None), Ok(()));
                    }
                    host.stop_ends();
                    let what =
                        format!("{way:?} good {good} ours {ours} engine {engine_too} at {first}, {second}");
                    host.is_settled(way, &what);
                    struck += 1;
                    if cut != Err(Cut::Struck) {
                        break;
                    }
                }
            }
        }
    }
    assert!(struck > 200, "{struck}");
}

#[test]
fn whatever_instant_a_signal_hits_the_old_one_is_back_or_the_new_one_serves() {
    for (way, good, ours) in cases() {
        for with_old in [true, false] {
            let mut served = 0;
            for first in 0.. {
                let mut host = Host { good, ..Host::with_old(way, ours) };
                if !with_old {
                    host.containers.clear();
                }
                let steps = host.begin(way);
                host.strike = Some(first);
                // Also right after the last step: what clears up is cut off then.
                let cut = host.play(&steps);
                (host.done, host.strike, host.pending) = (0, None, None);
                let what =
                    format!("{way:?} good {good} ours {ours} old {with_old} at {first} of {}", steps.len());
                match aftermath(&host.found(), "run", first >= passed(&steps) && cut != Err(Cut::Failed)) {
                    Ok(Aftermath::Serves) => {
                        assert!(cut == Ok(()) || !with_old, "{what}");
                        host.is_settled(way, &what);
                        assert!(host.containers.contains_key("new"), "{what}");
                        served += 1;
                    }
                    Ok(Aftermath::Back(steps)) => {
                        assert_eq!(host.play(&steps), Ok(()), "{what}");
                        match with_old {
                            true => host.is_settled(way, &what),
                            false => assert!(host.containers.is_empty(), "{what}: {host:#?}"),
                        }
                        assert_eq!(host.containers.contains_key("old"), with_old, "{what}");
                    }
                    Err(conflict) => panic!("{what}: {conflict:?}"),
                }
                if cut != Err(Cut::Struck) {
                    break;
                }
            }
            assert_eq!(served > 0, good, "{way:?} ours {ours} old {with_old}");
        }
    }
}

#[test]
fn whatever_instant_the_lock_is_broken_at_the_other_run_alone_goes_on() {
    let mut broken = 0;
    for (way, good, ours) in cases() {
        for first in 0.. {
            let mut host = Host { good, ..Host::with_old(way, ours) };
            let steps = host.begin(way);
            host.strike = Some(first);
            if host.play(&steps) != Err(Cut::Struck) {
                break;
            }
            // The other run brings order, and swaps. The first one goes on before each of its steps.
            for second in 0.. {
                let mut host = Host { lock: Some("other"), ..host.clone() };
                let mut cut = host.recover(Some(second));
                if cut == Ok(()) {
                    let recovered = host.done;
                    let steps = host.begin_as(way, "other");
                    (host.done, host.strike) = (recovered, Some(second));
                    cut = host.play(&steps);
                }
                let before = format!("{host:?}");
                assert_eq!(host.play_as("run", &steps[first..]), Err(Cut::LockLost));
                assert_eq!(format!("{host:?}"), before, "{way:?} at {first}, {second}");
                broken += 1;
                if cut == Ok(()) {
                    let what = format!("{way:?} good {good} ours {ours} at {first}, {second}");
                    (host.done, host.strike) = (0, None);
                    host.stop_ends();
                    host.is_settled(way, &what);
                    assert!(host.containers.contains_key("other"), "{what}");
                    break;
                }
            }
        }
    }
    assert!(broken > 200, "{broken}");
}

#[test]
fn whatever_instant_it_is_killed_at_the_way_back_leads_to_what_served() {
    let mut struck = 0;
    for (way, good, ours) in cases() {
        for first in 0.. {
            let mut host = Host { good, ..Host::with_old(way, ours) };
            if swap(&mut host, way, Some(first)) != Err(Cut::Struck) {
                break;
            }
            let found = host.found();
            match way_back(&found).unwrap() {
                Some((steps, old)) => {
                    assert_eq!(old.id, "old");
                    (host.done, host.strike) = (0, None);
                    assert_eq!(host.play(&steps), Ok(()));
                    host.stop_ends();
                    host.is_settled(way, &format!("{way:?} good {good} ours {ours} at {first}"));
                    assert!(host.containers.contains_key("old"));
                    struck += 1;
                }
                // Before the first step nothing of the old one was touched; after the last one it is gone.
                None => assert!(found.previous.is_none(), "{found:#?}"),
            }
        }
    }
    assert!(struck > 50, "{struck}");
    let first = Found { current: Some(Seen { running: true, ..Seen::default() }), ..Found::default() };
    assert_eq!(way_back(&first), Ok(None));
}

#[test]
fn a_first_deployment_that_is_cut_off_leaves_nothing_or_what_passed() {
    for (way, good) in
        [(Way::InPlace, true), (Way::InPlace, false), (Way::Beside, true), (Way::Beside, false)]
    {
        for first in 0.. {
            let mut host = Host { good, ..Host::default() };
            let struck = swap(&mut host, way, Some(first)) == Err(Cut::Struck);
            assert_eq!(host.recover(None), Ok(()));
            let found = host.found();
            assert_eq!(settle(&found), Ok(Settling::Nothing), "{found:#?}");
            assert_eq!((&found.next, &found.previous), (&None, &None));
            assert!(good || found.current.is_none(), "{found:#?}");
            if !struck {
                assert_eq!(found.current.is_some(), good);
                break;
            }
        }
    }
}

#[test]
fn what_is_somebody_elses_is_left_alone() {
    let stranger = |id: &str| Seen { id: id.to_owned(), running: true, ..Seen::default() };
    let ours = |id: &str| Seen { record: Some(record(Way::InPlace, "d", None)), ..stranger(id) };
    for found in [
        Found { next: Some(stranger("a")), ..Found::default() },
        Found { previous: Some(stranger("a")), ..Found::default() },
        Found { current: Some(ours("a")), previous: Some(stranger("b")), ..Found::default() },
        Found { current: Some(stranger("a")), previous: Some(ours("b")), ..Found::default() },
    ] {
        assert!(settle(&found).is_err(), "{found:#?}");
    }
    let found = Found { current: Some(stranger("a")), ..Found::default() };
    assert_eq!(settle(&found), Ok(Settling::Nothing));
}
