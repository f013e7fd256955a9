use std::io::Write;

use super::super::build_progress::Origin;
use super::super::testing::{Act, Fake};
use super::*;

struct Deaf;

impl BuildObserver for Deaf {
    fn on_image(&mut self, _: &str, _: Origin) -> Result<()> {
        Ok(())
    }
    fn on_container(&mut self, _: &str) -> Result<()> {
        Ok(())
    }
}

fn request() -> BuildRequest {
    let (idle_timeout, total_timeout) = (Duration::from_secs(20), Duration::from_secs(60));
    BuildRequest {
        idle_timeout,
        total_timeout,
        step_line: Box::new(|place| Some(place.index)),
        ..BuildRequest::default()
    }
}

async fn build(act: Act, request: BuildRequest) -> Result<BuiltImage> {
    let context = |sink: &mut dyn Write| {
        sink.write_all(b"tar").map_err(|e| Error::new(Kind::Io, "write").because(e))?;
        Ok(3)
    };
    Fake::engine(vec![("POST /v1.51/build?*", act)])
        .serves(async |engine| engine.build(&request, context, &mut Deaf, &Events::discard()).await)
        .await
}

fn pieces(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

const AUX: &str =
    r#"{"aux":{"ID":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}}"#;
const STEP: &str = r#"{"stream":"Step 1/1 : FROM x"}"#;

#[tokio::test]
async fn the_aux_id_is_the_result_wherever_frames_are_cut() {
    let stream = pieces(&[r#"{"str"#, r#"eam":"Step 1/1 : FROM x"}{"stream":"\n"}"#, &AUX[..40], &AUX[40..]]);
    let image = build(Act::Stream(stream), request()).await.unwrap();
    assert_eq!(image.id(), &Digest::of(b""));
}

#[tokio::test]
async fn a_stream_without_a_result_is_a_failure() {
    let error =
        build(Act::Stream(pieces(&[STEP, r#"{"stream":"Successfully built e3b0c44298fc\n"}"#])), request());
    let error = error.await.unwrap_err();
    assert!(
        error.kind() == Kind::Build && error.message().contains("without an image at step 1/1"),
        "{error}"
    );
}

#[tokio::test]
async fn a_result_that_is_no_digest_is_an_error() {
    let error = build(Act::Stream(pieces(&[r#"{"aux":{"ID":"../../x"}}"#])), request()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Engine);
}

#[tokio::test]
async fn an_engine_that_goes_away_is_named_as_lost() {
    // After the result, too: what was said behind it is unknown.
    for stream in [pieces(&[STEP]), pieces(&[STEP, AUX]), pieces(&[])] {
        let error = build(Act::Broken(stream), request()).await.unwrap_err();
        assert!(
            error.kind() == Kind::Engine && error.message().contains("in the middle of the build"),
            "{error}"
        );
    }
    let error = build(Act::Raw(Vec::new()), request()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Engine, "{error}");
}

#[tokio::test]
async fn silence_is_an_error_that_names_the_step() {
    let short = || BuildRequest { idle_timeout: Duration::from_millis(300), ..request() };
    let error = build(Act::Silent(pieces(&[STEP])), short()).await.unwrap_err();
    assert!(
        error.kind() == Kind::Build && error.message().contains("step 1/1 (Dockerfile:1) FROM x"),
        "{error}"
    );
    let error = build(Act::Silent(Vec::new()), short()).await.unwrap_err();
    assert!(error.kind() == Kind::Engine && error.message().contains("0.3 s"), "{error}");
    let total = BuildRequest { total_timeout: Duration::from_millis(300), ..request() };
    let error = build(Act::Silent(pieces(&[STEP])), total).await.unwrap_err();
    assert!(error.message().contains("longer than 0.3 s"), "{error}");
}

#[tokio::test]
async fn an_answer_before_the_upload_ends_is_heard_and_stops_it() {
    let act = Act::Early(
        400,
        r#"{"message":"dockerfile parse error line 2: unknown instruction: FOO"}"#.to_owned(),
    );
    let endless = |sink: &mut dyn Write| -> Result<u64> {
        loop {
            sink.write_all(&[0; 65536]).map_err(|e| Error::new(Kind::Io, "not this one").because(e))?;
        }
    };
    let error = Fake::engine(vec![("POST /v1.51/build?*", act)])
        .serves(async |engine| engine.build(&request(), endless, &mut Deaf, &Events::discard()).await)
        .await
        .unwrap_err();
    assert!(error.kind() == Kind::Config && error.message().contains("unknown instruction"), "{error}");
}

#[tokio::test]
async fn an_engine_that_never_read_the_context_built_something_else() {
    let body = AUX.to_owned();
    let endless = |sink: &mut dyn Write| -> Result<u64> {
        loop {
            sink.write_all(&[0; 65536]).map_err(|e| Error::new(Kind::Io, "not this one").because(e))?;
        }
    };
    let error = Fake::engine(vec![("POST /v1.51/build?*", Act::Early(200, body))])
        .serves(async |engine| engine.build(&request(), endless, &mut Deaf, &Events::discard()).await)
        .await
        .unwrap_err();
    assert!(error.kind() == Kind::Engine && error.message().contains("whole context"), "{error}");
}

#[tokio::test]
async fn an_observer_that_fails_stops_the_build() {
    struct Full;
    impl BuildObserver for Full {
        fn on_image(&mut self, _: &str, _: Origin) -> Result<()> {
            Err(Error::new(Kind::Io, "disk full"))
        }
        fn on_container(&mut self, _: &str) -> Result<()> {
            Ok(())
        }
    }
    let error = Fake::engine(vec![("POST /v1.51/build?*", Act::Silent(pieces(&[STEP, AUX])))])
        .serves(async |engine| engine.build(&request(), |_| Ok(0), &mut Full, &Events::discard()).await)
        .await
        .unwrap_err();
    assert_eq!((error.kind(), error.message()), (Kind::Io, "disk full"));
}

#[tokio::test]
async fn a_flood_does_not_pass_the_total_limit() {
    let request = BuildRequest { total_timeout: Duration::from_millis(300), ..request() };
    let flood = br#"{"stream":"y\ny\ny\n"}"#.repeat(200);
    let error = build(Act::Flood(flood), request).await.unwrap_err();
    assert!(error.message().contains("longer than 0.3 s"), "{error}");
}
