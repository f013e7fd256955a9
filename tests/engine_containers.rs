//! What the verification of an image asks a real engine for: files, changes, processes, events, images of its own.

#![cfg(test)]

mod support;

use std::io::Write;
use std::time::Duration;

use futures_util::future::join_all;
use imgbuild::engine::{
    ChangeKind, ContainerSpec, Endpoint, Engine, EntryKind, FileHeader, HealthOverride, Keeper, Limits,
    Owner, Thing, resolve_link,
};
use imgbuild::error::{Error, Kind, Result};
use support::lab::{Lab, PATIENCE};

/// An engine with the test's base image, and whose things are kept.
async fn kept(lab: &Lab, owner: Owner) -> (Engine, Keeper) {
    lab.docker(&["pull", "-q", &lab.base]);
    let socket = lab.engine.strip_prefix("unix://").expect("a socket");
    let engine = Engine::connect(&Endpoint::unix(socket, "the tests")).await.unwrap();
    let keeper = Keeper::begin(engine.clone(), owner, &lab.path("state")).unwrap();
    (engine, keeper)
}

fn owner(lab: &Lab) -> Owner {
    Owner::current(lab.name(), Duration::from_secs(600)).unwrap()
}

fn spec(image: &str, command: &[&str]) -> ContainerSpec {
    ContainerSpec {
        image: image.to_owned(),
        command: Some(command.iter().map(|&word| word.to_owned()).collect()),
        network: Some("none".to_owned()),
        limits: Limits { memory_bytes: 64 << 20, pids: 64, log_bytes: 1 << 20, ..Limits::default() },
        stop_timeout: Some(Duration::from_secs(1)),
        ..ContainerSpec::default()
    }
}

/// Bytes of the file that is too large to be kept.
const BIG: usize = 3_000_000;

/// A file system without programs.
fn file_system(sink: &mut dyn Write) -> Result<()> {
    let told = |error| Error::new(Kind::Io, "cannot write the file system").because(error);
    let mut tar = tar::Builder::new(sink);
    let mut add = |name: &str, kind: tar::EntryType, mode: u32, owner: u64, link: &str, bytes: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_uid(owner);
        header.set_gid(owner + 1);
        header.set_size(bytes.len() as u64);
        if link.is_empty() {
            tar.append_data(&mut header, name, bytes)
        } else {
            tar.append_link(&mut header, name, link)
        }
    };
    use tar::EntryType::{Directory, Regular, Symlink};
    let long = format!("doc/{}/{}/copyright", "a".repeat(120), "b".repeat(120));
    add("etc/", Directory, 0o755, 0, "", b"").map_err(told)?;
    add("etc/passwd", Regular, 0o640, 7, "", b"root:x:0:0\n").map_err(told)?;
    add("bin/", Directory, 0o1777, 0, "", b"").map_err(told)?;
    add("bin/su", Regular, 0o4755, 0, "", b"su").map_err(told)?;
    add("bin/link", Symlink, 0o777, 0, "../etc/passwd", b"").map_err(told)?;
    add("doc/", Directory, 0o755, 0, "", b"").map_err(told)?;
    add(&long, Regular, 0o644, 0, "", b"MIT").map_err(told)?;
    add("doc/täter", Regular, 0o644, 200_000, "", b"").map_err(told)?;
    add("big", Regular, 0o600, 0, "", &vec![b'x'; BIG]).map_err(told)?;
    tar.finish().map_err(told)
}

