//! The lock of a deployment on its host: a volume, since an engine makes one of a name once, whoever asks, and tells everybody
//! whose labels it has. Nothing is ever written into it.

use std::collections::BTreeMap;

use crate::engine::{Engine, Liveness, Owner};
use crate::error::{Error, Kind, Result};
use crate::event::Events;
use crate::image::label::deploy as label;

use super::name::Names;

/// How often a lock that others let go of at the same moment is asked for.
const TRIES: u32 = 5;

/// A lock that was taken. Whether it still is the run's own is for [`Lock::require`] to say.
#[derive(Debug, Clone)]
pub struct Lock {
    names: Names,
    run: String,
    labels: BTreeMap<String, String>,
}

/// Whether a run has the lock that it took.
pub(super) enum Regained {
    /// All the time.
    Kept,
    /// Again: meanwhile nobody had it, or another run that is over by now.
    Again,
    /// Another run has it.
    Theirs(Holder),
}

/// Whose a lock is that a run took.
enum Whose {
    /// That run's.
    Ours,
    /// Nobody's: somebody removed the volume, or broke the lock and is done by now.
    Nobodys,
    /// Somebody broke it.
    Theirs(Holder),
}

/// Who holds a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// `user@host`, or the CI's job.
    pub by: String,
    /// Since when, in unix seconds.
    pub at: i64,
    /// Whose process; `None` where the labels do not say.
    pub owner: Option<Owner>,
}

impl Holder {
    fn of(labels: &BTreeMap<String, String>) -> Option<Holder> {
        labels.get(label::LOCK)?;
        let text = |key: &str| labels.get(key).cloned().unwrap_or_default();
        Some(Holder {
            by: text(label::BY),
            at: text(label::AT).parse().unwrap_or_default(),
            owner: Owner::from_labels(labels),
        })
    }

    fn run(&self) -> &str {
        self.owner.as_ref().map_or("", |owner| owner.run.as_str())
    }

    /// Whether its run is over for certain.
    fn is_stale(&self, now: i64) -> bool {
        self.owner.as_ref().is_some_and(|owner| owner.liveness(now).is_over())
    }
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let since = jiff::Timestamp::from_second(self.at).map(|at| at.to_string()).unwrap_or_default();
        write!(f, "run {} of {} since {since}", self.run(), self.by)
    }
}

impl Lock {
    /// Takes the lock of the deployment called `names` for `owner`'s run, as `by`. One whose run is over is taken over, which is
    /// told; one that somebody else holds is [`Kind::Refused`] with their name, unless `force`.
    pub async fn take(
        engine: &Engine,
        names: &Names,
        owner: &Owner,
        (by, now): (&str, i64),
        force: bool,
        events: &Events,
    ) -> Result<Lock> {
        let volume = names.lock();
        let mut labels = owner.labels();
        labels.extend([
            (label::LOCK.to_owned(), names.to_string()),
            (label::BY.to_owned(), by.to_owned()),
            (label::AT.to_owned(), now.to_string()),
        ]);
        for _ in 0..TRIES {
            engine.create_volume(&volume, &labels).await?;
            let Some(found) = labels_of(engine, &volume).await? else { continue };
            let Some(holder) = Holder::of(&found) else {
                return Err(Error::new(
                    Kind::Refused,
                    format!("the volume {volume} is the lock of this deployment, and somebody else's"),
                )
                .hint("remove it, if it is of no use"));
            };
            if holder.run() == owner.run {
                return Ok(Lock { names: names.clone(), run: owner.run.clone(), labels });
            }
            if !(force || holder.is_stale(now)) {
                return Err(held(names, &holder, now));
            }
            let how = if holder.is_stale(now) { "stale: its run is over" } else { "broken by force" };
            events.warn(format!("the lock of {names}, held by {holder}, is {how}"));
            take_away(engine, &volume, &holder, &labels, owner, now, force).await?;
        }
        Err(Error::new(Kind::Refused, format!("the lock of {names} is taken by others again and again"))
            .hint("try again when they are done"))
    }

    /// Who holds the lock of `names`, if anybody does.
    pub async fn holder(engine: &Engine, names: &Names) -> Result<Option<Holder>> {
        Ok(labels_of(engine, &names.lock()).await?.and_then(|labels| Holder::of(&labels)))
    }

    /// The containers that somebody deploys to at this moment, or did when their run was killed.
    pub async fn all(engine: &Engine) -> Result<Vec<String>> {
        let locks = engine.list_volumes(&[label::LOCK.to_owned()]).await?;
        Ok(locks.into_iter().filter_map(|(_, labels)| labels.get(label::LOCK).cloned()).collect())
    }

    async fn whose(&self, engine: &Engine) -> Result<Whose> {
        Ok(match Lock::holder(engine, &self.names).await? {
            Some(holder) if holder.run() == self.run => Whose::Ours,
            Some(holder) => Whose::Theirs(holder),
            None => Whose::Nobodys,
        })
    }

