//! A request is repeated until its answer fits or its time is up.

use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use serde_json::Value;
use tokio::time::Instant;
use url::{Position, Url};

use super::exchange::{Answer, Question, request};
use crate::error::Result;
use crate::expect::{HttpCheck, Misfit};
use crate::smoke::scene::{self, Bench};

/// Between two tries.
const AGAIN: Duration = Duration::from_millis(100);
/// How long an answer may take before it is asked for once more.
const HANGS: Duration = Duration::from_secs(2);
/// How many redirects are followed.
const REDIRECTS: u32 = 10;

/// Asks until the answer fits; what does not fit otherwise.
pub(super) async fn check(bench: &Bench<'_>, spec: &HttpCheck) -> Result<Vec<Misfit>> {
    let Some(container) = &bench.running else { return Ok(Vec::new()) };
    let ways = scene::ways(bench.engine(), container, bench.test.container.network.as_deref(), spec.port);
    let mut last = None;
    let fits = until_fits(&ways, spec, |misfits, answered| {
        // An answer that does not fit says more than none.
        if answered || last.is_none() {
            last = Some(misfits);
        }
    })
    .await;
    let none =
        || vec![Misfit::new("the answer", "one", format!("none within {} s", spec.within.as_secs_f32()))];
    Ok(if fits { Vec::new() } else { last.unwrap_or_else(none) })
}

/// What does not fit in an answer, and whether there was one.
type Try<'a> = Pin<Box<dyn Future<Output = (Vec<Misfit>, bool)> + Send + 'a>>;

/// Asks until an answer fits, and says whether one did within `spec.within`. A request that hangs is left to itself after a
/// while, and asked once more beside it. `told` gets what did not fit in each answer, and whether it was one.
pub(in crate::smoke) async fn until_fits(
    ways: &[String],
    spec: &HttpCheck,
    mut told: impl FnMut(Vec<Misfit>, bool),
) -> bool {
    let deadline = Instant::now() + spec.within;
    let mut next = Instant::now();
    let mut tries = FuturesUnordered::<Try<'_>>::new();
    loop {
        tokio::select! {
            biased;
            Some((misfits, answered)) = tries.next(), if !tries.is_empty() => {
                if misfits.is_empty() {
                    return true;
                }
                told(misfits, answered);
                if ways.is_empty() {
                    return false;
                }
                next = next.min(Instant::now() + AGAIN);
            }
            () = tokio::time::sleep_until(next), if next < deadline => {
                let left = deadline.saturating_duration_since(Instant::now());
                tries.push(Box::pin(once(ways, spec, left)));
                next = Instant::now() + HANGS.max(spec.within / 4);
            }
            () = tokio::time::sleep_until(deadline) => return false,
        }
    }
}

/// Asks once by each of `ways`, until one gives an answer that fits; what does not fit otherwise.
pub(in crate::smoke) async fn ask(ways: &[String], spec: &HttpCheck, limit: Duration) -> Vec<Misfit> {
    once(ways, spec, limit).await.0
}

/// The same, and whether there was an answer.
async fn once(ways: &[String], spec: &HttpCheck, limit: Duration) -> (Vec<Misfit>, bool) {
    let mut last = Vec::new();
    let mut answered = false;
    let deadline = Instant::now() + limit;
    for (at, way) in ways.iter().enumerate() {
        // One way that hangs leaves time for the others.
        let others = u32::try_from(ways.len() - at).unwrap_or(1);
        let left = deadline.saturating_duration_since(Instant::now()) / others;
        match follow(way, spec, left).await {
            Ok(answer) => {
                last = judge(spec, &answer);
                answered = true;
                if last.is_empty() {
                    return (last, answered);
                }
            }
            // A connection that fails on one way in says little where another way answered.
            Err(misfit) if !answered => last = vec![misfit],
            Err(_) => {}
        }
    }
    if ways.is_empty() {
        last.push(Misfit::new(
            "the answer",
            "one",
            "the container has no address that can be reached from here",
        ));
    }
    (last, answered)
}

