//! Which names an archive of an image gives. They are looked at before the engine sees them: it would take any name away
//! from the image that has it.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use serde::Deserialize;

use crate::engine::fault::cap;
use crate::engine::tar_header::{EntryKind, FileHeader};
use crate::engine::tar_stream::{Part, TarStream};

/// What names images in an archive: docker's two forms, and OCI's.
const NAMING: [&str; 3] = ["manifest.json", "index.json", "repositories"];
/// Bytes of a file that names one image. It lists the layers, too, of which there are at most 127.
const MAX: u64 = 1 << 20;

/// Annotations of an index by which engines name an image.
const CONTAINERDS: &str = "io.containerd.image.name";
const OCIS: &str = "org.opencontainers.image.ref.name";

/// Reads an archive that passes by.
#[derive(Debug)]
pub(super) struct Names {
    stream: TarStream,
    /// The one name that may be given, tag included.
    wanted: String,
    open: Option<(&'static str, Vec<u8>)>,
}

impl Names {
    pub(super) fn new(wanted: &str) -> Names {
        Names { stream: TarStream::default(), wanted: wanted.to_owned(), open: None }
    }

    /// Takes the next bytes, before anybody else does. The error says what is wrong with the archive.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), String> {
        let Names { stream, wanted, open } = self;
        let mut verdict = Ok(());
        let flow = stream.push(bytes, &mut |part| {
            let told = match part {
                Part::Entry(header) => entry(&header).map(|naming| *open = naming.map(|is| (is, Vec::new()))),
                Part::Bytes(piece) => {
                    if let Some((_, content)) = open {
                        content.extend_from_slice(piece);
                    }
                    Ok(())
                }
                Part::End => match open.take() {
                    Some((naming, content)) => check(naming, &content, wanted),
                    None => Ok(()),
                },
            };
            match told {
                Ok(()) => ControlFlow::Continue(()),
                Err(why) => {
                    verdict = Err(why);
                    ControlFlow::Break(())
                }
            }
        });
        flow.map_err(|why| format!("it is no archive of an image: {why}")).and(verdict)
    }

    /// Whether the bytes so far may be all.
    pub(super) fn is_whole(&self) -> bool {
        self.stream.is_whole()
    }
}

/// Which file that names images an entry is. What only looks like one is refused, since engines differ in what they
/// take for a file at the root.
fn entry(header: &FileHeader) -> Result<Option<&'static str>, String> {
    let last = header.path.rsplit('/').next().unwrap_or_default();
    let Some(naming) = NAMING.into_iter().find(|name| *name == last) else { return Ok(None) };
    let at_root = header.path == naming || header.path.strip_prefix("./") == Some(naming);
    if at_root && header.kind == EntryKind::File && header.size <= MAX {
        return Ok(Some(naming));
    }
    Err(format!("its {:?} is no plain file of at most {MAX} bytes at the root", cap(&header.path)))
}

fn check(naming: &str, content: &[u8], wanted: &str) -> Result<(), String> {
    let unreadable = |why: serde_json::Error| format!("its {naming} cannot be read: {why}");
    let mut names = Vec::new();
    let mut images = 1;
    match naming {
        "manifest.json" => {
            let manifests: Vec<Manifest> = serde_json::from_slice(content).map_err(unreadable)?;
            images = manifests.len();
            names.extend(manifests.into_iter().flat_map(|manifest| manifest.tags.unwrap_or_default()));
        }
        "index.json" => {
            let index: Index = serde_json::from_slice(content).map_err(unreadable)?;
            images = index.manifests.len();
            let tag = wanted.rsplit(':').next();
            for (key, value) in
                index.manifests.into_iter().flat_map(|one| one.annotations.unwrap_or_default())
            {
                // OCI's is the tag alone, or the whole name.
                if key == CONTAINERDS || (key == OCIS && Some(value.as_str()) != tag) {
                    names.push(value);
                }
            }
        }
        _ => {
            let all: BTreeMap<String, BTreeMap<String, String>> =
                serde_json::from_slice(content).map_err(unreadable)?;
            for (repository, tags) in all {
                names.extend(tags.into_keys().map(|tag| format!("{repository}:{tag}")));
            }
        }
    }
    match names.into_iter().find(|name| name != wanted) {
        Some(name) => Err(format!("it names an image {:?}, and was to be {wanted:?}", cap(&name))),
        None if images != 1 => Err(format!("it holds {images} images, and one was built")),
        None => Ok(()),
    }
}

