//! Which commits are pushed, and what of each is new to the remote.

use crate::error::{Error, Kind, Result};
use crate::flow::pre_push::PushOptions;
use crate::flow::session::Session;
use crate::plan;
use crate::source::{Objects, Peeled, Pushed, read_pushed};

/// Commits that are judged in one push. Nobody waits for those of a whole mirror.
const MOST: usize = 32;
/// How much of a commit's id people see.
const SHORT: usize = 12;

/// A commit that is pushed, under each of its names.
#[derive(Debug)]
pub(super) struct Update {
    pub(super) commit: String,
    refs: Vec<String>,
    /// The paths that are new to the remote; `None` where that is unknown, so that all are.
    pub(super) changed: Option<Vec<Vec<u8>>>,
    /// A version is released: all of it is judged, whatever changed.
    pub(super) is_whole: bool,
}

impl Update {
    pub(super) fn name(&self) -> String {
        let short = self.commit.get(..SHORT).unwrap_or(&self.commit);
        match self.refs.as_slice() {
            [one] => format!("{one} at {short}"),
            [one, others @ ..] => format!("{one} and {} more at {short}", others.len()),
            [] => short.to_owned(),
        }
    }
}

/// Reads what is pushed. What is no commit is noted in `passed`.
pub(super) fn read(
    session: &Session,
    objects: &Objects,
    options: &PushOptions,
    passed: &mut Vec<String>,
) -> Result<Vec<Update>> {
    let mut pushed = read_pushed(&options.stdin)?;
    if pushed.is_empty() {
        pushed.extend(by_pre_commit(session, objects)?);
    }
    let mut pushed: Vec<(Pushed, String)> =
        pushed.into_iter().filter_map(|one| one.id.clone().map(|id| (one, id))).collect();
    // Where there are too many, branches are what is built from.
    pushed.sort_by_key(|(one, _)| !one.remote.starts_with("refs/heads/"));
    // First what is pushed, behind it what the remote has.
    let olds = pushed.iter().filter_map(|(one, _)| one.old.clone());
    let ids: Vec<String> = pushed.iter().map(|(_, id)| id.clone()).chain(olds).collect();
    let mut peeled = objects.peel(&ids)?.into_iter();
    let news: Vec<Peeled> = peeled.by_ref().take(pushed.len()).collect();

    let names: Vec<&str> =
        [&options.remote, &options.url].into_iter().flatten().map(String::as_str).collect();
    let mut updates: Vec<Update> = Vec::new();
    let mut left_out = 0;
    let mut found = Vec::new();
    for ((one, id), new) in pushed.iter().zip(news) {
        let old = one.old.as_ref().and_then(|_| peeled.next());
        found.push((one, id, new, old));
    }
    for (one, id, new, old) in found {
        let commit = match new {
            Peeled::Commit(commit) => commit,
            Peeled::Other => {
                passed.push(format!("{}: it is no commit", one.remote));
                continue;
            }
            Peeled::Missing => {
                return Err(Error::new(
                    Kind::Refused,
                    format!("cannot read what is pushed to {}: this clone has no object {id}", one.remote),
                )
                .hint("git fsck tells whether the repository is damaged"));
            }
        };
        let is_whole = releases(objects, one, id, &commit)?;
        let known = updates.iter().position(|update| update.commit == commit);
        if known.is_none() && updates.len() == MOST {
            left_out += 1;
            continue;
        }
        let base = match old {
            Some(Peeled::Commit(old)) => Some(old),
            _ => objects.base(&commit, &names)?,
        };
        let changed = base.map_or(Ok(None), |base| objects.changed(&base, &commit))?;
        match known.and_then(|known| updates.get_mut(known)) {
            Some(update) => {
                update.refs.push(one.remote.clone());
                update.is_whole |= is_whole;
                update.changed = update.changed.take().zip(changed).map(|(mut all, more)| {
                    all.extend(more);
                    all
                });
            }
            None => updates.push(Update { commit, refs: vec![one.remote.clone()], changed, is_whole }),
        }
    }
    if left_out > 0 {
        session.events.warn(format!(
            "{left_out} refs are pushed without a look: more than {MOST} commits are pushed at once, and those of branches come first"
        ));
    }
    Ok(updates)
}

/// Whether a version is released by this tag. One that is on the remote does not move, and none is tagged while what is
/// committed is not all that is there.
fn releases(objects: &Objects, one: &Pushed, id: &str, commit: &str) -> Result<bool> {
    let Some(tag) = one.remote.strip_prefix("refs/tags/").filter(|tag| plan::is_version(tag)) else {
        return Ok(false);
    };
    if let Some(old) = one.old.as_ref().filter(|old| *old != id) {
        let what =
            format!("the tag {tag} is on the remote already, as {old}: a released version does not move");
        return Err(Error::new(Kind::Refused, what)
            .hint("release the next version; `git push --no-verify` moves the tag all the same"));
    }
    if objects.is_changed_here(commit)? {
        let what = format!("the tag {tag} is pushed from a folder with changes that are in no commit");
        return Err(Error::new(Kind::Refused, what)
            .hint("commit them and tag that, or put them away: git stash")
            .hint("`git push --no-verify` pushes the tag all the same"));
    }
    Ok(true)
}

/// What pre-commit says in its variables, in place of stdin.
fn by_pre_commit(session: &Session, objects: &Objects) -> Result<Option<Pushed>> {
    let get = |name: &str| session.environment.get(name);
    // Without it, pre-commit is not run for a push.
    let Some(remote) = get("PRE_COMMIT_REMOTE_BRANCH") else { return Ok(None) };
    let local = get("PRE_COMMIT_LOCAL_BRANCH").unwrap_or("HEAD");
    let wanted = get("PRE_COMMIT_TO_REF").unwrap_or(local);
    let Some(id) = objects.resolve(wanted)? else {
        return Err(Error::new(
            Kind::Usage,
            format!(
                "cannot find what is pushed: pre-commit names {wanted:?}, and this clone has no such commit"
            ),
        ));
    };
    let old = get("PRE_COMMIT_FROM_REF").map_or(Ok(None), |from| objects.resolve(from))?;
    Ok(Some(Pushed { local: local.to_owned(), id: Some(id), remote: remote.to_owned(), old }))
}
