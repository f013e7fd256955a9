//! A registry that dies at a chosen moment: a proxy before the real one.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// Passes connections on to a registry until the nth request that begins with a given text arrives; from then on
/// every connection is cut, as if the registry's machine were gone.
///
/// With `holding`, the request is swallowed in place of that: nobody ever answers it.
pub(crate) struct DyingRegistry {
    /// `127.0.0.1:PORT`.
    pub(crate) address: String,
    state: Arc<State>,
}

struct State {
    upstream: String,
    deadly: &'static str,
    left: AtomicUsize,
    dead: AtomicBool,
    holds: bool,
    open: Mutex<Vec<TcpStream>>,
}

impl DyingRegistry {
    /// `deadly` is looked for in what clients send; the `nth` one kills, and does not reach the registry.
    pub(crate) fn start(upstream: &str, deadly: &'static str, nth: usize) -> DyingRegistry {
        DyingRegistry::spawn(upstream, deadly, nth, false)
    }

    /// Never answers what begins with `deadly`; everything else goes on.
    pub(crate) fn holding(upstream: &str, deadly: &'static str) -> DyingRegistry {
        DyingRegistry::spawn(upstream, deadly, 1, true)
    }

    fn spawn(upstream: &str, deadly: &'static str, nth: usize, holds: bool) -> DyingRegistry {
        let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
        let address = listener.local_addr().expect("address").to_string();
        let state = Arc::new(State {
            upstream: upstream.to_owned(),
            deadly,
            left: AtomicUsize::new(nth),
            dead: AtomicBool::new(false),
            holds,
            open: Mutex::new(Vec::new()),
        });
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if shared.dead.load(Ordering::SeqCst) {
                    drop(client);
                    continue;
                }
                let state = Arc::clone(&shared);
                std::thread::spawn(move || state.serve(client));
            }
        });
        DyingRegistry { address, state }
    }

    /// Whether the deadly request came.
    pub(crate) fn has_died(&self) -> bool {
        self.state.dead.load(Ordering::SeqCst)
    }
}

impl State {
    fn serve(self: Arc<Self>, mut client: TcpStream) {
        let Ok(mut server) = TcpStream::connect(&self.upstream) else { return };
        let (Ok(mut from_server), Ok(mut to_client)) = (server.try_clone(), client.try_clone()) else {
            return;
        };
        for stream in [&client, &server] {
            self.open.lock().expect("lock").extend(stream.try_clone());
        }
        std::thread::spawn(move || {
            let _ = std::io::copy(&mut from_server, &mut to_client);
            let _ = to_client.shutdown(Shutdown::Write);
        });
        let mut buffer = [0; 16 * 1024];
        while let Ok(read @ 1..) = client.read(&mut buffer) {
            let sent = &buffer[..read];
            // A request line arrives whole: it begins a segment of its own on a keep-alive connection.
            if self.holds && String::from_utf8_lossy(sent).contains(self.deadly) {
                // Until the client gives up.
                while let Ok(1..) = client.read(&mut buffer) {}
                return;
            }
            if String::from_utf8_lossy(sent).contains(self.deadly)
                && self.left.fetch_sub(1, Ordering::SeqCst) == 1
            {
                self.dead.store(true, Ordering::SeqCst);
                for stream in self.open.lock().expect("lock").drain(..) {
                    let _ = stream.shutdown(Shutdown::Both);
                }
                return;
            }
            if server.write_all(sent).is_err() {
                return;
            }
        }
        let _ = server.shutdown(Shutdown::Write);
    }
}
