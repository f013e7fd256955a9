//! Somebody who meddles with the engine at a chosen moment: a proxy before its socket.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;

/// Calls `before` when a request arrives that holds `part`, and passes it on after that.
///
/// It lives as long as the test's process.
pub(crate) fn meddle(
    socket: &Path,
    engine: &str,
    part: &'static str,
    before: impl Fn(&str) + Send + Sync + 'static,
) -> String {
    let listener = UnixListener::bind(socket).expect("bind");
    let engine = engine.strip_prefix("unix://").expect("a unix socket").to_owned();
    let before = Arc::new(before);
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let (engine, before) = (engine.clone(), Arc::clone(&before));
            std::thread::spawn(move || serve(client, &engine, part, &*before));
        }
    });
    format!("unix://{}", socket.display())
}

fn serve(mut client: UnixStream, engine: &str, part: &str, before: &dyn Fn(&str)) {
    let mut server = UnixStream::connect(engine).expect("engine");
    let (mut from_server, mut to_client) =
        (server.try_clone().expect("clone"), client.try_clone().expect("clone"));
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut from_server, &mut to_client);
        let _ = to_client.shutdown(Shutdown::Write);
    });
    let mut buffer = [0; 16 * 1024];
    while let Ok(read @ 1..) = client.read(&mut buffer) {
        // A request begins a segment of its own on a keep-alive connection.
        let sent = String::from_utf8_lossy(&buffer[..read]);
        let line = sent.lines().next().unwrap_or_default();
        if line.contains(part) {
            before(line);
        }
        if server.write_all(&buffer[..read]).is_err() {
            return;
        }
    }
    let _ = server.shutdown(Shutdown::Write);
}

/// Passes connections to a port of `address` on to the engine, as if it were that of another machine, and gives its URL.
///
/// It lives as long as the test's process.
pub(crate) fn over_tcp(address: &str, engine: &str) -> String {
    let listener = TcpListener::bind((address, 0)).expect("bind");
    let port = listener.local_addr().expect("address").port();
    let engine = engine.strip_prefix("unix://").expect("a unix socket").to_owned();
    std::thread::spawn(move || {
        for mut client in listener.incoming().map_while(Result::ok) {
            let mut server = UnixStream::connect(&engine).expect("engine");
            let (mut from_server, mut to_client) =
                (server.try_clone().expect("clone"), client.try_clone().expect("clone"));
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut from_server, &mut to_client);
                let _ = to_client.shutdown(Shutdown::Write);
            });
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut client, &mut server);
                let _ = server.shutdown(Shutdown::Write);
            });
        }
    });
    format!("tcp://{address}:{port}")
}