#[tokio::test]
async fn files_of_an_image_without_programs_and_without_starting_it() {
    let lab = Lab::new("files");
    let (engine, keeper) = kept(&lab, owner(&lab)).await;
    let image = keeper.import(file_system, &["USER 7".to_owned()]).await.unwrap();
    assert_eq!(engine.inspect_image(&image).await.unwrap().unwrap().user, "7");
    let id = keeper.container(spec(&image, &["/none"])).await.unwrap();

    let stat = async |path: &str| engine.stat_path(&id, path).await.unwrap();
    let passwd = stat("/etc/passwd").await.unwrap();
    assert_eq!((passwd.name.as_str(), passwd.size, passwd.mode), ("passwd", 11, 0o640));
    assert!(passwd.mtime.starts_with("1970-"), "{passwd:?}");
    // Go's bits: setuid, symbolic link, directory with a sticky bit.
    assert_eq!(stat("/bin/su").await.unwrap().mode, (1 << 23) | 0o755);
    let link = stat("/bin/link").await.unwrap();
    assert_eq!((link.mode, link.link_target.as_str()), ((1 << 27) | 0o777, "/etc/passwd"));
    assert_eq!(stat("/bin").await.unwrap().mode, (1 << 31) | (1 << 20) | 0o777);
    for missing in ["/etc/shadow", "/none/of/it", "/etc/passwd/below"] {
        assert_eq!(stat(missing).await, None, "{missing}");
        assert_eq!(engine.read_file(&id, missing, 10).await.unwrap(), None, "{missing}");
        assert!(!engine.walk(&id, missing, &mut drop).await.unwrap(), "{missing}");
    }
    assert!(engine.stat_path("no-such-container", "/etc").await.is_err());
    assert!(engine.read_file("no-such-container", "/etc", 1).await.is_err());

    let passwd = engine.read_file(&id, "/etc/passwd", 1000).await.unwrap().unwrap();
    assert_eq!((passwd.bytes.as_slice(), passwd.cut), (b"root:x:0:0\n".as_slice(), false));
    let header = &passwd.header;
    assert_eq!((header.uid, header.gid, header.mode, header.size), (7, 8, 0o640, 11));
    let link = engine.read_file(&id, "/bin/link", 1000).await.unwrap().unwrap();
    assert_eq!((link.header.kind, link.header.link_target.as_str()), (EntryKind::Symlink, "../etc/passwd"));
    assert_eq!(resolve_link("/bin", &link.header.link_target), "/etc/passwd");
    let big = engine.read_file(&id, "/big", 1000).await.unwrap().unwrap();
    assert_eq!((big.bytes.len(), big.cut, big.header.size), (1000, true, BIG as u64));
    let mut seen = 0;
    let header = engine.stream_file(&id, "/big", &mut |piece| seen += piece.len()).await.unwrap().unwrap();
    assert_eq!((seen, header.path.as_str()), (BIG, "/big"));

    let mut all = Vec::new();
    assert!(engine.walk(&id, "/", &mut |header| all.push(header)).await.unwrap());
    let of = |path: &str| all.iter().find(|header| header.path == path).unwrap_or_else(|| panic!("{all:#?}"));
    assert_eq!((of("/bin/su").mode, of("/bin/su").kind), (0o4755, EntryKind::File));
    assert_eq!((of("/bin").mode, of("/bin").kind), (0o1777, EntryKind::Folder));
    assert_eq!((of("/doc/täter").uid, of("/bin/link").kind), (200_000, EntryKind::Symlink));
    let mut licences = Vec::new();
    let mut wanted = |header: &FileHeader| header.path.ends_with("/copyright");
    let mut keep = |header: FileHeader, bytes: Vec<u8>| licences.push((header.path, bytes));
    engine.walk_files(&id, "/doc", 1000, &mut wanted, &mut keep).await.unwrap();
    let long = format!("/doc/{}/{}/copyright", "a".repeat(120), "b".repeat(120));
    assert_eq!(licences, [(long, b"MIT".to_vec())]);

    let mut more = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(3);
    header.set_mode(0o600);
    more.append_data(&mut header, "put", b"put".as_slice()).unwrap();
    engine.put_archive(&id, "/etc", more.into_inner().unwrap()).await.unwrap();
    assert_eq!(engine.read_file(&id, "/etc/put", 9).await.unwrap().unwrap().bytes, b"put");

    assert!(keeper.finish().await.unwrap().failed.is_empty());
    assert!(engine.inspect_image(&image).await.unwrap().is_none());
}

