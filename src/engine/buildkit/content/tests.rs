use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use bollard_buildkit_proto::moby::buildkit::v1::SolveRequest;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::client::Grpc;
use tonic::transport::Channel;
use tonic::{Code, Request, Status, Streaming};
use tonic_prost::ProstCodec;

use super::messages::{
    Action, InfoRequest, InfoResponse, ReadRequest, ReadResponse, WriteRequest, WriteResponse,
};
use crate::engine::buildkit::testing::{Builder, Sessions, Solving};
use crate::engine::buildkit::tests::{build, image, request};
use crate::engine::buildkit::{BuildKitRequest, Cache};
use crate::error::Kind;
use crate::event::Event;
use crate::image::Digest;

const MANIFEST: &[u8] = br#"{"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}"#;

/// The builder's side of the service, in one store.
struct Store {
    session: Channel,
    id: String,
}

impl Store {
    async fn grpc(&self) -> Grpc<Channel> {
        let mut grpc = Grpc::new(self.session.clone());
        grpc.ready().await.unwrap();
        grpc
    }

    fn ask<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.metadata_mut().insert("buildkit-attachable-store-id", self.id.parse().unwrap());
        request
    }

    async fn info(&self, digest: &str) -> Result<i64, Code> {
        let path = http::uri::PathAndQuery::from_static("/containerd.services.content.v1.Content/Info");
        let asked = self.ask(InfoRequest { digest: digest.to_owned() });
        let answer = self.grpc().await.unary(asked, path, ProstCodec::default()).await;
        let answer: InfoResponse = answer.map_err(|status| status.code())?.into_inner();
        Ok(answer.info.unwrap().size)
    }

    async fn read(&self, digest: &str, offset: i64, size: i64) -> Result<(Vec<u8>, usize), Code> {
        let path = http::uri::PathAndQuery::from_static("/containerd.services.content.v1.Content/Read");
        let asked = self.ask(ReadRequest { digest: digest.to_owned(), offset, size });
        let answer = self.grpc().await.server_streaming(asked, path, ProstCodec::default()).await;
        let mut answer: Streaming<ReadResponse> = answer.map_err(|status| status.code())?.into_inner();
        let (mut content, mut pieces) = (Vec::new(), 0);
        while let Some(piece) = answer.message().await.map_err(|status| status.code())? {
            assert_eq!(piece.offset, offset.max(0) + content.len() as i64);
            content.extend(piece.data);
            pieces += 1;
        }
        Ok((content, pieces))
    }

    /// Opens a write and sends its first message.
    async fn open(&self, first: WriteRequest) -> Result<Write, Status> {
        let path = http::uri::PathAndQuery::from_static("/containerd.services.content.v1.Content/Write");
        let (say, said) = mpsc::channel(4);
        say.send(first).await.unwrap();
        let asked = self.ask(ReceiverStream::new(said));
        let heard = self.grpc().await.streaming(asked, path, ProstCodec::default()).await?.into_inner();
        Ok(Write { say, heard })
    }

    /// Writes as containerd does: asks how far it is, sends the content in pieces, and commits.
    async fn put(&self, name: &str, content: &[u8], expected: &str) -> Result<String, Status> {
        let total = content.len() as i64;
        let first = WriteRequest { total, ..stat(name, expected) };
        let mut write = self.open(first).await?;
        let mut offset = write.answer().await?.offset;
        for piece in content.chunks(1000) {
            let action = Action::Write.into();
            let sent = WriteRequest { action, offset, data: piece.to_vec(), ..WriteRequest::default() };
            offset = write.say(sent).await?.offset;
        }
        let expected = expected.to_owned();
        let commit = WriteRequest {
            action: Action::Commit.into(),
            offset,
            total,
            expected,
            ..WriteRequest::default()
        };
        Ok(write.say(commit).await?.digest)
    }
}

fn stat(name: &str, expected: &str) -> WriteRequest {
    WriteRequest { name: name.to_owned(), expected: expected.to_owned(), ..WriteRequest::default() }
}

struct Write {
    say: mpsc::Sender<WriteRequest>,
    heard: Streaming<WriteResponse>,
}

impl Write {
    async fn answer(&mut self) -> Result<WriteResponse, Status> {
        self.heard.message().await?.ok_or_else(|| Status::aborted("the end"))
    }

    async fn say(&mut self, message: WriteRequest) -> Result<WriteResponse, Status> {
        let _ = self.say.send(message).await;
        self.answer().await
    }
}

fn cache(kind: &str, attributes: &[(&str, &str)], folder: Option<&Path>) -> Cache {
    let attributes = attributes.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    Cache { kind: kind.to_owned(), attributes, folder: folder.map(PathBuf::from), within: None }
}

