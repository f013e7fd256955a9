//! TLS before an engine's socket.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::net::{TcpListener, UnixStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};

use super::tls::{Ca, Pair};

/// What is served, to whom, and how.
pub(crate) struct TlsEngine<'a> {
    /// The server's certificate.
    pub(crate) pair: Pair,
    /// Clients must show a certificate of this CA.
    pub(crate) clients: Option<&'a Ca>,
    /// TLS 1.2 alone, which looks at the client's certificate within the handshake.
    pub(crate) is_old: bool,
    /// `unix:///…` of the engine.
    pub(crate) engine: &'a str,
}

impl TlsEngine<'_> {
    /// Serves as long as the test's process lives; gives the port on all addresses of this machine.
    pub(crate) fn start(self) -> u16 {
        let pem = |text: &str| CertificateDer::from_pem_slice(text.as_bytes()).expect("a certificate");
        let versions: &[&SupportedProtocolVersion] = if self.is_old { &[&TLS12] } else { &[&TLS13] };
        let builder = ServerConfig::builder_with_protocol_versions(versions);
        let builder = match self.clients {
            None => builder.with_no_client_auth(),
            Some(ca) => {
                let mut roots = RootCertStore::empty();
                roots.add(pem(&ca.pem())).expect("a root");
                let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).build().expect("a verifier");
                builder.with_client_cert_verifier(verifier)
            }
        };
        let key = PrivateKeyDer::from_pem_slice(self.pair.key.as_bytes()).expect("a key");
        let config = builder.with_single_cert(vec![pem(&self.pair.certificate)], key).expect("a server");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let engine = PathBuf::from(self.engine.strip_prefix("unix://").expect("a unix socket"));
        let listener = std::net::TcpListener::bind("0.0.0.0:0").expect("a free port");
        listener.set_nonblocking(true).expect("non-blocking");
        let port = listener.local_addr().expect("an address").port();
        std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
            runtime.block_on(serve(listener, acceptor, engine));
        });
        port
    }
}

async fn serve(listener: std::net::TcpListener, acceptor: TlsAcceptor, engine: PathBuf) {
    let listener = TcpListener::from_std(listener).expect("listener");
    while let Ok((stream, _)) = listener.accept().await {
        let (acceptor, engine) = (acceptor.clone(), engine.clone());
        tokio::spawn(async move {
            // One that does not trust us, or is not trusted, leaves; so it does where the engine is gone.
            if let Ok(mut client) = acceptor.accept(stream).await
                && let Ok(mut engine) = UnixStream::connect(engine).await
            {
                let _ = tokio::io::copy_bidirectional(&mut client, &mut engine).await;
            }
        });
    }
}
