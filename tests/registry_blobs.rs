//! Blobs on their way between registries that break off, forget, refuse and lie.

#![cfg(test)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use imgbuild::error::{Error, Kind};
use imgbuild::image::Digest;
use imgbuild::registry::{BlobSource, Credential, Descriptor, Pushed, Registry, RegistryOptions};
use support::fake_registry::{Early, FakeRegistry, Reply, Request};
use support::small_registry::{SmallRegistry, error};

const SECRET: &str = "s3cr3t-p4ss";
/// `user:s3cr3t-p4ss`
const BASIC: &str = "Basic dXNlcjpzM2NyM3QtcDRzcw==";
const MIB: usize = 1 << 20;

fn options() -> RegistryOptions {
    RegistryOptions {
        idle_timeout: Duration::from_millis(700),
        request_timeout: Duration::from_secs(5),
        retry_budget: Duration::from_secs(2),
        ..RegistryOptions::default()
    }
}

fn client(fake: &FakeRegistry) -> Registry {
    let credential = Credential::password(fake.host(), "user", SECRET, "test");
    Registry::new(&fake.host(), Some(credential), options()).expect("a client")
}

/// The error's whole text, after a look at what it must never hold.
fn text(error: &Error) -> String {
    assert_eq!(error.kind(), Kind::Registry, "{error}");
    let all = format!("{error} {error:?}");
    assert!(!all.contains(SECRET) && !all.contains("dXNlcj"), "{all}");
    error.to_string()
}

/// Bytes that differ from each other: a part at the wrong place shows in the digest.
fn content(length: usize) -> Vec<u8> {
    let mut seed = 1u32;
    let mut next = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        seed.to_le_bytes()
    };
    let mut bytes: Vec<u8> = (0..length.div_ceil(4)).flat_map(|_| next()).collect();
    bytes.truncate(length);
    bytes
}

fn descriptor(bytes: &[u8]) -> Descriptor {
    Descriptor::new("application/octet-stream", Digest::of(bytes), bytes.len().try_into().unwrap())
}

fn memory(bytes: &[u8]) -> BlobSource<'static> {
    BlobSource::Bytes(Bytes::copy_from_slice(bytes))
}

/// A small registry behind a fault: `glance` sees heads, `fault` whole requests.
async fn faulty(
    glance: impl Fn(&Request) -> Option<Early> + Send + Sync + 'static,
    fault: impl Fn(&Request, &SmallRegistry) -> Option<Reply> + Send + Sync + 'static,
) -> (Arc<SmallRegistry>, FakeRegistry) {
    let small = Arc::new(SmallRegistry::new());
    let answers = Arc::clone(&small);
    let fake = FakeRegistry::glancing("127.0.0.1", glance, move |r: &Request| {
        fault(r, &answers).unwrap_or_else(|| answers.answer(r))
    })
    .await;
    (small, fake)
}

fn methods(fake: &FakeRegistry) -> Vec<String> {
    fake.requests().into_iter().map(|r| r.method).collect()
}

#[tokio::test]
async fn a_small_blob_is_one_request_and_one_that_is_there_is_none() {
    let (small, fake) = SmallRegistry::healthy().await;
    let client = client(&fake);
    for bytes in [&b""[..], b"{}", &content(MIB)] {
        let blob = descriptor(bytes);
        let before = fake.requests().len();
        assert_eq!(client.push_blob("a/b", &blob, memory(bytes)).await.unwrap(), Pushed::Sent);
        assert_eq!(methods(&fake)[before..], ["HEAD", "POST", "PUT"]);
        assert_eq!(small.blob("a/b", &blob.digest).as_deref(), Some(bytes));
        assert!(client.has_blob("a/b", &blob.digest).await.unwrap());
        let before = fake.requests().len();
        assert_eq!(client.push_blob("a/b", &blob, memory(bytes)).await.unwrap(), Pushed::Present);
        assert_eq!(methods(&fake)[before..], ["HEAD"]);
    }
    assert!(!client.has_blob("a/b", &Digest::of(b"other")).await.unwrap());
}

