//! Builders that are late, refuse, stall, break off or are given up.

use super::*;

#[tokio::test]
async fn a_session_that_is_answered_late_is_one() {
    let builder = Builder::new(Sessions::Late, |solving: Solving| async move {
        fetch(&solving.session, DOCKERFILE).await.map(|_| image())
    });
    assert!(build(&builder, request()).await.0.is_ok());
}

#[tokio::test]
async fn a_session_that_is_refused_is_an_error_at_once() {
    let builder = Builder::new(Sessions::Refused, |_| async { Ok(image()) });
    let error = refused(&builder, request()).await;
    assert!(error.kind() == Kind::Engine && error.to_string().contains("no sessions today"), "{error}");
}

#[tokio::test]
async fn a_session_that_stalls_ends_with_the_limit_on_silence() {
    for sessions in [Sessions::Ignored, Sessions::Stalled] {
        let builder = Builder::new(sessions, |_| async { Ok(image()) });
        let error = refused(&builder, hasty()).await;
        assert_eq!(
            (error.kind(), error.to_string().as_str()),
            (Kind::Engine, "the build hangs: nothing was said or sent for 1 s"),
            "{sessions:?}"
        );
    }
}

#[tokio::test]
async fn a_transfer_that_stalls_ends_with_the_limit_on_silence() {
    // The thread that reads files has to end, too: the runtime waits for it when this test ends.
    let builder = Builder::new(Sessions::Taken, |solving: Solving| async move {
        let mut transfer = Transfer::open(&solving.session, CONTEXT).await?;
        transfer.stats().await?;
        for _ in 0..3 {
            transfer.ask(3).await;
        }
        transfer.next().await?;
        std::future::pending().await
    });
    let error = refused(&builder, hasty()).await;
    assert_eq!(
        (error.kind(), error.to_string().contains("nothing was said or sent for 1 s")),
        (Kind::Engine, true)
    );
}

#[tokio::test]
async fn a_builder_that_goes_away_is_an_engine_that_was_lost() {
    for asks in [false, true] {
        let builder = Builder::new(Sessions::Taken, move |solving: Solving| async move {
            let mut transfer = Transfer::open(&solving.session, CONTEXT).await?;
            if asks {
                transfer.stats().await?;
                transfer.ask(3).await;
                transfer.next().await?;
            }
            solving.vanish.send_replace(true);
            std::future::pending().await
        });
        let error = refused(&builder, request()).await;
        assert!(error.kind() == Kind::Engine && error.to_string().contains("was lost"), "{asks}: {error}");
    }
}

/// The session's call alone, while the builder works on.
#[tokio::test]
async fn a_session_that_breaks_is_an_error_at_once() {
    let builder = Builder::new(Sessions::Taken, |solving: Solving| async move {
        let _transfer = Transfer::open(&solving.session, CONTEXT).await?;
        solving.back.send(Err(Status::resource_exhausted("too many sessions"))).await.unwrap();
        std::future::pending().await
    });
    let error = refused(&builder, request()).await;
    assert!(error.kind() == Kind::Engine && error.to_string().contains("too many sessions"), "{error}");
}

#[tokio::test]
async fn a_build_that_is_given_up_ends_session_and_solve() {
    let (reached, mut news) = mpsc::unbounded_channel();
    let builder = Builder::new(Sessions::Taken, move |solving: Solving| {
        let reached = reached.clone();
        async move {
            let mut transfer = Transfer::open(&solving.session, CONTEXT).await?;
            transfer.stats().await?;
            let (ended, watched) = (reached.clone(), reached.clone());
            tokio::spawn(async move {
                while transfer.heard.message().await.is_ok_and(|packet| packet.is_some()) {}
                let _ = ended.send("the session ended");
            });
            let closed = reached.clone();
            tokio::spawn(async move {
                solving.back.closed().await;
                let _ = closed.send("the session's call ended");
            });
            tokio::spawn(async move {
                solving.tell.closed().await;
                let _ = watched.send("nobody asks for the status");
            });
            reached.send("reached").unwrap();
            std::future::pending().await
        }
    });
    let (dir, _) = context();
    let listing = listing(dir.path());
    let engine = engine(&builder).await;
    let mut buildkit = BuildKit::find(&engine).await.unwrap().unwrap();
    {
        let (request, stop, mut seen, events) =
            (request(), Stop::default(), Seen::default(), Events::discard());
        let building = buildkit.build(&request, listing, &stop, &mut seen, &events);
        tokio::select! {
            built = building => panic!("{built:?}"),
            first = news.recv() => assert_eq!(first, Some("reached")),
        }
    }
    // The connection itself stays: other builds may use it.
    let all = async {
        let mut all = [news.recv().await, news.recv().await, news.recv().await].map(Option::unwrap);
        all.sort_unstable();
        all
    };
    let all = tokio::time::timeout(PATIENCE, all).await.expect("the session goes on");
    assert_eq!(all, ["nobody asks for the status", "the session ended", "the session's call ended"]);
}

