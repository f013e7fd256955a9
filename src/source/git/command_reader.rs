//! Reading a repository with the `git` command: where libgit2 cannot, and as the arbiter over what it says.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use crate::source::{ChangeKind, Reader, RefName, SourceState, sanitise_url};

use super::command::{Git, Output};
use super::commit::Header;
use super::failure::Failure;
use super::hidden::{self, Hidden, Rules};
use super::look::{Folder, Look, Special, Tools, strays};
use super::{porcelain, refusal, walk};

const DEEPEST: u32 = 16;

/// The root of the work tree that git finds at its folder and upwards.
pub(super) fn root(git: &Git<'_>) -> Result<PathBuf, Failure> {
    // Before anything that needs a work tree, so that a bare repository is named as such.
    if git.ask(["rev-parse", "--is-bare-repository"])? == b"true\n" {
        let path = line(git.ask(["rev-parse", "--absolute-git-dir"])?);
        return Err(refusal::bare(Path::new(&path)).into());
    }
    let root = PathBuf::from(line(git.ask(["rev-parse", "--show-toplevel"])?));
    root.canonicalize().map_err(|error| refusal::folder(&root, error).into())
}

/// Everything but the status, which is left empty. `git` runs in `root`.
pub(super) fn facts(git: &Git<'_>, root: &Path, reader: Reader) -> Result<SourceState, Failure> {
    let head = git.run(["symbolic-ref", "--quiet", "HEAD"])?;
    let symbolic = (head.code == Some(0)).then(|| line(head.stdout).into_vec());
    let found = git.run(["rev-parse", "--verify", "HEAD^{commit}"])?;
    if let (false, Some(target)) = (found.code == Some(0), &symbolic) {
        let exists = git.run([
            OsStr::new("show-ref"),
            "--verify".as_ref(),
            "--quiet".as_ref(),
            OsStr::from_bytes(target),
        ])?;
        if exists.code == Some(1) {
            return Err(refusal::unborn(root, &String::from_utf8_lossy(target)).into());
        }
    }
    let commit = text(found.success()?);
    let object = git.ask(["cat-file", "commit", &commit])?;
    let header =
        Header::parse(&object).ok_or_else(|| Failure::unreadable(format!("commit {commit} has no tree")))?;
    git.ask(["cat-file", "-e", &header.tree])?;
    let shallow = git.ask(["rev-parse", "--is-shallow-repository"])? == b"true\n";
    let (tags, tags_at_head) = tags(git.run(["show-ref", "--tags", "--dereference"])?, &commit);
    Ok(SourceState {
        root: root.to_owned(),
        tree: header.tree,
        commit_time: header.time,
        parents: header.parents,
        committer: header.committer,
        branch: symbolic
            .as_deref()
            .and_then(|name| name.strip_prefix(b"refs/heads/"))
            .map(RefName::from_bytes),
        detached: symbolic.is_none(),
        tags_at_head,
        tags,
        shallow,
        remote_url: remote_url(git)?,
        reader,
        commit,
        ..SourceState::default()
    })
}

/// All tags, and those of `commit`: an annotated tag has a second line, `<commit> refs/tags/<name>^{}`.
fn tags(output: Output, commit: &str) -> (Vec<RefName>, Vec<RefName>) {
    let (mut all, mut here) = (Vec::new(), Vec::new());
    for line in output.stdout.split(|&byte| byte == b'\n') {
        let Some(blank) = line.iter().position(|&byte| byte == b' ') else { continue };
        let (id, name) = line.split_at(blank);
        let Some(name) = name.strip_prefix(b" refs/tags/") else { continue };
        let name = match name.strip_suffix(b"^{}") {
            Some(name) => RefName::from_bytes(name),
            None => {
                all.push(RefName::from_bytes(name));
                RefName::from_bytes(name)
            }
        };
        if id == commit.as_bytes() {
            here.push(name);
        }
    }
    all.sort();
    here.sort();
    (all, here)
}

/// `origin`, or the only remote.
pub(super) fn remote_url(git: &Git<'_>) -> Result<Option<String>, Failure> {
    let names = git.ask(["remote"])?;
    let names: Vec<&[u8]> = names.split(|&byte| byte == b'\n').filter(|name| !name.is_empty()).collect();
    let name = match names.as_slice() {
        [only] => *only,
        names if names.contains(&&b"origin"[..]) => b"origin",
        _ => return Ok(None),
    };
    let url = git.run([OsStr::new("remote"), "get-url".as_ref(), "--".as_ref(), OsStr::from_bytes(name)])?;
    Ok(sanitise_url(&String::from_utf8_lossy(&url.stdout)))
}

/// What differs from HEAD, as git has it. `git` runs in `root`.
pub(super) fn look(git: &Git<'_>, root: &Path, reader: Reader, tools: Tools<'_>) -> Result<Look, Failure> {
    nested(git, root, reader, tools, 0)
}

