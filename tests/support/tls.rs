//! A CA of the test's own, and a registry behind TLS that answers everything the same way.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, Once};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

/// Signs servers and clients.
pub(crate) struct Ca(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key, in PEM form.
pub(crate) struct Pair {
    pub(crate) certificate: String,
    pub(crate) key: String,
    der: rcgen::Certificate,
}

impl Ca {
    pub(crate) fn new() -> Ca {
        static RING: Once = Once::new();
        RING.call_once(|| drop(ring::default_provider().install_default()));
        let mut parameters = CertificateParams::new(Vec::new()).expect("parameters");
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Ca(CertifiedIssuer::self_signed(parameters, KeyPair::generate().expect("a key")).expect("a CA"))
    }

    /// The CA's certificate in PEM form.
    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    pub(crate) fn sign(&self, name: &str, purpose: ExtendedKeyUsagePurpose) -> Pair {
        self.sign_with(name, purpose, |_| {})
    }

    /// As [`sign`](Ca::sign), with something else than usual.
    pub(crate) fn sign_with(
        &self,
        name: &str,
        purpose: ExtendedKeyUsagePurpose,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Pair {
        let mut parameters = CertificateParams::new(vec![name.to_owned()]).expect("parameters");
        parameters.extended_key_usages = vec![purpose];
        change(&mut parameters);
        let key = KeyPair::generate().expect("a key");
        let der = parameters.signed_by(&key, &self.0).expect("a certificate");
        Pair { certificate: der.pem(), key: key.serialize_pem(), der }
    }
}

/// Listens on all addresses, and is reached as `0.0.0.0`: this machine, but not by a loopback address.
pub(crate) struct TlsRegistry {
    pub(crate) address: SocketAddr,
    clients: Arc<Mutex<Vec<bool>>>,
}

impl TlsRegistry {
    /// Answers each request with `answer`, status line and all. Clients may show a certificate of `ca`; where it
    /// `demands` one, they must.
    pub(crate) async fn start(ca: &Ca, demands: bool, answer: String) -> TlsRegistry {
        let pair = ca.sign("0.0.0.0", ExtendedKeyUsagePurpose::ServerAuth);
        let mut roots = RootCertStore::empty();
        roots.add(ca.0.der().clone()).expect("a root");
        let verifier = WebPkiClientVerifier::builder(Arc::new(roots));
        let verifier = if demands { verifier } else { verifier.allow_unauthenticated() };
        let key = PrivateKeyDer::try_from(KeyPair::from_pem(&pair.key).expect("a key").serialize_der());
        let config = ServerConfig::builder()
            .with_client_cert_verifier(verifier.build().expect("a verifier"))
            .with_single_cert(vec![pair.der.der().clone()], key.expect("a key"))
            .expect("a server");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("0.0.0.0:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let clients: Arc<Mutex<Vec<bool>>> = Arc::default();
        let seen = Arc::clone(&clients);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // One that does not trust us, or is not trusted, leaves.
                let Ok(stream) = acceptor.accept(stream).await else { continue };
                let showed = stream.get_ref().1.peer_certificates().is_some();
                let (read, mut write) = tokio::io::split(stream);
                let mut lines = BufReader::new(read).lines();
                while let Ok(Some(line)) = lines.next_line().await
                    && !line.is_empty()
                {}
                seen.lock().expect("lock").push(showed);
                let _ = write.write_all(answer.as_bytes()).await;
                let _ = write.shutdown().await;
            }
        });
        TlsRegistry { address, clients }
    }

    /// For each request so far, whether its client showed a certificate.
    pub(crate) fn clients(&self) -> Vec<bool> {
        self.clients.lock().expect("lock").clone()
    }

    /// As spelled in references.
    pub(crate) fn host(&self) -> String {
        self.address.to_string()
    }
}

/// An answer of JSON, after which the connection ends.
pub(crate) fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len())
}
