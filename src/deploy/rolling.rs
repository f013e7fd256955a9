//! What comes of a service while a swarm replaces its tasks. Pure: it is told what there is, and when.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use crate::engine::{Service, Task};
use crate::image::label::deploy as label;

/// States in which a task will not run any more.
const OVER: [&str; 6] = ["complete", "shutdown", "failed", "rejected", "remove", "orphaned"];
/// States that are told.
const TOLD: [&str; 7] = ["preparing", "starting", "running", "failed", "rejected", "complete", "shutdown"];

/// What is waited for.
#[derive(Debug, Clone)]
pub(super) struct Aim {
    /// The run whose label the service carries.
    pub run: String,
    /// The number by which tasks of its spec are known.
    pub force: u64,
    /// How many tasks it is to have.
    pub replicas: u64,
    /// How long all of them have to run, without one of them ending, before they count; the swarm watches those that it
    /// replaces itself, and nobody else those that are more than before.
    pub hold: Duration,
    /// How long a task may wait for a node, or for its HEALTHCHECK.
    pub start: Duration,
    /// How long a node may pull.
    pub pull: Duration,
}

/// How it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outlook {
    /// It is under way.
    Waiting,
    /// The new one serves.
    Serves,
    /// It does not work, which the swarm will not find out by itself.
    Bad(String),
    /// The swarm went back to what was before.
    Back(String),
    /// The swarm tried to, and could not.
    Stuck(String),
    /// Somebody else changed the service: who.
    Taken(String),
    /// There is no service any more.
    Gone,
}

/// Something that became of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    /// `web.1`.
    pub task: String,
    /// The task's id.
    pub id: String,
    /// The name of its node.
    pub node: Option<String>,
    /// The state.
    pub state: String,
    /// Whether it is one of what was before, while the swarm goes back to that.
    pub back: bool,
}

/// Looks again and again.
#[derive(Debug)]
pub(super) struct Rolling {
    aim: Aim,
    began: Instant,
    /// Of each task: its state, and since when it is known to be in it.
    known: BTreeMap<String, (String, Instant)>,
    steady: Option<(BTreeSet<String>, Instant)>,
}

impl Rolling {
    /// Begins, with the tasks that there are already: of those nothing is news but what becomes of them.
    pub(super) fn new(aim: Aim, tasks: &[Task], now: Instant) -> Rolling {
        let known = tasks.iter().filter(|task| task.force != aim.force);
        let known = known.map(|task| (task.id.clone(), (task.state.clone(), now))).collect();
        Rolling { aim, began: now, known, steady: None }
    }

    /// Takes a look: what is new, and how it stands.
    pub(super) fn look(
        &mut self,
        service: Option<&Service>,
        tasks: &[Task],
        nodes: &BTreeMap<String, String>,
        now: Instant,
    ) -> (Vec<Told>, Outlook) {
        let Some(service) = service else { return (Vec::new(), Outlook::Gone) };
        let is_back = service.state.starts_with("rollback");
        let mut told = Vec::new();
        for task in tasks {
            let is_new = self.known.get(&task.id).is_none_or(|(state, _)| *state != task.state);
            if !is_new {
                continue;
            }
            self.known.insert(task.id.clone(), (task.state.clone(), now));
            if TOLD.contains(&task.state.as_str()) {
                told.push(Told {
                    task: format!("{}.{}", service.name, task.slot),
                    id: task.id.clone(),
                    node: nodes.get(&task.node).cloned(),
                    state: task.state.clone(),
                    back: is_back && task.force != self.aim.force,
                });
            }
        }
        (told, self.outlook(service, tasks, nodes, now))
    }

    fn outlook(
        &mut self,
        service: &Service,
        tasks: &[Task],
        nodes: &BTreeMap<String, String>,
        now: Instant,
    ) -> Outlook {
        let ours = service.labels.get(label::RUN) == Some(&self.aim.run);
        let why = |tasks: &[&Task]| {
            self.first_failure(service, tasks, nodes).unwrap_or_else(|| match service.message.as_str() {
                "" => "the swarm says no reason".to_owned(),
                message => message.to_owned(),
            })
        };
        let new: Vec<&Task> = tasks.iter().filter(|task| task.force == self.aim.force).collect();
        match service.state.as_str() {
            "rollback_completed" if !ours => return Outlook::Back(why(&new)),
            "rollback_paused" if !ours => return Outlook::Stuck(why(&new)),
            "rollback_started" if !ours => return Outlook::Waiting,
            _ if !ours => {
                let text = |key: &str| service.labels.get(key).map_or("unknown", String::as_str);
                return Outlook::Taken(format!("run {} of {}", text(label::RUN), text(label::BY)));
            }
            "paused" => return Outlook::Bad(why(&new)),
            _ => {}
        }
        let is_up = |task: &&&Task| task.state == "running" && task.desired == "running";
        let running: BTreeSet<String> = new.iter().filter(is_up).map(|task| task.id.clone()).collect();
        let slots: BTreeSet<u64> = new.iter().filter(is_up).map(|task| task.slot).collect();
        // While it updates, the swarm counts failures itself.
        if service.state != "updating" {
            if slots.len() as u64 >= self.aim.replicas {
                let since = match &self.steady {
                    Some((same, since)) if *same == running => *since,
                    _ => now,
                };
                self.steady = Some((running, since));
                return match now.duration_since(since) >= self.aim.hold {
                    true => Outlook::Serves,
                    false => Outlook::Waiting,
                };
            }
            let open: Vec<&Task> = new.iter().copied().filter(|task| !slots.contains(&task.slot)).collect();
            if let Some(why) = self.first_failure(service, &open, nodes) {
                return Outlook::Bad(why);
            }
        }
        self.steady = None;
        self.stalled(service, &new, nodes, now).map_or(Outlook::Waiting, Outlook::Bad)
    }

