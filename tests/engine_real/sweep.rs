//! What `clean` finds and leaves.

use super::*;

/// The owner of a run whose process is gone: ours, with another start time.
fn dead(run: &str) -> Owner {
    let owner = Owner::current(run, Duration::from_secs(600)).unwrap();
    Owner { pid_start: owner.pid_start + 1, ..owner }
}

/// What is left of `run` alone: other tests have dead runs of their own on this engine.
async fn left_of(engine: &Engine, dir: &std::path::Path, run: &str, now: i64) -> Vec<Leftover> {
    let sweep = engine.find_leftovers(dir, now).await.unwrap();
    sweep.leftovers.into_iter().filter(|leftover| leftover.run == run).collect()
}

#[tokio::test]
async fn labels_of_dead_runs_are_found_and_everyone_elses_are_not() {
    let engine = engine().await;
    let dir = tempfile::tempdir().unwrap();
    let run = unique("swept");
    let name = |what: &str| format!("{run}-{what}");
    let labels = dead(&run).labels();
    let container =
        ContainerSpec { name: Some(name("c")), labels: labels.clone(), ..spec(&["sleep", "300"]) };
    let id = engine.create_container(&container).await.unwrap();
    engine.start_container(&id).await.unwrap();
    let network = engine.create_network(&name("n"), &labels, false).await.unwrap();
    engine.create_volume(&name("v"), &labels).await.unwrap();
    // Alive, of another host within its time, and somebody's who has an image that carries our labels.
    let alive = Owner::current(&run, Duration::from_secs(600)).unwrap();
    let mut bystanders = Teardown::new(&alive);
    let foreign = Owner { host: "elsewhere".into(), ..dead(&run) };
    for (what, owner) in [("alive", &alive), ("foreign", &foreign)] {
        bystanders.container(name(what));
        let spec = ContainerSpec { name: Some(name(what)), labels: owner.labels(), ..spec(&["true"]) };
        engine.create_container(&spec).await.unwrap();
    }
    let baked = BuildRequest { labels: labels.clone(), ..request() };
    let image = build(&engine, &format!("FROM {BASE}\n"), baked).await.0.unwrap();
    let inherits = ContainerSpec {
        image: image.id().to_string(),
        name: Some(name("baked")),
        labels: BTreeMap::new(),
        ..spec(&["true"])
    };
    let baked = engine.create_container(&inherits).await.unwrap();

    let left = left_of(&engine, dir.path(), &run, 0).await;
    let found: Vec<_> = left.iter().map(|l| (l.thing, l.id.as_str())).collect();
    assert_eq!(
        found,
        [
            (Thing::Container, id.as_str()),
            (Thing::Network, network.as_str()),
            (Thing::Volume, name("v").as_str())
        ]
    );
    assert_eq!(left_of(&engine, dir.path(), &run, foreign.deadline + 1).await.len(), 4);
    for leftover in &left {
        engine.remove_leftover(leftover).await.unwrap();
        // A second clean finds it gone.
        engine.remove_leftover(leftover).await.unwrap();
    }
    assert!(left_of(&engine, dir.path(), &run, 0).await.is_empty());
    // A teardown takes nothing of that name that carries no label of its run's.
    let strange = ContainerSpec { name: Some(name("strange")), labels: BTreeMap::new(), ..spec(&["true"]) };
    let strange = engine.create_container(&strange).await.unwrap();
    bystanders.container(name("strange"));
    let report = bystanders.finish(&engine).await;
    assert_eq!(report.removed.len(), 2, "{report:?}");
    assert!(engine.remove_container(&strange).await.unwrap());
    engine.remove_container(&baked).await.unwrap();
    engine.remove_image(image.id().as_str(), false).await.unwrap();
}

#[tokio::test]
async fn a_killed_build_leaves_nothing_after_the_sweep() {
    let engine = engine().await;
    let dir = tempfile::tempdir().unwrap();
    let run = unique("killed");
    let (events, mut receiver) = Events::channel();
    let dockerfile = format!("FROM {BASE}\nRUN echo {run} > /a\nENV A={run}\nRUN echo started; sleep 300\n");
    let started = async {
        while let Some(stamped) = receiver.recv().await {
            if matches!(&stamped.event, Event::BuildLog { line, .. } if line == "started") {
                return;
            }
        }
    };
    let engine_of_run = Engine::connect(engine.endpoint()).await.unwrap();
    let journal = Journal::open(dir.path(), engine_of_run.info(), &dead(&run)).unwrap();
    let mut observer = &journal;
    let (request, files) = (request(), vec![("Dockerfile", dockerfile.into_bytes())]);
    tokio::select! {
        _ = engine.build(&request, context(files), &mut observer, &events) => panic!("the build ended"),
        () = started => {}
    }
    // The process dies: nothing is closed, the lock goes.
    drop(journal);
    let left = left_of(&engine, dir.path(), &run, 0).await;
    let images = left.iter().filter(|leftover| leftover.thing == Thing::Image).count();
    assert!(
        images == 2 && left.iter().all(|l| matches!(l.thing, Thing::Image | Thing::Container)),
        "{left:?}"
    );
    let mut sweep = engine.find_leftovers(dir.path(), 0).await.unwrap();
    sweep.leftovers.retain(|leftover| leftover.run == run);
    let report = engine.remove_leftovers(sweep).await.unwrap();
    assert!(report.failed.is_empty(), "{report:?}");
    assert!(left_of(&engine, dir.path(), &run, 0).await.is_empty());
    assert!(Journal::read_all(dir.path(), &engine.info().id).unwrap().is_empty());
    for leftover in &left {
        assert!(
            leftover.thing == Thing::Container || engine.inspect_image(&leftover.id).await.unwrap().is_none()
        );
    }
    assert!(engine.inspect_image(BASE).await.unwrap().is_some());
}

#[tokio::test]
async fn a_name_given_by_a_killed_run_is_taken_back_and_a_finished_runs_is_not() {
    let engine = engine().await;
    for (finished, want) in [(false, 2), (true, 0)] {
        let dir = tempfile::tempdir().unwrap();
        let run = unique("named");
        let engine = Engine::connect(engine.endpoint()).await.unwrap();
        let journal = Journal::open(dir.path(), engine.info(), &dead(&run)).unwrap();
        let files = vec![("Dockerfile", format!("FROM {BASE}\nENV A={run}\n").into_bytes())];
        let built =
            engine.build(&request(), context(files), &mut &journal, &Events::discard()).await.unwrap();
        let reference = format!("{run}:1");
        journal.note(Record::TagOnEngine { reference: reference.clone(), before: None }).unwrap();
        engine.tag_image(built.id().as_str(), &run, "1").await.unwrap();
        if finished {
            journal.leave().unwrap()
        } else {
            drop(journal)
        }
        let left = left_of(&engine, dir.path(), &run, 0).await;
        assert_eq!(left.len(), want, "{left:?}");
        for leftover in &left {
            engine.remove_leftover(leftover).await.unwrap();
        }
        assert_eq!(engine.inspect_image(&reference).await.unwrap().is_some(), finished);
        engine.remove_image(&reference, true).await.unwrap();
    }
}