    /// [`Kind::Refused`] where it is not the run's any more: somebody broke it, or removed the volume. From then on another run
    /// may be at the same containers. `so_far` says what of the swap is done, behind "the lock is lost, and ".
    pub async fn require(&self, engine: &Engine, so_far: &str) -> Result<()> {
        let names = &self.names;
        let why = match self.whose(engine).await? {
            Whose::Ours => return Ok(()),
            Whose::Theirs(holder) => format!("it was taken away by {holder}"),
            Whose::Nobodys => format!("somebody removed its volume, {}", names.lock()),
        };
        Err(Error::new(Kind::Refused, format!("the lock of {names} is lost, and {so_far}: {why}"))
            .hint("try again when nobody else deploys it"))
    }

    /// Takes it again where it is nobody's by now.
    pub(super) async fn regain(&self, engine: &Engine) -> Result<Regained> {
        for nth in 0..TRIES {
            match self.whose(engine).await? {
                Whose::Ours if nth == 0 => return Ok(Regained::Kept),
                Whose::Ours => return Ok(Regained::Again),
                Whose::Theirs(holder) => return Ok(Regained::Theirs(holder)),
                Whose::Nobodys => engine.create_volume(&self.names.lock(), &self.labels).await?,
            }
        }
        Err(Error::new(Kind::Refused, format!("the lock of {} is lost again and again", self.names)))
    }

    /// Lets go of it. What somebody else broke by force is theirs.
    pub async fn release(self, engine: &Engine) -> Result<()> {
        if let Whose::Ours = self.whose(engine).await? {
            engine.remove_volume(&self.names.lock()).await?;
        }
        Ok(())
    }
}

/// Takes a lock away from `holder`, so that of two that try this at once the second does not take away the first one's: who
/// may is settled by a lock of its own, of which there is one for each run.
async fn take_away(
    engine: &Engine,
    volume: &str,
    holder: &Holder,
    labels: &BTreeMap<String, String>,
    owner: &Owner,
    now: i64,
    force: bool,
) -> Result<()> {
    let guard = format!("{volume}-of-{}", holder.run());
    engine.create_volume(&guard, labels).await?;
    let guards = labels_of(engine, &guard).await?.and_then(|labels| Holder::of(&labels));
    match guards {
        Some(guards) if guards.run() == owner.run => {
            let still = labels_of(engine, volume).await?.and_then(|labels| Holder::of(&labels));
            if still.is_some_and(|still| still.run() == holder.run()) {
                engine.remove_volume(volume).await?;
            }
            engine.remove_volume(&guard).await?;
        }
        Some(guards) if force || guards.is_stale(now) => drop(engine.remove_volume(&guard).await?),
        // Somebody else is about to have it.
        _ => {}
    }
    Ok(())
}

async fn labels_of(engine: &Engine, volume: &str) -> Result<Option<BTreeMap<String, String>>> {
    let all = engine.list_volumes(&[]).await?;
    Ok(all.into_iter().find(|(name, _)| name == volume).map(|(_, labels)| labels))
}

fn held(names: &Names, holder: &Holder, now: i64) -> Error {
    let error = Error::new(Kind::Refused, format!("{names} is being deployed by somebody else: {holder}"));
    match holder.owner.as_ref().map(|owner| owner.liveness(now)) {
        Some(Liveness::Foreign { .. }) | None => error.hint(
            "try again when it is done; if you know that it is over, give --break-lock: from here its process cannot be seen",
        ),
        _ => error.hint("try again when it is done"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_lock_says_who_and_when_and_a_dead_run_is_stale() {
        let owner = Owner::current("r1", Duration::from_secs(60)).unwrap();
        let mut labels = owner.labels();
        assert_eq!(Holder::of(&labels), None, "no lock");
        labels.insert(label::LOCK.to_owned(), "web".to_owned());
        labels.insert(label::BY.to_owned(), "me@here".to_owned());
        labels.insert(label::AT.to_owned(), "0".to_owned());
        let holder = Holder::of(&labels).unwrap();
        assert_eq!(holder.to_string(), "run r1 of me@here since 1970-01-01T00:00:00Z");
        assert!(!holder.is_stale(owner.deadline + 1), "its process lives");
        let text = held(&Names::of("web"), &holder, 0).to_string();
        assert!(text.contains("me@here") && text.contains("r1"), "{text}");
        let dead = Holder {
            owner: Some(Owner { pid_start: owner.pid_start + 1, ..owner.clone() }),
            ..holder.clone()
        };
        assert!(dead.is_stale(0));
        let away = Holder { owner: Some(Owner { boot: "b".to_owned(), ..owner.clone() }), ..holder.clone() };
        assert!(!away.is_stale(owner.deadline - 1) && away.is_stale(owner.deadline + 1));
        assert!(!Holder { owner: None, ..holder }.is_stale(i64::MAX), "who knows");
    }
}