fn caches(from: Option<&Path>, to: Option<&Path>) -> BuildKitRequest {
    let local = |folder| cache("local", &[], Some(folder));
    BuildKitRequest {
        cache_from: from.map(local).into_iter().collect(),
        cache_to: to.map(local).into_iter().collect(),
        ..request()
    }
}

/// What the builder is told of its caches: the attributes of the first export, and of the first import.
fn told(request: &SolveRequest) -> [HashMap<String, String>; 2] {
    let cache = request.cache.clone().unwrap();
    [cache.exports, cache.imports].map(|all| all.first().map(|entry| entry.attrs.clone()).unwrap_or_default())
}

#[tokio::test]
async fn a_cache_is_filled_and_read() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("cache");
    let layer: Vec<u8> = (0..700_001_u32).map(|n| (n % 251) as u8).collect();
    let [of_layer, of_manifest] = [&layer, MANIFEST].map(|content| Digest::of(content).as_str().to_owned());

    let (content, digests) = (layer.clone(), [of_layer.clone(), of_manifest.clone()]);
    let builder = Builder::new(Sessions::Taken, move |solving: Solving| {
        let (layer, [of_layer, of_manifest]) = (content.clone(), digests.clone());
        async move {
            let [export, import] = told(&solving.request);
            assert_eq!((export["dest"].as_str(), import.len()), ("cache-0", 0));
            let methods = solving.headers.get_all("x-docker-expose-session-grpc-method").iter();
            assert!(methods.into_iter().any(|method| method.to_str().unwrap().ends_with("Content/Write")));
            let store = Store { session: solving.session.clone(), id: "local:cache-0".to_owned() };
            assert_eq!(store.info(&of_layer).await, Err(Code::NotFound));
            assert_eq!(store.put("layer", &layer, &of_layer).await?, of_layer);
            assert_eq!(
                store.put("layer", &layer, &of_layer).await.map_err(|s| s.code()),
                Err(Code::AlreadyExists)
            );
            assert_eq!(store.put("manifest", MANIFEST, &of_manifest).await?, of_manifest);
            Ok(image())
        }
    });
    build(&builder, caches(None, Some(&folder))).await.0.unwrap();

    let builder = Builder::new(Sessions::Taken, move |solving: Solving| {
        let (layer, of_layer, of_manifest) = (layer.clone(), of_layer.clone(), of_manifest.clone());
        async move {
            let [export, import] = told(&solving.request);
            assert_eq!(
                (import["src"].as_str(), import["digest"].as_str()),
                ("cache-0", of_manifest.as_str())
            );
            assert_eq!(export.len(), 0);
            let of_frontend: serde_json::Value =
                serde_json::from_str(&solving.request.frontend_attrs["cache-imports"]).unwrap();
            assert_eq!(of_frontend[0]["Attrs"]["digest"], of_manifest.as_str());
            let store = Store { session: solving.session.clone(), id: "local:cache-0".to_owned() };
            assert_eq!(store.info(&of_manifest).await, Ok(MANIFEST.len() as i64));
            let (content, pieces) = store.read(&of_layer, 0, 0).await.unwrap();
            assert!(content == layer && pieces == 3, "{} bytes in {pieces}", content.len());
            for (offset, size, expected) in [
                (700_000, 100, Ok(&layer[700_000..])),
                (-5, 3, Ok(&layer[..3])),
                (10, 300_000, Ok(&layer[10..300_010])),
                (700_001, 0, Ok(&layer[..0])),
                (700_002, 0, Err(Code::OutOfRange)),
            ] {
                let read = store.read(&of_layer, offset, size).await.map(|(content, _)| content);
                assert!(read.as_deref() == expected.as_ref().map(|e| *e), "{offset} {size}");
            }
            // What a run only reads is not written.
            assert_eq!(store.put("x", b"x", "").await.map_err(|s| s.code()), Err(Code::PermissionDenied));
            Ok(image())
        }
    });
    build(&builder, caches(Some(&folder), None)).await.0.unwrap();
}

