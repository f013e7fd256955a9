//! TLS to one engine: who is trusted, who we are, and what it means where the two do not come together.

use std::fmt;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use rustls::client::ResolvesClientCert;
use rustls::pki_types::ServerName;
use rustls::sign::CertifiedKey;
use rustls::{AlertDescription, CertificateError, ClientConfig, SignatureScheme};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::error::Result;

use super::tls_files;
use super::unreachable::Unreachable;

/// What a client speaks TLS with. Cheap to clone; shown without any key.
#[derive(Clone)]
pub struct Tls {
    config: Arc<ClientConfig>,
    ours: Arc<Ours>,
}

/// Who is on the other side, for messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Peer {
    /// An engine, whose files are where docker's variables say.
    Engine,
    /// A builder that is none of an engine's.
    Builder,
}

impl Peer {
    const fn name(self) -> &'static str {
        match self {
            Peer::Engine => "engine",
            Peer::Builder => "builder",
        }
    }

    /// The folder of our files.
    const fn folder(self) -> &'static str {
        match self {
            Peer::Engine => "the folder that DOCKER_CERT_PATH names (~/.docker by default)",
            Peer::Builder => "the folder that IMGBUILD_BUILDER_TLS_DIR names",
        }
    }

    /// What asks for TLS.
    const fn switch(self) -> &'static str {
        match self {
            Peer::Engine => "DOCKER_TLS_VERIFY",
            Peer::Builder => "IMGBUILD_BUILDER_TLS_DIR",
        }
    }
}

/// What messages need.
struct Ours {
    peer: Peer,
    authority: String,
    certificate: Option<String>,
    /// The engine asked for a client's certificate on some connection: resumed ones are not asked again.
    asked: AtomicBool,
    /// It answered on some connection, so that it takes us.
    taken: AtomicBool,
}

impl Tls {
    /// With the files in `folder`, as docker's clients name them; `protocols` are offered as ALPN, none where it is empty.
    ///
    /// Reads the files, and the system's roots where there is no `ca.pem`.
    pub(super) fn load(folder: Option<&Path>, protocols: &[&[u8]], peer: Peer) -> Result<Tls> {
        let files = tls_files::read(folder)?;
        let shown = |path: std::path::PathBuf| path.display().to_string();
        let ours = Arc::new(Ours {
            peer,
            authority: files.authority.map_or_else(|| "the system's roots".to_owned(), shown),
            certificate: files.certificate.map(shown),
            asked: AtomicBool::new(false),
            taken: AtomicBool::new(false),
        });
        let mut config = files.config;
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        let inner = Arc::clone(&config.client_auth_cert_resolver);
        config.client_auth_cert_resolver = Arc::new(Noting { inner, ours: Arc::clone(&ours) });
        Ok(Tls { config: Arc::new(config), ours })
    }

    /// The same, with these protocols as ALPN.
    pub(super) fn speaking(&self, protocols: &[&[u8]]) -> Tls {
        let mut config = ClientConfig::clone(&self.config);
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        Tls { config: Arc::new(config), ours: Arc::clone(&self.ours) }
    }

    /// The handshake with `host` over `stream`.
    pub(super) async fn connect(&self, host: &str, stream: TcpStream) -> io::Result<TlsConnection> {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| Unreachable::new(format!("{host:?} is no name that a certificate could have")))?;
        match TlsConnector::from(Arc::clone(&self.config)).connect(name, stream).await {
            Ok(stream) => Ok(TlsConnection { stream, ours: Arc::clone(&self.ours), heard: false }),
            Err(error) => Err(self.ours.told(host, error)),
        }
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("authority", &self.ours.authority)
            .field("certificate", &self.ours.certificate)
            .finish_non_exhaustive()
    }
}

/// Shows the certificate that there is, and notes that somebody wanted to see one.
struct Noting {
    inner: Arc<dyn ResolvesClientCert>,
    ours: Arc<Ours>,
}

impl fmt::Debug for Noting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Noting")
    }
}

impl ResolvesClientCert for Noting {
    fn resolve(&self, roots: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.ours.asked.store(true, Ordering::Relaxed);
        self.inner.resolve(roots, schemes)
    }

    fn has_certs(&self) -> bool {
        self.inner.has_certs()
    }
}

/// How many names of a certificate a message lists: it may have thousands.
const MAX_NAMES: usize = 5;
/// How long a cause may be, in characters.
const MAX_CAUSE: usize = 300;

