//! Builders that ask for what is not there, speak out of turn, or do not end.

use super::*;

/// A server may have nothing to say in a session until we said something.
async fn hostile<F>(
    script: impl Fn(Transfer, Channel) -> F + Copy + Send + Sync + 'static,
) -> Result<BuiltImage>
where
    F: Future<Output = std::result::Result<(), Status>> + Send + 'static,
{
    let builder = Builder::new(Sessions::Taken, move |solving: Solving| async move {
        let mut transfer = Transfer::open(&solving.session, CONTEXT).await?;
        transfer.stats().await?;
        script(transfer, solving.session.clone()).await.map(|()| image())
    });
    build(&builder, request()).await.0
}

#[tokio::test]
async fn what_no_builder_asks_for_is_an_error() {
    for (id, what) in [(5, "entry 5"), (u32::MAX, "entry 4294967295"), (0, "`dir`"), (4, "`link`")] {
        let builder = Builder::new(Sessions::Taken, move |solving: Solving| async move {
            let mut transfer = Transfer::open(&solving.session, CONTEXT).await?;
            transfer.stats().await?;
            transfer.ask(id).await;
            let packet = transfer.next().await?;
            let told = packet.r#type() == PacketType::PacketErr;
            // It says what went wrong, however the build ends.
            if told { Ok(image()) } else { Err(Status::internal(format!("{packet:?}"))) }
        });
        let error = refused(&builder, request()).await;
        let expected = format!("the engine asks for the content of {what}, which has none");
        assert_eq!((error.kind(), error.to_string()), (Kind::Engine, expected));
    }
}

