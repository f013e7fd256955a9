//! What a folder is a cache of: its `index.json`, in which each manifest has a tag.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use serde_json::{Map, Value, json};

use super::folder::{Folder, all};
use crate::image::Digest;

const INDEX: &str = "index.json";
/// What BuildKit's own clients lock while they change the index; they remove it afterwards.
const LOCK: &str = "index.json.lock";
const LAYOUT: (&str, &[u8]) = ("oci-layout", b"{\"imageLayoutVersion\":\"1.0.0\"}");
/// The annotation that holds a manifest's tag.
const TAG: &str = "org.opencontainers.image.ref.name";
/// Bytes of an index or a manifest.
const MOST: u64 = 4 << 20;
/// Manifests in one index.
const MOST_MANIFESTS: usize = 1000;
/// Another run has the lock for as long as it takes to write a short file.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(20);

/// The manifest that has the tag. Errors say what is wrong with the folder.
pub(super) fn find(folder: &Folder, tag: &str) -> Result<Digest, String> {
    let index = read(folder).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => "it has no index.json".to_owned(),
        _ => format!("its index.json cannot be read: {error}"),
    })?;
    let manifests = index.get("manifests").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let found = manifests.iter().find(|manifest| has_tag(manifest, tag));
    let digest = found.ok_or_else(|| format!("its index.json has no tag {tag:?}"))?.get("digest");
    let digest = digest.and_then(Value::as_str).and_then(|digest| digest.parse().ok());
    digest.ok_or_else(|| format!("its index.json gives no sha256 digest for the tag {tag:?}"))
}

/// Gives the tag to a manifest that is in the folder; whoever had it has it no more. `None` where the blob is none.
pub(super) fn put(folder: &Folder, digest: &Digest, tag: &str) -> io::Result<Option<()>> {
    let (file, size) = folder.open(digest)?;
    let manifest = all(file, size, MOST).ok().and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    let media = manifest.as_ref().and_then(|manifest| manifest.get("mediaType")?.as_str());
    let Some(media) = media.filter(|media| media.starts_with("application/vnd.")) else { return Ok(None) };
    let _lock = lock(folder)?;
    // What is no index is no loss: it is a cache.
    let mut index = read(folder).unwrap_or_default();
    let known = index.remove("manifests");
    let mut manifests = match known {
        Some(Value::Array(manifests)) => manifests,
        _ => Vec::new(),
    };
    manifests.retain(|manifest| manifest.is_object() && !has_tag(manifest, tag));
    let oldest = (manifests.len() + 1).saturating_sub(MOST_MANIFESTS);
    manifests.drain(..oldest);
    manifests.push(json!({
        "mediaType": media, "digest": digest.as_str(), "size": size, "annotations": { TAG: tag },
    }));
    index.insert("schemaVersion".to_owned(), json!(2));
    index.insert("mediaType".to_owned(), json!("application/vnd.oci.image.index.v1+json"));
    index.insert("manifests".to_owned(), Value::Array(manifests));
    folder.put_own(LAYOUT.0, LAYOUT.1)?;
    folder.put_own(INDEX, Value::Object(index).to_string().as_bytes())?;
    Ok(Some(()))
}

fn has_tag(manifest: &Value, tag: &str) -> bool {
    manifest.get("annotations").and_then(|all| all.get(TAG)).and_then(Value::as_str) == Some(tag)
}

fn read(folder: &Folder) -> io::Result<Map<String, Value>> {
    let (file, size) = folder.open_own(INDEX)?;
    Ok(serde_json::from_slice(&all(file, size, MOST)?)?)
}