/// The builder's own word for it may come before we notice.
#[tokio::test]
async fn a_session_that_the_builder_lost_is_no_fault_of_the_build() {
    let gone = "no active session for abc: context deadline exceeded";
    for steps in [
        vec![],
        vec![step("1", "[internal] load build context", true, gone)],
        vec![step("2", "[2/2] RUN --mount=type=secret,id=x true", true, gone)],
    ] {
        let builder = Builder::new(Sessions::Taken, move |solving: Solving| {
            let told = StatusResponse { vertexes: steps.clone(), ..StatusResponse::default() };
            async move {
                let _ = solving.tell.send(Ok(told)).await;
                Err(Status::unknown(format!("failed to solve: {gone}")))
            }
        });
        let error = refused(&builder, request()).await;
        assert_eq!(error.kind(), Kind::Engine, "{error}");
        assert!(error.to_string().contains("was lost in the middle of the build: "), "{error}");
        assert!(error.to_string().contains("no active session"), "{error}");
    }
}

/// Somebody pages through the output, or has stopped it: that holds up what is told, and nothing else.
#[tokio::test]
async fn a_reader_that_pauses_loses_no_session_and_makes_no_hang() {
    const LIMIT: Duration = Duration::from_secs(3);
    let (asked, mut news) = mpsc::unbounded_channel();
    let (go, going) = tokio::sync::watch::channel(0);
    let builder = Builder::new(Sessions::Taken, move |solving: Solving| {
        let (asked, mut going) = (asked.clone(), going.clone());
        async move {
            // More than may be on its way to the reader.
            let text = "a line\n".repeat(3000);
            let told = StatusResponse {
                vertexes: vec![step("1", "[1/1] RUN x", false, "")],
                logs: vec![said("1", text.as_bytes())],
                ..StatusResponse::default()
            };
            let _ = solving.tell.send(Ok(told)).await;
            going.wait_for(|stage| *stage > 0).await.map_err(|_| Status::aborted("over"))?;
            fetch(&solving.session, DOCKERFILE).await?;
            asked.send(()).unwrap();
            going.wait_for(|stage| *stage > 1).await.map_err(|_| Status::aborted("over"))?;
            Ok(image())
        }
    });
    let (dir, _) = context();
    let engine = engine(&builder).await;
    let mut buildkit = BuildKit::find(&engine).await.unwrap().unwrap();
    let build = BuildRequest { idle_timeout: LIMIT, ..BuildRequest::default() };
    let (request, stop, mut seen) =
        (BuildKitRequest { build, ..request() }, Stop::default(), Seen::default());
    let (events, mut receiver) = Events::channel();
    let building = async {
        let built = buildkit.build(&request, listing(dir.path()), &stop, &mut seen, &events).await;
        drop(events);
        built
    };
    let reading = async {
        while !matches!(receiver.recv().await.unwrap().event, Event::BuildLog { .. }) {}
        let paused = tokio::time::Instant::now();
        go.send_replace(1);
        tokio::time::timeout(PATIENCE / 2, news.recv()).await.expect("the session is not served").unwrap();
        // Until the limit on silence has passed.
        tokio::time::sleep_until(paused + LIMIT + LIMIT / 4).await;
        let mut lines = 1;
        while lines < 3000 {
            lines += usize::from(matches!(receiver.recv().await.unwrap().event, Event::BuildLog { .. }));
        }
        go.send_replace(2);
        while receiver.recv().await.is_some() {}
    };
    let both = async { tokio::join!(building, reading) };
    let (built, ()) = tokio::time::timeout(PATIENCE, both).await.expect("the build does not end");
    built.unwrap();
}