/// The answer, after redirects where they are to be followed.
async fn follow(way: &str, spec: &HttpCheck, limit: Duration) -> Result<Answer, Misfit> {
    let deadline = Instant::now() + limit;
    let mut question = Question {
        method: spec.method.clone(),
        path: spec.path.clone(),
        headers: spec.headers.clone(),
        body: spec.body.clone().unwrap_or_default().into(),
    };
    for _ in 0..=REDIRECTS {
        let left = deadline.saturating_duration_since(Instant::now());
        let answer =
            request(way, &question, left).await.map_err(|error| Misfit::new("the answer", "one", error))?;
        let location = answer.headers.get(http::header::LOCATION);
        let Some(location) = location.filter(|_| spec.follow_redirects && is_redirect(answer.status)) else {
            return Ok(answer);
        };
        let location = String::from_utf8_lossy(location.as_bytes());
        question.path = next(way, spec.port, &question, &location).ok_or_else(|| {
            Misfit::new("a redirect", "one that stays on this container and port", &location)
        })?;
        // As browsers do: only 307 and 308 ask the same again.
        if !matches!(answer.status, 307 | 308) && question.method != "HEAD" {
            question.method = "GET".to_owned();
            question.body = Bytes::new();
        }
    }
    Err(Misfit::new("redirects", format!("{REDIRECTS} at most"), "more"))
}

fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// Path and query of where `location` leads, as long as that is the same server: as it was asked for, or as it knows
/// itself.
fn next(way: &str, port: u16, question: &Question, location: &str) -> Option<String> {
    let host = question.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("host"));
    let base = host.map_or(way, |(_, host)| host.as_str());
    let base = Url::parse(&format!("http://{base}{}", question.path)).ok()?;
    let target = base.join(location).ok()?;
    let place = |url: &Url| Some((url.host_str()?.to_owned(), url.port_or_known_default()?));
    let itself = place(&target).is_some_and(|(host, at)| host == "localhost" && at == port);
    if target.scheme() != "http" || !(place(&target) == place(&base) || itself) {
        return None;
    }
    Some(target[Position::BeforePath..Position::AfterQuery].to_owned())
}

fn judge(spec: &HttpCheck, answer: &Answer) -> Vec<Misfit> {
    let mut misfits = Vec::new();
    if let Some(matcher) = &spec.status {
        misfits.extend(matcher.value("status", &answer.status.into()).err());
    }
    for (name, matcher) in &spec.answer_headers {
        // Header names are of any case in a lookup; one that is malformed cannot be there.
        let values: Vec<String> = answer
            .headers
            .iter()
            .filter(|(known, _)| known.as_str().eq_ignore_ascii_case(name))
            .map(|(_, value)| String::from_utf8_lossy(value.as_bytes()).into_owned())
            .collect();
        let value = if values.is_empty() { Value::Null } else { Value::String(values.join(", ")) };
        misfits.extend(matcher.value(&format!("header {name}"), &value).err());
    }
    if !spec.answer_head.is_empty() {
        let head = head(answer);
        misfits
            .extend(spec.answer_head.iter().filter_map(|like| like.text("headers", head.as_bytes()).err()));
    }
    misfits.extend(spec.answer_body.iter().filter_map(|body| body.text("body", &answer.body).err()));
    if !spec.answer_json.is_empty() {
        match serde_json::from_slice::<Value>(&answer.body) {
            Ok(json) => misfits.extend(spec.answer_json.iter().filter_map(|wanted| {
                let value = json.pointer(&wanted.pointer).unwrap_or(&Value::Null);
                let place = if wanted.pointer.is_empty() { "/" } else { &wanted.pointer };
                wanted.value.value(&format!("{place} in the body"), value).err()
            })),
            Err(error) => {
                let start = answer.body.get(..200.min(answer.body.len())).unwrap_or_default();
                let got = format!("{} ({error})", String::from_utf8_lossy(start));
                misfits.push(Misfit::new("body", "JSON", got));
            }
        }
    }
    misfits
}

