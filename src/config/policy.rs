//! A pull request does not own the policy: what it may push to, which secrets it sees and which checks it must pass
//! come from its base branch, or from what `IMGBUILD_POLICY` names. Its own author could otherwise wave it through by
//! changing the rules in the same commit.

use std::collections::BTreeSet;

use super::document::Document;
use super::keys::POLICY;

/// Where a run's policy comes from.
#[derive(Debug, Clone, Copy)]
pub enum Policy<'a> {
    /// The base branch's file, on pull requests of any kind.
    Base {
        /// The branch, for the notes.
        branch: &'a str,
        /// Its file, with what that extends there; `None` where the branch has none, or is not in the clone.
        document: Option<&'a Document>,
    },
    /// The file that `IMGBUILD_POLICY` names, on any run.
    File(&'a Document),
    /// The artifact that it names, on any run.
    Artifact(&'a Document),
}

/// `own` above the policy, which alone says what `[registries]`, `[evidence]`, `[promote]`, `[checks]`, `[deploy]`, `[policy]` and
/// `image.build.secrets` are, in
/// the file and in its profiles, and what the keys are that it locks. What it does not say is at its default, never what
/// `own` says. `[push]` is no policy: how long a run waits is its own affair.
///
/// Also gives a line for each key that was taken from elsewhere or left out, for people.
pub fn with_policy(own: Option<&Document>, policy: Policy<'_>) -> (Option<Document>, Vec<String>) {
    let (from, source) = match policy {
        Policy::Base { branch, document } => (document, format!("the base branch {}", visible(branch))),
        Policy::File(document) => (Some(document), format!("the policy file {}", document.name())),
        Policy::Artifact(document) => (Some(document), format!("the policy artifact {}", document.name())),
    };
    let chain = |document: Option<&Document>| document.cloned().map(Document::into_chain).unwrap_or_default();
    let (mut above, mut from) = (chain(own), chain(from));
    if let (Policy::File(_) | Policy::Artifact(_), Some(first)) = (policy, from.first_mut()) {
        first.binds = true;
    }
    let mut notes = Vec::new();
    if from.is_empty() && own.is_some() {
        notes.push(format!(
            "{source} has no imgbuild.toml in this clone: registries and checks are at their defaults"
        ));
    }
    for key in POLICY {
        // What binds nobody is not taken from anywhere.
        let sets = |document: &&Document| document.sets(key) && (key != "policy" || document.binds);
        if from.iter().find(sets).is_some() {
            notes.push(format!("{key} is taken from {source}"));
        } else if let Some(own) = above.iter().find(sets) {
            notes.push(format!("{key} of {} is left out: {source} does not set it", own.name()));
        }
    }
    forgive(&mut above, &mut from, &mut notes);
    let policy_keys = || POLICY.map(str::to_owned).to_vec();
    for document in &mut above {
        document.scope.except = policy_keys();
    }
    let locked: BTreeSet<String> =
        from.iter().flat_map(|document| document.locks().into_keys()).map(str::to_owned).collect();
    for document in &mut from {
        document.scope.only = Some(policy_keys().into_iter().chain(locked.iter().cloned()).collect());
    }
    above.append(&mut from);
    (Document::of_chain(above), notes)
}

/// Offences against locks that a pull request cannot help. The policy's own file, as the pull request has it, may say
/// what it locks for others: the base's counts. What the base's files got wrong would keep out the very pull request
/// that mends it: it is left out, with a note.
fn forgive(above: &mut [Document], from: &mut [Document], notes: &mut Vec<String>) {
    for nth in 0..from.len() {
        let Some((stronger, [locker, weaker @ ..])) = from.split_at_mut_checked(nth) else { continue };
        let locks: Vec<String> = locker.locks().into_keys().map(str::to_owned).collect();
        for document in above.iter_mut() {
            let same = |other: &Document| other.inside.is_some() && other.inside == document.inside;
            if same(locker) || weaker.iter().any(same) {
                document.scope.forgiven.extend(locks.iter().cloned());
            }
        }
        for document in stronger.iter_mut().filter(|document| document.revision.is_some()) {
            let broken: Vec<String> = locks.iter().filter(|lock| document.sets(lock)).cloned().collect();
            let (name, by) = (document.name(), locker.name());
            notes.extend(
                broken.iter().map(|lock| format!("{lock} of {name} is left out: the policy {by} locks it")),
            );
            document.scope.forgiven.extend(broken);
        }
    }
}

/// A branch's name may hold anything.
fn visible(name: &str) -> String {
    name.chars().flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests;
