mod elsewhere;
mod failures;
mod hostile;

use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bollard_buildkit_proto::fsutil::types::packet::PacketType;
use bollard_buildkit_proto::fsutil::types::{Packet, Stat};
use bollard_buildkit_proto::google::protobuf::Timestamp;
use bollard_buildkit_proto::moby::buildkit::secrets::v1::GetSecretRequest;
use bollard_buildkit_proto::moby::buildkit::secrets::v1::secrets_client::SecretsClient;
use bollard_buildkit_proto::moby::buildkit::v1::{
    SolveResponse, StatusResponse, Vertex, VertexLog, VertexWarning,
};
use bollard_buildkit_proto::moby::filesync::v1::CredentialsRequest;
use bollard_buildkit_proto::moby::filesync::v1::auth_client::AuthClient;
use bollard_buildkit_proto::moby::sshforward::v1::ssh_client::SshClient;
use bollard_buildkit_proto::moby::sshforward::v1::{BytesMessage, CheckAgentRequest};
use bollard_buildkit_proto::pb::{Position, Range, SourceInfo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixListener;
use tokio::sync::mpsc;
use tonic::transport::Channel;
use tonic::{Code, Status};

use super::testing::{Builder, PATIENCE, Sessions, Solving, Transfer};
use super::*;
use crate::context::{ListOptions, Listing, list_work_tree};
use crate::engine::build_progress::{BuildObserver, Origin};
use crate::engine::testing::{Act, Fake};
use crate::engine::{AuthEntry, BuildRequest, BuildWarning, BuiltImage, Endpoint, Engine};
use crate::environment::Environment;
use crate::error::{Error, Kind, Result};
use crate::event::{Event, Events};
use crate::stop::Stop;

const DIGEST: &str = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

/// What is told of images and steps.
#[derive(Default)]
struct Seen(Vec<String>, Vec<BuildWarning>);

impl BuildObserver for Seen {
    fn on_image(&mut self, id: &str, _: Origin) -> Result<()> {
        self.0.push(id.to_owned());
        Ok(())
    }
    fn on_container(&mut self, _: &str) -> Result<()> {
        Ok(())
    }
    fn on_warning(&mut self, warning: BuildWarning) {
        self.1.push(warning);
    }
}

fn context() -> (tempfile::TempDir, Vec<u8>) {
    let dir = tempfile::tempdir().unwrap();
    let large: Vec<u8> = (0..1_000_003_u32).map(|n| (n % 251) as u8).collect();
    let write = |path: &str, content: &[u8]| std::fs::write(dir.path().join(path), content).unwrap();
    std::fs::create_dir(dir.path().join("dir")).unwrap();
    write("Dockerfile", b"FROM scratch\nCOPY . /\n");
    write("dir/a b.txt", b"a");
    write("dir/skipped", b"b");
    write("empty", b"");
    write("large.bin", &large);
    write("unasked", b"c");
    symlink("large.bin", dir.path().join("link")).unwrap();
    (dir, large)
}

fn listing(root: &Path) -> Arc<Listing> {
    let stop = Stop::default();
    let dockerfile = Path::new("Dockerfile");
    let options = ListOptions { root, dockerfile, own: &[], known_blob: None, cache: None, stop: &stop };
    Arc::new(list_work_tree(&options).unwrap())
}

pub(super) fn request() -> BuildKitRequest {
    BuildKitRequest {
        build: BuildRequest::default(),
        name: Some("imgbuild.test/x:1".to_owned()),
        landing: None,
        source_date_epoch: None,
        rewrite_timestamp: false,
        entitlements: Vec::new(),
        shared_key: "key of the test".to_owned(),
        times: FileTimes::Content,
        secrets: BTreeMap::new(),
        agents: BTreeMap::new(),
        contexts: BTreeMap::new(),
        cache_from: Vec::new(),
        cache_to: Vec::new(),
        stage_line: Box::new(|_, index, _, _| Some(index + 10)),
    }
}

/// One that gives up soon.
fn hasty() -> BuildKitRequest {
    let build = BuildRequest { idle_timeout: Duration::from_secs(1), ..BuildRequest::default() };
    BuildKitRequest { build, ..request() }
}

/// The engine that a builder is in.
async fn engine(builder: &Builder) -> Engine {
    Engine::connect(&Endpoint::unix(builder.socket(), "a test")).await.unwrap()
}

/// A build of [`context`], with what was told.
pub(super) async fn build(builder: &Builder, request: BuildKitRequest) -> (Result<BuiltImage>, Vec<Event>) {
    let engine = engine(builder).await;
    let buildkit = BuildKit::find(&engine).await.unwrap().unwrap();
    assert_eq!(buildkit.way, connect::Way::Direct);
    build_by(buildkit, request).await
}

async fn build_by(buildkit: BuildKit, request: BuildKitRequest) -> (Result<BuiltImage>, Vec<Event>) {
    let (dir, _) = context();
    build_of(buildkit, request, listing(dir.path())).await
}

async fn build_of(
    mut buildkit: BuildKit,
    request: BuildKitRequest,
    listing: Arc<Listing>,
) -> (Result<BuiltImage>, Vec<Event>) {
    let (events, mut receiver) = Events::channel();
    let stop = Stop::default();
    let mut seen = Seen::default();
    let building = async {
        let built = buildkit.build(&request, listing, &stop, &mut seen, &events).await;
        drop(events);
        built
    };
    let telling = async {
        let mut told = Vec::new();
        while let Some(stamped) = receiver.recv().await {
            told.push(stamped.event);
        }
        told
    };
    let both = async { tokio::join!(building, telling) };
    let (built, mut told) = tokio::time::timeout(PATIENCE, both).await.expect("the build does not end");
    let warnings =
        seen.1.iter().map(|w| format!("{}:{} {}", w.line, w.check.clone().unwrap_or_default(), w.message));
    told.extend(warnings.map(|text| Event::Warning { text }));
    if let Ok(image) = &built {
        assert_eq!(seen.0, [image.id().as_str()]);
    }
    (built, told)
}

/// The error of a build.
async fn refused(builder: &Builder, request: BuildKitRequest) -> Error {
    build(builder, request).await.0.expect_err("it was built")
}

pub(super) fn image() -> SolveResponse {
    let answer = [("containerimage.digest".to_owned(), DIGEST.to_owned())];
    SolveResponse { exporter_response: answer.into_iter().collect() }
}

fn is_file(stat: &Stat) -> bool {
    stat.mode & (1 << 31 | 1 << 27) == 0
}

/// What one transfer brought.
#[derive(Debug)]
struct Brought {
    stats: Vec<Stat>,
    files: BTreeMap<String, (Vec<u8>, u32)>,
}

/// Fetches all of what these headers ask for.
async fn fetch(session: &Channel, headers: &[(&'static str, &str)]) -> std::result::Result<Brought, Status> {
    let mut transfer = Transfer::open(session, headers).await?;
    let stats = transfer.stats().await?;
    let wanted: Vec<u32> =
        (0_u32..).zip(&stats).filter(|(_, stat)| is_file(stat)).map(|(id, _)| id).collect();
    for id in &wanted {
        transfer.ask(*id).await;
    }
    let contents = transfer.contents(wanted.len()).await?;
    transfer.finish().await?;
    let named = contents.into_iter().map(|(id, content)| (stats[id as usize].path.clone(), content));
    Ok(Brought { files: named.collect(), stats })
}

const DOCKERFILE: &[(&str, &str)] = &[
    ("dir-name", "dockerfile"),
    ("followpaths", "Dockerfile"),
    ("followpaths", "Dockerfile.dockerignore"),
    ("followpaths", "dockerfile"),
];
const CONTEXT: &[(&str, &str)] = &[
    ("dir-name", "context"),
    ("followpaths-encoded", "1"),
    ("followpaths", "dir"),
    ("followpaths", "empt%79"),
    ("followpaths", "link"),
    ("exclude-patterns", "dir/skipped"),
];

fn step(digest: &str, name: &str, ended: bool, error: &str) -> Vertex {
    Vertex {
        digest: digest.to_owned(),
        name: name.to_owned(),
        started: Some(Timestamp::default()),
        completed: ended.then(Timestamp::default),
        error: error.to_owned(),
        ..Vertex::default()
    }
}

fn said(vertex: &str, text: &[u8]) -> VertexLog {
    VertexLog { vertex: vertex.to_owned(), msg: text.to_vec(), ..VertexLog::default() }
}

#[tokio::test]
async fn everything_goes_through_the_tunnel() {
    let (found, mut brought) = mpsc::unbounded_channel();
    let builder = Builder::new(Sessions::Taken, move |solving: Solving| {
        let found = found.clone();
        async move {
            let session = &solving.session;
            let first = StatusResponse {
                vertexes: vec![
                    step("1", "[internal] load build context", false, ""),
                    step("2", "[1/1] COPY . /", false, ""),
                ],
                logs: vec![said("2", b"a li")],
                ..StatusResponse::default()
            };
            let _ = solving.tell.send(Ok(first)).await;
            let _ = solving
                .tell
                .send(Ok(StatusResponse { logs: vec![said("2", b"ne\n")], ..Default::default() }))
                .await;
            let dockerfile = fetch(session, DOCKERFILE).await?;
            let context = fetch(session, CONTEXT).await?;
            let mut auth = AuthClient::new(session.clone());
            let mut logins = Vec::new();
            for host in ["registry.example.com", "registry-1.docker.io", "unknown.example.com"] {
                let answer =
                    auth.credentials(CredentialsRequest { host: host.to_owned() }).await?.into_inner();
                logins.push((answer.username, answer.secret));
            }
            let mut client = SecretsClient::new(session.clone());
            let mut secrets = Vec::new();
            for id in ["value", "file", "gone", "unknown", "large"] {
                let asked = GetSecretRequest { id: id.to_owned(), ..GetSecretRequest::default() };
                let answer = client.get_secret(asked).await;
                secrets.push(answer.map(|answer| answer.into_inner().data).map_err(|status| status.code()));
            }
            let mut client = SshClient::new(session.clone());
            let mut agents = Vec::new();
            for id in ["", "default", "unknown"] {
                let answer = client.check_agent(CheckAgentRequest { id: id.to_owned() }).await;
                agents.push(answer.map(drop).map_err(|status| status.code()));
            }
            let last =
                StatusResponse { vertexes: vec![step("2", "", true, "")], ..StatusResponse::default() };
            let _ = solving.tell.send(Ok(last)).await;
            found
                .send((solving.request, solving.headers, dockerfile, context, logins, secrets, agents))
                .unwrap();
            Ok(image())
        }
    });
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &[u8]| {
        std::fs::write(dir.path().join(name), content).unwrap();
        Secret::File(dir.path().join(name))
    };
    let secrets = [
        ("value", Secret::Value(b"by value\n\0".to_vec())),
        ("file", file("file", b"by file\n")),
        ("gone", Secret::File(dir.path().join("gone"))),
        ("large", file("large", &vec![0; 500 * 1024 + 1])),
    ];
    let login = |name: &str| AuthEntry {
        username: name.to_owned(),
        password: "p".to_owned(),
        identity_token: None,
        registry_token: None,
        server: String::new(),
    };
    let registry_auth = BTreeMap::from([
        ("registry.example.com".to_owned(), login("somebody")),
        (
            "https://index.docker.io/v1/".to_owned(),
            AuthEntry { identity_token: Some("token".to_owned()), ..login("else") },
        ),
    ]);
    let asked = BuildKitRequest {
        build: BuildRequest { registry_auth, ..BuildRequest::default() },
        secrets: secrets.into_iter().map(|(id, secret)| (id.to_owned(), secret)).collect(),
        cache_from: vec![Cache {
            kind: "registry".to_owned(),
            attributes: BTreeMap::from([("ref".to_owned(), "example.org/c:1".to_owned())]),
            folder: None,
            within: None,
        }],
        agents: BTreeMap::from([("default".to_owned(), Agent { socket: PathBuf::from("/none") })]),
        ..request()
    };
    let (built, told) = build(&builder, asked).await;
    assert_eq!(built.unwrap().id().as_str(), DIGEST);

    let (solve, headers, dockerfile, context, logins, secrets, agents) = brought.recv().await.unwrap();
    let imports = r#"[{"Attrs":{"ref":"example.org/c:1"},"Type":"registry"}]"#;
    assert_eq!(solve.frontend_attrs["cache-imports"], imports);
    let header = |name: &str| headers.get(name).unwrap().to_str().unwrap().to_owned();
    assert_eq!(header("x-docker-expose-session-uuid"), solve.session);
    assert_eq!(header("x-docker-expose-session-sharedkey"), "key of the test");
    let methods = headers.get_all("x-docker-expose-session-grpc-method").iter();
    let methods: Vec<&str> = methods.map(|method| method.to_str().unwrap()).collect();
    assert!(methods.contains(&"/moby.filesync.v1.FileSync/DiffCopy"), "{methods:?}");
    assert!(methods.contains(&"/moby.buildkit.secrets.v1.Secrets/GetSecret"), "{methods:?}");

    let names = |brought: &Brought| brought.stats.iter().map(|stat| stat.path.clone()).collect::<Vec<_>>();
    assert_eq!(names(&dockerfile), ["Dockerfile"]);
    assert_eq!(dockerfile.files["Dockerfile"].0, b"FROM scratch\nCOPY . /\n");
    let (_again, large) = self::context();
    assert_eq!(names(&context), ["dir", "dir/a b.txt", "empty", "large.bin", "link"]);
    assert!(context.stats[0].mode & 1 << 31 != 0);
    assert_eq!((context.stats[4].linkname.as_str(), context.stats[4].mode >> 27 & 1), ("large.bin", 1));
    assert_eq!(
        (context.files["dir/a b.txt"].0.as_slice(), context.files["empty"].0.as_slice()),
        (&b"a"[..], &b""[..])
    );
    let (content, pieces) = &context.files["large.bin"];
    assert!(content == &large && *pieces > 3, "{} bytes in {pieces} pieces", content.len());
    assert_eq!(context.stats[3].size, 1_000_003);

    let login = |name: &str, secret: &str| (name.to_owned(), secret.to_owned());
    assert_eq!(logins, [login("somebody", "p"), login("", "token"), login("", "")]);
    assert_eq!(
        secrets,
        [
            Ok(b"by value\n\0".to_vec()),
            Ok(b"by file\n".to_vec()),
            Err(Code::FailedPrecondition),
            Err(Code::NotFound),
            Err(Code::FailedPrecondition)
        ]
    );
    assert_eq!(agents, [Ok(()), Ok(()), Err(Code::NotFound)]);

    let sent = told.iter().filter_map(|event| match event {
        Event::ContextSent { bytes } => Some(*bytes),
        _ => None,
    });
    assert_eq!(sent.max(), Some(1_000_003 + 1 + 22));
    let steps = told.iter().filter(|event| !matches!(event, Event::ContextSent { .. }));
    let steps: Vec<String> = steps.map(|event| format!("{event:?}")).collect();
    assert_eq!(steps.len(), 3, "{steps:?}");
    for (event, words) in steps.iter().zip([
        &["BuildStep {", "step: 1", "COPY . /", "line: Some(11)"][..],
        &["BuildLog {", "Some(1)", "\"a line\""],
        &["BuildStepEnded {", "step: 1", "failed: false"],
    ]) {
        assert!(words.iter().all(|word| event.contains(word)), "{event}");
    }
}

/// What is said in the build goes to the agent's socket, and the agent's answers come back, until one of the two ends.
#[tokio::test]
async fn what_an_agent_is_asked_and_says_goes_through() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("agent");
    let listener = UnixListener::bind(&socket).unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut asked = [0; 5];
        stream.read_exact(&mut asked).await.unwrap();
        assert_eq!(&asked, b"keys?");
        // More than one message holds.
        stream.write_all(&vec![b'k'; 100_000]).await.unwrap();
        // The build is done with it, and it hears of that.
        assert_eq!(stream.read(&mut asked).await.unwrap(), 0);
        stream.write_all(b"bye").await.unwrap();
    });
    let builder = Builder::new(Sessions::Taken, |solving: Solving| async move {
        let mut client = SshClient::new(solving.session);
        let (say, said) = mpsc::channel(1);
        let mut call = tonic::Request::new(tokio_stream::wrappers::ReceiverStream::new(said));
        call.metadata_mut().insert("buildkit.ssh.id", "work".parse().unwrap());
        let mut heard = client.forward_agent(call).await?.into_inner();
        for piece in ["key", "s?"] {
            let _ = say.send(BytesMessage { data: piece.as_bytes().to_vec() }).await;
        }
        let mut say = Some(say);
        let mut answer = Vec::new();
        while let Some(message) = heard.message().await? {
            answer.extend(message.data);
            if answer.len() == 100_000 {
                say = None;
            }
        }
        let expected = [&vec![b'k'; 100_000][..], b"bye"].concat();
        if say.is_some() || answer != expected {
            return Err(Status::internal(format!("{} bytes came", answer.len())));
        }
        let mut unknown = tonic::Request::new(tokio_stream::empty());
        unknown.metadata_mut().insert("buildkit.ssh.id", "other".parse().unwrap());
        match client.forward_agent(unknown).await {
            Err(status) if status.code() == Code::NotFound => Ok(image()),
            other => Err(Status::internal(format!("{other:?}"))),
        }
    });
    let agents = BTreeMap::from([("work".to_owned(), Agent { socket })]);
    build(&builder, BuildKitRequest { agents, ..request() }).await.0.unwrap();
}