#[tokio::test]
async fn a_running_container_from_outside() {
    let lab = Lab::new("outside");
    let (engine, keeper) = kept(&lab, owner(&lab)).await;
    let since = engine.info().clock.unwrap();
    let labels = [format!("{}={}", Owner::filter(), lab.name())];
    let mut watch = engine.watch(since, &["container"], &labels).await.unwrap();
    let network = keeper.network_of("apart", true).await.unwrap();
    let health = HealthOverride { interval: Duration::from_millis(100), ..HealthOverride::default() };
    let id = keeper
        .container(ContainerSpec {
            health: Some(health),
            health_test: Some(vec!["CMD".to_owned(), "test".to_owned(), "-e".to_owned(), "/x".to_owned()]),
            network: Some(network.clone()),
            aliases: vec!["web".to_owned()],
            extra_hosts: vec!["db.example.com:192.0.2.1".to_owned()],
            user: Some("0".to_owned()),
            ..spec(&lab.base, &["sh", "-c", "echo y > /x; sleep 600; true"])
        })
        .await
        .unwrap();
    let nothing = engine.changes(&id).await.unwrap();
    assert!(nothing.list.is_empty() && !nothing.cut, "{nothing:?}");
    engine.start_container(&id).await.unwrap();
    let mut seen = Vec::new();
    let healthy = async {
        while let Some(event) = watch.next().await.unwrap() {
            seen.push(event.action.clone());
            if event.action == "health_status: healthy" {
                return event.id == id;
            }
        }
        false
    };
    assert!(tokio::time::timeout(PATIENCE, healthy).await.unwrap(), "{seen:?}");
    assert!(seen.iter().any(|action| action == "start"), "{seen:?}");

    let container = engine.inspect_container(&id).await.unwrap().unwrap();
    assert!(container.running && !container.restarting && container.pid > 1, "{container:?}");
    assert_eq!((container.user.as_str(), container.cmd.first().map(String::as_str)), ("0", Some("sh")));
    let log = container.health.unwrap().log;
    assert!(log.iter().all(|probe| probe.start.len() > 19 && probe.end >= probe.start), "{log:?}");
    let rows = engine.top(&id).await.unwrap();
    let shell = rows.iter().find(|row| row.pid == container.pid).unwrap_or_else(|| panic!("{rows:?}"));
    assert!(shell.args.contains("sleep 600") && !shell.stat.is_empty(), "{rows:?}");
    assert!(rows.iter().any(|row| row.ppid == shell.pid && row.args.contains("sleep")), "{rows:?}");
    let stats = engine.stats_once(&id).await.unwrap();
    assert!(stats.memory_bytes > 0 && stats.memory_limit == 64 << 20 && stats.pids >= 2, "{stats:?}");
    assert_eq!(stats.pids_limit, 64);
    let changes = engine.changes(&id).await.unwrap().list;
    assert!(changes.iter().any(|change| (change.kind, change.path.as_str()) == (ChangeKind::Added, "/x")));

    // A container beside it sees its processes and its network, and is not their first process.
    let share = Some(format!("container:{id}"));
    let look = "[ $$ != 1 ] && grep -q sleep /proc/[0-9]*/comm && grep -q db.example.com /etc/hosts";
    let beside = ContainerSpec {
        network: share.clone(),
        pid_mode: share,
        publish: vec![80],
        aliases: vec!["none".to_owned()],
        unset_health: true,
        tty: true,
        ..spec(&lab.base, &["sh", "-c", look])
    };
    let beside = keeper.container(beside).await.unwrap();
    engine.start_container(&beside).await.unwrap();
    assert_eq!(engine.wait_container(&beside).await.unwrap(), 0);
    let container = engine.inspect_container(&beside).await.unwrap().unwrap();
    assert!(container.tty && container.health.is_none() && container.pid == 0, "{container:?}");

    engine.kill_container(&id, "SIGKILL").await.unwrap();
    let died = async {
        while let Some(event) = watch.next().await.unwrap() {
            if event.action == "die" && event.id == id {
                return event.attributes.get("exitCode").cloned();
            }
        }
        None
    };
    assert_eq!(tokio::time::timeout(PATIENCE, died).await.unwrap().as_deref(), Some("137"));
    keeper.remove(&beside).await.unwrap();
    assert!(engine.inspect_container(&beside).await.unwrap().is_none());
    let report = keeper.finish().await.unwrap();
    assert!(report.failed.is_empty() && report.removed.len() == 2, "{report:?}");
    assert!(lab.owned(lab.name()).is_empty());
}