#[derive(Deserialize)]
struct Manifest {
    #[serde(rename = "RepoTags", default)]
    tags: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Index {
    manifests: Vec<Descriptor>,
}

#[derive(Deserialize)]
struct Descriptor {
    #[serde(default)]
    annotations: Option<BTreeMap<String, String>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const WANTED: &str = "localhost/imgbuild-run/r:build-1";

    fn archive(entries: &[(&str, &str)]) -> Vec<u8> {
        let mut tar = tar::Builder::new(Vec::new());
        for (path, content) in entries {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            // `set_path` would refuse what a hostile archive holds.
            header.as_gnu_mut().unwrap().name[..path.len()].copy_from_slice(path.as_bytes());
            header.set_cksum();
            tar.append(&header, content.as_bytes()).unwrap();
        }
        tar.into_inner().unwrap()
    }

    fn verdict(entries: &[(&str, &str)]) -> Result<(), String> {
        let bytes = archive(entries);
        // Whatever the pieces are.
        let told = [1, 700, bytes.len()].map(|size| {
            let mut names = Names::new(WANTED);
            let told = bytes.chunks(size).try_for_each(|piece| names.push(piece));
            assert!(told.is_err() || names.is_whole());
            told
        });
        assert!(told.windows(2).all(|pair| pair[0] == pair[1]), "{told:?}");
        told.into_iter().next().unwrap()
    }

    #[test]
    fn the_name_that_was_asked_for_in_every_form() {
        let manifest = format!(r#"[{{"Config":"c","RepoTags":["{WANTED}"],"Layers":[]}}]"#);
        let index = format!(
            r#"{{"manifests":[{{"digest":"d","annotations":{{"{CONTAINERDS}":"{WANTED}","{OCIS}":"build-1"}}}}]}}"#
        );
        let old = r#"{"localhost/imgbuild-run/r":{"build-1":"abc"}}"#;
        let layer = ("abc/layer.tar", "x");
        assert_eq!(
            verdict(&[layer, ("manifest.json", &manifest), ("index.json", &index), ("repositories", old)]),
            Ok(())
        );
        assert_eq!(verdict(&[layer, ("./manifest.json", r#"[{"RepoTags":null}]"#)]), Ok(()));
    }

    #[test]
    fn a_name_of_somebody_elses_is_refused_in_every_form() {
        let full =
            format!(r#"{{"manifests":[{{"annotations":{{"{CONTAINERDS}":"docker.io/library/a:1"}}}}]}}"#);
        let bare = format!(r#"{{"manifests":[{{"annotations":{{"{OCIS}":"a:1"}}}}]}}"#);
        let both = format!(r#"[{{"RepoTags":["{WANTED}","a:1"]}}]"#);
        for (path, content, word) in [
            ("manifest.json", both.as_str(), "names an image \"a:1\""),
            ("manifest.json", r#"[{"RepoTags":[]},{"RepoTags":[]}]"#, "holds 2 images"),
            ("index.json", &full, "names an image \"docker.io/library/a:1\""),
            ("index.json", &bare, "names an image \"a:1\""),
            ("repositories", r#"{"a":{"1":"abc"}}"#, "names an image \"a:1\""),
            ("manifest.json", "{", "cannot be read"),
            ("x/../manifest.json", "[]", "is no plain file"),
            ("/manifest.json", "[]", "is no plain file"),
        ] {
            let told = verdict(&[("layer", "x"), (path, content)]).unwrap_err();
            assert!(told.contains(word), "{path}: {told}");
        }
    }

    #[test]
    fn links_large_files_and_what_is_no_archive() {
        let mut tar = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Symlink);
        header.set_size(0);
        tar.append_link(&mut header, "manifest.json", "other").unwrap();
        assert!(Names::new(WANTED).push(&tar.into_inner().unwrap()).is_err());
        let large = " ".repeat(MAX as usize + 1);
        assert!(verdict(&[("manifest.json", &large)]).unwrap_err().contains("is no plain file"));
        assert!(Names::new(WANTED).push(&[7; 2048]).unwrap_err().contains("is no archive"));
    }
}