#[tokio::test]
async fn warnings_are_told_once_and_bounded() {
    let warning = |check: &str, line| VertexWarning {
        short: format!("{check}: so it is (line {line})").into_bytes(),
        info: Some(SourceInfo { filename: "Dockerfile".to_owned(), ..SourceInfo::default() }),
        ranges: vec![Range { start: Some(Position { line, character: 0 }), end: None }],
        ..VertexWarning::default()
    };
    let builder = Builder::new(Sessions::Taken, move |solving: Solving| async move {
        for lines in [1..=2, 1..=2, 3..=300] {
            let warnings = lines.map(|line| warning("FromAsCasing", line)).collect();
            let _ = solving.tell.send(Ok(StatusResponse { warnings, ..StatusResponse::default() })).await;
        }
        Err(Status::unknown("it fails all the same"))
    });
    let (built, told) = build(&builder, request()).await;
    assert!(built.is_err());
    let texts: Vec<String> = told
        .into_iter()
        .filter_map(|event| match event {
            Event::Warning { text } => Some(text),
            _ => None,
        })
        .collect();
    assert_eq!(
        (texts.len(), texts[0].as_str()),
        (201, "the builder warns of more than 200 things, and 100 more")
    );
    assert_eq!([&texts[1], &texts[200]], ["1:FromAsCasing so it is", "200:FromAsCasing so it is"]);
}

