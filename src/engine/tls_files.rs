//! The files that docker's clients keep TLS in: `ca.pem`, `cert.pem`, `key.pem` in one folder.

use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WantsClientCert;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, ConfigBuilder, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt as _;

use crate::error::{Error, Kind, Result};

/// The longest file that is read, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// What the files of a folder make of us.
pub(super) struct TlsFiles {
    /// Trusts `ca.pem` and nobody else, or the system's roots where there is no such file; shows `cert.pem` if it is there.
    pub(super) config: ClientConfig,
    /// `ca.pem`, where there is one.
    pub(super) authority: Option<PathBuf>,
    /// `cert.pem`, where there is one.
    pub(super) certificate: Option<PathBuf>,
}

/// Reads the files in `folder`, each of which may be absent: an engine may be content with fewer.
///
/// Fails with [`Kind::Config`], naming the file, where one cannot be read or used, or lacks its other half. No error
/// holds anything of a key.
pub(super) fn read(folder: Option<&Path>) -> Result<TlsFiles> {
    let at = |name: &str| folder.map(|folder| folder.join(name));
    let (authority, certificate, key) = (at("ca.pem"), at("cert.pem"), at("key.pem"));
    let authority = present(authority)?;
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|why| Error::new(Kind::Internal, "cannot set up TLS").because(why))?;
    let builder = match &authority {
        Some((path, pem)) => builder.with_root_certificates(roots(path, pem)?),
        // As for registries.
        None => builder.with_platform_verifier().map_err(|why| {
            Error::new(Kind::Config, "cannot read the system's CA certificates").because(why).hint(
                "DOCKER_CERT_PATH names the folder of ca.pem; else the package ca-certificates is needed, or SSL_CERT_FILE",
            )
        })?,
    };
    let config = match (present(certificate)?, present(key)?) {
        (Some(certificate), Some(key)) => {
            return Ok(TlsFiles {
                config: with_identity(builder, &certificate, &key)?,
                authority: authority.map(|(path, _)| path),
                certificate: Some(certificate.0),
            });
        }
        (None, None) => builder.with_no_client_auth(),
        (Some((path, _)), None) => return Err(half("key.pem", &path)),
        (None, Some((path, _))) => return Err(half("cert.pem", &path)),
    };
    Ok(TlsFiles { config, authority: authority.map(|(path, _)| path), certificate: None })
}

type Read = (PathBuf, Vec<u8>);

fn with_identity(
    builder: ConfigBuilder<ClientConfig, WantsClientCert>,
    (certificate, chain): &Read,
    (key, pem): &Read,
) -> Result<ClientConfig> {
    let chain = certificates(certificate, chain)?;
    // The cause may repeat what it read.
    let parsed = PrivateKeyDer::from_pem_slice(pem).map_err(|_| {
        let text = String::from_utf8_lossy(pem);
        match text.contains("ENCRYPTED") {
            true => unusable(key, "a key that is encrypted").hint(
                "decrypt it: `openssl pkey -in key.pem -out plain.pem`, and keep it readable to you alone",
            ),
            false => unusable(key, "no private key in PEM form"),
        }
    })?;
    builder.with_client_auth_cert(chain, parsed).map_err(|_| {
        Error::new(
            Kind::Config,
            format!("{} holds no key of the certificate in {}", key.display(), certificate.display()),
        )
    })
}

/// The trust in the certificates of `path` alone.
fn roots(path: &Path, pem: &[u8]) -> Result<RootCertStore> {
    let mut store = RootCertStore::empty();
    for certificate in certificates(path, pem)? {
        store.add(certificate).map_err(|why| unusable(path, "no CA's certificate").because(why))?;
    }
    Ok(store)
}