#[tokio::test]
async fn a_large_blob_goes_in_parts_that_proxies_let_through() {
    let bytes = content(65 * MIB);
    let blob = descriptor(&bytes);
    for (min_chunk, parts) in
        [(None, vec!["0-67108863", "67108864-68157439"]), (Some(66 << 20), vec!["0-68157439"])]
    {
        let (small, fake) = SmallRegistry::new().with(|s| s.min_chunk = min_chunk).on("127.0.0.1").await;
        assert_eq!(client(&fake).push_blob("x", &blob, memory(&bytes)).await.unwrap(), Pushed::Sent);
        assert!(small.blob("x", &blob.digest).is_some_and(|kept| kept == bytes));
        let requests = fake.requests();
        let patches: Vec<_> = requests.iter().filter(|r| r.method == "PATCH").collect();
        let ranges: Vec<_> = patches.iter().map(|r| r.headers["content-range"].as_str()).collect();
        assert_eq!(ranges, parts);
        assert!(patches.iter().all(|r| r.headers["content-length"] == r.bytes.len().to_string()));
        let put = requests.last().unwrap();
        assert_eq!((put.method.as_str(), put.bytes.len()), ("PUT", 0));
    }
}

#[tokio::test]
async fn an_upload_goes_on_from_where_it_broke() {
    for stalls in [false, true] {
        let bytes = content(8 * MIB);
        let blob = descriptor(&bytes);
        let (small, fake) = faulty(
            move |r| match (r.method.as_str(), r.before, stalls) {
                ("PATCH", 0, false) => Some(Early::TakeAndReset(3 * MIB)),
                ("PATCH", 0, true) => Some(Early::TakeAndStall(3 * MIB)),
                _ => None,
            },
            |_, _| None,
        )
        .await;
        assert_eq!(client(&fake).push_blob("x", &blob, memory(&bytes)).await.unwrap(), Pushed::Sent);
        assert!(small.blob("x", &blob.digest).is_some_and(|kept| kept == bytes));
        assert_eq!(methods(&fake), ["HEAD", "POST", "PATCH", "GET", "PATCH", "PUT"]);
        let requests = fake.requests();
        let patches: Vec<_> = requests.iter().filter(|r| r.method == "PATCH").collect();
        assert_eq!(patches[1].headers["content-range"], format!("{}-{}", 3 * MIB, 8 * MIB - 1));
    }
}

#[tokio::test]
async fn an_upload_that_breaks_each_time_ends_with_the_budget() {
    for fault in ["reset", "500", "stall"] {
        let bytes = content(2 * MIB);
        let (small, fake) = faulty(
            move |r| match fault {
                "reset" if r.method == "PATCH" => Some(Early::TakeAndReset(0)),
                "stall" if r.method == "PATCH" => Some(Early::TakeAndStall(0)),
                _ => None,
            },
            move |r, _| (r.method == "PATCH" && fault == "500").then(|| Reply::status(500)),
        )
        .await;
        let started = Instant::now();
        let result = client(&fake).push_blob("x", &descriptor(&bytes), memory(&bytes)).await;
        assert!(started.elapsed() < Duration::from_secs(30), "{fault}");
        let error = result.unwrap_err();
        let said = text(&error);
        let tries = methods(&fake).iter().filter(|m| *m == "PATCH").count();
        assert!(tries > 1 && said.contains(&format!("tried {tries} times")), "{said}");
        assert!(said.contains(&format!(
            "cannot upload the blob {} to {}/x",
            Digest::of(&bytes),
            fake.host()
        )));
        assert!(!error.hints().is_empty());
        assert_eq!(small.blob("x", &Digest::of(&bytes)), None);
    }
}

#[tokio::test]
async fn an_upload_that_the_registry_forgot_begins_anew() {
    let bytes = content(2 * MIB);
    let blob = descriptor(&bytes);
    for method in ["PATCH", "PUT"] {
        let (small, fake) = faulty(
            |_| None,
            move |r, small| {
                if r.method == method && r.target.contains("/u1") {
                    small.forget_uploads();
                }
                None
            },
        )
        .await;
        assert_eq!(client(&fake).push_blob("x", &blob, memory(&bytes)).await.unwrap(), Pushed::Sent);
        assert!(small.blob("x", &blob.digest).is_some());
        assert_eq!(methods(&fake).iter().filter(|m| *m == "POST").count(), 2, "{method}");
    }
}