    /// What the first of `tasks` that failed failed of.
    fn first_failure(
        &self,
        service: &Service,
        tasks: &[&Task],
        nodes: &BTreeMap<String, String>,
    ) -> Option<String> {
        let failed =
            tasks.iter().filter(|task| ["failed", "rejected", "complete"].contains(&task.state.as_str()));
        let first = failed.min_by(|a, b| a.since.cmp(&b.since))?;
        let error = match (first.error.as_str(), first.state.as_str()) {
            ("", "complete") => "its process ended",
            ("", state) => state,
            (error, _) => error,
        };
        Some(format!("{}: {error}", place(service, first, nodes)))
    }

    /// A task that is in one state for too long.
    fn stalled(
        &self,
        service: &Service,
        tasks: &[&Task],
        nodes: &BTreeMap<String, String>,
        now: Instant,
    ) -> Option<String> {
        if tasks.is_empty() && now.duration_since(self.began) > self.aim.start {
            return Some(format!("the swarm made no task for {} s", self.aim.start.as_secs()));
        }
        let open = tasks.iter().filter(|task| {
            task.desired == "running" && task.state != "running" && !OVER.contains(&task.state.as_str())
        });
        open.filter_map(|task| {
            let (_, since) = self.known.get(&task.id)?;
            let limit = if task.state == "preparing" { self.aim.pull } else { self.aim.start };
            let waited = now.duration_since(*since);
            let why = if task.error.is_empty() { String::new() } else { format!(": {}", task.error) };
            let what = if task.state == "starting" { "is not healthy" } else { task.state.as_str() };
            let verb = if task.state == "starting" { "" } else { "is " };
            (waited > limit).then(|| {
                format!("{} {verb}{what} after {} s{why}", place(service, task, nodes), waited.as_secs())
            })
        })
        .next()
    }
}

