use bollard_buildkit_proto::google::protobuf::Timestamp;
use bollard_buildkit_proto::moby::buildkit::v1::{StatusResponse, VertexLog};

use super::*;

fn now() -> Option<Timestamp> {
    Some(Timestamp::default())
}

fn vertex(digest: &str, name: &str) -> Vertex {
    Vertex { digest: digest.to_owned(), name: name.to_owned(), ..Vertex::default() }
}

fn log(vertex: &str, text: &str) -> StatusResponse {
    let log = VertexLog { vertex: vertex.to_owned(), msg: text.as_bytes().to_vec(), ..VertexLog::default() };
    StatusResponse { logs: vec![log], ..StatusResponse::default() }
}

fn of(vertexes: impl IntoIterator<Item = Vertex>) -> StatusResponse {
    StatusResponse { vertexes: vertexes.into_iter().collect(), ..StatusResponse::default() }
}

fn read(progress: &mut Progress<'_>, message: StatusResponse) -> Vec<Event> {
    let mut events = progress.vertices(message.vertexes);
    for log in message.logs {
        events.extend(progress.log(&log.vertex, &log.msg));
    }
    events.extend(progress.ended());
    events
}

/// Events as short text: `1: step 2/5 of x RUN make @7`, `1: cached`, `1: a line`, `1: ended`, `1: failed`.
fn told(progress: &mut Progress<'_>, messages: impl IntoIterator<Item = StatusResponse>) -> Vec<String> {
    let mut events: Vec<Event> = messages.into_iter().flat_map(|message| read(progress, message)).collect();
    events.extend(progress.finish());
    let text = |event| match event {
        Event::BuildStep { step, stage, index, total, instruction, line } => format!(
            "{step}: step {index}/{total} of {} {instruction} @{}",
            stage.unwrap_or_default(),
            line.unwrap_or(0)
        ),
        Event::BuildCached { step } => format!("{step}: cached"),
        Event::BuildLog { step, line } => format!("{}: {line}", step.unwrap_or(0)),
        Event::BuildStepEnded { step, failed: false } => format!("{step}: ended"),
        Event::BuildStepEnded { step, failed: true } => format!("{step}: failed"),
        other => format!("{other:?}"),
    };
    events.into_iter().map(text).collect()
}

#[test]
fn steps_beside_each_other() {
    let mut progress =
        Progress::new(&|stage, index, total, _| Some(if stage == "a" { 10 } else { 20 } + index + total));
    let (one, two) = ("[a 1/2] FROM x", "[stage-1 2/2] RUN make");
    let messages = [
        // Known, but not begun.
        of([vertex("1", one), vertex("2", two), vertex("3", "[internal] load build context")]),
        of([Vertex { started: now(), ..vertex("2", two) }]),
        log("2", "half a "),
        of([Vertex { started: now(), completed: now(), cached: true, ..vertex("1", one) }]),
        log("2", "line\nand"),
        log("unknown", "of nobody\n"),
        of([Vertex { started: now(), completed: now(), ..vertex("2", two) }]),
        of([Vertex { started: now(), completed: now(), ..vertex("2", two) }]),
    ];
    assert_eq!(
        told(&mut progress, messages),
        [
            "1: step 2/2 of stage-1 RUN make @24",
            "2: step 1/2 of a FROM x @13",
            "2: cached",
            "2: ended",
            "1: half a line",
            "1: and",
            "1: ended",
        ]
    );
    assert_eq!((progress.failed(), progress.running().count()), (None, 0));
}

#[test]
fn what_failed_is_not_what_was_cut_off_for_it() {
    let mut progress = Progress::new(&|_, _, _, _| None);
    let failed = |digest: &str, error: &str| Vertex {
        started: now(),
        completed: now(),
        error: error.to_owned(),
        ..vertex(digest, &format!("[{digest}/9] RUN x"))
    };
    let messages = [of([
        failed("1", "process \"x\" did not complete successfully: context canceled"),
        failed("2", "exit code: 3"),
        failed("3", "exit code: 4"),
    ])];
    let told = told(&mut progress, messages);
    assert_eq!(told.iter().filter(|line| line.ends_with("failed")).count(), 2, "{told:?}");
    let failed = progress.failed().unwrap();
    assert_eq!((failed.error.as_str(), failed.step.as_ref().unwrap().step.index), ("exit code: 3", 2));
}

#[test]
fn a_cache_that_cannot_be_read_is_no_failure_of_the_build() {
    let mut progress = Progress::new(&|_, _, _, _| None);
    let import = Vertex {
        started: now(),
        completed: now(),
        error: "example.org/app:cache: not found".to_owned(),
        ..vertex("1", "importing cache manifest from example.org/app:cache")
    };
    let told = told(&mut progress, [of([import.clone()]), of([import])]);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("nothing is taken from the cache example.org/app:cache: "), "{told:?}");
    assert_eq!(progress.failed(), None);
}

#[test]
fn a_flood_of_vertices_is_not_remembered() {
    let mut progress = Progress::new(&|_, _, _, _| None);
    for number in 0..MOST + 10 {
        read(&mut progress, of([vertex(&number.to_string(), "x")]));
    }
    assert_eq!(progress.known.len(), MOST);

    let mut progress = Progress::new(&|_, _, _, _| None);
    read(&mut progress, of([vertex(&"x".repeat(MOST_DIGEST + 1), "x"), vertex("1", &"n".repeat(1 << 20))]));
    assert_eq!(progress.known.values().map(|known| known.name.len()).collect::<Vec<_>>(), [MOST_NAME]);
}
