//! Jenkins: multibranch jobs, freestyle and pipeline jobs with the git plugin, and the two pull request builders.
//!
//! Sources: jenkinsci/git-plugin `GitSCM.java`, branch-api-plugin `BranchNameContributor.java`, ghprb-plugin,
//! gitlab-plugin.

use super::look::Fact;
use super::{CiContext, Look};
use crate::environment::Environment;
use crate::source::RefName;

/// An instance whose own URL was never configured sets no `JENKINS_URL`.
pub(super) fn is(env: &Environment) -> bool {
    env.get("JENKINS_URL").is_some()
        || (env.get("BUILD_NUMBER").is_some()
            && env.get("BUILD_TAG").is_some_and(|tag| tag.starts_with("jenkins-")))
}

const PR: [&str; 3] = ["CHANGE_ID", "ghprbPullId", "gitlabMergeRequestIid"];
const PR_BRANCH: [&str; 3] = ["CHANGE_BRANCH", "ghprbSourceBranch", "gitlabSourceBranch"];
const PR_BASE: [&str; 3] = ["CHANGE_TARGET", "ghprbTargetBranch", "gitlabTargetBranch"];

pub(super) fn read(look: &Look<'_>, ci: &mut CiContext) {
    let pr = PR.iter().find_map(|key| look.pr(key));
    let checked_out = look.commit("GIT_COMMIT");
    let head = look.commit("ghprbActualCommit").or_else(|| look.commit("gitlabMergeRequestLastCommit"));
    if pr.is_none() || builds_the_head(look) {
        ci.set("commit", head.or(checked_out), |ci| &mut ci.commit);
    } else {
        // Jenkins may have merged the base into the head: only the repository can tell, see `reconcile`.
        ci.set("commit", head, |ci| &mut ci.commit);
        ci.set("merge_commit", checked_out, |ci| &mut ci.merge_commit);
        // What the git plugin is without a configured identity.
        let nobody =
            || Some(Fact { value: "nobody@nowhere".to_owned(), origin: "default:git-plugin".to_owned() });
        ci.set("merger", look.text("GIT_COMMITTER_EMAIL").or_else(nobody), |ci| &mut ci.merger);
    }
    if pr.is_some() {
        ci.set("branch", PR_BRANCH.iter().find_map(|key| look.name(key)), |ci| &mut ci.branch);
        ci.set("base_branch", PR_BASE.iter().find_map(|key| look.name(key)), |ci| &mut ci.base_branch);
    } else {
        ci.set("branch", branch(look), |ci| &mut ci.branch);
        ci.set("tag", tag(look), |ci| &mut ci.tag);
    }
    ci.set("pr", pr, |ci| &mut ci.pr);
    if look.env.is_true("BRANCH_IS_PRIMARY") {
        ci.set("default_branch", look.text("BRANCH_NAME"), |ci| &mut ci.default_branch);
    }
    ci.set("build_url", look.page_url("BUILD_URL"), |ci| &mut ci.build_url);
    let url = look.repository_url("GIT_URL").or_else(|| look.repository_url("GIT_URL_1"));
    ci.set("repository_url", url, |ci| &mut ci.repository_url);
    ci.set("workspace", look.path("WORKSPACE"), |ci| &mut ci.workspace);
}

/// The name of a multibranch job tells the strategy where a project uses both: `PR-7-head`, `PR-7-merge`.
fn builds_the_head(look: &Look<'_>) -> bool {
    look.env.get("CHANGE_ID").is_some()
        && look.env.get("BRANCH_NAME").is_some_and(|name| name.ends_with("-head"))
}

fn branch(look: &Look<'_>) -> Option<Fact<RefName>> {
    let plain = look.name("BRANCH_NAME").or_else(|| look.name("GIT_LOCAL_BRANCH"));
    let found = plain.or_else(|| {
        look.raw("GIT_BRANCH")?.and_then(|full| {
            // `<remote>/<branch>`; the names of remotes are not in the environment.
            let prefixes: [&[u8]; 5] = [
                b"refs/heads/",
                b"refs/remotes/origin/",
                b"origin/",
                b"refs/remotes/upstream/",
                b"upstream/",
            ];
            let name = prefixes.iter().find_map(|prefix| full.strip_prefix(*prefix)).unwrap_or(full);
            (!name.starts_with(b"refs/")).then(|| RefName::from_bytes(name))
        })
    });
    found.filter(|name| name.value.as_bytes() != b"detached" && name.value.as_bytes() != b"HEAD")
}

fn tag(look: &Look<'_>) -> Option<Fact<RefName>> {
    look.name("TAG_NAME").or_else(|| {
        look.raw("GIT_BRANCH")?.and_then(|full| full.strip_prefix(b"refs/tags/").map(RefName::from_bytes))
    })
}

/// Why the build counts as a fork's, if it does.
pub(super) fn fork(look: &Look<'_>) -> Option<String> {
    if look.var("CHANGE_ID").is_some() {
        return look.var("CHANGE_FORK").map(|fork| fork.origin);
    }
    let assumed = || Some("assumed: nothing says which repository the pull request comes from".to_owned());
    if look.var("ghprbPullId").is_some() {
        let (source, target) = (look.repository_url("ghprbAuthorRepoGitUrl"), look.var("ghprbGhRepository"));
        let (Some(source), Some(target)) = (source, target) else { return assumed() };
        let path = source.value.splitn(4, '/').nth(3).unwrap_or_default();
        return (!path.eq_ignore_ascii_case(target.value)).then_some(source.origin);
    }
    if look.var("gitlabMergeRequestIid").is_some() {
        let pair = |kind: &str| {
            let namespace = look.var(&format!("gitlab{kind}Namespace"))?;
            let name = look.var(&format!("gitlab{kind}RepoName"))?;
            Some(format!("{}/{}", namespace.value, name.value))
        };
        let (Some(source), Some(target)) = (pair("Source"), pair("Target")) else { return assumed() };
        return (!source.eq_ignore_ascii_case(&target)).then(|| "env:gitlabSourceNamespace".to_owned());
    }
    None
}