#[tokio::test]
async fn what_no_builder_writes_does_no_harm() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("cache");
    let builder = Builder::new(Sessions::Taken, |solving: Solving| async move {
        let session = solving.session;
        let store = Store { session: session.clone(), id: "local:cache-0".to_owned() };
        for id in ["local:/etc", "local:", "cache-0", "local:cache-1"] {
            let other = Store { session: session.clone(), id: id.to_owned() };
            assert_eq!(other.info(Digest::of(b"").as_str()).await, Err(Code::NotFound), "{id}");
            assert!(other.put("x", b"x", "").await.is_err(), "{id}");
        }
        for digest in ["", "sha256:../../../etc/passwd", "sha512:00", "../x", "sha256:ABC"] {
            assert_eq!(store.info(digest).await, Err(Code::InvalidArgument), "{digest}");
            assert_eq!(store.read(digest, 0, 0).await.map(drop), Err(Code::InvalidArgument), "{digest}");
        }
        let code = async |first: WriteRequest, second: WriteRequest| {
            let mut write = store.open(first).await?;
            write.answer().await?;
            write.say(second).await
        };
        let data = |action: Action, offset, data: &[u8]| WriteRequest {
            action: action.into(),
            offset,
            data: data.to_vec(),
            ..WriteRequest::default()
        };
        let wrong = Digest::of(b"other");
        let long = "x".repeat(5000);
        for (first, second, expected) in [
            (stat("", ""), WriteRequest::default(), Code::InvalidArgument),
            (stat(&long, ""), WriteRequest::default(), Code::InvalidArgument),
            (stat("a", "sha256:x"), WriteRequest::default(), Code::InvalidArgument),
            (stat("a", ""), stat("b", ""), Code::InvalidArgument),
            (stat("a", ""), WriteRequest { action: 77, ..WriteRequest::default() }, Code::InvalidArgument),
            (stat("a", ""), data(Action::Write, 5, b"x"), Code::OutOfRange),
            (stat("a", ""), data(Action::Write, -5, b"x"), Code::OutOfRange),
            (stat("a", wrong.as_str()), data(Action::Commit, 0, b"x"), Code::FailedPrecondition),
            (
                WriteRequest { total: 3, ..stat("a", "") },
                data(Action::Commit, 0, b"x"),
                Code::FailedPrecondition,
            ),
            (
                WriteRequest { total: 1, ..stat("a", "") },
                data(Action::Write, 0, b"xy"),
                Code::FailedPrecondition,
            ),
        ] {
            let told = code(first, second).await.map(|_| ()).map_err(|status| status.code());
            assert_eq!(told, Err(expected));
        }
        // One name is written by one at a time; a write that is given up leaves nothing.
        let mut begun = store.open(stat("a", "")).await?;
        begun.answer().await?;
        begun.say(data(Action::Write, 0, b"some")).await?;
        assert_eq!(code(stat("a", ""), WriteRequest::default()).await.unwrap_err().code(), Code::Unavailable);
        assert_eq!(begun.say(data(Action::Write, 0, b"anew")).await?.offset, 4);
        assert_eq!(begun.say(data(Action::Commit, 4, b"")).await?.digest, Digest::of(b"anew").as_str());
        drop(store.open(stat("left", "")).await?);
        Ok(image())
    });
    let (built, told) = build(&builder, caches(None, Some(&folder))).await;
    built.unwrap();
    let blobs = std::fs::read_dir(folder.join("blobs/sha256")).unwrap();
    let blobs: Vec<_> = blobs.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(blobs, [Digest::of(b"anew").hex()]);
    // It is no manifest, and nothing begins with it.
    let warned =
        told.iter().any(|event| matches!(event, Event::Warning { text } if text.contains("was not filled")));
    assert!(warned && !folder.join("index.json").exists(), "{told:?}");
}

#[tokio::test]
async fn folders_that_cannot_be_used_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let (none, file) = (dir.path().join("none"), dir.path().join("file"));
    std::fs::write(&file, "").unwrap();
    let builder = || {
        Builder::new(Sessions::Taken, |solving: Solving| async move {
            assert!(!solving.request.frontend_attrs.contains_key("cache-imports"));
            let methods = solving.headers.get_all("x-docker-expose-session-grpc-method").iter();
            assert!(!methods.into_iter().any(|method| method.to_str().unwrap().contains("content")));
            Ok(image())
        })
    };
    let (built, told) = build(&builder(), caches(Some(&none), None)).await;
    built.unwrap();
    let noted = told.iter().find_map(|event| match event {
        Event::Note { text } => Some(text.clone()),
        _ => None,
    });
    let noted = noted.unwrap();
    assert!(noted.starts_with("nothing is taken from the cache in ") && noted.contains("none: "), "{noted}");
    let error = build(&builder(), caches(None, Some(&file))).await.0.unwrap_err();
    assert!(error.kind() == Kind::Io && error.to_string().contains("file cannot be filled: "), "{error}");
}

