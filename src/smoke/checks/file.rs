//! Files of the image, or of the running container, as the engine tells of them.

use super::{expand, misfits};
use crate::engine::FileHeader;
use crate::error::Result;
use crate::expect::{Executor, FileCheck, FileKind, Misfit, ModeWanted, Mount};
use crate::smoke::look::{self, Found, Place, Sum};
use crate::smoke::scene::Bench;

/// The largest file whose content is judged, in bytes.
const MAX_CONTENT: u64 = 10 << 20;

/// Looks at the file; what does not fit.
pub(super) async fn check(bench: &Bench<'_>, spec: &FileCheck) -> Result<Vec<Misfit>> {
    let Some(place) = place(bench, spec.live).await? else { return Ok(vec![misfits::not_running()]) };
    let path = if spec.expand { expanded(bench, &spec.path) } else { spec.path.clone() };
    if let Some(why) = hidden(bench, spec, &path) {
        return Ok(vec![misfits::unseen(path, &why)]);
    }
    let found = match look::find(place, &path, spec.follow).await? {
        Ok(found) => found,
        Err(why) => return Ok(vec![misfits::unseen(path, &why)]),
    };
    match (found, spec.exists) {
        (None, Some(false)) => Ok(Vec::new()),
        (None, _) if spec.exists == Some(true) || wants_more(spec) => {
            Ok(vec![Misfit::new(path, expected(spec), "nothing")])
        }
        (None, _) => Ok(Vec::new()),
        (Some(found), Some(false)) => Ok(vec![Misfit::new(path, "nothing", thing(&found))]),
        (Some(found), _) => there(place, spec, &path, &found).await,
    }
}

/// `path` with variables of the image's containers filled in.
fn expanded(bench: &Bench<'_>, path: &str) -> String {
    let known = expand::variables(bench);
    expand::expand(path, |name| known.get(name).cloned())
}

/// Where the file is looked for; `None` where the container has ended.
async fn place<'a>(bench: &'a Bench<'_>, live: bool) -> Result<Option<Place<'a>>> {
    let engine = bench.engine();
    Ok(match (live, &bench.running) {
        (true, None) => None,
        (true, Some(container)) => Some(Place { engine, id: &container.id }),
        (false, _) => Some(Place { engine, id: bench.still().await? }),
    })
}