/// All headers of an answer, a sorted line each. The words of their names begin with capital letters.
fn head(answer: &Answer) -> String {
    let words = |name: &str| {
        let word = |word: &str| match word.split_at_checked(1) {
            Some((first, rest)) => first.to_ascii_uppercase() + rest,
            None => String::new(),
        };
        name.split('-').map(word).collect::<Vec<_>>().join("-")
    };
    let line = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        format!("{}: {}", words(name.as_str()), String::from_utf8_lossy(value.as_bytes()))
    };
    let mut lines: Vec<String> = answer.headers.iter().map(line).collect();
    lines.sort_unstable();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expect::{JsonExpectation, Matcher};

    fn question(host: Option<&str>) -> Question {
        Question {
            method: "GET".into(),
            path: "/a/b?c".into(),
            headers: host.map(|host| ("Host".to_owned(), host.to_owned())).into_iter().collect(),
            body: Bytes::new(),
        }
    }

    fn spec() -> HttpCheck {
        HttpCheck {
            path: "/".into(),
            port: 80,
            method: "GET".into(),
            headers: Default::default(),
            body: None,
            status: Some(Matcher::Equals(200.into())),
            answer_headers: Vec::new(),
            answer_head: Vec::new(),
            answer_body: Vec::new(),
            answer_json: Vec::new(),
            follow_redirects: true,
            within: Duration::from_secs(5),
        }
    }

    #[test]
    fn redirects_stay_on_the_container() {
        let to = |location: &str| next("127.0.0.1:4242", 8080, &question(None), location);
        assert_eq!(to("/login").unwrap(), "/login");
        assert_eq!(to("d?e#f").unwrap(), "/a/d?e");
        assert_eq!(to("http://127.0.0.1:4242/x").unwrap(), "/x");
        assert_eq!(to("http://localhost:8080/").unwrap(), "/");
        for elsewhere in
            ["https://127.0.0.1:4242/x", "http://example.com/", "//example.com/", "ftp:x", "http://["]
        {
            assert_eq!(to(elsewhere), None, "{elsewhere}");
        }
        let named = next("127.0.0.1:4242", 8080, &question(Some("api.test")), "http://api.test/x");
        assert_eq!(named.unwrap(), "/x");
    }

    #[test]
    fn every_part_of_an_answer_is_judged() {
        let mut headers = http::HeaderMap::new();
        headers.append("x-a", "1".parse().unwrap());
        headers.append("content-type", "text/plain".parse().unwrap());
        headers.append("x-a", "2".parse().unwrap());
        let answer = Answer { status: 200, headers, body: Bytes::from_static(b"{\"a\":[{\"b\":1.0}]}") };
        let json = |pointer: &str, value: Value| JsonExpectation {
            pointer: pointer.into(),
            value: Matcher::Equals(value),
        };
        let good = HttpCheck {
            answer_headers: vec![
                ("X-A".into(), Matcher::Equals("1, 2".into())),
                ("X-B".into(), Matcher::Equals(Value::Null)),
            ],
            answer_head: vec![Matcher::Text("Content-Type: text/plain\nX-A: 1\nX-A: 2".into())],
            answer_body: vec![Matcher::Contains("\"b\"".into())],
            answer_json: vec![json("/a/0/b", 1.into()), json("/nope", Value::Null)],
            ..spec()
        };
        assert_eq!(judge(&good, &answer), []);
        let bad = HttpCheck { answer_json: vec![json("/a/0/b", 2.into())], ..spec() };
        assert_eq!(judge(&bad, &answer)[0].sentence(), "/a/0/b in the body: expected 2, got 1.0");
        let text = Answer { body: Bytes::from_static(b"<html>"), ..answer };
        assert!(judge(&good, &text).iter().any(|misfit| misfit.expected == "JSON"));
    }
}