/// Without its status nobody knows what a build would have been warned of.
#[tokio::test]
async fn whether_the_status_came() {
    for (messages, expected) in [
        (vec![], false),
        (vec![Ok(StatusResponse::default())], true),
        (vec![Err(Status::unavailable("gone"))], false),
        (vec![Ok(StatusResponse::default()), Err(Status::unavailable("gone"))], false),
    ] {
        let builder = Builder::new(Sessions::Taken, move |solving: Solving| {
            let messages = messages.clone();
            async move {
                for message in messages {
                    let _ = solving.tell.send(message).await;
                }
                Ok(image())
            }
        });
        let buildkit = BuildKit::find(&engine(&builder).await).await.unwrap().unwrap();
        let same = buildkit.clone();
        build_by(buildkit, request()).await.0.unwrap();
        assert_eq!(same.has_told(), expected);
    }
}

#[tokio::test]
async fn a_step_that_fails_is_told_as_one() {
    let builder = Builder::new(Sessions::Taken, |solving: Solving| async move {
        let why = "process \"/bin/sh -c make\" did not complete successfully: exit code: 2";
        let failed =
            StatusResponse { vertexes: vec![step("1", "[2/2] RUN make", true, why)], ..Default::default() };
        let _ = solving.tell.send(Ok(failed)).await;
        Err(Status::unknown(why))
    });
    let error = refused(&builder, request()).await;
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (Kind::Build, "step 2/2 (Dockerfile:12) RUN make failed: exit code 2")
    );
}

