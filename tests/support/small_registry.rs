//! A registry that keeps what it is given, in memory: the answers behind a [`FakeRegistry`](super::fake_registry).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use imgbuild::image::Digest;
use imgbuild::registry::Manifest;
use serde_json::{Value, json};

use super::fake_registry::{FakeRegistry, Reply, Request};

/// What the registry can do, and what it holds. Keys are `repository@digest` or `repository:tag`.
pub(crate) struct SmallRegistry {
    /// Mounts blobs of other repositories.
    pub(crate) mounts: bool,
    /// Has the referrers API.
    pub(crate) referrers: bool,
    /// Honours `Range`.
    pub(crate) ranges: bool,
    /// Says `OCI-Chunk-Min-Length`.
    pub(crate) min_chunk: Option<u64>,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    blobs: BTreeMap<String, Vec<u8>>,
    manifests: BTreeMap<String, (String, Vec<u8>)>,
    uploads: BTreeMap<String, Vec<u8>>,
    opened: usize,
}

impl SmallRegistry {
    pub(crate) fn new() -> SmallRegistry {
        let held = Mutex::default();
        SmallRegistry { mounts: true, referrers: true, ranges: true, min_chunk: None, held }
    }

    /// The same with other capabilities.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut SmallRegistry)) -> SmallRegistry {
        change(&mut self);
        self
    }

    /// Listens, with every capability and no faults.
    pub(crate) async fn healthy() -> (Arc<SmallRegistry>, FakeRegistry) {
        SmallRegistry::new().on("127.0.0.1").await
    }

    /// Listens on a free port of `ip`.
    pub(crate) async fn on(self, ip: &str) -> (Arc<SmallRegistry>, FakeRegistry) {
        let small = Arc::new(self);
        let answers = Arc::clone(&small);
        let fake = FakeRegistry::on(ip, move |request: &Request| answers.answer(request)).await;
        (small, fake)
    }

    pub(crate) fn put_blob(&self, path: &str, bytes: &[u8]) -> Digest {
        let digest = Digest::of(bytes);
        self.held.lock().expect("lock").blobs.insert(format!("{path}@{digest}"), bytes.to_vec());
        digest
    }

    pub(crate) fn blob(&self, path: &str, digest: &Digest) -> Option<Vec<u8>> {
        self.held.lock().expect("lock").blobs.get(&format!("{path}@{digest}")).cloned()
    }

    /// Keeps `document` under its digest and, where one is given, a tag.
    pub(crate) fn put_manifest(&self, path: &str, tag: Option<&str>, document: &Value) -> Manifest {
        let bytes = document.to_string().into_bytes();
        let manifest = Manifest::new(bytes, "").expect("a manifest");
        let kept = (manifest.media_type.clone(), manifest.bytes.clone());
        let mut held = self.held.lock().expect("lock");
        held.manifests.insert(format!("{path}@{}", manifest.digest), kept.clone());
        if let Some(tag) = tag {
            held.manifests.insert(format!("{path}:{tag}"), kept);
        }
        manifest
    }

    pub(crate) fn manifest(&self, path: &str, reference: &str) -> Option<Vec<u8>> {
        self.held.lock().expect("lock").manifests.get(&key(path, reference)).map(|(_, bytes)| bytes.clone())
    }

    pub(crate) fn forget_manifest(&self, path: &str, reference: &str) {
        self.held.lock().expect("lock").manifests.remove(&key(path, reference));
    }

    /// Forgets every upload under way.
    pub(crate) fn forget_uploads(&self) {
        self.held.lock().expect("lock").uploads.clear();
    }

    pub(crate) fn answer(&self, request: &Request) -> Reply {
        let (target, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        let query: BTreeMap<String, String> = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.replace("%3A", ":").replace("%2F", "/")))
            .collect();
        let Some(rest) = target.strip_prefix("/v2/") else { return Reply::status(404) };
        for (word, answer) in [
            ("/blobs/uploads/", SmallRegistry::upload as Handler),
            ("/blobs/", SmallRegistry::blobs),
            ("/manifests/", SmallRegistry::manifests),
            ("/referrers/", SmallRegistry::list_referrers),
        ] {
            if let Some((path, name)) = rest.split_once(word) {
                return answer(self, request, path, name, &query);
            }
        }
        Reply::ok("{}")
    }

    fn blobs(&self, request: &Request, path: &str, name: &str, _: &BTreeMap<String, String>) -> Reply {
        let held = self.held.lock().expect("lock");
        let Some(bytes) = held.blobs.get(&format!("{path}@{name}")) else {
            return error(404, "BLOB_UNKNOWN");
        };
        let range = request.headers.get("range").filter(|_| self.ranges);
        let start = range.and_then(|r| r.strip_prefix("bytes=")?.strip_suffix('-')?.parse::<usize>().ok());
        match start {
            Some(start) if start < bytes.len() => Reply::Answer {
                status: 206,
                headers: vec![(
                    "content-range",
                    format!("bytes {start}-{}/{}", bytes.len() - 1, bytes.len()),
                )],
                body: bytes[start..].to_vec(),
            },
            Some(_) => Reply::status(416),
            None => Reply::ok(bytes.clone()),
        }
    }

    fn upload(&self, request: &Request, path: &str, id: &str, query: &BTreeMap<String, String>) -> Reply {
        let mut held = self.held.lock().expect("lock");
        if request.method == "POST" {
            if let (Some(digest), Some(from)) = (query.get("mount"), query.get("from"))
                && self.mounts
                && let Some(bytes) = held.blobs.get(&format!("{from}@{digest}")).cloned()
            {
                held.blobs.insert(format!("{path}@{digest}"), bytes);
                return Reply::status(201);
            }
            held.opened += 1;
            let id = format!("u{}", held.opened);
            held.uploads.insert(id.clone(), Vec::new());
            let reply = state(202, path, &id, 0);
            return match self.min_chunk {
                Some(length) => reply.with("oci-chunk-min-length", length.to_string()),
                None => reply,
            };
        }
        let Some(upload) = held.uploads.get_mut(id) else { return error(404, "BLOB_UPLOAD_UNKNOWN") };
        let start = request.headers.get("content-range").and_then(|r| r.split('-').next()?.parse().ok());
        if start.is_some_and(|start: usize| start != upload.len()) {
            return state(416, path, id, upload.len());
        }
        match request.method.as_str() {
            "GET" => state(204, path, id, upload.len()),
            "PATCH" => {
                upload.extend(&request.bytes);
                state(202, path, id, upload.len())
            }
            "PUT" => {
                let mut bytes = std::mem::take(upload);
                held.uploads.remove(id);
                bytes.extend(&request.bytes);
                let digest = Digest::of(&bytes).to_string();
                if query.get("digest") != Some(&digest) {
                    return error(400, "DIGEST_INVALID");
                }
                held.blobs.insert(format!("{path}@{digest}"), bytes);
                Reply::status(201).with("docker-content-digest", digest)
            }
            "DELETE" => {
                held.uploads.remove(id);
                Reply::status(204)
            }
            _ => Reply::status(405),
        }
    }

    fn manifests(&self, request: &Request, path: &str, name: &str, _: &BTreeMap<String, String>) -> Reply {
        let mut held = self.held.lock().expect("lock");
        match request.method.as_str() {
            "PUT" => {
                let digest = Digest::of(&request.bytes).to_string();
                let media_type = request.headers.get("content-type").cloned().unwrap_or_default();
                let kept = (media_type, request.bytes.clone());
                held.manifests.insert(format!("{path}@{digest}"), kept.clone());
                held.manifests.insert(key(path, name), kept);
                let document: Value = serde_json::from_slice(&request.bytes).unwrap_or_default();
                let reply = Reply::status(201).with("docker-content-digest", digest);
                match document.pointer("/subject/digest").and_then(Value::as_str) {
                    Some(subject) if self.referrers => reply.with("oci-subject", subject),
                    _ => reply,
                }
            }
            "DELETE" => match held.manifests.remove(&key(path, name)) {
                Some(_) => Reply::status(202),
                None => error(404, "MANIFEST_UNKNOWN"),
            },
            _ => match held.manifests.get(&key(path, name)) {
                Some((media_type, bytes)) => Reply::ok(bytes.clone())
                    .with("content-type", media_type.clone())
                    .with("docker-content-digest", Digest::of(bytes).to_string()),
                None => error(404, "MANIFEST_UNKNOWN"),
            },
        }
    }

    fn list_referrers(&self, _: &Request, path: &str, name: &str, _: &BTreeMap<String, String>) -> Reply {
        if !self.referrers {
            return Reply::status(404);
        }
        let held = self.held.lock().expect("lock");
        let referrers: Vec<Value> = held
            .manifests
            .range(format!("{path}@")..format!("{path}A"))
            .filter_map(|(_, (media_type, bytes))| Manifest::new(bytes.clone(), media_type).ok())
            .filter(|manifest| manifest.subject().is_ok_and(|s| s.is_some_and(|s| s.digest.as_str() == name)))
            .map(|manifest| manifest.descriptor().expect("a descriptor").to_json())
            .collect();
        let media_type = "application/vnd.oci.image.index.v1+json";
        Reply::ok(json!({"schemaVersion": 2, "mediaType": media_type, "manifests": referrers}).to_string())
            .with("content-type", media_type)
    }
}

type Handler = fn(&SmallRegistry, &Request, &str, &str, &BTreeMap<String, String>) -> Reply;

fn key(path: &str, reference: &str) -> String {
    let separator = if reference.contains(':') { '@' } else { ':' };
    format!("{path}{separator}{reference}")
}

/// An upload's state.
fn state(status: u16, path: &str, id: &str, length: usize) -> Reply {
    Reply::status(status)
        .with("location", format!("/v2/{path}/blobs/uploads/{id}"))
        .with("range", format!("0-{}", length.saturating_sub(1)))
}

pub(crate) fn error(status: u16, code: &str) -> Reply {
    let body = json!({"errors": [{"code": code, "message": "told so"}]}).to_string();
    Reply::Answer { status, headers: Vec::new(), body: body.into_bytes() }
}

/// What an index or a manifest says of `bytes`.
pub(crate) fn described(media_type: &str, bytes: &[u8]) -> Value {
    json!({"mediaType": media_type, "digest": Digest::of(bytes).as_str(), "size": bytes.len()})
}
