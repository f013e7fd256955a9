//! Containers, execs, networks, teardown.

use super::*;

#[tokio::test]
async fn a_container_from_create_to_remove() {
    let engine = engine().await;
    let id = engine.create_container(&spec(&["sh", "-c", "echo out; echo err >&2; exit 7"])).await.unwrap();
    engine.start_container(&id).await.unwrap();
    assert_eq!(engine.wait_container(&id).await.unwrap(), 7);
    let container = engine.inspect_container(&id).await.unwrap().unwrap();
    assert_eq!((container.exit_code, container.running, container.status.as_str()), (7, false, "exited"));
    assert!(!container.started_at.is_empty() && !container.finished_at.is_empty());
    let mut lines = Vec::new();
    assert!(
        engine.container_logs(&id, &LogOptions::default(), &mut |line| lines.push(line.text)).await.unwrap()
    );
    lines.sort();
    assert_eq!(lines, ["err", "out"]);
    let since = engine.info().clock.unwrap() - 5;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64;
    let events = engine.events_between(since, now + 1, &["container"], &["start"]).await.unwrap();
    assert!(events.iter().any(|event| event.id == id && event.action == "start"), "{events:?}");
    assert!(engine.list_containers(&[Owner::filter().to_owned()]).await.unwrap().iter().any(|c| c.id == id));
    assert!(engine.remove_container(&id).await.unwrap());
    assert!(!engine.remove_container(&id).await.unwrap());
    assert!(engine.inspect_container(&id).await.unwrap().is_none());
}

#[tokio::test]
async fn a_command_that_does_not_exist_is_named() {
    let engine = engine().await;
    for command in ["nope", "/bin/nope"] {
        let id = engine.create_container(&spec(&[command])).await.unwrap();
        let error = engine.start_container(&id).await.unwrap_err();
        assert!(
            error.kind() == Kind::Tests && error.message().contains(&format!("{command:?} does not exist")),
            "{error}"
        );
        assert_eq!(engine.inspect_container(&id).await.unwrap().unwrap().status, "created");
        engine.remove_container(&id).await.unwrap();
    }
}

#[tokio::test]
async fn exec_gives_code_output_and_missing_programs() {
    let engine = engine().await;
    let id = engine.create_container(&spec(&["sleep", "300"])).await.unwrap();
    engine.start_container(&id).await.unwrap();
    let run = |command: &[&str], timeout: u64| {
        let command = command.iter().map(|&word| word.to_owned()).collect();
        let spec = ExecSpec {
            command,
            timeout: Duration::from_secs(timeout),
            max_bytes: 10_000,
            ..ExecSpec::default()
        };
        let (engine, id) = (engine.clone(), id.clone());
        async move { engine.exec(&id, &spec).await }
    };
    let outcome = run(&["sh", "-c", "echo a; echo b; echo c >&2; exit 3"], 60).await.unwrap();
    assert_eq!(
        (outcome.exit, &outcome.output.stdout[..], &outcome.output.stderr[..], outcome.not_found),
        (3, &b"a\nb\n"[..], &b"c\n"[..], false)
    );
    assert!(run(&["nope"], 60).await.unwrap().not_found);
    let shell = run(&["sh", "-c", "nope"], 60).await.unwrap();
    assert_eq!((shell.exit, shell.not_found), (127, false));
    let flood = run(&["sh", "-c", "yes | head -c 1000000"], 60).await.unwrap();
    assert!(flood.exit == 0 && flood.output.cut && flood.output.stdout.len() == 10_000);
    let slow = run(&["sleep", "30"], 1).await.unwrap_err();
    assert!(slow.kind() == Kind::Tests && slow.message().contains("sleep"), "{slow}");
    engine.remove_container(&id).await.unwrap();
}