fn nested(git: &Git<'_>, root: &Path, reader: Reader, tools: Tools<'_>, depth: u32) -> Result<Look, Failure> {
    if depth > DEEPEST {
        return Err(Failure::unreadable("submodules are nested without an end"));
    }
    // In somebody else's repository git must not go into submodules by itself: their configuration is his too.
    let foreign = reader == Reader::GitCommand { safe_directory: true };
    let submodules = if foreign { "--ignore-submodules=dirty" } else { "--ignore-submodules=none" };
    let status = ["status", "--porcelain=v2", "-z", "--untracked-files=all", "--no-renames", submodules];
    let (changes, untracked) = porcelain::parse(&git.ask(status)?).map_err(Failure::Unreadable)?;
    let untracked = walk::expand(root, untracked, tools.stop)?;
    let mut look = Look { changes, untracked, ..Look::default() };

    let special = special(&git.ask(["ls-files", "-v", "-s", "-z"])?)?;
    strays(root, &special, &mut look, tools.stop)?;
    if foreign {
        for (path, _) in &special.submodules {
            let folder = root.join(path);
            if let Folder::CheckedOut = Folder::of(&folder) {
                let git = tools.git(&folder, reader)?;
                if !nested(&git, &folder, reader, tools, depth + 1)?.is_clean() {
                    look.change(path, ChangeKind::Submodule);
                }
            }
        }
    }
    if !special.hidden.is_empty() {
        let rules = Rules {
            sparse: is_set(git, "core.sparseCheckout", false)?,
            file_mode: is_set(git, "core.fileMode", true)?,
        };
        look.changes.extend(hidden::changes(root, special.hidden, &rules, Some(git))?);
    }
    Ok(look.sorted())
}

/// Records of `<tag> <mode> <id> <stage>\t<path>`; the tag is `S` for skip-worktree and in lower case for
/// assume-unchanged.
fn special(listing: &[u8]) -> Result<Special, Failure> {
    let mut special = Special::default();
    for record in listing.split(|&byte| byte == 0).filter(|record| !record.is_empty()) {
        let entry = (|| {
            let tab = record.iter().position(|&byte| byte == b'\t')?;
            let path = PathBuf::from(OsStr::from_bytes(record.get(tab + 1..)?));
            let mut fields = std::str::from_utf8(record.get(..tab)?).ok()?.split(' ');
            let (tag, mode, id) = (fields.next()?, fields.next()?, fields.next()?);
            Some((tag, u32::from_str_radix(mode, 8).ok()?, id, path))
        })();
        let Some((tag, mode, id, path)) = entry else {
            return Err(Failure::unreadable("git lists an entry that makes no sense"));
        };
        if mode == 0o160_000 {
            special.submodules.push((path, id.to_owned()));
        } else if tag.eq_ignore_ascii_case("s") || tag.bytes().all(|byte| byte.is_ascii_lowercase()) {
            let skip_worktree = tag.eq_ignore_ascii_case("s");
            special.hidden.push(Hidden { path, mode, id: id.to_owned(), skip_worktree });
        }
    }
    Ok(special)
}

/// A boolean of the configuration.
pub(super) fn is_set(git: &Git<'_>, key: &str, default: bool) -> Result<bool, Failure> {
    let output = git.run(["config", "--type=bool", "--get", key])?;
    Ok(match output.stdout.as_slice() {
        b"true\n" => true,
        b"false\n" => false,
        _ => default,
    })
}

/// The commit that one of `revisions` names, the first that exists; each is a full name of a ref or a commit's id.
pub(super) fn resolve(git: &Git<'_>, revisions: &[String]) -> Result<Option<String>, Failure> {
    for revision in revisions {
        let found = git.run(["rev-parse", "--verify", "--quiet", &format!("{revision}^{{commit}}")])?;
        if found.code == Some(0) {
            return Ok(Some(text(found.stdout)));
        }
    }
    Ok(None)
}

/// The content of `path` in the tree of `commit`; `None` where it is not there. `git` runs in the root.
pub(super) fn blob(
    git: &Git<'_>,
    commit: &str,
    path: &Path,
    limit: usize,
) -> Result<Option<Vec<u8>>, Failure> {
    let arguments = [OsStr::new("ls-tree"), "-z".as_ref(), commit.as_ref(), "--".as_ref(), path.as_os_str()];
    let listing = git.ask(arguments)?;
    let fields = listing.split(|&byte| byte == b'\t').next().unwrap_or_default();
    let fields = String::from_utf8_lossy(fields);
    let mut fields = fields.split(' ');
    let (Some(mode), Some(_kind), Some(id)) = (fields.next(), fields.next(), fields.next()) else {
        return Ok(None);
    };
    if mode != "100644" && mode != "100755" {
        return Err(refusal::no_file(path, commit).into());
    }
    let size: usize = text(git.ask(["cat-file", "-s", id])?).parse().unwrap_or(usize::MAX);
    if size > limit {
        return Err(refusal::too_large(path, commit, limit).into());
    }
    git.ask(["cat-file", "blob", id]).map(Some)
}

/// Output without the newline at its end.
fn line(mut output: Vec<u8>) -> OsString {
    if output.last() == Some(&b'\n') {
        output.pop();
    }
    OsString::from_vec(output)
}

fn text(output: Vec<u8>) -> String {
    line(output).to_string_lossy().into_owned()
}