#[tokio::test]
async fn faults_that_pass_cost_nothing_and_those_that_stay_are_told_at_once() {
    for size in [2, 2 * MIB] {
        let bytes = content(size);
        let blob = descriptor(&bytes);
        for method in ["HEAD", "POST", "PATCH", "PUT"].into_iter().filter(|m| size > 2 || *m != "PATCH") {
            for status in [500, 429] {
                let faults = AtomicUsize::new(0);
                let once = move |r: &Request, _: &SmallRegistry| {
                    (r.method == method && faults.fetch_add(1, Ordering::Relaxed) == 0)
                        .then(|| Reply::status(status))
                };
                let (small, fake) = faulty(|_| None, once).await;
                client(&fake).push_blob("x", &blob, memory(&bytes)).await.unwrap();
                assert!(small.blob("x", &blob.digest).is_some(), "{method} {status}");
            }
            for (status, code) in [(403, "DENIED"), (400, "DIGEST_INVALID"), (413, "SIZE_INVALID")] {
                let ever =
                    move |r: &Request, _: &SmallRegistry| (r.method == method).then(|| error(status, code));
                let (small, fake) = faulty(|_| None, ever).await;
                let error = client(&fake).push_blob("x", &blob, memory(&bytes)).await.unwrap_err();
                text(&error);
                let sent = methods(&fake).iter().filter(|m| *m == method).count();
                assert_eq!(sent, 1, "{method} {status}");
                assert_eq!(small.blob("x", &blob.digest), None);
            }
        }
    }
}

#[tokio::test]
async fn a_commit_whose_answer_was_lost_is_settled() {
    for size in [2, 2 * MIB] {
        let bytes = content(size);
        let blob = descriptor(&bytes);
        let (_, fake) = faulty(
            |_| None,
            |r, small| {
                (r.method == "PUT").then(|| {
                    small.answer(r);
                    Reply::Reset
                })
            },
        )
        .await;
        assert_eq!(client(&fake).push_blob("x", &blob, memory(&bytes)).await.unwrap(), Pushed::Sent);
        assert_eq!(methods(&fake).iter().filter(|m| *m == "PUT").count(), 1);
    }
}

#[tokio::test]
async fn a_401_midway_is_answered_with_the_part_once_more() {
    let bytes = content(3 * MIB);
    let blob = descriptor(&bytes);
    for method in ["PATCH", "PUT"] {
        let (small, fake) = faulty(
            |_| None,
            move |r, _| {
                let denied = r.authorization() != Some(BASIC) || (r.method == method && r.before == 0);
                denied.then(|| Reply::status(401).with("www-authenticate", "Basic realm=x"))
            },
        )
        .await;
        client(&fake).push_blob("x", &blob, memory(&bytes)).await.unwrap();
        assert!(small.blob("x", &blob.digest).is_some_and(|kept| kept == bytes), "{method}");
        assert_eq!(methods(&fake).iter().filter(|m| *m == method).count(), 2);
    }
}

#[tokio::test]
async fn bytes_that_are_not_the_blob_are_never_committed() {
    for size in [20, 2 * MIB] {
        let bytes = content(size);
        let mut other = bytes.clone();
        other[size - 1] ^= 1;
        let longer = [&bytes[..], b"x"].concat();
        for (bad, why) in [
            (other, "has the digest"),
            (longer, "larger than its size"),
            (bytes[1..].to_vec(), "ended after"),
        ] {
            let (small, fake) = SmallRegistry::healthy().await;
            let error = client(&fake).push_blob("x", &descriptor(&bytes), memory(&bad)).await.unwrap_err();
            assert!(text(&error).contains(why), "{error}");
            assert!(!methods(&fake).contains(&"PUT".to_owned()));
            assert_eq!(small.blob("x", &Digest::of(&bad)), None);
        }
    }
}