/// The certificates in `path`, at least one.
fn certificates(path: &Path, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>> {
    let found = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>().unwrap_or_default();
    if found.is_empty() {
        return Err(unusable(path, "no certificate in PEM form"));
    }
    Ok(found)
}

/// The file with its content; `None` where it does not exist.
fn present(path: Option<PathBuf>) -> Result<Option<Read>> {
    let Some(path) = path else { return Ok(None) };
    let failed = |why: std::io::Error| {
        Error::new(Kind::Config, format!("cannot read {} for TLS to the engine", path.display())).because(why)
    };
    let file = match std::fs::File::open(&path) {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(failed(error)),
    };
    let mut content = Vec::new();
    file.take(MAX_FILE + 1).read_to_end(&mut content).map_err(failed)?;
    if u64::try_from(content.len()).is_ok_and(|length| length > MAX_FILE) {
        return Err(Error::new(
            Kind::Config,
            format!("{} is larger than {MAX_FILE} bytes, which no certificate is", path.display()),
        ));
    }
    Ok(Some((path, content)))
}

fn unusable(path: &Path, what: &str) -> Error {
    Error::new(Kind::Config, format!("{} holds {what}", path.display()))
}

fn half(missing: &str, there: &Path) -> Error {
    Error::new(Kind::Config, format!("{missing} is missing beside {}", there.display()))
        .hint("a client certificate is cert.pem with its key.pem; without either, none is shown")
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair};

    use super::*;

    /// A certificate and its key.
    fn pair() -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec!["engine.test".to_owned()]).unwrap().self_signed(&key);
        (certificate.unwrap().pem(), key.serialize_pem())
    }

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            std::fs::write(folder.path().join(name), content).unwrap();
        }
        folder
    }

    fn error(files: &[(&str, &str)]) -> String {
        let folder = folder(files);
        let error = read(Some(folder.path())).map(drop).unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(
            error.kind() == Kind::Config && !text.contains("BEGIN") && !text.contains("PRIVATE"),
            "{text}"
        );
        error.to_string()
    }

    #[test]
    fn each_file_may_be_absent() {
        let (certificate, key) = pair();
        let all = folder(&[("ca.pem", &certificate), ("cert.pem", &certificate), ("key.pem", &key)]);
        let files = read(Some(all.path())).unwrap();
        assert!(files.authority.is_some() && files.certificate.is_some());
        assert!(files.config.client_auth_cert_resolver.has_certs());
        std::fs::remove_file(all.path().join("cert.pem")).unwrap();
        std::fs::remove_file(all.path().join("key.pem")).unwrap();
        let files = read(Some(all.path())).unwrap();
        assert!(files.authority.is_some() && files.certificate.is_none());
    }

    #[test]
    fn halves_and_rubbish_are_errors_that_name_the_file() {
        let (certificate, key) = pair();
        let ca = ("ca.pem", certificate.as_str());
        let message = error(&[ca, ("cert.pem", &certificate)]);
        assert!(message.contains("key.pem is missing beside") && message.contains("/cert.pem"), "{message}");
        let message = error(&[ca, ("key.pem", &key)]);
        assert!(message.contains("cert.pem is missing beside") && message.contains("/key.pem"), "{message}");
        for rubbish in ["", "rubbish", "\0\u{1b}[2J", key.as_str()] {
            let message = error(&[("ca.pem", rubbish)]);
            assert!(message.contains("ca.pem holds no certificate in PEM form"), "{message}");
        }
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(error(&[("ca.pem", broken)]).contains("ca.pem holds no CA's certificate"));
        assert!(error(&[("ca.pem", &"x".repeat(2 << 20))]).contains("larger"));
        let message = error(&[ca, ("cert.pem", &certificate), ("key.pem", "rubbish")]);
        assert!(message.contains("key.pem holds no private key"), "{message}");
        let message = error(&[ca, ("cert.pem", &certificate), ("key.pem", &pair().1)]);
        assert!(message.contains("key.pem holds no key of the certificate in"), "{message}");
        let encrypted = key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
        let message = error(&[ca, ("cert.pem", &certificate), ("key.pem", &encrypted)]);
        assert!(message.contains("key.pem holds a key that is encrypted"), "{message}");
    }

    #[test]
    fn keys_in_every_form_that_openssl_writes() {
        let run = |arguments: &[&str]| {
            let output = std::process::Command::new("openssl").args(arguments).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        };
        let folder = folder(&[]);
        let at = |name: &str| folder.path().join(name).display().to_string();
        let subject = ["-x509", "-subj", "/CN=x", "-days", "2"];
        for (algorithm, form, begins) in [
            (&["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"][..], "rsa", "BEGIN RSA PRIVATE KEY"),
            (&["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"][..], "ec", "BEGIN EC PRIVATE KEY"),
            (&["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"][..], "pkcs8", "BEGIN PRIVATE KEY"),
            (&["-algorithm", "ED25519"][..], "pkcs8", "BEGIN PRIVATE KEY"),
        ] {
            run(&[&["genpkey", "-out", &at("first.pem")], algorithm].concat());
            let (from, to) = (at("first.pem"), at("key.pem"));
            match form {
                "rsa" => run(&["rsa", "-traditional", "-in", &from, "-out", &to]),
                "ec" => run(&["ec", "-in", &from, "-out", &to]),
                _ => drop(std::fs::copy(from, to).unwrap()),
            }
            assert!(std::fs::read_to_string(at("key.pem")).unwrap().contains(begins), "{form}");
            run(&[&["req", "-key", &at("key.pem"), "-out", &at("cert.pem")], &subject[..]].concat());
            std::fs::copy(at("cert.pem"), at("ca.pem")).unwrap();
            assert!(read(Some(folder.path())).unwrap().certificate.is_some(), "{begins}");
        }
        // `openssl ecparam -genkey` puts the curve before the key.
        run(&["ecparam", "-name", "prime256v1", "-genkey", "-out", &at("key.pem")]);
        run(&[&["req", "-key", &at("key.pem"), "-out", &at("cert.pem")], &subject[..]].concat());
        assert!(std::fs::read_to_string(at("key.pem")).unwrap().contains("EC PARAMETERS"));
        assert!(read(Some(folder.path())).unwrap().certificate.is_some());
    }
}
