//! Files.

use serde_json::Value as Json;

use crate::expect::{FileCheck, FileKind, ModeWanted, What};
use crate::yaml::Problem;

use super::matchers::Kind;
use super::resource::Resource;

/// goss' words.
const KINDS: [(&str, FileKind); 7] = [
    ("file", FileKind::File),
    ("directory", FileKind::Directory),
    ("symlink", FileKind::Symlink),
    ("socket", FileKind::Socket),
    ("pipe", FileKind::Fifo),
    ("character-device", FileKind::CharacterDevice),
    ("block-device", FileKind::BlockDevice),
];

/// A file, folder or link. goss looks at a link itself, but for its content and sums.
pub(super) fn file(resource: &mut Resource<'_>) -> Result<What, Problem> {
    let path = path(resource)?;
    let exists = resource.truth("exists")?;
    let kind = file_kind(resource)?;
    let mut content = resource.output("contents")?;
    // Its name in older files.
    content.extend(resource.output("contains")?);
    let all = FileCheck {
        exists: Some(exists),
        kind,
        mode: resource.matcher("mode", Kind::Text)?.map(ModeWanted::Octal),
        uid: resource.matcher("uid", Kind::Number)?,
        gid: resource.matcher("gid", Kind::Number)?,
        owner: resource.matcher("owner", Kind::Text)?,
        group: resource.matcher("group", Kind::Text)?,
        size: resource.matcher("size", Kind::Number)?,
        link: resource.matcher("linked-to", Kind::Text)?,
        content,
        md5: resource.matcher("md5", Kind::Text)?,
        sha256: resource.matcher("sha256", Kind::Text)?,
        sha512: resource.matcher("sha512", Kind::Text)?,
        path: path.clone(),
        ..FileCheck::default()
    };
    // goss asks nothing more of what must not be there.
    Ok(What::File(match exists {
        true => all,
        false => FileCheck { path, exists: Some(false), ..FileCheck::default() },
    }))
}

/// The path without `.`, `..` and empty parts, which goss takes out by the text alone.
fn path(resource: &mut Resource<'_>) -> Result<String, Problem> {
    let written = resource.target("path")?;
    if !written.starts_with('/') {
        return Err(
            resource.problem("the path of a file must begin with /: what ~ and . are depends on who looks")
        );
    }
    if written.contains('\0') {
        return Err(resource.problem("a path cannot have a NUL in it"));
    }
    let mut parts = Vec::new();
    for part in written.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    if let Some(first @ ("proc" | "sys" | "dev")) = parts.first().copied() {
        return Err(resource.problem(format!(
            "an engine does not show what is in /{first} of a container: look at it by a `command` resource"
        )));
    }
    Ok(format!("/{}", parts.join("/")))
}

/// The kind, which must be a single one.
fn file_kind(resource: &mut Resource<'_>) -> Result<Option<FileKind>, Problem> {
    let Some(matcher) = resource.matcher("filetype", Kind::Text)? else { return Ok(None) };
    let mut fitting = KINDS.iter().filter(|(word, _)| matcher.accepts(&Json::from(*word)));
    match (fitting.next(), fitting.next()) {
        (Some((_, kind)), None) => Ok(Some(*kind)),
        (None, _) => {
            let known = KINDS.map(|(word, _)| word).join(", ");
            Err(resource.problem(format!("its `filetype` is none that there is: {known}")))
        }
        (Some(_), Some(_)) => {
            Err(resource.problem("imgbuild needs a single `filetype`, and this fits several"))
        }
    }
}
