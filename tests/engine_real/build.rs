//! Builds.

use super::*;

#[tokio::test]
async fn a_build_tells_its_steps_and_gives_the_aux_id() {
    let engine = engine().await;
    let mark = unique("steps");
    let dockerfile = format!("FROM {BASE}\nRUN echo {mark}; echo second >&2\nENV A=1\n");
    let labels = BTreeMap::from([("quoted".to_owned(), "\"ä\"\n".to_owned())]);
    let with_labels = || BuildRequest { labels: labels.clone(), ..request() };
    let (built, seen, events) = build(&engine, &dockerfile, with_labels()).await;
    let built = built.unwrap();
    let image = engine.inspect_image(built.id().as_str()).await.unwrap().unwrap();
    assert_eq!(image.labels.get("quoted"), labels.get("quoted"));
    let config = engine.config_digest(&image).await.unwrap();
    assert_eq!(config == *built.id(), !engine.info().containerd_store);
    let steps: Vec<_> = events
        .iter()
        .filter_map(|e| {
            if let Event::BuildStep { index, total, line, .. } = e {
                Some((*index, *total, *line))
            } else {
                None
            }
        })
        .collect();
    assert_eq!(steps, [(1, 4, Some(10)), (2, 4, Some(20)), (3, 4, Some(30)), (4, 4, Some(40))]);
    assert!(logs(&events).contains(&mark.as_str()) && logs(&events).contains(&"second"), "{events:?}");
    assert!(
        !seen.containers.is_empty()
            && seen.images.iter().any(|(id, origin)| *origin == Origin::Made && id == built.id().as_str())
    );

    let (again, seen, events) = build(&engine, &dockerfile, with_labels()).await;
    assert_eq!(again.unwrap(), built);
    assert!(events.iter().filter(|e| matches!(e, Event::BuildCached { .. })).count() == 3, "{events:?}");
    assert!(seen.containers.is_empty());
    engine.remove_image(built.id().as_str(), true).await.unwrap();
}

#[tokio::test]
async fn a_failing_run_is_named_with_its_line_and_code() {
    let engine = engine().await;
    let (built, _, events) = build(&engine, &format!("FROM {BASE}\nRUN echo why; exit 3\n"), request()).await;
    let error = built.unwrap_err();
    assert_eq!(error.kind(), Kind::Build);
    assert_eq!(error.message(), "step 2/2 (Dockerfile:20) RUN echo why; exit 3 failed: exit code 3");
    assert!(logs(&events).contains(&"why"));
}

#[tokio::test]
async fn what_cannot_be_built_is_refused_in_the_engines_words() {
    let engine = engine().await;
    for (dockerfile, request, kind, words) in [
        (format!("FROM {BASE}\nFOO x\n"), request(), Kind::Config, "unknown instruction"),
        (
            format!("FROM {BASE}\n"),
            BuildRequest { target: Some("nope".into()), ..request() },
            Kind::Config,
            "nope",
        ),
        (
            format!("FROM {BASE}\n"),
            BuildRequest { dockerfile: "absent".into(), ..request() },
            Kind::Config,
            "absent",
        ),
        ("FROM 127.0.0.1:1/nope:1\n".to_owned(), request(), Kind::Registry, "127.0.0.1:1"),
        (format!("FROM {BASE}\nCOPY absent /\n"), request(), Kind::Build, "absent"),
    ] {
        let (built, _, _) = build(&engine, &dockerfile, request).await;
        let error = built.unwrap_err();
        assert!(
            error.kind() == kind && error.to_string().contains(words),
            "{dockerfile}: {:?} {error}",
            error.kind()
        );
    }
}