/// Locks the index against other runs, until the file is closed.
fn lock(folder: &Folder) -> io::Result<std::fs::File> {
    let began = Instant::now();
    loop {
        let file = folder.open_lock(LOCK)?;
        let locked = flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok();
        // Where somebody removed it meanwhile, the lock is on a file that nobody else sees.
        let is_there = || Some(folder.open_lock(LOCK).ok()?.metadata().ok()?.ino());
        if locked && is_there() == file.metadata().ok().map(|about| about.ino()) {
            return Ok(file);
        }
        if began.elapsed() > PATIENCE {
            return Err(io::Error::new(io::ErrorKind::TimedOut, format!("somebody else has locked {LOCK}")));
        }
        std::thread::sleep(PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;
    use std::sync::Arc;

    const MANIFEST: &str = r#"{"mediaType":"application/vnd.oci.image.index.v1+json","x":"#;

    fn blob(folder: &Arc<Folder>, content: &str) -> Digest {
        let mut writer = folder.begin(content).unwrap().unwrap();
        writer.append(content.as_bytes()).unwrap();
        writer.commit(None).unwrap().unwrap()
    }

    fn tags(path: &Path) -> Vec<String> {
        let index: Value = serde_json::from_slice(&std::fs::read(path.join(INDEX)).unwrap()).unwrap();
        let manifests = index["manifests"].as_array().unwrap().iter();
        manifests.map(|m| m["annotations"][TAG].as_str().unwrap_or_default().to_owned()).collect()
    }

    #[test]
    fn a_tag_has_one_manifest() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Arc::new(Folder::fill(dir.path(), None).unwrap());
        let [one, two] = ["1}", "2}"].map(|end| blob(&folder, &format!("{MANIFEST}{end}")));
        assert_eq!(find(&folder, "latest"), Err("it has no index.json".to_owned()));
        put(&folder, &one, "latest").unwrap().unwrap();
        put(&folder, &one, "other").unwrap().unwrap();
        put(&folder, &two, "latest").unwrap().unwrap();
        assert_eq!((find(&folder, "latest"), find(&folder, "other")), (Ok(two), Ok(one)));
        assert_eq!(tags(dir.path()), ["other", "latest"]);
        assert!(find(&folder, "none").unwrap_err().contains("no tag \"none\""));
        let layout = std::fs::read_to_string(dir.path().join("oci-layout")).unwrap();
        assert_eq!(layout, r#"{"imageLayoutVersion":"1.0.0"}"#);
    }

    #[test]
    fn layers_are_no_manifests() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Arc::new(Folder::fill(dir.path(), None).unwrap());
        for content in ["a layer", "{}", r#"{"mediaType":"text/html"}"#, r#"{"layers":[],"records":[]}"#] {
            assert_eq!(put(&folder, &blob(&folder, content), "latest").unwrap(), None, "{content}");
        }
        assert!(put(&folder, &Digest::of(b"gone"), "latest").is_err());
        assert!(!dir.path().join(INDEX).exists());
    }

    #[test]
    fn indices_that_are_none_are_told_and_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Arc::new(Folder::fill(dir.path(), None).unwrap());
        let manifest = blob(&folder, &format!("{MANIFEST}1}}"));
        let large = format!("[{}", " ".repeat(5 << 20));
        for (content, why) in [
            ("", "cannot be read"),
            ("nonsense", "cannot be read"),
            (&large, "more than 4194304"),
            ("[]", "cannot be read"),
            ("{}", "no tag"),
            (r#"{"manifests":{"a":1}}"#, "no tag"),
            (
                r#"{"manifests":[1,{"annotations":{"org.opencontainers.image.ref.name":"latest"}}]}"#,
                "no sha256",
            ),
            (
                r#"{"manifests":[{"digest":"../x","annotations":{"org.opencontainers.image.ref.name":"latest"}}]}"#,
                "no sha256",
            ),
        ] {
            std::fs::write(dir.path().join(INDEX), content).unwrap();
            let error = find(&folder, "latest").unwrap_err();
            assert!(error.contains(why), "{error}");
            put(&folder, &manifest, "latest").unwrap().unwrap();
            assert_eq!(find(&folder, "latest"), Ok(manifest.clone()));
        }
    }

    #[test]
    fn runs_at_once_lose_no_tag() {
        let dir = tempfile::tempdir().unwrap();
        let run = |number: usize| {
            let folder = Arc::new(Folder::fill(dir.path(), None).unwrap());
            let manifest = blob(&folder, &format!("{MANIFEST}{number}}}"));
            put(&folder, &manifest, &format!("run-{number}")).unwrap().unwrap();
        };
        std::thread::scope(|scope| (0..8).for_each(|number| drop(scope.spawn(move || run(number)))));
        let mut all = tags(dir.path());
        all.sort();
        assert_eq!(all, (0..8).map(|number| format!("run-{number}")).collect::<Vec<_>>());
    }
}
