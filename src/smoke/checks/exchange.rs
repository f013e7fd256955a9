//! One HTTP/1.1 request to a container, and nothing more: no redirects, no cookies, a capped body.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// The most of a body that is read, in bytes.
const MAX_BODY: usize = 1024 * 1024;

/// What came back.
#[derive(Debug)]
pub(in crate::smoke) struct Answer {
    pub(in crate::smoke) status: u16,
    pub(in crate::smoke) body: String,
}

/// Sends `method path` to `address` (`host:port`) and reads the answer within `limit`.
///
/// The error is a fragment for a person. A connection that opens proves nothing, since the engine's proxy accepts
/// with no listener behind it; only an answer counts.
pub(in crate::smoke) async fn request(
    address: &str,
    method: &str,
    path: &str,
    limit: Duration,
) -> Result<Answer, String> {
    match tokio::time::timeout(limit, exchange(address, method, path)).await {
        Ok(answer) => answer,
        Err(_) => Err(format!("no answer within {} s", limit.as_secs_f32())),
    }
}

async fn exchange(address: &str, method: &str, path: &str) -> Result<Answer, String> {
    let stream = TcpStream::connect(address).await.map_err(|error| format!("cannot connect: {error}"))?;
    let (mut sender, connection) = http1::handshake::<_, Empty<Bytes>>(TokioIo::new(stream))
        .await
        .map_err(|error| format!("no HTTP connection: {error}"))?;
    let request = http::Request::builder()
        .method(method)
        .uri(path)
        .header(http::header::HOST, address)
        .header(http::header::USER_AGENT, concat!("imgbuild/", env!("CARGO_PKG_VERSION")))
        .header(http::header::CONNECTION, "close")
        .body(Empty::new())
        .map_err(|error| format!("the request is invalid: {error}"))?;
    let answer = async {
        let response = sender.send_request(request).await.map_err(|error| format!("no answer: {error}"))?;
        let status = response.status().as_u16();
        let body = Limited::new(response.into_body(), MAX_BODY)
            .collect()
            .await
            .map_err(|error| format!("the body could not be read: {error}"))?;
        Ok(Answer { status, body: String::from_utf8_lossy(&body.to_bytes()).into_owned() })
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

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

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
        let answer = request(&address, "GET", "/", Duration::from_secs(5)).await.unwrap();
        assert_eq!((answer.status, answer.body.as_str()), (200, "yes"));
    }

    #[tokio::test]
    async fn an_accepted_connection_is_no_answer() {
        let address = serve(b"").await;
        assert!(request(&address, "GET", "/", Duration::from_secs(5)).await.is_err());
    }

    #[tokio::test]
    async fn what_is_no_http_is_an_error() {
        let address = serve(b"SSH-2.0-OpenSSH_9.2\r\n").await;
        assert!(request(&address, "GET", "/", Duration::from_secs(5)).await.is_err());
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
        let error = request(&address, "GET", "/", Duration::from_secs(30)).await.unwrap_err();
        assert!(error.contains("body could not be read"), "{error}");
    }
}
