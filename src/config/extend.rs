//! `extends`: the files below a file.

use std::path::{Path, PathBuf};

use super::document::Document;
use super::parse::parse;
use super::resolve::join;
use crate::error::{Error, Kind, Result};

/// The most files that may be below one.
const DEEPEST: usize = 8;

/// A file that was read: what messages call it, where it really lies, its content.
pub(super) struct Fetched {
    pub name: String,
    pub path: PathBuf,
    pub bytes: Vec<u8>,
}

/// Reads what `first`, which lies at `path`, extends, and what that extends, and so on. `fetch` is asked for absolute
/// paths without `..`; none leads out of `bounds`, where there are any.
///
/// Every error names the file and the line that asked for it.
pub(super) fn extend(
    first: Document,
    path: PathBuf,
    bounds: Option<&Path>,
    fetch: &mut dyn FnMut(&Path) -> Result<Fetched>,
) -> Result<Document> {
    let mut paths = vec![path];
    let mut chain = vec![first];
    while let Some((document, target)) =
        chain.last().and_then(|last| Some((last, last.model.extends.as_ref()?)))
    {
        let place = document.place("extends").exact();
        let cannot = |why: String| {
            Error::new(Kind::Config, format!("{place}: cannot extend {}: {why}", shown(target)))
        };
        let folder = paths.last().and_then(|path| path.parent()).unwrap_or(Path::new("/"));
        let path = join(folder, target);
        if bounds.is_some_and(|bounds| !path.starts_with(bounds)) {
            let error =
                cannot("it lies outside of the repository, so that no commit says what it holds".to_owned());
            return Err(error.hint("take it into the repository, or name it with IMGBUILD_POLICY"));
        }
        if chain.len() > DEEPEST {
            let way = way(&chain, &shown(target));
            return Err(cannot(format!("more than {DEEPEST} files are extended: {way}")));
        }
        let fetched = match fetch(&path) {
            Ok(fetched) => fetched,
            Err(error) => {
                let kind = error.kind();
                let hints = error.hints().to_vec();
                let outer = Error::new(kind, cannot(error.to_string()).message());
                return Err(hints.into_iter().fold(outer, Error::hint));
            }
        };
        if paths.contains(&fetched.path) {
            return Err(cannot(format!("the files extend each other: {}", way(&chain, &fetched.name))));
        }
        let mut document = parse(&fetched.name, &fetched.bytes)?;
        document.binds = true;
        paths.push(fetched.path);
        chain.push(document);
    }
    for (document, path) in chain.iter_mut().zip(&paths).skip(1) {
        document.path = Some(path.clone());
    }
    Document::of_chain(chain).ok_or_else(|| Error::new(Kind::Internal, "a file is not below itself"))
}

fn way(chain: &[Document], last: &str) -> String {
    let names: Vec<&str> = chain.iter().map(Document::name).chain([last]).collect();
    names.join(" → ")
}

fn shown(path: &Path) -> String {
    format!("`{}`", path.to_string_lossy().escape_debug())
}
