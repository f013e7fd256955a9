//! Which names an archive of an image gives. They are looked at before the engine sees them: it would take any name away
//! from the image that has it.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::ops::ControlFlow;

use serde::de::{Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

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
        Names { stream: TarStream::strict(), wanted: wanted.to_owned(), open: None }
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
/// take for a file at the root; so is a path that they would have to clean first.
fn entry(header: &FileHeader) -> Result<Option<&'static str>, String> {
    let path = header.path.strip_prefix("./").unwrap_or(&header.path);
    let trimmed = path.strip_suffix('/').unwrap_or(path);
    if trimmed.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Err(format!("its {:?} is no plain path", cap(&header.path)));
    }
    let last = trimmed.rsplit('/').next().unwrap_or_default();
    let Some(naming) = NAMING.into_iter().find(|name| *name == last) else { return Ok(None) };
    if path == naming && header.kind == EntryKind::File && header.size <= MAX {
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
                index.manifests.into_iter().flat_map(|one| one.annotations.unwrap_or_default().0)
            {
                // OCI's is the tag alone, or the whole name.
                if key == CONTAINERDS || (key == OCIS && Some(value.as_str()) != tag) {
                    names.push(value);
                }
            }
        }
        _ => {
            let all: Once<Once<String>> = serde_json::from_slice(content).map_err(unreadable)?;
            for (repository, tags) in all.0 {
                names.extend(tags.0.into_keys().map(|tag| format!("{repository}:{tag}")));
            }
        }
    }
    match names.into_iter().find(|name| name != wanted) {
        Some(name) => Err(format!("it names an image {:?}, and was to be {wanted:?}", cap(&name))),
        None if images != 1 => Err(format!("it holds {images} images, and one was built")),
        None => Ok(()),
    }
}