#[tokio::test]
async fn health_ports_and_addresses() {
    let engine = engine().await;
    let dockerfile = format!(
        "FROM {BASE}\nRUN mkdir /www && echo {} > /www/index.html\nHEALTHCHECK CMD wget -q -O- http://127.0.0.1:8080/\nCMD [\"httpd\",\"-f\",\"-p\",\"8080\",\"-h\",\"/www\"]\n",
        unique("www")
    );
    let (built, _, _) = build(&engine, &dockerfile, request()).await;
    let built = built.unwrap();
    let image = engine.inspect_image(built.id().as_str()).await.unwrap().unwrap();
    assert_eq!(image.healthcheck.unwrap().test[0], "CMD-SHELL");
    let (network, mut teardown) = (unique("net"), Teardown::new(&owner()));
    teardown.network(&network);
    let network_id = engine.create_network(&network, &spec(&[]).labels, false).await.unwrap();
    teardown.made(&network, network_id);
    let name = unique("web");
    teardown.container(&name);
    let id = engine
        .create_container(&ContainerSpec {
            image: built.id().to_string(),
            command: None,
            name: Some(name.clone()),
            network: Some(network.clone()),
            publish: vec![8080],
            health: Some(HealthOverride {
                interval: Duration::from_millis(200),
                start_period: Duration::from_secs(30),
                ..HealthOverride::default()
            }),
            ..spec(&[])
        })
        .await
        .unwrap();
    engine.start_container(&id).await.unwrap();
    let healthy = async {
        loop {
            let container = engine.inspect_container(&id).await.unwrap().unwrap();
            if container.health.as_ref().is_some_and(|health| health.status == "healthy") {
                return container;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let container =
        tokio::time::timeout(Duration::from_secs(25), healthy).await.expect("healthy within 25 s");
    assert!(
        container.addresses.contains_key(&network) && container.ports.contains_key(&8080),
        "{container:?}"
    );
    assert_eq!(container.health.unwrap().log[0].exit, 0);
    let taken = engine
        .create_container(&ContainerSpec { name: Some(name.clone()), ..spec(&["true"]) })
        .await
        .unwrap_err();
    assert!(taken.message().contains("is taken"), "{taken}");
    teardown.image(built.id().to_string());
    let report = teardown.finish(&engine).await;
    assert!(report.failed.is_empty() && report.removed.len() == 3, "{report:?}");
    assert!(teardown.is_empty());
    report.into_result().unwrap();
}

#[tokio::test]
async fn a_container_deaf_to_term_is_gone_within_the_limit() {
    let engine = engine().await;
    let id = engine
        .create_container(&spec(&["sh", "-c", "trap '' TERM; while true; do sleep 1; done"]))
        .await
        .unwrap();
    engine.start_container(&id).await.unwrap();
    let mut teardown = Teardown::new(&owner());
    teardown.container("deaf");
    teardown.made("deaf", &id);
    teardown.container("never-made");
    let started = std::time::Instant::now();
    teardown.finish(&engine).await.into_result().unwrap();
    assert!(started.elapsed() < Duration::from_secs(5));
    assert!(engine.inspect_container(&id).await.unwrap().is_none());
}

#[tokio::test]
async fn a_creation_that_was_cancelled_half_way_is_undone_or_can_be_found() {
    let engine = engine().await;
    let mut names = Vec::new();
    for micros in [100, 300, 1000, 3000, 10_000, 30_000] {
        let name = unique("halfway");
        let mut teardown = Teardown::new(&owner());
        teardown.container(&name);
        let spec = ContainerSpec { name: Some(name.clone()), ..spec(&["true"]) };
        let made = tokio::time::timeout(Duration::from_micros(micros), engine.create_container(&spec)).await;
        let report = teardown.finish(&engine).await;
        assert!(report.failed.is_empty() && (made.is_err() || report.removed.len() == 1), "{report:?}");
        names.push(name);
    }
    // An engine under load may make a container later than any clean-up waits; then its labels say whose it is.
    for late in engine.list_containers(&[]).await.unwrap().into_iter().filter(|c| names.contains(&c.name)) {
        assert!(Owner::from_labels(&late.labels).is_some(), "{late:?}");
        engine.remove_container(&late.id).await.unwrap();
    }
}
