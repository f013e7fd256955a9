//! The fault proxy itself, since what the tests behind it say is worth as much as it is.

#![cfg(test)]

mod support;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

use support::fault_proxy::{ALL, BEGINNINGS, BLOBS, COMMITS, Fault, FaultProxy, MANIFESTS, Often, On};
use support::lab::{Lab, PATIENCE};
use tokio::sync::Barrier;

/// One request over a connection of its own: the answer, head and body; `None` where there was none.
fn ask(host: &str, request: &str) -> Option<String> {
    let mut stream = TcpStream::connect(host).expect("connect");
    stream.set_read_timeout(Some(PATIENCE)).expect("timeout");
    let _ = stream.write_all(request.replace('\n', "\r\n").as_bytes());
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Ok(_) if !answer.is_empty() => Some(String::from_utf8_lossy(&answer).into_owned()),
        Ok(_) | Err(_) => None,
    }
}

fn put(host: &str, path: &str) -> Option<String> {
    ask(host, &format!("PUT {path} HTTP/1.1\nhost: {host}\nconnection: close\ncontent-length: 2\n\n{{}}"))
}

fn begin(lab: &Lab, host: &str, extra: &str) -> String {
    let path = format!("/v2/t/{}/blobs/uploads/", lab.name());
    let request =
        format!("POST {path} HTTP/1.1\nhost: {host}\nconnection: close\ncontent-length: 0\n{extra}\n");
    ask(host, &request).expect("an answer")
}

fn location(answer: &str) -> &str {
    let line = answer.lines().find(|line| line.to_ascii_lowercase().starts_with("location:"));
    line.unwrap_or_else(|| panic!("no location in {answer}"))[9..].trim()
}

#[test]
fn without_a_fault_the_engine_pushes_through_it() {
    let lab = Lab::new("through");
    let proxy = FaultProxy::start(&lab.registry);
    lab.docker(&["pull", "-q", &lab.base]);
    let reference = format!("{}/t/{}:x", proxy.address, lab.name());
    lab.docker(&["tag", &lab.base, &reference]);
    let told = lab.docker(&["push", &reference]);
    // The engine tells the digest of what it sent; the registry checks that of every blob.
    let digest = imgbuild::image::Digest::of(&lab.manifest("x").0);
    assert!(told.contains(&format!("x: digest: {digest} ")), "{digest} is not in {told}");
    assert_eq!(proxy.count("PUT", "/manifests/x"), 1);
    assert!(proxy.count("PATCH", "/blobs/uploads/") > 0, "{:#?}", proxy.requests());
    assert!(proxy.requests().iter().all(|seen| seen.host == proxy.address && !seen.authorized));
    // And back, by GET.
    lab.docker(&["rmi", &reference]);
    lab.docker(&["pull", "-q", &reference]);
    lab.docker(&["rmi", &reference]);
}

#[test]
fn a_fault_strikes_what_it_is_for_and_as_often_as_it_is_to() {
    let lab = Lab::new("strikes");
    let proxy = FaultProxy::start(&lab.registry);
    let path = format!("/v2/t/{}/manifests/12", lab.name());
    // The registry itself takes no `{}` for a manifest.
    let refused = "HTTP/1.1 400 ";
    proxy.fails(On(&["PUT"], "/manifests/1$"), Fault::Nothing, Often::Ever);
    proxy.fails(MANIFESTS, Fault::Status(500), Often::Once);
    proxy.fails(COMMITS, Fault::Status(403), Often::Ever);
    assert!(put(&proxy.address, path.trim_end_matches('2')).expect("answer").starts_with(refused));
    assert!(put(&proxy.address, &path).expect("answer").starts_with("HTTP/1.1 500 "));
    assert!(put(&proxy.address, &path).expect("answer").starts_with(refused));
    for _ in 0..2 {
        let answer = put(&proxy.address, "/v2/x/blobs/uploads/1").expect("answer");
        assert!(answer.starts_with("HTTP/1.1 403 ") && answer.contains("DENIED"), "{answer}");
    }
    proxy.recovers();
    assert!(put(&proxy.address, "/v2/x/blobs/uploads/1").expect("answer").starts_with("HTTP/1.1 404 "));
    let given: Vec<Option<u16>> = proxy.requests().iter().map(|seen| seen.status).collect();
    assert_eq!(given, [400, 500, 400, 403, 403, 404].map(Some));
    assert_eq!(proxy.count("PUT", "/manifests/"), 3);

    for as_date in [false, true] {
        proxy.fails(MANIFESTS, Fault::Busy { seconds: 1, as_date }, Often::Once);
        let answer = put(&proxy.address, &path).expect("answer").to_ascii_lowercase();
        let told = if as_date { " gmt\r\n" } else { "retry-after: 1\r\n" };
        assert!(answer.starts_with("http/1.1 429 ") && answer.contains(told), "{answer}");
    }
    proxy.fails(MANIFESTS, Fault::DigestInvalid, Often::Once);
    assert!(put(&proxy.address, &path).expect("answer").contains("DIGEST_INVALID"));
}