#[tokio::test]
async fn containers_at_once_and_images_of_them_are_gone_at_the_end() {
    let lab = Lab::new("commit");
    let (engine, keeper) = kept(&lab, owner(&lab)).await;
    let made = join_all((0..4).map(|n| {
        let script = format!("echo {n} > /made");
        let keeper = &keeper;
        let spec = spec(&lab.base, &["sh", "-c", &script]);
        async move { keeper.container(spec).await.unwrap() }
    }))
    .await;
    let run = async |id: &str| {
        engine.start_container(id).await.unwrap();
        assert_eq!(engine.wait_container(id).await.unwrap(), 0);
    };
    join_all(made.iter().map(|id| run(id))).await;
    let images = join_all(made.iter().map(|id| keeper.commit(id))).await;
    let images: Vec<String> = images.into_iter().map(Result::unwrap).collect();
    for (n, image) in images.iter().enumerate() {
        let on_top = spec(image, &["sh", "-c", &format!("grep -qx {n} /made && echo more >> /made")]);
        let id = keeper.container(on_top).await.unwrap();
        run(&id).await;
        let again = keeper.commit(&id).await.unwrap();
        let labels = engine.inspect_image(&again).await.unwrap().unwrap().labels;
        assert_eq!(labels.get(Owner::filter()).map(String::as_str), Some(""), "{labels:?}");
    }
    let report = keeper.finish().await.unwrap();
    assert!(report.failed.is_empty(), "{report:?}");
    assert!(lab.owned(lab.name()).is_empty() && lab.journals().is_empty());
    for image in &images {
        assert!(engine.inspect_image(image).await.unwrap().is_none(), "{image} is left");
    }
    let named = engine.list_images(&[], true).await.unwrap();
    assert!(!named.iter().any(|image| image.tags.iter().any(|tag| tag.contains(lab.name()))));
}

#[tokio::test]
async fn what_a_killed_run_committed_and_imported_is_found_by_clean() {
    let lab = Lab::new("killed");
    let mut dead = owner(&lab);
    dead.pid_start += 1;
    let (engine, keeper) = kept(&lab, dead).await;
    let imported = keeper.import(file_system, &[]).await.unwrap();
    let first = keeper.container(spec(&lab.base, &["true"])).await.unwrap();
    let committed = keeper.commit(&first).await.unwrap();
    let on_top = keeper.container(spec(&committed, &["true"])).await.unwrap();
    drop(keeper);

    let now = engine.info().clock.unwrap();
    let sweep = engine.find_leftovers(&lab.path("state"), now).await.unwrap();
    let ours: Vec<_> = sweep.leftovers.iter().filter(|left| left.run == lab.name()).cloned().collect();
    let containers: Vec<&str> =
        ours.iter().filter(|left| left.thing == Thing::Container).map(|left| left.id.as_str()).collect();
    assert!(containers.contains(&first.as_str()) && containers.contains(&on_top.as_str()), "{ours:#?}");
    for left in &ours {
        assert!(engine.remove_leftover(left).await.unwrap(), "{left:?}");
    }
    for image in [imported, committed] {
        assert!(engine.inspect_image(&image).await.unwrap().is_none(), "{image} is left");
    }
}
