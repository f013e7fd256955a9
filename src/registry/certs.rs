//! Certificates for single registries, where docker and podman keep them: `certs.d/HOST:PORT/`.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use reqwest::{Certificate, Identity};
use rustls::client::WantsClientCert;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, ConfigBuilder, RootCertStore};

use super::files;
use crate::environment::Environment;
use crate::error::{Error, Kind, Result};

/// What a client trusts beside the system's roots, and who it is.
#[derive(Default)]
pub(super) struct Trust {
    /// From `*.crt`.
    pub(super) roots: Vec<Certificate>,
    /// From `*.cert` and its `*.key`.
    pub(super) identity: Option<Identity>,
}

impl Trust {
    pub(super) fn is_empty(&self) -> bool {
        self.roots.is_empty() && self.identity.is_none()
    }
}

/// The folders that hold a folder for each registry: docker's, podman's, and the user's own for both.
pub(super) fn folders(environment: &Environment) -> Vec<PathBuf> {
    let system = ["/etc/docker/certs.d", "/etc/containers/certs.d"].map(PathBuf::from);
    let home = environment.config_home();
    let own = ["docker/certs.d", "containers/certs.d"].map(|name| home.as_ref().map(|home| home.join(name)));
    system.into_iter().chain(own.into_iter().flatten()).collect()
}

/// What `folders` say of `target`, a host as spelled in references, which `registry` named: the roots of both, as a
/// registry's token service is often signed by the same CA, and the client certificate of `target` alone.
///
/// Fails with [`Kind::Config`], naming the file, where one cannot be read or used, or lacks its other half. A folder
/// that we may not look into counts as none: `/etc/docker` is the engine's own on some systems.
pub(super) fn trust(folders: &[PathBuf], registry: &str, target: &str) -> Result<Trust> {
    let mut trust = Trust::default();
    for host in BTreeSet::from([registry, target]) {
        // A host is one name: it leads to no other folder.
        if host.contains('/') || host.starts_with('.') {
            continue;
        }
        for folder in folders {
            let folder = folder.join(host);
            let names = names(&folder)?;
            trust.roots.extend(roots(&folder, &names)?);
            let identity = identity(&folder, &names)?;
            if host == target && trust.identity.is_none() {
                trust.identity = identity;
            }
        }
    }
    Ok(trust)
}

/// The names of the files in `folder`, sorted.
fn names(folder: &Path) -> Result<BTreeSet<String>> {
    let fail = |why: std::io::Error| {
        Error::new(Kind::Config, format!("cannot read the certificates in {}", folder.display())).because(why)
    };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::PermissionDenied
            ) =>
        {
            return Ok(BTreeSet::new());
        }
        Err(error) => return Err(fail(error)),
    };
    // A name that is no text has none of the endings.
    entries
        .filter_map(|entry| entry.map(|e| e.file_name().into_string().ok()).map_err(fail).transpose())
        .collect()
}

fn roots(folder: &Path, names: &BTreeSet<String>) -> Result<Vec<Certificate>> {
    let mut roots = Vec::new();
    for path in names.iter().filter(|name| name.ends_with(".crt")).map(|name| folder.join(name)) {
        let found = certificates(&path)?;
        let mut store = RootCertStore::empty();
        for certificate in found {
            store
                .add(certificate.clone())
                .map_err(|why| unusable("no CA's certificate", &path).because(why))?;
            roots.push(
                Certificate::from_der(&certificate)
                    .map_err(|why| unusable("no CA's certificate", &path).because(why))?,
            );
        }
    }
    Ok(roots)
}

/// Docker offers all client certificates; here there may be one, since more than one is never meant.
fn identity(folder: &Path, names: &BTreeSet<String>) -> Result<Option<Identity>> {
    let stems = |ending: &str| -> BTreeSet<&str> {
        names.iter().filter_map(|name| name.strip_suffix(ending)).collect()
    };
    let (with_certificate, with_key) = (stems(".cert"), stems(".key"));
    if let Some(half) = with_certificate.difference(&with_key).next() {
        let message = format!("{half}.key is missing beside {}", folder.join(half).display());
        return Err(Error::new(Kind::Config, format!("{message}.cert"))
            .hint("a client certificate needs its key; a CA's certificate is named *.crt"));
    }
    if let Some(half) = with_key.difference(&with_certificate).next() {
        let message = format!("{half}.cert is missing beside {}", folder.join(half).display());
        return Err(
            Error::new(Kind::Config, format!("{message}.key")).hint("a key needs its client certificate")
        );
    }
    let mut stems = with_key.into_iter();
    let Some(stem) = stems.next() else { return Ok(None) };
    if let Some(second) = stems.next() {
        return Err(Error::new(
            Kind::Config,
            format!("two client certificates in {}: {stem}.cert and {second}.cert", folder.display()),
        )
        .hint("leave one of them"));
    }
    let (certificate, key) = (folder.join(format!("{stem}.cert")), folder.join(format!("{stem}.key")));
    let chain = certificates(&certificate)?;
    let bytes = files::read("the key", &key)?.unwrap_or_default();
    let parsed =
        PrivateKeyDer::from_pem_slice(&bytes).map_err(|_| unusable("no private key in PEM form", &key))?;
    without_roots()
        .and_then(|config| Ok(config.with_client_auth_cert(chain, parsed)?))
        .map_err(|why| unusable("no key of the certificate beside it", &key).because(why))?;
    let mut both = files::read("the certificate", &certificate)?.unwrap_or_default();
    both.push(b'\n');
    both.extend(bytes);
    // The cause may repeat what it read.
    Identity::from_pem(&both).map(Some).map_err(|_| unusable("no private key in PEM form", &key))
}