#[test]
fn answers_are_cut_lost_held_and_joined() {
    let lab = Lab::new("cut");
    let proxy = FaultProxy::start(&lab.registry);
    for fault in [Fault::Reset, Fault::Lost] {
        proxy.fails(ALL, fault.clone(), Often::Once);
        assert_eq!(put(&proxy.address, "/v2/x/manifests/x"), None, "{fault:?}");
    }
    // A reset is one, and not an end.
    proxy.fails(BLOBS, Fault::Reset, Often::Once);
    let mut stream = TcpStream::connect(&proxy.address).expect("connect");
    stream
        .write_all(b"PATCH /v2/x/blobs/uploads/1 HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nhalf")
        .expect("send");
    let error = stream.read(&mut [0; 9]).expect_err("a reset");
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);

    // Both are held; the one that is cut never comes to the registry.
    let gate = proxy.holds(On(&["POST"], "/blobs/uploads/"));
    std::thread::scope(|scope| {
        let held = scope.spawn(|| begin(&lab, &proxy.address, ""));
        proxy.wait_for(1, "POST", "/blobs/uploads/");
        assert_eq!(proxy.requests().last().expect("request").status, None);
        gate.open();
        assert!(held.join().expect("thread").starts_with("HTTP/1.1 202 "));
    });
    proxy.recovers();
    let gate = proxy.holds(MANIFESTS);
    gate.cut();
    assert_eq!(put(&proxy.address, "/v2/x/manifests/x"), None);

    proxy.recovers();
    proxy.fails(BEGINNINGS, Fault::Together(Arc::new(Barrier::new(2))), Often::Ever);
    std::thread::scope(|scope| {
        let one = scope.spawn(|| begin(&lab, &proxy.address, ""));
        proxy.wait_for(2, "POST", "/blobs/uploads/");
        assert!(!one.is_finished());
        begin(&lab, &proxy.address, "");
        one.join().expect("thread");
    });
}

#[test]
fn the_login_is_demanded_here_and_not_at_the_other_host() {
    let lab = Lab::new("login");
    let proxy = FaultProxy::start(&lab.registry);
    proxy.demands("user", "pass");
    let answer = begin(&lab, &proxy.address, "").to_ascii_lowercase();
    assert!(answer.starts_with("http/1.1 401 ") && answer.contains("www-authenticate: basic"), "{answer}");
    let basic = "authorization: Basic dXNlcjpwYXNz\n";
    let answer = begin(&lab, &proxy.address, basic);
    let home = format!("http://{}/v2/", proxy.address);
    assert!(location(&answer).starts_with(&home), "it stays on the proxy: {answer}");

    proxy.fails(BEGINNINGS, Fault::Elsewhere(Some(401)), Often::Once);
    proxy.fails(BEGINNINGS, Fault::Elsewhere(None), Often::Once);
    for status in ["401", "202"] {
        let answer = begin(&lab, &proxy.address, basic);
        let (host, path) = location(&answer)[7..].split_once('/').expect("a path");
        assert_eq!(host, proxy.elsewhere);
        let request = format!(
            "PATCH /{path} HTTP/1.1\nhost: {host}\nconnection: close\ncontent-length: 2\ncontent-type: application/octet-stream\n\n{{}}"
        );
        let answer = ask(host, &request).expect("answer");
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    }
    let there: Vec<_> = proxy.requests().into_iter().filter(|seen| seen.host == proxy.elsewhere).collect();
    assert_eq!(there.len(), 2);
    assert!(there.iter().all(|seen| !seen.authorized));
}