// The engines' reader takes a key for another that differs in case, even for the Kelvin sign in the place of a k, and of a key
// that comes twice, the last. So a key that is none of these is refused, and one that comes twice.

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    #[serde(rename = "RepoTags", default)]
    tags: Option<Vec<String>>,
    #[serde(rename = "Config", default)]
    _config: IgnoredAny,
    #[serde(rename = "Layers", default)]
    _layers: IgnoredAny,
    #[serde(rename = "Parent", default)]
    _parent: IgnoredAny,
    #[serde(rename = "LayerSources", default)]
    _sources: IgnoredAny,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Index {
    manifests: Vec<Descriptor>,
    #[serde(rename = "schemaVersion", default)]
    _version: IgnoredAny,
    #[serde(rename = "mediaType", default)]
    _media_type: IgnoredAny,
    #[serde(rename = "artifactType", default)]
    _artifact_type: IgnoredAny,
    #[serde(rename = "subject", default)]
    _subject: IgnoredAny,
    #[serde(rename = "annotations", default)]
    _annotations: IgnoredAny,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Descriptor {
    #[serde(default)]
    annotations: Option<Once<String>>,
    #[serde(rename = "mediaType", default)]
    _media_type: IgnoredAny,
    #[serde(rename = "artifactType", default)]
    _artifact_type: IgnoredAny,
    #[serde(rename = "digest", default)]
    _digest: IgnoredAny,
    #[serde(rename = "size", default)]
    _size: IgnoredAny,
    #[serde(rename = "urls", default)]
    _urls: IgnoredAny,
    #[serde(rename = "data", default)]
    _data: IgnoredAny,
    #[serde(rename = "platform", default)]
    _platform: IgnoredAny,
}

/// An object in which each key comes once.
struct Once<V>(BTreeMap<String, V>);

impl<V> Default for Once<V> {
    fn default() -> Once<V> {
        Once(BTreeMap::new())
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Once<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Once<V>, D::Error> {
        deserializer.deserialize_map(Each(PhantomData))
    }
}

struct Each<V>(PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for Each<V> {
    type Value = Once<V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Once<V>, A::Error> {
        let mut all = BTreeMap::new();
        while let Some((key, value)) = map.next_entry::<String, V>()? {
            if all.contains_key(&key) {
                return Err(A::Error::custom(format!("duplicate field {:?}", cap(&key))));
            }
            all.insert(key, value);
        }
        Ok(Once(all))
    }
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
            ("x/manifest.json", "[]", "is no plain file"),
            ("manifest.json/", "", "is no plain file"),
            ("index.json/x/repositories", "", "is no plain file"),
        ] {
            let told = verdict(&[("layer", "x"), (path, content)]).unwrap_err();
            assert!(told.contains(word), "{path}: {told}");
        }
    }

    /// They would all be cleaned to `manifest.json`, or to something at its place.
    #[test]
    fn paths_that_have_to_be_cleaned_are_refused() {
        for path in [
            "x/../manifest.json",
            "/manifest.json",
            "manifest.json/.",
            "index.json/.",
            "manifest.json/x/..",
            "././manifest.json",
            ".//manifest.json",
            "manifest.json//",
            "..",
            "./",
            "/",
            "",
            "blobs/./x",
        ] {
            let told = verdict(&[(path, "")]).unwrap_err();
            assert!(told.contains("is no plain path"), "{path}: {told}");
        }
        assert_eq!(verdict(&[("./blobs/", ""), ("blobs/sha256/...", "x"), ("./a", "")]), Ok(()));
    }

    #[test]
    fn keys_that_only_some_readers_know_are_refused() {
        let descriptor = |inside: &str| format!(r#"{{"manifests":[{{"digest":"d",{inside}}}]}}"#);
        let named = format!(r#""annotations":{{"{CONTAINERDS}":"a:1"}}"#);
        let harmless = format!(r#""annotations":{{"{CONTAINERDS}":"{WANTED}"}}"#);
        for (path, content) in [
            ("manifest.json", r#"[{"repotags":["a:1"]}]"#.to_owned()),
            ("manifest.json", r#"[{"RepoTag\u017f":["a:1"]}]"#.to_owned()),
            ("manifest.json", "[{\"RepoTag\u{17f}\":[\"a:1\"]}]".to_owned()),
            ("manifest.json", r#"[{"RepoTags":["a:1"],"RepoTags":[]}]"#.to_owned()),
            ("manifest.json", r#"[{"Config":"a","Config":"b"}]"#.to_owned()),
            ("manifest.json", r#"[{"RepoTags":[]}] [{"RepoTags":["a:1"]}]"#.to_owned()),
            ("index.json", r#"{"manifests":[{}],"Manifests":[{},{}]}"#.to_owned()),
            ("index.json", r#"{"manifests":[{}],"manifests":[{},{}]}"#.to_owned()),
            ("index.json", descriptor(&named.replace("annotations", "Annotations"))),
            ("index.json", descriptor(&format!("{named},{harmless}"))),
            (
                "index.json",
                descriptor(&format!(r#""annotations":{{"{CONTAINERDS}":"a:1","{CONTAINERDS}":"{WANTED}"}}"#)),
            ),
            (
                "repositories",
                r#"{"localhost/imgbuild-run/r":{"x":"y"},"localhost/imgbuild-run/r":{"build-1":"z"}}"#
                    .to_owned(),
            ),
            ("repositories", r#"{"localhost/imgbuild-run/r":{"build-1":"y","build-1":"z"}}"#.to_owned()),
        ] {
            let told = verdict(&[(path, &content)]).unwrap_err();
            assert!(told.contains("cannot be read"), "{content}: {told}");
        }
        let whole = r#"{"schemaVersion":2,"mediaType":"m","artifactType":"a","annotations":{"x":"y"},"subject":null,
            "manifests":[{"mediaType":"m","digest":"d","size":1,"urls":[],"data":"","platform":{"os":"linux"},
            "artifactType":"a"}]}"#;
        let manifest = r#"[{"Config":"c","RepoTags":[],"Layers":["l"],"Parent":"","LayerSources":{}}]"#;
        assert_eq!(verdict(&[("index.json", whole), ("manifest.json", manifest)]), Ok(()));
    }

    /// An entry with what is said before it; `change` comes before it is summed.
    fn raw(path: &str, kind: u8, content: &[u8], change: impl FnOnce(&mut tar::Header)) -> Vec<u8> {
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(tar::EntryType::new(kind));
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.as_ustar_mut().unwrap().name[..path.len()].copy_from_slice(path.as_bytes());
        change(&mut header);
        header.set_cksum();
        let mut all = [header.as_bytes().as_slice(), content].concat();
        all.resize(all.len().next_multiple_of(512), 0);
        all
    }

    #[test]
    fn entries_that_only_some_readers_take_for_what_they_are() {
        let plain = |path, kind, content: &[u8]| raw(path, kind, content, |_| {});
        let pax = |content: &[u8]| plain("pax", b'x', content);
        let file = || plain("layer", b'0', b"x");
        let [long, link] = [b'L', b'K'].map(|kind| plain("long", kind, b"layer\0"));
        let sized = |path, kind| raw(path, kind, b"", |header| header.set_size(512));
        for (entries, word) in [
            (vec![plain("x", b'S', b"")], "unknown kind"),
            (vec![plain("x", b'V', b"")], "unknown kind"),
            (vec![pax(b"22 GNU.sparse.major=1\n"), file()], "sparse file"),
            (vec![pax(b"33 GNU.sparse.name=manifest.json\n"), file()], "sparse file"),
            (vec![plain("all", b'g', b"12 path=abc\n"), file()], "for all entries"),
            (vec![long.clone(), plain("all", b'g', b""), file()], "for all entries"),
            (vec![pax(b"12 path=a/b\n"), pax(b"11 mtime=1\n"), file()], "several headers"),
            (vec![long.clone(), pax(b"12 path=a/b\n"), file()], "several headers"),
            (vec![long.clone(), link.clone(), long.clone(), file()], "several headers"),
            // The content would be the next header to us alone.
            (vec![sized("manifest.json/", b'0')], "no file"),
            (vec![sized("folder", b'5')], "no file"),
            (vec![sized("link", b'1')], "no file"),
            (vec![pax(b"12 size=512\n"), plain("folder", b'5', b"")], "no file"),
        ] {
            let told = Names::new(WANTED).push(&entries.concat()).unwrap_err();
            assert!(told.contains(word), "{word}: {told}");
        }
        for fine in
            [vec![long, link, file()], vec![pax(b"12 path=a/b\n"), file(), pax(b"12 path=a/b\n"), file()]]
        {
            assert_eq!(Names::new(WANTED).push(&fine.concat()), Ok(()));
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