#[tokio::test]
async fn a_registry_that_claims_more_than_was_sent_is_refused() {
    let bytes = content(2 * MIB);
    for range in ["0-9999999", "0-0"] {
        let (_, fake) = faulty(
            |_| None,
            move |r, _| (r.method == "PATCH").then(|| Reply::status(202).with("range", range)),
        )
        .await;
        let error = client(&fake).push_blob("x", &descriptor(&bytes), memory(&bytes)).await.unwrap_err();
        assert!(text(&error).contains("the registry says it has"), "{error}");
    }
    // Fewer than were sent: it goes on from there.
    let (small, fake) = faulty(
        |_| None,
        |r, small| {
            (r.method == "PATCH" && r.before == 0)
                .then(|| small.answer(&Request { bytes: r.bytes[..MIB].to_vec(), ..r.clone() }))
        },
    )
    .await;
    client(&fake).push_blob("x", &descriptor(&bytes), memory(&bytes)).await.unwrap();
    assert!(small.blob("x", &Digest::of(&bytes)).is_some());
}

#[tokio::test]
async fn a_blob_is_mounted_where_the_registry_has_it() {
    let bytes = content(MIB + 1);
    let blob = descriptor(&bytes);
    let (small, fake) = SmallRegistry::healthy().await;
    small.put_blob("from/a", &bytes);
    let client = client(&fake);
    let source = || BlobSource::Registry { registry: &client, path: "from/a" };
    assert_eq!(client.push_blob("to/b", &blob, source()).await.unwrap(), Pushed::Mounted);
    assert!(small.blob("to/b", &blob.digest).is_some());
    assert_eq!(methods(&fake), ["HEAD", "POST"]);
    let target = format!("/v2/to/b/blobs/uploads/?mount={}&from=from%2Fa", blob.digest)
        .replace("sha256:", "sha256%3A");
    assert_eq!(fake.requests()[1].target, target);
}

#[tokio::test]
async fn a_refused_mount_is_an_upload() {
    let bytes = content(MIB + 1);
    let blob = descriptor(&bytes);
    let (small, fake) = SmallRegistry::new().with(|s| s.mounts = false).on("127.0.0.1").await;
    small.put_blob("a", &bytes);
    let copier = client(&fake);
    let source = BlobSource::Registry { registry: &copier, path: "a" };
    assert_eq!(copier.push_blob("b", &blob, source).await.unwrap(), Pushed::Sent);
    // The upload that came with the refusal is the one that is used.
    assert_eq!(methods(&fake), ["HEAD", "POST", "GET", "PATCH", "PUT"]);
    for status in [400, 401, 403, 404, 405, 500] {
        let (small, fake) = faulty(
            |_| None,
            move |r, _| (r.method == "POST" && r.target.contains("mount=")).then(|| Reply::status(status)),
        )
        .await;
        small.put_blob("a", &bytes);
        let copier = client(&fake);
        let source = BlobSource::Registry { registry: &copier, path: "a" };
        assert_eq!(copier.push_blob("b", &blob, source).await.unwrap(), Pushed::Sent, "{status}");
        assert!(small.blob("b", &blob.digest).is_some());
    }
}