#[tokio::test]
async fn a_refusal_during_the_upload_stops_the_upload() {
    let engine = engine().await;
    let (events, _receiver) = Events::channel();
    const WHOLE: usize = 4000;
    let sent = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = std::sync::Arc::clone(&sent);
    let no_tar = move |sink: &mut dyn Write| -> Result<u64> {
        for _ in 0..WHOLE {
            sink.write_all(&[0x55; 65536]).map_err(io)?;
            count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
        Ok(1)
    };
    let error = engine.build(&request(), no_tar, &mut Seen::default(), &events).await.unwrap_err();
    assert!(matches!(error.kind(), Kind::Config | Kind::Build), "{error}");
    // Podman reads a context to its end before it looks at it.
    let stopped = sent.load(std::sync::atomic::Ordering::Relaxed) < WHOLE;
    assert!(stopped || engine.info().podman, "the whole context was sent");
}

#[tokio::test]
async fn a_context_that_fails_is_the_error() {
    let engine = engine().await;
    let (events, _receiver) = Events::channel();
    let changed = |sink: &mut dyn Write| -> Result<u64> {
        sink.write_all(&[0; 100_000]).map_err(io)?;
        Err(Error::new(Kind::Refused, "src/main.rs changed while it was read"))
    };
    let error = engine.build(&request(), changed, &mut Seen::default(), &events).await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (Kind::Refused, "src/main.rs changed while it was read"));
}

#[tokio::test]
async fn a_line_of_3_mb_is_cut() {
    let engine = engine().await;
    let dockerfile =
        format!("FROM {BASE}\nRUN head -c 3000000 /dev/zero | tr '\\0' x; echo; echo {}\n", unique("line"));
    let (built, _, events) = build(&engine, &dockerfile, request()).await;
    let lines = logs(&events);
    let long = lines.iter().find(|line| line.starts_with("xxx")).unwrap();
    assert!(
        long.len() < 9000 && long.ends_with("(cut, 2991808 bytes more)"),
        "{} {}",
        long.len(),
        &long[8000..]
    );
    engine.remove_image(built.unwrap().id().as_str(), true).await.unwrap();
}

#[tokio::test]
async fn a_dropped_build_is_cancelled_on_the_engine() {
    let engine = engine().await;
    let (events, mut receiver) = Events::channel();
    let mark = unique("dropped");
    let files = vec![("Dockerfile", format!("FROM {BASE}\nRUN echo {mark}; sleep 300\n").into_bytes())];
    let mut seen = Seen::default();
    let request = request();
    let started = async {
        while let Some(stamped) = receiver.recv().await {
            if matches!(&stamped.event, Event::BuildLog { line, .. } if *line == mark) {
                return;
            }
        }
    };
    tokio::select! {
        _ = engine.build(&request, context(files), &mut seen, &events) => panic!("the build ended"),
        () = started => {}
    }
    let container = seen.containers.pop().unwrap();
    let gone = async {
        while engine.inspect_container(&container).await.unwrap().is_some() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone)
        .await
        .expect("the step's container is still there after 10 s");
}

#[tokio::test]
async fn the_idle_limit_names_the_step() {
    let engine = engine().await;
    let request = BuildRequest { idle_timeout: Duration::from_secs(1), ..request() };
    let (built, _, _) =
        build(&engine, &format!("FROM {BASE}\nRUN echo {}; sleep 60\n", unique("idle")), request).await;
    let error = built.unwrap_err();
    assert!(
        error.kind() == Kind::Build
            && error.message().contains("step 2/2")
            && error.message().contains("1 s"),
        "{error}"
    );
}

#[tokio::test]
async fn a_build_is_journaled_as_it_comes() {
    let engine = engine().await;
    let dir = tempfile::tempdir().unwrap();
    let owner = Owner::current(&unique("run"), Duration::from_secs(60)).unwrap();
    let journal = Journal::open(dir.path(), engine.info(), &owner).unwrap();
    let files = vec![("Dockerfile", format!("FROM {BASE}\nRUN echo {}\n", unique("journal")).into_bytes())];
    let built = engine.build(&request(), context(files), &mut &journal, &Events::discard()).await.unwrap();
    let all = Journal::read_all(dir.path(), &engine.info().id).unwrap();
    assert!(all.len() == 1 && all[0].is_held() && !all[0].is_over(i64::MAX));
    let text = format!("{:?}", all[0].noted());
    assert!(text.contains(built.id().as_str()) && text.contains("Container"), "{text}");
    drop(all);
    journal.close().unwrap();
    assert!(Journal::read_all(dir.path(), &engine.info().id).unwrap().is_empty());
    engine.remove_image(built.id().as_str(), true).await.unwrap();
}