/// TLS that trusts nobody yet.
pub(super) fn without_roots()
-> Result<ConfigBuilder<ClientConfig, WantsClientCert>, Box<dyn std::error::Error + Send + Sync>> {
    let provider =
        CryptoProvider::get_default().cloned().unwrap_or_else(|| Arc::new(ring::default_provider()));
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(versions.with_root_certificates(RootCertStore::empty()))
}

/// The certificates in `path`, at least one.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let bytes = files::read("the certificate", path)?.unwrap_or_default();
    let found = CertificateDer::pem_slice_iter(&bytes).collect::<Result<Vec<_>, _>>().unwrap_or_default();
    if found.is_empty() {
        return Err(unusable("no certificate in PEM form", path));
    }
    Ok(found)
}

fn unusable(what: &str, path: &Path) -> Error {
    Error::new(Kind::Config, format!("{} holds {what}", path.display()))
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair};

    use super::*;

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn put(&self, name: &str, content: &str) -> &Folder {
            let path = self.0.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
            self
        }

        fn trust(&self, registry: &str, target: &str) -> Result<Trust> {
            trust(&[self.0.path().to_owned()], registry, target)
        }

        fn error(&self) -> String {
            let error = self.trust("r.example", "r.example").map(drop).unwrap_err();
            let text = format!("{error} {error:?}");
            assert!(error.kind() == Kind::Config && !text.contains("BEGIN"), "{text}");
            error.to_string()
        }
    }

    fn folder() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    /// A certificate and its key.
    fn pair() -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec!["r.example".to_owned()]).unwrap().self_signed(&key);
        (certificate.unwrap().pem(), key.serialize_pem())
    }

    #[test]
    fn roots_of_the_registry_and_of_the_target_count() {
        let (certificate, key) = pair();
        let all = folder();
        all.put("r.example/ca.crt", &format!("{certificate}{certificate}"))
            .put("r.example/ca.pem", "ignored")
            .put("auth.example:8443/ca.crt", &certificate)
            .put("r.example/client.cert", &certificate)
            .put("r.example/client.key", &key);
        let own = all.trust("r.example", "r.example").unwrap();
        assert!(own.roots.len() == 2 && own.identity.is_some());
        let named = all.trust("r.example", "auth.example:8443").unwrap();
        assert!(named.roots.len() == 3 && named.identity.is_none());
        assert!(all.trust("other.example", "other.example").unwrap().is_empty());
    }

    #[test]
    fn a_host_leads_to_no_other_folder() {
        let all = folder();
        all.put("ca.crt", "not read").put("r.example/below/ca.crt", "not read");
        for host in ["..", ".", "", "r.example/below", "../x"] {
            assert!(trust(&[all.0.path().join("r.example")], host, host).unwrap().is_empty(), "{host}");
        }
    }

    #[test]
    fn halves_and_rubbish_are_errors_that_name_the_file() {
        let (certificate, key) = pair();
        let error = folder().put("r.example/a.cert", &certificate).error();
        assert!(error.contains("a.key is missing beside") && error.contains("r.example/a.cert"), "{error}");
        let error = folder().put("r.example/a.key", &key).error();
        assert!(error.contains("a.cert is missing beside") && error.contains("r.example/a.key"), "{error}");
        let error = folder().put("r.example/ca.crt", "rubbish").error();
        assert!(error.contains("ca.crt holds no certificate"), "{error}");
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let error = folder().put("r.example/ca.crt", broken).error();
        assert!(error.contains("ca.crt holds no CA's certificate"), "{error}");
        let error = folder().put("r.example/ca.crt", &"x".repeat(2 << 20)).error();
        assert!(error.contains("larger"), "{error}");
        let error = folder().put("r.example/a.cert", &certificate).put("r.example/a.key", "rubbish").error();
        assert!(error.contains("a.key holds no private key"), "{error}");
        let mixed = folder();
        let error = mixed.put("r.example/a.cert", &certificate).put("r.example/a.key", &pair().1).error();
        assert!(error.contains("a.key holds no key of the certificate"), "{error}");
        mixed.put("r.example/a.key", &key).trust("r.example", "r.example").unwrap();
        let error = mixed.put("r.example/b.cert", &certificate).put("r.example/b.key", &key).error();
        assert!(error.contains("two client certificates"), "{error}");
    }

    #[test]
    fn the_user_has_folders_too() {
        let found = folders(&Environment::from_pairs([("HOME", "/h")]));
        let shown: Vec<_> = found.iter().map(|path| path.display().to_string()).collect();
        let [docker, podman, own, _] = &shown[..] else { panic!("{shown:?}") };
        assert_eq!(
            [docker, podman, own],
            ["/etc/docker/certs.d", "/etc/containers/certs.d", "/h/.config/docker/certs.d"]
        );
        assert_eq!(folders(&Environment::default()).len(), 2);
    }
}
