//! What goes wrong on the engine's side while its BuildKit builds: the right error in bounded time, and nothing is left.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Mutex, mpsc};
use std::thread;

use crate::support::engine_proxy;
use crate::support::lab::{Lab, PATIENCE, Repo};
use crate::support::private::{Inventory, PrivateEngine};

const CONFIG: &str = "schema = 1\n[image]\nkind = \"base\"\nprobes = \"off\"\n[image.build]\nbuilder = \"buildkit\"\n\
    [[image.test]]\nname = \"file\"\nfiles = [{ path = \"/large\", exists = true }]\n";

/// Without a line end, so that any piece of the file is a line that holds it.
const MARK: &str = "bytes of the context ";

/// A repository with a file that does not fit into what lies on the way to the engine.
fn large<'a>(lab: &'a Lab, dockerfile: &str) -> Repo<'a> {
    let repo = lab.repo("repo");
    repo.write("Dockerfile", dockerfile);
    repo.write("imgbuild.toml", CONFIG);
    repo.write("large", &MARK.repeat((40 << 20) / MARK.len()));
    repo.commit("first");
    repo
}

#[test]
fn an_engine_that_is_killed_in_the_middle_of_the_transfer_is_lost() {
    let engine = PrivateEngine::start("mid-transfer");
    let lab = Lab::on("mid-transfer", &engine.url);
    let repo = large(&lab, "FROM scratch\nCOPY large /\n");
    let before = Inventory::of(&lab);
    let (reached, news) = mpsc::channel();
    let (release, held) = mpsc::channel::<()>();
    let (reached, held) = (Mutex::new(reached), Mutex::new(held));
    let proxy = engine_proxy::meddle(&lab.path("proxy.sock"), &engine.url, MARK, move |_| {
        let _ = reached.lock().expect("lock").send(());
        // Until it is dropped.
        let _ = held.lock().expect("lock").recv();
    });
    let arguments = ["ci", "--push", "never", "--format", "ndjson"];
    let running = repo.imgbuild(&arguments).env("DOCKER_HOST", &proxy).start();
    news.recv_timeout(PATIENCE).expect("the transfer");
    engine.kill();
    drop(release);
    let (code, events, stderr) = running.end();
    assert_eq!(code, Some(8), "{events:#?}\n{stderr}");
    assert!(stderr.contains("was lost in the middle of the build"), "{stderr}");
    engine.restart();
    repo.imgbuild(&["clean", "--yes"]).expect(0);
    assert_eq!(lab.journals(), Vec::<String>::new());
    assert_eq!(Inventory::of(&lab).beyond(&before, &lab), BTreeSet::new());
    repo.imgbuild(&arguments).expect(0);
}

/// Passes connections on to the engine, and cuts the one of the session after `most` bytes of ours. It lives as long as the
/// test's process.
fn cuts_session(socket: &Path, engine: &str, most: usize) -> String {
    let listener = UnixListener::bind(socket).expect("bind");
    let engine = engine.strip_prefix("unix://").expect("a unix socket").to_owned();
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let server = UnixStream::connect(&engine).expect("engine");
            thread::spawn(move || pass(client, server, most));
        }
    });
    format!("unix://{}", socket.display())
}

fn pass(mut client: UnixStream, mut server: UnixStream, most: usize) {
    let (mut from_server, mut to_client) =
        (server.try_clone().expect("clone"), client.try_clone().expect("clone"));
    thread::spawn(move || {
        let _ = std::io::copy(&mut from_server, &mut to_client);
        let _ = to_client.shutdown(Shutdown::Write);
    });
    let (mut buffer, mut passed, mut is_session) = ([0; 16 * 1024], 0, None);
    while let Ok(read @ 1..) = client.read(&mut buffer) {
        let begin = || String::from_utf8_lossy(&buffer[..read.min(200)]).contains("/session");
        passed += read;
        if *is_session.get_or_insert_with(begin) && passed > most {
            for stream in [&client, &server] {
                let _ = stream.shutdown(Shutdown::Both);
            }
            return;
        }
        if server.write_all(&buffer[..read]).is_err() {
            return;
        }
    }
    let _ = server.shutdown(Shutdown::Write);
}

#[test]
fn a_session_that_is_cut_off_is_no_fault_of_the_build() {
    let lab = Lab::new("cut-session");
    let repo = large(&lab, "FROM scratch\nCOPY large /\n");
    // Before the first file, and in the middle of the large one.
    for (number, most) in [2_000, 8 << 20].into_iter().enumerate() {
        let proxy = cuts_session(&lab.path(&format!("proxy-{number}.sock")), &lab.engine, most);
        let ran = repo.imgbuild(&["ci", "--push", "never"]).env("DOCKER_HOST", &proxy).expect(8);
        ran.says("was lost in the middle of the build");
        assert_eq!(lab.journals(), Vec::<String>::new(), "{most}");
    }
}

#[test]
fn a_disk_that_is_full_is_told_with_what_to_do() {
    let engine = PrivateEngine::with("full-build", &["--disk", "60M"]);
    let lab = Lab::on("full-build", &engine.url);
    lab.docker(&["pull", "-q", &lab.base]);
    // With containerd's store, not even a prune works on a disk that is full to the last byte.
    let reserve = engine.data().join("disk/reserve");
    let hold = || fs::write(&reserve, vec![1; 4 << 20]).expect("reserve");
    hold();
    let before = Inventory::of(&lab);
    let repo = lab.repo("repo");
    repo.write("imgbuild.toml", CONFIG);
    let mut bytes = vec![0; 90 << 20];
    let mut seed = 88_172_645_463_325_252_u64;
    for word in bytes.chunks_exact_mut(8) {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        word.copy_from_slice(&seed.to_le_bytes());
    }
    fs::write(repo.path.join("large"), &bytes).expect("write");
    let cases = [
        ("FROM scratch\nCOPY large /\n".to_owned(), "in the transfer"),
        (format!("FROM {}\nRUN dd if=/dev/zero of=/filled bs=1M\n", lab.base), "in a step"),
    ];
    for (dockerfile, place) in cases {
        repo.write("Dockerfile", &dockerfile);
        repo.commit(place);
        let ran = repo.imgbuild(&["ci", "--push", "never"]).run();
        assert!(matches!(ran.code, Some(5 | 8)), "{place}: {:?}\n{}", ran.code, ran.stderr);
        assert!(ran.stderr.to_lowercase().contains("no space left on device"), "{place}: {}", ran.stderr);
        assert!(ran.stderr.contains("free space on the engine"), "{place}: {}", ran.stderr);
        assert_eq!(lab.journals(), Vec::<String>::new(), "{place}");
        assert_eq!(Inventory::of(&lab).beyond(&before, &lab), BTreeSet::new(), "{place}");
        // What is told helps.
        fs::remove_file(&reserve).expect("reserve");
        lab.docker(&["builder", "prune", "-f"]);
        hold();
    }
    repo.write("Dockerfile", &format!("FROM {}\nRUN echo small >/large\n", lab.base));
    fs::remove_file(repo.path.join("large")).expect("remove");
    repo.commit("small");
    repo.imgbuild(&["ci", "--push", "never"]).expect(0);
}
