//! A builder that is none of the engine's: how it is reached, and how its image gets into the engine.

use tokio::sync::RwLock;

use super::super::content::Caches;
use super::super::testing::HandOver;
use super::*;
use crate::engine::Landing;

const NAME: &str = "localhost/imgbuild-run/test:build-1";
const LOAD: &str = "POST /v1.51/images/load?quiet=1";
const INSPECT: &str = "GET /v1.51/images/localhost/imgbuild-run/test:build-1/json";

/// An archive of one image called `name`, with a layer of that many bytes.
fn archive(name: &str, layer: usize) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    let manifest = format!(r#"[{{"Config":"config","RepoTags":["{name}"],"Layers":["layer"]}}]"#);
    for (path, content) in
        [("layer", vec![7; layer]), ("config", b"{}".to_vec()), ("manifest.json", manifest.into_bytes())]
    {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, path, content.as_slice()).unwrap();
    }
    tar.into_inner().unwrap()
}

fn loaded() -> Act {
    Act::Answer(200, format!(r#"{{"stream":"Loaded image: {NAME}\n"}}"#))
}

fn inspected(id: &str) -> Act {
    Act::Answer(200, format!(r#"{{"Id":"{id}","RepoTags":["{NAME}"]}}"#))
}

/// What the builder says that it built.
fn says(config: &str) -> SolveResponse {
    let answer = [
        ("containerimage.digest".to_owned(), format!("sha256:{}", "a".repeat(64))),
        ("containerimage.config.digest".to_owned(), config.to_owned()),
    ];
    SolveResponse { exporter_response: answer.into_iter().collect() }
}

/// A build by `builder` for an engine that answers by `script`, all of which must be asked for.
async fn brought(builder: &Builder, script: Vec<(&'static str, Act)>) -> Result<BuiltImage> {
    let endpoint = Endpoint::unix(builder.socket(), "a test");
    let serving = Fake::engine(script).serves(async |engine| {
        let buildkit = BuildKit::at(&engine, &endpoint).await.unwrap();
        assert!(buildkit.is_elsewhere() && buildkit.version() == "v0.25.1");
        let creating = Arc::new(RwLock::new(()));
        let landing = Landing::new(engine, NAME.to_owned(), Arc::clone(&creating));
        let request = BuildKitRequest { landing: Some(landing), ..request() };
        let built = build_by(buildkit, request).await.0;
        // Nothing is under way any more: whatever came of it, a clean-up does not race with the engine.
        drop(tokio::time::timeout(PATIENCE, creating.write()).await.expect("the engine still loads"));
        built
    });
    serving.await
}

fn hands_over(archive: Vec<u8>, answer: SolveResponse) -> Builder {
    Builder::new(Sessions::Taken, move |solving: Solving| {
        let (archive, answer) = (archive.clone(), answer.clone());
        async move {
            HandOver::whole(&solving.session, &archive).await?;
            Ok(answer)
        }
    })
}

#[tokio::test]
async fn an_image_is_brought_into_the_engine() {
    let (found, mut asked) = mpsc::unbounded_channel();
    let bytes = archive(NAME, 9 << 20);
    let builder = Builder::new(Sessions::Taken, move |solving: Solving| {
        let (found, bytes) = (found.clone(), bytes.clone());
        async move {
            HandOver::whole(&solving.session, &bytes).await?;
            // There is one image.
            let again = HandOver::whole(&solving.session, &bytes).await.map_err(|status| status.code());
            found.send((solving.request, solving.headers, again)).unwrap();
            Ok(says(DIGEST))
        }
    });
    let built = brought(&builder, vec![(LOAD, loaded()), (INSPECT, inspected(DIGEST))]).await.unwrap();
    assert_eq!(built.id().as_str(), DIGEST);
    let (solve, headers, again) = asked.recv().await.unwrap();
    assert_eq!(solve.exporter_deprecated, "docker");
    assert_eq!(solve.exporter_attrs_deprecated["name"], NAME);
    assert_eq!(solve.exporter_attrs_deprecated.len(), 1);
    assert_eq!(again, Err(Code::AlreadyExists));
    let mut methods = headers.get_all("x-docker-expose-session-grpc-method").iter();
    assert!(methods.any(|method| method == "/moby.filesync.v1.FileSend/DiffCopy"));
}

#[tokio::test]
async fn an_image_that_is_not_the_one_that_was_built_is_refused() {
    let other = format!("sha256:{}", "b".repeat(64));
    let builder = hands_over(archive(NAME, 10), says(&other));
    let error = brought(&builder, vec![(LOAD, loaded()), (INSPECT, inspected(DIGEST))]).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Engine);
    assert!(error.to_string().contains(&other) && error.to_string().contains(DIGEST), "{error}");

    let builder = hands_over(archive(NAME, 10), SolveResponse::default());
    let error = brought(&builder, vec![(LOAD, loaded()), (INSPECT, inspected(DIGEST))]).await.unwrap_err();
    assert!(error.to_string().contains("does not say which image it built"), "{error}");

    let gone = Act::Answer(404, r#"{"message":"No such image"}"#.to_owned());
    let builder = hands_over(archive(NAME, 10), says(DIGEST));
    let error = brought(&builder, vec![(LOAD, loaded()), (INSPECT, gone)]).await.unwrap_err();
    assert!(error.to_string().contains("does not have it"), "{error}");
}

#[tokio::test]
async fn an_archive_that_gives_other_names_never_reaches_the_engine_whole() {
    let builder = hands_over(archive("nginx:latest", 100_000), says(DIGEST));
    let error = brought_or_not(&builder).await.unwrap_err();
    assert!(error.kind() == Kind::Engine && error.to_string().contains("\"nginx:latest\""), "{error}");

    let mut cut = archive(NAME, 100_000);
    cut.truncate(50_000);
    for (bytes, word) in [(cut, "ends in the middle"), (vec![7; 4096], "is no archive of an image")] {
        let builder = hands_over(bytes, says(DIGEST));
        let error = brought_or_not(&builder).await.unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
    }
}

#[tokio::test]
async fn what_the_engine_says_of_the_image_is_the_error() {
    let full = || r#"{"message":"write /layer: no space left on device"}"#.to_owned();
    let late = r#"{"errorDetail":{},"error":"write /layer: no space left on device"}"#.to_owned();
    for (act, layer) in [(Act::Early(500, full()), 32 << 20), (Act::Answer(200, late), 10)] {
        let (told, mut heard) = mpsc::unbounded_channel();
        let bytes = archive(NAME, layer);
        let builder = Builder::new(Sessions::Taken, move |solving: Solving| {
            let (told, bytes) = (told.clone(), bytes.clone());
            async move {
                let ended = HandOver::whole(&solving.session, &bytes).await;
                told.send(ended.clone().map_err(|status| status.message().to_owned())).unwrap();
                ended.map(|()| says(DIGEST))
            }
        });
        let error = brought(&builder, vec![(LOAD, act)]).await.unwrap_err();
        assert!(error.kind() == Kind::Engine && error.to_string().contains("no space left"), "{error}");
        assert!(error.hints().iter().any(|hint| hint.contains("imgbuild clean")), "{:?}", error.hints());
        assert!(heard.recv().await.unwrap().unwrap_err().contains("no space left"));
    }
}

#[tokio::test]
async fn a_builder_that_goes_away_in_the_middle_of_the_image_is_lost() {
    let builder = Builder::new(Sessions::Taken, |solving: Solving| async move {
        let under_way = HandOver::begin(&solving.session);
        under_way.send(&archive(NAME, 1 << 20)[..500_000]).await;
        solving.vanish.send_replace(true);
        std::future::pending().await
    });
    let error = brought_or_not(&builder).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Engine);
    assert!(error.to_string().starts_with("the builder at unix://"), "{error}");
    assert!(error.to_string().contains("was lost in the middle of the build"), "{error}");
}

/// As [`brought`], where it is open whether the engine ever hears of the image.
async fn brought_or_not(builder: &Builder) -> Result<BuiltImage> {
    let fake = Fake::engine(vec![(LOAD, loaded())]);
    let engine = Engine::connect(&fake.endpoint()).await.unwrap();
    let buildkit = BuildKit::at(&engine, &Endpoint::unix(builder.socket(), "a test")).await.unwrap();
    let creating = Arc::new(RwLock::new(()));
    let landing = Landing::new(engine, NAME.to_owned(), Arc::clone(&creating));
    let built = build_by(buildkit, BuildKitRequest { landing: Some(landing), ..request() }).await.0;
    drop(tokio::time::timeout(PATIENCE, creating.write()).await.expect("the engine still loads"));
    built
}

#[tokio::test]
async fn a_build_that_hands_over_nothing_made_no_image() {
    let builder = Builder::new(Sessions::Taken, |_| async { Ok(says(DIGEST)) });
    let error = brought_or_not(&builder).await.unwrap_err();
    assert!(error.to_string().contains("handed over no image"), "{error}");
    // And where none is to come, none is taken.
    let builder = Builder::new(Sessions::Taken, |solving: Solving| async move {
        let ended = HandOver::whole(&solving.session, &archive(NAME, 10)).await;
        if ended.is_err_and(|status| status.code() == Code::NotFound) {
            Ok(image())
        } else {
            Err(Status::internal("it was taken"))
        }
    });
    assert!(build(&builder, request()).await.0.is_ok());
}

#[tokio::test]
async fn an_image_that_stalls_ends_with_the_limit_on_silence() {
    let builder = Builder::new(Sessions::Taken, |solving: Solving| async move {
        let under_way = HandOver::begin(&solving.session);
        under_way.send(&archive(NAME, 1 << 20)[..500_000]).await;
        std::future::pending().await
    });
    let fake = Fake::engine(vec![(LOAD, loaded())]);
    let engine = Engine::connect(&fake.endpoint()).await.unwrap();
    let buildkit = BuildKit::at(&engine, &Endpoint::unix(builder.socket(), "a test")).await.unwrap();
    let creating = Arc::new(RwLock::new(()));
    let landing = Landing::new(engine, NAME.to_owned(), Arc::clone(&creating));
    let error =
        build_by(buildkit, BuildKitRequest { landing: Some(landing), ..hasty() }).await.0.unwrap_err();
    assert!(error.to_string().contains("nothing was said or sent for 1 s"), "{error}");
    drop(tokio::time::timeout(PATIENCE, creating.write()).await.expect("the engine still loads"));
}

#[tokio::test]
async fn times_and_entitlements_are_asked_for() {
    let fake = Fake::engine(Vec::new());
    let engine = Engine::connect(&fake.endpoint()).await.unwrap();
    let landing = Landing::new(engine, NAME.to_owned(), Arc::default());
    let own = BTreeMap::from([("SOURCE_DATE_EPOCH".to_owned(), "6".to_owned())]);
    let timed = |landing, args| BuildKitRequest {
        build: BuildRequest { args, network: Some("host".to_owned()), ..BuildRequest::default() },
        landing,
        source_date_epoch: Some(5),
        rewrite_timestamp: true,
        entitlements: vec!["security.insecure".to_owned()],
        ..request()
    };
    for (landing, args, epoch) in [(Some(landing), BTreeMap::new(), "5"), (None, own, "6")] {
        let lands = landing.is_some();
        let solve = timed(landing, args).solve("reference", "session", &Caches::default()).unwrap();
        assert_eq!(solve.frontend_attrs["build-arg:SOURCE_DATE_EPOCH"], epoch);
        assert_eq!(solve.exporter_attrs_deprecated.contains_key("rewrite-timestamp"), lands);
        assert_eq!(solve.entitlements, ["security.insecure", "network.host"]);
        assert_eq!(solve.frontend_attrs["force-network-mode"], "host");
    }
}

/// Why the builder at `text` is none, in the given environment.
async fn unreachable(text: &str, variables: &[(&str, &str)]) -> Error {
    let environment = Environment::from_pairs(variables.iter().copied());
    let endpoint = match Endpoint::builder(text, "--builder", &environment) {
        Ok(endpoint) => endpoint,
        Err(error) => return error,
    };
    let fake = Fake::engine(Vec::new());
    let engine = Engine::connect(&fake.endpoint()).await.unwrap();
    let found = tokio::time::timeout(PATIENCE, BuildKit::at(&engine, &endpoint)).await.expect("no answer");
    found.expect_err("there is a builder")
}

#[tokio::test]
async fn addresses_that_are_none_of_a_builder() {
    for (text, word) in [
        ("ssh://box", "there is no way to a builder over ssh"),
        ("tcp://box", "names no port"),
        ("tcp://box:x", "is not an address with a port"),
        ("unix://relative", "names no absolute path"),
        ("docker-container://x", "names no transport"),
        ("tcp://somebody:hush@box:1", "is not an address"),
    ] {
        let error = unreachable(text, &[]).await;
        assert_eq!(error.kind(), Kind::Usage, "{text}");
        assert!(error.to_string().contains("cannot use the builder from --builder"), "{error}");
        assert!(error.to_string().contains(word) && !error.to_string().contains("hush"), "{error}");
    }
}

#[tokio::test]
async fn a_builder_that_cannot_be_reached_is_told_with_what_to_do() {
    let error = unreachable("unix:///nowhere/buildkitd.sock", &[]).await;
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (
            Kind::Engine,
            "no builder at unix:///nowhere/buildkitd.sock (from --builder): there is no such socket"
        )
    );
    assert!(error.hints()[0].contains("buildkitd"), "{:?}", error.hints());
    // A port that nobody has.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = unreachable(&format!("tcp://127.0.0.1:{port}"), &[]).await;
    assert!(error.to_string().contains("no builder listens at tcp://127.0.0.1:"), "{error}");
}

#[tokio::test]
async fn what_answers_and_is_no_buildkit_is_told_apart() {
    let answer = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n".to_vec();
    let fake = Fake::new(vec![("PRI * HTTP/2.0", Act::Raw(answer))]);
    let engine = Fake::engine(Vec::new());
    let connected = Engine::connect(&engine.endpoint()).await.unwrap();
    let error = BuildKit::at(&connected, &fake.endpoint()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Engine);
    assert!(error.to_string().contains("does not answer as BuildKit does"), "{error}");
    assert!(error.hints().iter().any(|hint| hint.contains("DOCKER_HOST")), "{:?}", error.hints());
}

#[tokio::test]
async fn tls_to_a_builder_goes_by_a_folder_of_its_own() {
    let builder = Builder::new(Sessions::Taken, |_| async { Ok(image()) });
    let (folder, empty) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let port = builder.behind_tls(folder.path()).await;
    let address = format!("tcp://127.0.0.1:{port}");
    let known = folder.path().to_str().unwrap();
    let environment = Environment::from_pairs([("IMGBUILD_BUILDER_TLS_DIR", known)]);
    let endpoint = Endpoint::builder(&address, "--builder", &environment).unwrap();
    let fake = Fake::engine(Vec::new());
    let engine = Engine::connect(&fake.endpoint()).await.unwrap();
    assert!(BuildKit::at(&engine, &endpoint).await.is_ok());

    // Docker's variables are about the engine.
    let error = unreachable(&address, &[("DOCKER_TLS_VERIFY", "1"), ("DOCKER_CERT_PATH", known)]).await;
    assert!(
        error.hints().iter().any(|hint| hint.contains("IMGBUILD_BUILDER_TLS_DIR")),
        "{error}: {:?}",
        error.hints()
    );
    let other = rcgen::generate_simple_self_signed(vec!["x".to_owned()]).unwrap();
    std::fs::write(empty.path().join("ca.pem"), other.cert.pem()).unwrap();
    let error = unreachable(&address, &[("IMGBUILD_BUILDER_TLS_DIR", empty.path().to_str().unwrap())]).await;
    assert!(error.to_string().contains("signed by none of the CAs"), "{error}");
    assert!(error.hints()[0].contains("IMGBUILD_BUILDER_TLS_DIR"), "{:?}", error.hints());

    let port = builder.behind_mutual_tls(folder.path()).await;
    let error =
        unreachable(&format!("https://127.0.0.1:{port}"), &[("IMGBUILD_BUILDER_TLS_DIR", known)]).await;
    assert!(error.to_string().contains("the builder wants a client certificate"), "{error}");
    assert!(error.hints().iter().any(|hint| hint.contains("cert.pem")), "{:?}", error.hints());
}