#[tokio::test]
async fn what_builders_say_out_of_turn_does_no_harm() {
    let twice = hostile(|mut transfer, _| async move {
        for id in [3, 2, 3] {
            transfer.ask(id).await;
        }
        let contents = transfer.contents(3).await?;
        let lengths: Vec<usize> = contents.values().map(|(content, _)| content.len()).collect();
        if lengths != [0, 2 * 1_000_003] {
            return Err(Status::internal(format!("{lengths:?}")));
        }
        transfer.finish().await
    });
    twice.await.unwrap();

    let out_of_turn = hostile(|transfer, _| async move {
        let kinds = [PacketType::PacketStat, PacketType::PacketData].map(i32::from);
        for kind in kinds.into_iter().chain([77, -1]) {
            let stat = Some(Stat { path: "../../x".to_owned(), ..Stat::default() });
            let packet = Packet { r#type: kind, id: 1, data: vec![0; 1000], stat };
            let _ = transfer.say.send(packet).await;
        }
        transfer.finish().await
    });
    out_of_turn.await.unwrap();

    let gone = hostile(|transfer, session| async move {
        drop(transfer);
        fetch(&session, CONTEXT).await.map(drop)
    });
    gone.await.unwrap();

    let elsewhere = hostile(|_, session| async move {
        let asked = Transfer::open(&session, &[("dir-name", "/etc")]).await;
        let code = asked.map(drop).map_err(|status| status.code());
        if code == Err(Code::NotFound) { Ok(()) } else { Err(Status::internal(format!("{code:?}"))) }
    });
    elsewhere.await.unwrap();

    // Bytes that are no packet, by way of a client of another service.
    let garbage = hostile(|_, session| async move {
        let redirect = |mut request: http::Request<tonic::body::Body>| {
            *request.uri_mut() = http::Uri::from_static("http://x/moby.filesync.v1.FileSync/DiffCopy");
            request.headers_mut().insert("dir-name", http::HeaderValue::from_static("context"));
            request
        };
        let mut client = SshClient::new(tower::util::MapRequest::new(session, redirect));
        let garbage = tokio_stream::iter([BytesMessage { data: b"garbage".to_vec() }]);
        let mut answer = client.forward_agent(garbage).await?.into_inner();
        // Entries are no messages of this service, so that reading ends with the first one at the latest.
        while answer.message().await.is_ok_and(|message| message.is_some()) {}
        Ok(())
    });
    garbage.await.unwrap();
}

/// Each has a thread and a queue of ours.
#[tokio::test]
async fn a_flood_of_transfers_is_bounded() {
    let flooded = hostile(|transfer, session| async move {
        let mut open = vec![transfer];
        let refused = loop {
            match Transfer::open(&session, CONTEXT).await {
                Ok(more) if open.len() < 500 => open.push(more),
                Ok(_) => return Err(Status::internal("there is no end to it")),
                Err(status) => break status,
            }
        };
        if refused.code() != Code::ResourceExhausted || open.len() != 64 {
            return Err(Status::internal(format!("{} were opened: {refused:?}", open.len())));
        }
        // One that ends makes room, in a moment.
        open.remove(0).finish().await?;
        loop {
            match Transfer::open(&session, CONTEXT).await {
                Err(status) if status.code() == Code::ResourceExhausted => tokio::task::yield_now().await,
                opened => {
                    let mut transfer = opened?;
                    transfer.stats().await?;
                    return transfer.finish().await;
                }
            }
        }
    });
    flooded.await.unwrap();
}

#[tokio::test]
async fn a_builder_that_gives_up_the_transfer_says_why() {
    for (said, answer, expected) in [
        (
            "no space left on device\x1b[2J",
            "failed to solve",
            (Kind::Engine, "BuildKit gave up taking the context: no space left"),
        ),
        // The transfer is cut off since something else failed.
        (
            "context canceled",
            "failed to solve: write /large: no space left on device",
            (Kind::Build, "the build failed: write /large: no space left on device"),
        ),
    ] {
        let given_up = hostile(move |mut transfer, _| async move {
            let data = said.as_bytes().to_vec();
            let packet = Packet { r#type: PacketType::PacketErr.into(), data, ..Packet::default() };
            let _ = transfer.say.send(packet).await;
            while transfer.heard.message().await?.is_some() {}
            Err(Status::unknown(answer))
        });
        let error = given_up.await.unwrap_err();
        assert!(error.kind() == expected.0 && error.to_string().contains(expected.1), "{said}: {error}");
    }
}

fn flood(number: u32) -> StatusResponse {
    let digest = number.to_string();
    StatusResponse {
        vertexes: vec![step(&digest, &format!("[{number}/{number}] RUN x"), false, "")],
        logs: vec![said(&digest, b"x\ny\n"), said("nobody", b"z\n")],
        ..StatusResponse::default()
    }
}

#[tokio::test]
async fn a_flood_of_news_is_bounded_and_hides_no_limit() {
    let builder = Builder::new(Sessions::Taken, |solving: Solving| async move {
        for number in 1..=12_000 {
            let _ = solving.tell.send(Ok(flood(number))).await;
        }
        Ok(image())
    });
    let (built, told) = build(&builder, request()).await;
    built.unwrap();
    let steps = told.iter().filter(|event| matches!(event, Event::BuildStep { .. })).count();
    assert!(steps == 10_000 && told.len() <= 30_000, "{steps} steps, {} events", told.len());

    let builder = Builder::new(Sessions::Taken, |solving: Solving| async move {
        while solving.tell.send(Ok(flood(1))).await.is_ok() {}
        std::future::pending().await
    });
    let build = BuildRequest { total_timeout: Duration::from_secs(1), ..BuildRequest::default() };
    let error = refused(&builder, BuildKitRequest { build, ..request() }).await;
    assert!(
        error.kind() == Kind::Build && error.to_string().starts_with("the build took longer than 1 s"),
        "{error}"
    );
}

#[tokio::test]
async fn a_log_of_many_pieces_keeps_its_lines() {
    let builder = Builder::new(Sessions::Taken, |solving: Solving| async move {
        let text: String = (0..20_000).map(|number| format!("line {number}\n")).collect();
        let told = StatusResponse {
            vertexes: vec![step("1", "[1/1] RUN x", true, "")],
            logs: vec![said("1", text.as_bytes()), said("1", b"the end")],
            ..StatusResponse::default()
        };
        let _ = solving.tell.send(Ok(told)).await;
        Ok(image())
    });
    let (built, told) = build(&builder, request()).await;
    built.unwrap();
    let lines = told.iter().filter_map(|event| match event {
        Event::BuildLog { line, .. } => Some(line.clone()),
        _ => None,
    });
    let expected = (0..20_000).map(|number| format!("line {number}")).chain(["the end".to_owned()]);
    assert!(lines.eq(expected));
}

#[tokio::test]
async fn news_that_do_not_end_hold_up_no_image() {
    let builder = Builder::new(Sessions::Taken, |solving: Solving| async move {
        tokio::spawn(async move { while solving.tell.send(Ok(flood(1))).await.is_ok() {} });
        Ok(image())
    });
    assert!(build(&builder, request()).await.0.is_ok());
}