/// A pull request may put a link in the place of a folder.
#[tokio::test]
async fn a_link_out_of_the_repository_is_not_followed() {
    let dir = tempfile::tempdir().unwrap();
    let (root, secret) = (dir.path().join("repo"), dir.path().join("secret"));
    std::fs::create_dir_all(&root).unwrap();
    drop(super::folder::Folder::fill(&secret, None).unwrap());
    std::os::unix::fs::symlink(&secret, root.join(".cache")).unwrap();
    let asked = |within: Option<&Path>, is_filled| {
        let mut asked = match is_filled {
            true => caches(None, Some(&root.join(".cache"))),
            false => caches(Some(&root.join(".cache")), None),
        };
        asked.cache_from.iter_mut().chain(&mut asked.cache_to).for_each(|cache| {
            cache.within = within.map(PathBuf::from);
        });
        asked
    };
    let builder = || Builder::new(Sessions::Taken, |_| async { Ok(image()) });
    let why = "\".cache\" is no folder, and no link is followed there";
    let (built, told) = build(&builder(), asked(Some(&root), false)).await;
    built.unwrap();
    let noted = |event: &Event| matches!(event, Event::Note { text } if text.contains(why));
    assert!(told.iter().any(noted), "{told:?}");
    let error = build(&builder(), asked(Some(&root), true)).await.0.unwrap_err();
    assert!(error.kind() == Kind::Io && error.to_string().contains(why), "{error}");
    // Who is at the machine may.
    build(&builder(), asked(None, true)).await.0.unwrap();
}

/// A builder that makes an image of anything, and what it was asked for.
fn telling() -> (Builder, mpsc::UnboundedReceiver<SolveRequest>) {
    let (seen, sent) = mpsc::unbounded_channel();
    let builder = Builder::new(Sessions::Taken, move |solving: Solving| {
        let seen = seen.clone();
        async move {
            seen.send(solving.request).unwrap();
            Ok(image())
        }
    });
    (builder, sent)
}

/// Paths of ours are not the builder's business.
#[tokio::test]
async fn no_folder_of_ours_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let (builder, mut sent) = telling();
    let folder = dir.path().join("cache");
    drop(super::folder::Folder::fill(&folder, None).unwrap());
    let both =
        [("src", "/ours"), ("dest", "/ours"), ("mode", "max"), ("digest", &*Digest::of(b"").to_string())];
    let local = cache("local", &both, Some(&folder));
    let asked = BuildKitRequest { cache_from: vec![local.clone()], cache_to: vec![local], ..request() };
    build(&builder, asked).await.0.unwrap();
    let [export, import] = told(&sent.recv().await.unwrap());
    assert_eq!((export.get("src"), export["dest"].as_str()), (None, "cache-0"));
    assert_eq!((import.get("dest"), import["src"].as_str()), (None, "cache-0"));
    assert_eq!(export["mode"], "max");
}

/// The folder goes while it is filled: our word for it comes before the builder's.
#[tokio::test]
async fn a_folder_that_cannot_be_written_is_the_error() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("cache");
    let gone = folder.clone();
    let builder = Builder::new(Sessions::Taken, move |solving: Solving| {
        let gone = gone.clone();
        async move {
            let store = Store { session: solving.session, id: "local:cache-0".to_owned() };
            let mut write = store.open(stat("a", "")).await?;
            write.answer().await?;
            std::fs::remove_dir_all(gone).unwrap();
            let commit = WriteRequest { action: Action::Commit.into(), ..WriteRequest::default() };
            write.say(commit).await.map(|_| image())
        }
    });
    let error = build(&builder, caches(None, Some(&folder))).await.0.unwrap_err();
    assert!(error.kind() == Kind::Io && error.to_string().contains("cannot be filled: "), "{error}");
}

/// What a service in the cloud is asked with goes to the builder as it is, and into no debug output.
#[tokio::test]
async fn attributes_are_sent_and_not_shown() {
    let (builder, mut sent) = telling();
    let attributes = [("token", "hush-hush"), ("url_v2", "https://results.example.com/"), ("version", "2")];
    let gha = cache("gha", &attributes, None);
    assert!(!format!("{gha:?}").contains("hush"), "{gha:?}");
    let asked = BuildKitRequest { cache_from: vec![gha.clone()], cache_to: vec![gha], ..request() };
    let (built, events) = build(&builder, asked).await;
    built.unwrap();
    let request = sent.recv().await.unwrap();
    let expected: BTreeMap<String, String> =
        attributes.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    for attributes in told(&request) {
        assert_eq!(attributes.into_iter().collect::<BTreeMap<_, _>>(), expected);
    }
    assert!(!format!("{events:?}").contains("hush"));
}