#[tokio::test]
async fn a_builder_behind_tls_is_asked_for_http_2() {
    let builder = Builder::new(Sessions::Taken, |_| async { Ok(image()) });
    let folder = tempfile::tempdir().unwrap();
    let port = builder.behind_tls(folder.path()).await;
    let variables = [("DOCKER_TLS_VERIFY", "1"), ("DOCKER_CERT_PATH", folder.path().to_str().unwrap())];
    let environment = Environment::from_pairs(variables);
    let endpoint = Endpoint::named(&format!("tcp://127.0.0.1:{port}"), "a test", &environment).unwrap();
    let engine = Engine::connect(&endpoint).await.unwrap();
    assert_eq!(BuildKit::find(&engine).await.unwrap().unwrap().way, connect::Way::Direct);
}

#[tokio::test]
async fn a_socket_that_speaks_neither_has_no_buildkit() {
    let answer = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n".to_vec();
    let fake = Fake::engine(vec![
        ("POST /v1.51/grpc", Act::Answer(404, r#"{"message":"page not found"}"#.to_owned())),
        ("PRI * HTTP/2.0", Act::Raw(answer)),
    ]);
    let found = fake.serves(|engine| async move { BuildKit::find(&engine).await.unwrap() }).await;
    assert_eq!(found.err(), Some("it does not know /grpc: page not found".to_owned()));
}

/// More than HTTP/2 lets wait in small frames.
const MANY: usize = 10_000;

#[tokio::test]
async fn a_builder_that_has_nothing_asks_for_every_file_at_once() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("Dockerfile"), b"FROM scratch\nCOPY . /\n").unwrap();
    for number in 0..MANY {
        std::fs::write(dir.path().join(format!("f{number}")), [b'x'; 2000]).unwrap();
    }
    let builder = Builder::new(Sessions::Taken, |solving: Solving| async move {
        let mut transfer = Transfer::open(&solving.session, &[("dir-name", "context")]).await?;
        let stats = transfer.stats().await?;
        let files: Vec<u32> = (0..).zip(&stats).filter(|(_, stat)| is_file(stat)).map(|(id, _)| id).collect();
        for id in &files {
            transfer.ask(*id).await;
        }
        let brought = transfer.contents(files.len()).await?;
        assert_eq!((files.len(), brought.len()), (MANY + 1, MANY + 1));
        transfer.finish().await?;
        Ok(image())
    });
    let engine = engine(&builder).await;
    let buildkit = BuildKit::find(&engine).await.unwrap().unwrap();
    let (built, _) = build_of(buildkit, request(), listing(dir.path())).await;
    built.unwrap();
}
