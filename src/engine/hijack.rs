//! Requests after which the connection is no longer one of HTTP/1.1: BuildKit's `/grpc` and `/session`.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use hyper::client::conn::http1;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::fault::Fault;
use super::wire::{Plain, Reply, Wire, lost, within};

/// A connection that the engine handed over, to be spoken on in whatever protocol was asked for.
pub(super) struct Hijacked(TokioIo<Upgraded>);

impl Wire {
    /// `POST path` with `Connection: Upgrade` to `protocol`, answered within `limit`.
    ///
    /// An engine that does not know the path answers with an error status, which is [`Fault::Refused`].
    pub(super) async fn hijack(
        &self,
        path: &str,
        protocol: &'static str,
        headers: Vec<(HeaderName, HeaderValue)>,
        limit: Duration,
    ) -> Result<Hijacked, Fault> {
        let mut request = self.request(Method::POST, path, &[], Plain::default())?;
        let map = request.headers_mut();
        map.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
        map.insert(header::UPGRADE, HeaderValue::from_static(protocol));
        for (name, value) in headers {
            map.append(name, value);
        }
        within(limit, async {
            let stream = self.dialer().dial().await.map_err(Fault::Dial)?;
            let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(lost)?;
            // It ends with the upgrade, or with the one answer there is.
            let connection = tokio::spawn(connection.with_upgrades());
            // Kept to the end: without its sender hyper would close the connection.
            let response = match sender.send_request(request).await {
                Ok(response) => response,
                Err(error) => {
                    connection.abort();
                    return Err(lost(error));
                }
            };
            if response.status() != StatusCode::SWITCHING_PROTOCOLS {
                let refusal = Reply::driven(response).refusal().await;
                connection.abort();
                return Err(refusal);
            }
            hyper::upgrade::on(response).await.map(|upgraded| Hijacked(TokioIo::new(upgraded))).map_err(lost)
        })
        .await
    }
}

impl AsyncRead for Hijacked {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Hijacked {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }
}
