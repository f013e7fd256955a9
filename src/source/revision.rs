//! The one commit that the image is labelled with: what the CI says, held against what is checked out.

use crate::error::{Error, Kind, Result};
use crate::source::{CiContext, Provider, RefName, SourceState};

/// The commit that image and tags are named after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// A commit that exists on the remote: HEAD, or the head of a pull request whose merge is checked out.
    pub commit: String,
    /// HEAD, where it is a merge that was made for this run and exists nowhere else.
    pub merge_commit: Option<String>,
}

/// Which commit this is, or why CI and checkout cannot both be right (a stale workspace, a `ref:` of its own).
///
/// | the CI says | HEAD | revision |
/// |---|---|---|
/// | nothing | any | HEAD |
/// | a commit | that commit | HEAD |
/// | a commit | the merge commit that it says, or a merge of the commit | the commit |
/// | a merge only | that merge, made by the CI | the parent that is the pull request's |
/// | a commit, on a privileged run | the base | HEAD |
///
/// Kind `Refused` with both values otherwise.
pub fn reconcile(ci: &CiContext, git: &SourceState) -> Result<Revision> {
    let head = git.commit.clone();
    let plain = |commit| Ok(Revision { commit, merge_commit: None });
    let merged = |commit| Ok(Revision { commit, merge_commit: Some(head.clone()) });
    let said_merge = ci.merge_commit.as_deref() == Some(head.as_str());
    match &ci.commit {
        Some(commit) if *commit == head => plain(head),
        Some(commit) if said_merge => merged(commit.clone()),
        Some(commit) if git.parents.len() > 1 && git.parents.contains(commit) => merged(commit.clone()),
        Some(_) if ci.privileged_pr && ci.base_commit.as_deref() == Some(head.as_str()) => plain(head),
        Some(commit) => Err(mismatch(ci, git, commit, "commit")),
        None => match &ci.merge_commit {
            Some(merge) if !said_merge => Err(mismatch(ci, git, merge, "merge_commit")),
            _ => match pull_request_parent(ci, git) {
                Some(parent) => merged(parent.to_owned()),
                None => plain(head),
            },
        },
    }
}

/// The branch that is built: the CI's word where there is one, as a CI's checkout is mostly detached; `None` for tags.
pub fn branch(ci: &CiContext, git: &SourceState) -> Option<RefName> {
    if ci.tag.is_some() {
        return None;
    }
    ci.branch.clone().or_else(|| git.branch.clone())
}

/// The pull request's side of a merge that the CI made. Forges merge the head into the base, Jenkins the base into the
/// head.
fn pull_request_parent<'a>(ci: &CiContext, git: &'a SourceState) -> Option<&'a str> {
    let [first, second] = git.parents.as_slice() else { return None };
    ci.pr.as_ref()?;
    match ci.provider? {
        Provider::Jenkins => made_by_ci(ci, git).then_some(first.as_str()),
        // What these say to be a merge is the forge's own, of the base and then the head.
        Provider::GitHub
        | Provider::Gitea
        | Provider::Forgejo
        | Provider::Azure
        | Provider::Travis
        | Provider::TeamCity
        | Provider::AppVeyor
            if ci.merge_commit.is_some() =>
        {
            Some(second)
        }
        _ => None,
    }
}

/// Without a sign of it, HEAD is taken for a commit of the pull request: people merge too.
fn made_by_ci(ci: &CiContext, git: &SourceState) -> bool {
    let by_merger = |email: &String| git.committer.ends_with(&format!("<{email}>"));
    git.committer.starts_with("Jenkins <") || ci.merger.as_ref().is_some_and(by_merger)
}