impl Ours {
    /// Why the handshake with `host` failed.
    fn told(&self, host: &str, error: io::Error) -> io::Error {
        if let Some(cause) = tls_cause(&error) {
            return self.reason(host, cause).into();
        }
        match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => self
                .refusal("it closed the connection in the middle of the handshake")
                .hint("see whether it speaks TLS at all: `openssl s_client -connect HOST:PORT`")
                .into(),
            _ => error,
        }
    }

    fn reason(&self, host: &str, cause: &rustls::Error) -> Unreachable {
        use rustls::Error as E;
        match cause {
            E::InvalidCertificate(why) => self.untrusted(host, why),
            E::InvalidMessage(_) => Unreachable::new("what listens there does not speak TLS").hint(format!(
                "give it TLS; where the network between is trusted, it can be used without: unset {}",
                self.peer.switch()
            )),
            E::AlertReceived(alert) => self.refusal(&format!("it ended the handshake: {alert:?}")),
            other => Unreachable::new(format!("TLS failed: {}", cut(&other.to_string()))),
        }
    }

    fn untrusted(&self, host: &str, why: &CertificateError) -> Unreachable {
        use CertificateError as C;
        match why {
            C::Expired | C::ExpiredContext { .. } => Unreachable::new("its certificate has expired")
                .hint("renew it, and see that the clock of this machine is right"),
            C::NotValidYet | C::NotValidYetContext { .. } => {
                Unreachable::new("its certificate is not valid yet")
                    .hint("see that the clocks of both machines are right")
            }
            // A CA that was made anew under its old name gives the second one.
            C::UnknownIssuer | C::BadSignature => Unreachable::new(format!(
                "its certificate is signed by none of the CAs in {}",
                self.authority
            ))
            .hint(format!("put its CA's certificate into ca.pem of {}", self.peer.folder())),
            C::NotValidForName => Unreachable::new(format!("its certificate is not for {host}")),
            C::NotValidForNameContext { presented, .. } => {
                let names: Vec<&str> = presented.iter().take(MAX_NAMES).map(String::as_str).collect();
                let more = if presented.len() > MAX_NAMES { " …" } else { "" };
                Unreachable::new(format!(
                    "its certificate is not for {host}, but for {}{more}",
                    cut(&names.join(", "))
                ))
                .hint(format!(
                    "name the {} as its certificate does, or have one made with this name or address",
                    self.peer.name()
                ))
            }
            C::InvalidPurpose | C::InvalidPurposeContext { .. } => {
                Unreachable::new("its certificate is not made for servers")
            }
            other => {
                Unreachable::new(format!("its certificate is not accepted: {}", cut(&other.to_string())))
            }
        }
    }

    /// The engine does not want us, `how` being what is seen of it.
    fn refusal(&self, how: &str) -> Unreachable {
        let peer = self.peer.name();
        match (&self.certificate, self.asked.load(Ordering::Relaxed)) {
            (None, true) => Unreachable::new(format!("the {peer} wants a client certificate"))
                .hint(format!("put cert.pem and key.pem into {}", self.peer.folder())),
            (Some(certificate), true) => Unreachable::new(format!(
                "the {peer} does not accept the client certificate {certificate}: {how}"
            ))
            .hint(format!(
                "see that it is signed by the CA that the {peer}'s --tlscacert names, and has not expired"
            )),
            (_, false) => Unreachable::new(how),
        }
    }
}

/// The library's error inside of an I/O error.
fn tls_cause(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

fn cut(text: &str) -> String {
    text.chars().take(MAX_CAUSE).collect()
}

/// An open connection over TLS.
pub struct TlsConnection {
    stream: TlsStream<TcpStream>,
    ours: Arc<Ours>,
    /// A byte of the engine's came.
    heard: bool,
}

impl fmt::Debug for TlsConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsConnection")
    }
}

impl TlsConnection {
    /// The end of a connection on which nothing came yet. TLS 1.3 looks at the client's certificate only after its
    /// handshake, and the alert may be lost with the bytes that the engine did not read any more.
    fn unheard(&self, error: Option<io::Error>) -> io::Result<()> {
        let alert = error.as_ref().and_then(tls_cause).and_then(|cause| match cause {
            rustls::Error::AlertReceived(alert) => Some(*alert),
            _ => None,
        });
        let asked = self.ours.asked.load(Ordering::Relaxed);
        let unproven = asked && !self.ours.taken.load(Ordering::Relaxed);
        match (alert, error) {
            (Some(alert), _) if asked || is_about_certificates(alert) => {
                Err(self.ours.refusal(&format!("{alert:?}")).into())
            }
            (None, _) if unproven => Err(self.ours.refusal("it closed the connection").into()),
            (_, Some(error)) => Err(error),
            (_, None) => Ok(()),
        }
    }
}

fn is_about_certificates(alert: AlertDescription) -> bool {
    use AlertDescription as A;
    matches!(alert, A::CertificateRequired | A::BadCertificate | A::CertificateUnknown | A::UnknownCA)
}

impl AsyncRead for TlsConnection {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let connection = self.get_mut();
        let (before, room) = (buf.filled().len(), buf.remaining());
        let read = ready!(Pin::new(&mut connection.stream).poll_read(cx, buf));
        if connection.heard || room == 0 {
            return Poll::Ready(read);
        }
        Poll::Ready(match read {
            Ok(()) if buf.filled().len() > before => {
                connection.heard = true;
                connection.ours.taken.store(true, Ordering::Relaxed);
                Ok(())
            }
            Ok(()) => connection.unheard(None),
            Err(error) => connection.unheard(Some(error)),
        })
    }
}

impl AsyncWrite for TlsConnection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
