//! One HTTP/1.1 request to a container, and nothing more: no redirects, no cookies, a capped body.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, HOST, HeaderName, HeaderValue, USER_AGENT};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// The most of a body that is read, in bytes.
const MAX_BODY: usize = 1024 * 1024;
/// The longest to wait for a connection: where this is not the way in, nothing answers.
const CONNECT: Duration = Duration::from_secs(3);

/// What is asked.
#[derive(Debug, Clone)]
pub(in crate::smoke) struct Question {
    pub(in crate::smoke) method: String,
    /// Path and query.
    pub(in crate::smoke) path: String,
    /// By name; Host and User-Agent have values where these have none.
    pub(in crate::smoke) headers: BTreeMap<String, String>,
    pub(in crate::smoke) body: Bytes,
}

/// What came back.
#[derive(Debug)]
pub(in crate::smoke) struct Answer {
    pub(in crate::smoke) status: u16,
    pub(in crate::smoke) headers: http::HeaderMap,
    pub(in crate::smoke) body: Bytes,
}

/// Asks `address` (`host:port`) and reads the answer within `limit`.
///
/// The error is a fragment for a person. A connection that opens proves nothing, since the engine's proxy accepts
/// with no listener behind it; only an answer counts.
pub(in crate::smoke) async fn request(
    address: &str,
    question: &Question,
    limit: Duration,
) -> Result<Answer, String> {
    match tokio::time::timeout(limit, exchange(address, question)).await {
        Ok(answer) => answer,
        Err(_) => Err(format!("no answer within {:.1} s", limit.as_secs_f32())),
    }
}

async fn exchange(address: &str, question: &Question) -> Result<Answer, String> {
    let stream = tokio::time::timeout(CONNECT, TcpStream::connect(address))
        .await
        .map_err(|_| format!("cannot connect within {} s", CONNECT.as_secs()))?
        .map_err(|error| format!("cannot connect: {error}"))?;
    let (mut sender, connection) = http1::handshake::<_, Full<Bytes>>(TokioIo::new(stream))
        .await
        .map_err(|error| format!("no HTTP connection: {error}"))?;
    let request = written(address, question).map_err(|error| format!("the request is invalid: {error}"))?;
    let answer = async {
        let response = sender.send_request(request).await.map_err(|error| format!("no answer: {error}"))?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, MAX_BODY)
            .collect()
            .await
            .map_err(|error| format!("the body could not be read: {error}"))?;
        Ok(Answer { status: head.status.as_u16(), headers: head.headers, body: body.to_bytes() })
    };
    // The connection has to be driven beside the exchange. Its own errors reach the exchange, too.
    let driven = async {
        let _ = connection.await;
        std::future::pending::<()>().await;
    };
    tokio::select! {
        answer = answer => answer,
        () = driven => Err("the connection ended".to_owned()),
    }
}

fn written(address: &str, question: &Question) -> Result<http::Request<Full<Bytes>>, http::Error> {
    let mut request = http::Request::builder()
        .method(question.method.as_str())
        .uri(&question.path)
        .body(Full::new(question.body.clone()))?;
    let headers = request.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    headers.insert(USER_AGENT, HeaderValue::from_static(concat!("imgbuild/", env!("CARGO_PKG_VERSION"))));
    headers.insert(HOST, HeaderValue::try_from(address)?);
    for (name, value) in &question.headers {
        headers.insert(HeaderName::try_from(name)?, HeaderValue::try_from(value)?);
    }
    Ok(request)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    fn get() -> Question {
        Question { method: "GET".into(), path: "/".into(), headers: BTreeMap::new(), body: Bytes::new() }
    }

    #[test]
    fn headers_of_the_test_win_and_bad_ones_are_told() {
        let with = |name: &str, value: &str| {
            let question = Question { headers: [(name.to_owned(), value.to_owned())].into(), ..get() };
            written("h:1", &question).map(|request| request.headers()[HOST].clone())
        };
        assert_eq!(with("host", "api.test").unwrap(), "api.test");
        assert_eq!(with("X-Y", "z").unwrap(), "h:1");
        assert!(with("a b", "z").is_err() && with("x", "a\r\nb").is_err());
    }

    async fn serve(answer: &'static [u8]) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut seen = [0; 512];
            let _ = stream.read(&mut seen).await;
            stream.write_all(answer).await.unwrap();
        });
        address
    }

    #[tokio::test]
    async fn an_answer_is_read() {
        let address = serve(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes").await;
        let answer = request(&address, &get(), Duration::from_secs(5)).await.unwrap();
        assert_eq!((answer.status, &answer.body[..]), (200, &b"yes"[..]));
    }

    #[tokio::test]
    async fn an_accepted_connection_is_no_answer() {
        let address = serve(b"").await;
        assert!(request(&address, &get(), Duration::from_secs(5)).await.is_err());
    }

    #[tokio::test]
    async fn what_is_no_http_is_an_error() {
        let address = serve(b"SSH-2.0-OpenSSH_9.2\r\n").await;
        assert!(request(&address, &get(), Duration::from_secs(5)).await.is_err());
    }

    #[tokio::test]
    async fn a_huge_body_is_an_error() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            // An answer before its question is none.
            let _ = stream.read(&mut [0; 512]).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
            while stream.write_all(&[b'x'; 65536]).await.is_ok() {}
        });
        let error = request(&address, &get(), Duration::from_secs(30)).await.unwrap_err();
        assert!(error.contains("body could not be read"), "{error}");
    }
}