/// What exists in memory only is in a running container and nowhere else: from outside, the folder under it is seen.
fn hidden(bench: &Bench<'_>, spec: &FileCheck, path: &str) -> Option<String> {
    let tmpfs = bench.test.container.mounts.iter().filter_map(|mount| match mount {
        Mount::Tmpfs(path, _) => Some(path.as_str()),
        Mount::Bind(_) => None,
    });
    let mut hidden = ["/proc", "/sys", "/dev"].into_iter().chain(tmpfs);
    let below = |folder: &str| {
        let rest = path.strip_prefix(folder.trim_end_matches('/'));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let folder = hidden.find(|folder| spec.live && below(folder))?;
    Some(format!("what is in {folder} of a running container is seen from inside only"))
}

/// What is wanted of a file that is there.
async fn there(place: Place<'_>, spec: &FileCheck, path: &str, found: &Found) -> Result<Vec<Misfit>> {
    let mut misfits = looks(spec, path, found);
    misfits.extend(owned(place, spec, path, found).await?);
    misfits.extend(holds(place, spec, path, found).await?);
    Ok(misfits)
}

/// Judges by what one look tells.
fn looks(spec: &FileCheck, path: &str, found: &Found) -> Vec<Misfit> {
    let mode = found.mode();
    let mut misfits = Vec::new();
    if let Some(kind) = spec.kind
        && mode.kind() != Some(kind)
    {
        misfits.push(Misfit::new(path, word(Some(kind)), thing(found)));
    }
    let what = format!("mode of {path}");
    let octal = format!("{:04o}", mode.bits());
    match &spec.mode {
        Some(ModeWanted::Bits(bits)) if *bits != mode.bits() => {
            misfits.push(Misfit::new(what, format!("{bits:04o}"), octal));
        }
        Some(ModeWanted::Go(text)) if *text != mode.text() => {
            misfits.push(Misfit::new(what, text, mode.text()));
        }
        Some(ModeWanted::Octal(matcher)) => misfits.extend(matcher.value(&what, &octal.into()).err()),
        _ => {}
    }
    if let Some(executor) = spec.executable_by {
        let (bits, who) = match executor {
            Executor::Owner => (0o100, "its owner"),
            Executor::Group => (0o010, "its group"),
            Executor::Other => (0o001, "others"),
            Executor::Any => (0o111, "somebody"),
        };
        if mode.bits() & bits == 0 {
            misfits.push(Misfit::new(path, format!("executable by {who}"), mode.text()));
        }
    }
    if let Some(size) = &spec.size {
        misfits.extend(size.value(&format!("size of {path}"), &found.stat.size.into()).err());
    }
    misfits
}

/// Judges owner and link, for which the engine has to send the file's head.
async fn owned(place: Place<'_>, spec: &FileCheck, path: &str, found: &Found) -> Result<Vec<Misfit>> {
    let by_name = spec.owner.is_some() || spec.group.is_some();
    if !by_name && spec.uid.is_none() && spec.gid.is_none() && spec.link.is_none() {
        return Ok(Vec::new());
    }
    let what = || format!("owner of {path}");
    if found.mode().kind() == Some(FileKind::Socket) {
        return Ok(vec![misfits::unseen(what(), "the engine does not tell it of a socket")]);
    }
    let header = match look::header(place, &found.path).await? {
        Ok(Some(header)) => header,
        Ok(None) => return Ok(vec![gone(path)]),
        Err(why) => return Ok(vec![misfits::unseen(what(), &why)]),
    };
    let mut misfits = numbers(spec, path, &header);
    if by_name {
        match look::accounts(place).await? {
            Ok(accounts) => {
                let (owner, group) = (accounts.user_name(header.uid), accounts.group_name(header.gid));
                for (what, matcher, name) in [("owner", &spec.owner, owner), ("group", &spec.group, group)] {
                    let judged =
                        matcher.iter().map(|m| m.value(&format!("{what} of {path}"), &name.as_str().into()));
                    misfits.extend(judged.filter_map(Result::err));
                }
            }
            Err(why) => misfits.push(misfits::unseen(what(), &why)),
        }
    }
    Ok(misfits)
}

fn numbers(spec: &FileCheck, path: &str, header: &FileHeader) -> Vec<Misfit> {
    let is_link = header.kind == crate::engine::EntryKind::Symlink;
    let link = if is_link { header.link_target.as_str().into() } else { serde_json::Value::Null };
    let judged = [
        (&spec.uid, format!("uid of {path}"), header.uid.into()),
        (&spec.gid, format!("gid of {path}"), header.gid.into()),
        (&spec.link, format!("target of the link {path}"), link),
    ];
    let judge = |(matcher, what, value): &(&Option<crate::expect::Matcher>, String, serde_json::Value)| {
        matcher.as_ref().and_then(|matcher| matcher.value(what, value).err())
    };
    judged.iter().filter_map(judge).collect()
}

/// Judges what the file holds, or the one that a link leads to.
async fn holds(place: Place<'_>, spec: &FileCheck, path: &str, found: &Found) -> Result<Vec<Misfit>> {
    let wanted = [
        (Sum::Md5, "md5", &spec.md5),
        (Sum::Sha256, "sha256", &spec.sha256),
        (Sum::Sha512, "sha512", &spec.sha512),
    ];
    let sums: Vec<Sum> =
        wanted.iter().filter(|(_, _, matcher)| matcher.is_some()).map(|(sum, ..)| *sum).collect();
    if sums.is_empty() && spec.content.is_empty() {
        return Ok(Vec::new());
    }
    let what = format!("content of {path}");
    let led = match look::find(place, &found.path, true).await? {
        Ok(Some(led)) => led,
        Ok(None) => return Ok(vec![Misfit::new(what, "a file", "a link that leads nowhere")]),
        Err(why) => return Ok(vec![misfits::unseen(what, &why)]),
    };
    if led.mode().kind() != Some(FileKind::File) {
        return Ok(vec![Misfit::new(what, "a file", thing(&led))]);
    }
    let mut misfits = Vec::new();
    // What a running container goes on writing is cut off where it was when it was looked at.
    let fits = led.stat.size <= MAX_CONTENT;
    if !fits && !spec.content.is_empty() {
        let got = format!("{} bytes, and no more than {MAX_CONTENT} are judged", led.stat.size);
        misfits.push(misfits::unseen(&what, &got));
        if sums.is_empty() {
            return Ok(misfits);
        }
    }
    let kept = if fits && !spec.content.is_empty() { MAX_CONTENT } else { 0 };
    let content = match look::content(place, &led.path, kept, &sums).await? {
        Ok(Some(content)) => content,
        Ok(None) => return Ok(vec![gone(path)]),
        Err(why) => return Ok(vec![misfits::unseen(what, &why)]),
    };
    if kept > 0 && content.cut {
        misfits.push(misfits::unseen(&what, "it grew while it was read"));
    } else if kept > 0 {
        misfits.extend(spec.content.iter().filter_map(|matcher| matcher.text(&what, &content.bytes).err()));
    }
    for ((_, name, matcher), sum) in wanted.iter().zip(&content.sums) {
        if let (Some(matcher), Some(sum)) = (matcher, sum) {
            misfits.extend(matcher.value(&format!("{name} of {path}"), &sum.as_str().into()).err());
        }
    }
    Ok(misfits)
}

/// Whether anything is wanted beside that it is there.
fn wants_more(spec: &FileCheck) -> bool {
    let FileCheck {
        path: _,
        live: _,
        expand: _,
        follow: _,
        exists: _,
        kind,
        mode,
        uid,
        gid,
        owner,
        group,
        size,
        link,
        executable_by,
        content,
        md5,
        sha256,
        sha512,
    } = spec;
    let matchers = [uid, gid, owner, group, size, link, md5, sha256, sha512];
    kind.is_some()
        || mode.is_some()
        || executable_by.is_some()
        || !content.is_empty()
        || matchers.iter().any(|matcher| matcher.is_some())
}

fn expected(spec: &FileCheck) -> &'static str {
    if spec.kind.is_some() { word(spec.kind) } else { "something" }
}

fn thing(found: &Found) -> &'static str {
    word(found.mode().kind())
}

fn word(kind: Option<FileKind>) -> &'static str {
    match kind {
        Some(FileKind::File) => "a file",
        Some(FileKind::Directory) => "a folder",
        Some(FileKind::Symlink) => "a symbolic link",
        Some(FileKind::BlockDevice) => "a block device",
        Some(FileKind::CharacterDevice) => "a character device",
        Some(FileKind::Fifo) => "a named pipe",
        Some(FileKind::Socket) => "a socket",
        None => "something else",
    }
}

fn gone(path: &str) -> Misfit {
    Misfit::new(path, "there", "gone while it was looked at")
}
