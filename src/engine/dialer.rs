//! One way to open a connection to the engine, shared by bollard, our own requests and every later transport.

use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};

use super::endpoint::Endpoint;
use super::ssh::{Ssh, SshStream};
use super::tls::{Tls, TlsConnection};

/// Opens connections to one engine. Cheap to clone; holds no connection itself.
#[derive(Debug, Clone)]
pub enum Dialer {
    /// A Unix socket.
    Unix(Arc<Path>),
    /// Plain TCP.
    Tcp {
        /// Name or address.
        host: Arc<str>,
        /// Port.
        port: u16,
    },
    /// TLS over TCP.
    Tls {
        /// Name or address, which the engine's certificate must hold.
        host: Arc<str>,
        /// Port.
        port: u16,
        /// Whom to trust, and what to show.
        tls: Tls,
    },
    /// A command on another machine, which passes everything on to the engine there.
    Ssh(Ssh),
}

impl Dialer {
    /// The dialer for `endpoint`.
    pub fn new(endpoint: &Endpoint) -> Dialer {
        endpoint.dialer().clone()
    }

    /// The value of the Host header: the engine ignores it on a socket, a proxy before TCP may not.
    pub fn authority(&self) -> String {
        match self {
            Dialer::Unix(_) | Dialer::Ssh(_) => "docker".to_owned(),
            Dialer::Tcp { host, port } | Dialer::Tls { host, port, .. } => joined(host, *port),
        }
    }

    /// Whether a new connection takes so long that one is better used again: a log-in on another machine.
    pub(super) fn is_slow(&self) -> bool {
        matches!(self, Dialer::Ssh(_))
    }

    /// The same for gRPC: over TLS a server speaks HTTP/2 only with who says before that it does.
    pub(super) fn for_grpc(&self) -> Dialer {
        match self {
            Dialer::Tls { host, port, tls } => {
                Dialer::Tls { host: Arc::clone(host), port: *port, tls: tls.speaking(&[b"h2"]) }
            }
            other => other.clone(),
        }
    }

    /// A new connection, ready for HTTP/1.1.
    ///
    /// Over ssh it is returned before the other side was reached: then its first read fails with the reason.
    pub async fn dial(&self) -> io::Result<Stream> {
        match self {
            Dialer::Unix(path) => Ok(Stream::Unix(UnixStream::connect(path).await?)),
            Dialer::Tcp { host, port } => Ok(Stream::Tcp(tcp(host, *port).await?)),
            Dialer::Tls { host, port, tls } => {
                let connection = tls.connect(host, tcp(host, *port).await?).await?;
                Ok(Stream::Tls(Box::new(connection)))
            }
            Dialer::Ssh(ssh) => Ok(Stream::Ssh(Box::new(ssh.dial().await?))),
        }
    }
}

async fn tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect((host, port)).await?;
    // Requests are small and each waits for its answer: Nagle would add 40 ms to many.
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// `host:port`, with brackets around an IPv6 address.
pub(super) fn joined(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

impl tower_service::Service<http::Uri> for Dialer {
    type Response = TokioIo<Stream>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<TokioIo<Stream>>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// The URI is ignored: a dialer knows one engine.
    fn call(&mut self, _: http::Uri) -> Self::Future {
        let dialer = self.clone();
        Box::pin(async move { dialer.dial().await.map(TokioIo::new) })
    }
}

/// An open connection.
#[derive(Debug)]
pub enum Stream {
    /// To a Unix socket.
    Unix(UnixStream),
    /// To a TCP port.
    Tcp(TcpStream),
    /// To a TCP port, over TLS.
    Tls(Box<TlsConnection>),
    /// To a process that passes it on.
    Ssh(Box<SshStream>),
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Unix(stream) => Pin::new(stream).poll_read(cx, buf),
            Stream::Tcp(stream) => Pin::new(stream).poll_read(cx, buf),
            Stream::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
            Stream::Ssh(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Unix(stream) => Pin::new(stream).poll_write(cx, bytes),
            Stream::Tcp(stream) => Pin::new(stream).poll_write(cx, bytes),
            Stream::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
            Stream::Ssh(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Unix(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Ssh(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Ssh(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Unix(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Stream::Tcp(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Stream::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Stream::Ssh(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Stream::Unix(stream) => stream.is_write_vectored(),
            Stream::Tcp(stream) => stream.is_write_vectored(),
            Stream::Tls(stream) => stream.is_write_vectored(),
            Stream::Ssh(stream) => stream.is_write_vectored(),
        }
    }
}