#[tokio::test]
async fn a_token_for_a_mount_is_good_for_both_repositories() {
    let bytes = content(20);
    let small = Arc::new(SmallRegistry::new());
    small.put_blob("a", &bytes);
    let fake = FakeRegistry::on("127.0.0.1", move |r: &Request| {
        match (r.authorization(), r.target.split_once('?').unwrap_or((&r.target, ""))) {
            (_, ("/token", query)) => Reply::ok(format!(r#"{{"token": "{}"}}"#, query.replace('&', ";"))),
            (Some(token), _) if token.starts_with("Bearer ") => small.answer(r),
            _ => {
                let realm = format!("http://{}/token", r.headers["host"]);
                Reply::status(401).with("www-authenticate", format!(r#"Bearer realm="{realm}""#))
            }
        }
    })
    .await;
    let client = client(&fake);
    let source = BlobSource::Registry { registry: &client, path: "a" };
    assert_eq!(client.push_blob("b", &descriptor(&bytes), source).await.unwrap(), Pushed::Mounted);
    let post = fake.requests().into_iter().rfind(|r| r.method == "POST").unwrap();
    let token = post.authorization().unwrap().to_owned();
    assert!(token.contains("scope=repository%3Ab%3Apull%2Cpush;scope=repository%3Aa%3Apull"), "{token}");
}

#[tokio::test]
async fn a_source_is_read_on_from_where_the_upload_broke() {
    for ranges in [true, false] {
        let bytes = content(6 * MIB);
        let blob = descriptor(&bytes);
        let (held, from) = SmallRegistry::new().with(|s| s.ranges = ranges).on("127.0.0.1").await;
        held.put_blob("a", &bytes);
        let cut =
            |r: &Request| (r.method == "PATCH" && r.before == 0).then_some(Early::TakeAndReset(3 * MIB));
        let (kept, to) = faulty(cut, |_, _| None).await;
        let reader = client(&from);
        let source = BlobSource::Registry { registry: &reader, path: "a" };
        assert_eq!(client(&to).push_blob("b", &blob, source).await.unwrap(), Pushed::Sent);
        assert!(kept.blob("b", &blob.digest).is_some_and(|there| there == bytes), "{ranges}");
        let reads = from.requests();
        assert_eq!(reads.len(), 2);
        assert_eq!(reads[1].headers.get("range"), Some(&format!("bytes={}-", 3 * MIB)));
    }
}

#[tokio::test]
async fn a_source_that_breaks_is_opened_again() {
    let bytes = content(6 * MIB);
    let blob = descriptor(&bytes);
    let small = Arc::new(SmallRegistry::new());
    small.put_blob("a", &bytes);
    let half = bytes[..3 * MIB].to_vec();
    let from = FakeRegistry::on("127.0.0.1", move |r: &Request| match r.before {
        0 => Reply::Promised { length: 6 * MIB, body: half.clone() },
        _ => small.answer(r),
    })
    .await;
    let (kept, to) = SmallRegistry::healthy().await;
    let reader = client(&from);
    let source = BlobSource::Registry { registry: &reader, path: "a" };
    assert_eq!(client(&to).push_blob("b", &blob, source).await.unwrap(), Pushed::Sent);
    assert!(kept.blob("b", &blob.digest).is_some_and(|there| there == bytes));
    assert_eq!(from.requests().len(), 2);
    // One that breaks each time is an error that names it.
    let half = bytes[..3 * MIB].to_vec();
    let from = FakeRegistry::on("127.0.0.1", move |_: &Request| Reply::Promised {
        length: 6 * MIB,
        body: half.clone(),
    })
    .await;
    let (_, to) = SmallRegistry::healthy().await;
    let reader = client(&from);
    let source = BlobSource::Registry { registry: &reader, path: "a" };
    let error = text(&client(&to).push_blob("b", &blob, source).await.unwrap_err());
    assert!(
        error.contains(&format!("the blob {} from {}/a broke after", blob.digest, from.host())),
        "{error}"
    );
}

#[tokio::test]
async fn a_source_that_is_gone_or_lies_is_named() {
    let bytes = content(2 * MIB);
    let blob = descriptor(&bytes);
    for (fault, why) in
        [("gone", "404"), ("denied", "denied"), ("damaged", "has the digest"), ("short", "ended after")]
    {
        let damaged = [&bytes[1..], b"x"].concat();
        let short = bytes[..10].to_vec();
        let from = FakeRegistry::on("127.0.0.1", move |_: &Request| match fault {
            "gone" => error(404, "BLOB_UNKNOWN"),
            "denied" => error(403, "DENIED"),
            "damaged" => Reply::ok(damaged.clone()),
            _ => Reply::ok(short.clone()),
        })
        .await;
        let (_, to) = SmallRegistry::healthy().await;
        let reader = client(&from);
        let source = BlobSource::Registry { registry: &reader, path: "a" };
        let error = text(&client(&to).push_blob("b", &blob, source).await.unwrap_err());
        assert!(error.contains(why) && error.contains(&from.host()), "{fault}: {error}");
        assert!(!methods(&to).contains(&"PUT".to_owned()), "{fault}");
    }
}

#[tokio::test]
async fn an_upload_at_another_host_carries_no_login() {
    for size in [20, 2 * MIB] {
        let bytes = content(size);
        let elsewhere = FakeRegistry::on("127.0.0.2", |r: &Request| match r.method.as_str() {
            "PATCH" => Reply::status(202),
            _ => Reply::status(201),
        })
        .await;
        let other = elsewhere.host();
        let (_, fake) = faulty(
            |_| None,
            move |r, _| {
                if r.authorization() != Some(BASIC) {
                    return Some(Reply::status(401).with("www-authenticate", "Basic realm=x"));
                }
                let there = format!("http://{other}/up?state=1");
                (r.method == "POST").then(|| Reply::status(202).with("location", there))
            },
        )
        .await;
        client(&fake).push_blob("x", &descriptor(&bytes), memory(&bytes)).await.unwrap();
        let there = elsewhere.requests();
        assert!(!there.is_empty());
        assert!(there.iter().all(|r| r.authorization().is_none()));
        let put = there.last().unwrap();
        assert!(put.target.starts_with("/up?state=1&digest=sha256%3A"), "{}", put.target);
    }
    let denier = FakeRegistry::on("127.0.0.2", |_: &Request| {
        Reply::status(401).with("www-authenticate", "Basic realm=x")
    })
    .await;
    let other = denier.host();
    let (_, fake) = faulty(
        |_| None,
        move |r, _| {
            let there = format!("http://{other}/up");
            (r.method == "POST").then(|| Reply::status(202).with("location", there))
        },
    )
    .await;
    let error = text(&client(&fake).push_blob("x", &descriptor(b"{}"), memory(b"{}")).await.unwrap_err());
    assert!(error.contains("127.0.0.2") && error.contains(&fake.host()) && error.contains("401"), "{error}");
    assert_eq!(denier.requests().len(), 1);
    assert_eq!(denier.requests()[0].authorization(), None);
}

#[tokio::test]
async fn an_address_that_leads_nowhere_ends_the_upload() {
    for location in ["http://u:p@127.0.0.1/", "ftp://x/", "http://["] {
        let (_, fake) = faulty(
            |_| None,
            move |r, _| (r.method == "POST").then(|| Reply::status(202).with("location", location)),
        )
        .await;
        text(&client(&fake).push_blob("x", &descriptor(b"{}"), memory(b"{}")).await.unwrap_err());
        assert_eq!(methods(&fake), ["HEAD", "POST"], "{location}");
    }
    let (_, fake) = faulty(|_| None, |r, _| (r.method == "POST").then(|| Reply::status(202))).await;
    text(&client(&fake).push_blob("x", &descriptor(b"{}"), memory(b"{}")).await.unwrap_err());
}

#[tokio::test]
async fn a_blob_is_read_from_anywhere_and_checked_from_the_beginning() {
    let bytes = content(MIB);
    let (small, fake) = SmallRegistry::healthy().await;
    small.put_blob("x", &bytes);
    let client = client(&fake);
    let read = async |blob: &Descriptor, offset: u64| {
        let pieces: Vec<Bytes> = client.blob_stream("x", blob, offset).await?.try_collect().await?;
        Ok::<_, Error>(pieces.concat())
    };
    assert!(read(&descriptor(&bytes), 0).await.unwrap() == bytes);
    assert!(read(&descriptor(&bytes), 1000).await.unwrap() == bytes[1000..]);
    let mut wrong = descriptor(&bytes);
    wrong.size -= 1;
    assert!(text(&read(&wrong, 0).await.unwrap_err()).contains("larger"));
    wrong.size += 2;
    assert!(text(&read(&wrong, 0).await.unwrap_err()).contains("ended after"));
    let liar = FakeRegistry::on("127.0.0.1", |r: &Request| match r.headers.get("range") {
        Some(_) => Reply::Answer {
            status: 206,
            headers: vec![("content-range", "bytes 0-1/2".to_owned())],
            body: b"ab".to_vec(),
        },
        None => Reply::ok("ab"),
    })
    .await;
    let client = self::client(&liar);
    let blob = descriptor(b"cd");
    let error = client.blob_stream("x", &blob, 0).await.unwrap().try_collect::<Vec<_>>().await.unwrap_err();
    assert!(text(&error).contains("the bytes received have the digest"), "{error}");
    let error = client.blob_stream("x", &blob, 1).await.err().unwrap();
    assert!(text(&error).contains("another part"), "{error}");
}
