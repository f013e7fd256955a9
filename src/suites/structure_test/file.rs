//! `fileExistenceTests` and `fileContentTests`.

use super::{command, read};
use crate::expect::{Check, Executor, FileCheck, FileKind, Matcher, ModeWanted, What};
use crate::yaml::{Fields, Node, Problem, nearest, shown};

/// A file that is there as wanted, or that is not there. Links are looked at themselves.
pub(super) fn existence(test: &Node) -> Result<Check, Problem> {
    let mut fields = test.fields("fileExistenceTests")?;
    let name = read::name(&mut fields, test)?;
    let path = path(&mut fields, test)?;
    let exists = fields.boolean("shouldExist")?.unwrap_or(true);
    let permissions = fields.text("permissions")?.filter(|text| !text.is_empty());
    let uid = owner(&mut fields, "uid")?;
    let gid = owner(&mut fields, "gid")?;
    let executable_by = executor(fields.take("isExecutableBy"))?;
    fields.finish("a file existence test")?;
    // Of a file that must not be there, nothing else is asked.
    let asked = FileCheck { path: path.clone(), expand: true, exists: Some(exists), ..FileCheck::default() };
    let check = match exists {
        false => asked,
        true => FileCheck { mode: permissions.map(ModeWanted::Go), uid, gid, executable_by, ..asked },
    };
    Ok(Check { name: Some(name), what: What::File(check), skip: false })
}

/// A file with its content.
pub(super) fn content(test: &Node) -> Result<Check, Problem> {
    let mut fields = test.fields("fileContentTests")?;
    let name = read::name(&mut fields, test)?;
    let path = path(&mut fields, test)?;
    let content = command::outputs(&mut fields, "expectedContents", "excludedContents")?;
    fields.finish("a file content test")?;
    let check = FileCheck {
        path,
        follow: true,
        exists: Some(true),
        kind: Some(FileKind::File),
        content,
        ..FileCheck::default()
    };
    Ok(Check { name: Some(name), what: What::File(check), skip: false })
}

/// A path, which begins at the root whether it says so or not.
fn path(fields: &mut Fields<'_>, test: &Node) -> Result<String, Problem> {
    let path = read::filled(fields, "path", test, "a file test needs a `path`")?;
    Ok(if path.starts_with('/') { path } else { format!("/{path}") })
}

/// The number of an owner; -1 asks for none.
fn owner(fields: &mut Fields<'_>, key: &'static str) -> Result<Option<Matcher>, Problem> {
    Ok(fields.integer(key)?.filter(|id| *id != -1).map(|id| Matcher::Equals(id.into())))
}

fn executor(node: Option<&Node>) -> Result<Option<Executor>, Problem> {
    const WORDS: [(&str, Executor); 4] = [
        ("owner", Executor::Owner),
        ("group", Executor::Group),
        ("other", Executor::Other),
        ("any", Executor::Any),
    ];
    let Some(node) = node else { return Ok(None) };
    let word = node.text("isExecutableBy")?;
    if word.is_empty() {
        return Ok(None);
    }
    match WORDS.iter().find(|(known, _)| *known == word) {
        Some((_, executor)) => Ok(Some(*executor)),
        None => {
            let words = WORDS.map(|(known, _)| known);
            let help = nearest(&word, &words)
                .map_or_else(|| words.join(", "), |word| format!("did you mean `{word}`?"));
            Err(node.problem(format!("`isExecutableBy` cannot be `{}`; {help}", shown(&word))))
        }
    }
}