/// `web.1 on node-2`.
fn place(service: &Service, task: &Task, nodes: &BTreeMap<String, String>) -> String {
    let on = nodes.get(&task.node).map(|node| format!(" on {node}")).unwrap_or_default();
    format!("task {}.{}{on}", service.name, task.slot)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(run: &str, state: &str) -> Service {
        Service {
            name: "web".to_owned(),
            labels: [(label::RUN.to_owned(), run.to_owned())].into(),
            state: state.to_owned(),
            ..Service::default()
        }
    }

    fn task(id: &str, slot: u64, force: u64, state: &str) -> Task {
        let desired = if OVER.contains(&state) { "shutdown" } else { "running" };
        Task {
            id: id.to_owned(),
            slot,
            node: "n".to_owned(),
            state: state.to_owned(),
            desired: desired.to_owned(),
            force,
            ..Task::default()
        }
    }

    fn aim(replicas: u64, hold: u64) -> Aim {
        Aim {
            run: "new".to_owned(),
            force: 2,
            replicas,
            hold: Duration::from_secs(hold),
            start: Duration::from_secs(60),
            pull: Duration::from_secs(600),
        }
    }

    struct Play {
        rolling: Rolling,
        began: Instant,
        nodes: BTreeMap<String, String>,
    }

    impl Play {
        fn new(aim: Aim, before: &[Task]) -> Play {
            let began = Instant::now();
            let nodes = [("n".to_owned(), "node-1".to_owned())].into();
            Play { rolling: Rolling::new(aim, before, began), began, nodes }
        }

        fn look(&mut self, at: u64, service: &Service, tasks: &[Task]) -> (Vec<Told>, Outlook) {
            self.rolling.look(Some(service), tasks, &self.nodes, self.began + Duration::from_secs(at))
        }
    }

    #[test]
    fn an_update_that_the_swarm_completes_serves_and_each_task_is_told_once() {
        let old = task("a", 1, 1, "running");
        let mut play = Play::new(aim(1, 0), std::slice::from_ref(&old));
        let (told, how) = play.look(0, &service("new", ""), std::slice::from_ref(&old));
        assert_eq!((told.len(), how), (0, Outlook::Waiting), "not begun");
        let updating = service("new", "updating");
        let (told, how) = play.look(1, &updating, &[old.clone(), task("b", 1, 2, "starting")]);
        assert_eq!(
            (told[0].task.as_str(), told[0].node.as_deref(), how),
            ("web.1", Some("node-1"), Outlook::Waiting)
        );
        assert!(!told[0].back && told.len() == 1);
        let both = [task("a", 1, 1, "shutdown"), task("b", 1, 2, "running")];
        let (told, how) = play.look(2, &updating, &both);
        let states: Vec<&str> = told.iter().map(|told| told.state.as_str()).collect();
        assert_eq!(
            (states, how),
            (vec!["shutdown", "running"], Outlook::Waiting),
            "the swarm still watches it"
        );
        assert_eq!(play.look(3, &service("new", "completed"), &both), (Vec::new(), Outlook::Serves));
    }

    #[test]
    fn the_swarms_own_way_back_is_told_with_the_first_reason() {
        let mut failed = task("b", 1, 2, "failed");
        (failed.error, failed.since) = ("task: non-zero exit (1)".to_owned(), "2".to_owned());
        let later = Task { since: "3".to_owned(), error: "later".to_owned(), ..failed.clone() };
        let tasks = [later, failed, task("c", 1, 1, "running")];
        let mut play = Play::new(aim(1, 0), &[]);
        let (told, how) = play.look(1, &service("old", "rollback_started"), &tasks);
        assert_eq!(how, Outlook::Waiting);
        assert!(told.iter().any(|told| told.id == "c" && told.back));
        let why = "task web.1 on node-1: task: non-zero exit (1)".to_owned();
        for (state, outlook) in [
            ("rollback_completed", Outlook::Back(why.clone())),
            ("rollback_paused", Outlook::Stuck(why.clone())),
        ] {
            assert_eq!(play.look(2, &service("old", state), &tasks).1, outlook);
        }
        assert_eq!(
            play.look(3, &service("other", "updating"), &tasks).1,
            Outlook::Taken("run other of unknown".to_owned())
        );
        assert_eq!(play.look(3, &service("new", "paused"), &tasks).1, Outlook::Bad(why));
        assert_eq!(play.rolling.look(None, &tasks, &play.nodes, play.began).1, Outlook::Gone);
    }

    #[test]
    fn a_first_deployment_is_watched_here() {
        let made = service("new", "");
        let both = [task("a", 1, 2, "running"), task("b", 2, 2, "running")];
        let mut play = Play::new(aim(2, 15), &[]);
        assert_eq!(play.look(0, &made, &both[..1]).1, Outlook::Waiting);
        assert_eq!(play.look(1, &made, &both).1, Outlook::Waiting);
        assert_eq!(play.look(15, &made, &both).1, Outlook::Waiting);
        assert_eq!(play.look(16, &made, &both).1, Outlook::Serves);
        // One that ends before is bad at once, though the swarm would start it again.
        let mut play = Play::new(aim(2, 15), &[]);
        assert_eq!(play.look(1, &made, &both).1, Outlook::Waiting);
        let ended = [task("a", 1, 2, "complete"), both[1].clone()];
        assert_eq!(
            play.look(9, &made, &ended).1,
            Outlook::Bad("task web.1 on node-1: its process ended".to_owned())
        );
    }

    #[test]
    fn what_waits_for_too_long_is_bad() {
        let updating = service("new", "updating");
        let mut pending = task("b", 2, 2, "pending");
        (pending.error, pending.node) = ("no suitable node".to_owned(), String::new());
        for (task, at, outlook) in [
            (pending.clone(), 60, Outlook::Waiting),
            (pending, 61, Outlook::Bad("task web.2 is pending after 61 s: no suitable node".to_owned())),
            (task("b", 2, 2, "preparing"), 600, Outlook::Waiting),
            (
                task("b", 2, 2, "starting"),
                61,
                Outlook::Bad("task web.2 on node-1 is not healthy after 61 s".to_owned()),
            ),
            // What the swarm itself gave up is no task that waits.
            (task("b", 2, 2, "shutdown"), 999, Outlook::Waiting),
        ] {
            let mut play = Play::new(aim(2, 0), &[]);
            play.look(0, &updating, std::slice::from_ref(&task));
            assert_eq!(play.look(at, &updating, &[task]).1, outlook);
        }
        let mut play = Play::new(aim(1, 0), &[]);
        assert!(matches!(play.look(61, &updating, &[]).1, Outlook::Bad(why) if why.contains("no task")));
    }

    #[test]
    fn tasks_beyond_those_of_before_have_to_run_too() {
        let completed = service("new", "completed");
        let mut play = Play::new(aim(2, 15), &[]);
        let first = task("a", 1, 2, "running");
        let mut failed = task("b", 2, 2, "rejected");
        failed.error = "no such mount".to_owned();
        assert_eq!(play.look(0, &completed, std::slice::from_ref(&first)).1, Outlook::Waiting);
        let how = play.look(1, &completed, &[first, failed]).1;
        assert_eq!(how, Outlook::Bad("task web.2 on node-1: no such mount".to_owned()));
    }
}