fn mismatch(ci: &CiContext, git: &SourceState, said: &str, field: &str) -> Error {
    let origin = ci.origins.get(field).map(|origin| format!(" ({origin})")).unwrap_or_default();
    let message = format!("the checkout is at {}, but the CI says that it builds {said}{origin}", git.commit);
    let error = Error::new(Kind::Refused, message)
        .hint("check out the commit that the run was started for: a stale workspace, or a step that moved HEAD, builds another one");
    error.hint("where another commit is wanted, name it: IMGBUILD_SHA=$(git rev-parse HEAD)")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "4f1c2b7e9a0d3c5b6e8f7a1b2c3d4e5f60718293";
    const MERGE: &str = "9e107d9d372bb6826bd81d3542a419d6e277d9a1";
    const BASE: &str = "d41d8cd98f00b204e9800998ecf8427e00000001";

    fn git(commit: &str, parents: &[&str]) -> SourceState {
        let parents = parents.iter().map(|&parent| parent.to_owned()).collect();
        SourceState { commit: commit.to_owned(), parents, ..SourceState::default() }
    }

    fn ci(provider: Provider, commit: Option<&str>, merge: Option<&str>) -> CiContext {
        CiContext {
            provider: Some(provider),
            commit: commit.map(str::to_owned),
            merge_commit: merge.map(str::to_owned),
            pr: Some("7".to_owned()),
            ..CiContext::default()
        }
    }

    fn revision(commit: &str, merge: Option<&str>) -> Revision {
        Revision { commit: commit.to_owned(), merge_commit: merge.map(str::to_owned) }
    }

    #[test]
    fn without_a_word_from_a_ci_it_is_head() {
        assert_eq!(
            reconcile(&CiContext::default(), &git(MERGE, &[HEAD, BASE])).unwrap(),
            revision(MERGE, None)
        );
    }

    #[test]
    fn a_pull_request_is_its_head_however_it_is_checked_out() {
        let said = ci(Provider::GitHub, Some(HEAD), Some(MERGE));
        assert_eq!(reconcile(&said, &git(HEAD, &[BASE])).unwrap(), revision(HEAD, None));
        assert_eq!(reconcile(&said, &git(MERGE, &[BASE, HEAD])).unwrap(), revision(HEAD, Some(MERGE)));
        // Bitbucket and Jenkins merge on the spot: a commit that no variable names.
        let said = ci(Provider::Other, Some(HEAD), None);
        assert_eq!(reconcile(&said, &git(MERGE, &[HEAD, BASE])).unwrap(), revision(HEAD, Some(MERGE)));
    }

    #[test]
    fn the_parents_tell_the_head_where_the_ci_does_not() {
        let said = ci(Provider::GitHub, None, Some(MERGE));
        assert_eq!(reconcile(&said, &git(MERGE, &[BASE, HEAD])).unwrap(), revision(HEAD, Some(MERGE)));
        let said = ci(Provider::Jenkins, None, Some(MERGE));
        let mut merge = git(MERGE, &[HEAD, BASE]);
        "Jenkins <nobody@nowhere>".clone_into(&mut merge.committer);
        assert_eq!(reconcile(&said, &merge).unwrap(), revision(HEAD, Some(MERGE)));
        "bot <ci@example.com>".clone_into(&mut merge.committer);
        let configured = CiContext { merger: Some("ci@example.com".to_owned()), ..said.clone() };
        assert_eq!(reconcile(&configured, &merge).unwrap(), revision(HEAD, Some(MERGE)));
        // A merge that the author of the pull request made is the head itself.
        "Ada <ada@example.com>".clone_into(&mut merge.committer);
        assert_eq!(reconcile(&said, &merge).unwrap(), revision(MERGE, None));
    }

    #[test]
    fn another_commit_is_refused_with_both_values() {
        let mut said = ci(Provider::GitHub, Some(HEAD), Some(MERGE));
        said.origins.insert("commit", "event:pull_request.head.sha".to_owned());
        // An ordinary commit on top of the head is no merge of it.
        for checkout in [git(BASE, &[]), git(BASE, &[HEAD])] {
            let error = reconcile(&said, &checkout).unwrap_err();
            assert_eq!(error.kind(), Kind::Refused);
            for part in [HEAD, BASE, "event:pull_request.head.sha"] {
                assert!(error.to_string().contains(part), "{error}");
            }
            assert!(error.hints().iter().any(|hint| hint.contains("IMGBUILD_SHA")));
        }
        assert!(reconcile(&ci(Provider::GitHub, None, Some(MERGE)), &git(HEAD, &[BASE])).is_err());
    }

    #[test]
    fn a_privileged_run_may_build_its_base() {
        let mut said = ci(Provider::GitHub, Some(HEAD), None);
        said.base_commit = Some(BASE.to_owned());
        assert!(reconcile(&said, &git(BASE, &[])).is_err());
        said.privileged_pr = true;
        assert_eq!(reconcile(&said, &git(BASE, &[])).unwrap(), revision(BASE, None));
    }

    #[test]
    fn a_tag_has_no_branch() {
        let mut checkout = git(HEAD, &[]);
        checkout.branch = Some("main".into());
        assert_eq!(branch(&CiContext::default(), &checkout), Some("main".into()));
        let said = CiContext { tag: Some("v1".into()), ..CiContext::default() };
        assert_eq!(branch(&said, &checkout), None);
    }
}
