//! One registry, over HTTP.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use reqwest::Method;

use super::endpoint::Endpoint;
use super::session::{Ask, Session};
use super::{
    BlobSource, Credential, Deleted, Descriptor, Hide, Login, Manifest, Proxies, PushRight, Pushed, Put,
    Verdict, blob, certs, manifest, push_check, put, referrers, tags, upload,
};
use crate::environment::Environment;
use crate::error::Result;
use crate::image::Digest;

/// Limits and ways of one client. The defaults are for people who wait.
#[derive(Debug, Clone)]
pub struct RegistryOptions {
    /// How long a connection may take to come about, TLS included.
    pub connect_timeout: Duration,
    /// How long an answer, or an upload, may stand still.
    pub idle_timeout: Duration,
    /// How long one try may take as a whole; blobs may take as long as they keep moving.
    pub request_timeout: Duration,
    /// How long one request may be tried again after failures that may pass, from the first of them on.
    pub retry_budget: Duration,
    /// Whether to speak plain HTTP to a host that is not loopback.
    pub plain_http: bool,
    /// Told every token, and the secrets of a login that is looked up here.
    pub hide: Option<Hide>,
    /// Registries that are declared to speak plain HTTP though they are not loopback, as spelled in references, with
    /// their port.
    pub insecure: Vec<String>,
    /// What stands between here and registries.
    pub proxies: Proxies,
    /// Folders like `/etc/docker/certs.d`, that hold a folder of certificates for each registry. The first that has a
    /// client certificate for it counts; CAs are added to those of the system.
    pub certs: Vec<PathBuf>,
}

impl Default for RegistryOptions {
    fn default() -> Self {
        RegistryOptions {
            connect_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(30),
            request_timeout: Duration::from_secs(120),
            retry_budget: Duration::from_secs(20),
            plain_http: false,
            hide: None,
            insecure: Vec::new(),
            proxies: Proxies::default(),
            certs: Vec::new(),
        }
    }
}

impl RegistryOptions {
    /// The defaults, with the proxies that `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` (or their lower-case forms) name,
    /// and with the certificates of docker, of podman and of the user.
    ///
    /// The system's own CAs are found by the process's `SSL_CERT_FILE` and `SSL_CERT_DIR`, whatever `environment` says.
    pub fn from_environment(environment: &Environment) -> RegistryOptions {
        RegistryOptions {
            proxies: Proxies::from_environment(environment),
            certs: certs::folders(environment),
            ..RegistryOptions::default()
        }
    }
}

/// One registry host and who we are there. Cheap to make: connections and TLS roots come with the first request.
///
/// Credentials go to this host, and to the token service that it names over TLS (on loopback without, where the registry
/// is plain itself); never to a host named in a redirect or a `Location`. Every failure is
/// [`Kind::Registry`](crate::error::Kind::Registry) and names host, repository and what was tried; a host, path or
/// reference that is malformed is [`Kind::Config`](crate::error::Kind::Config).
pub struct Registry {
    session: Session,
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").field("host", &self.host()).field("user", &self.user()).finish()
    }
}

impl Registry {
    /// A client for `host` as spelled in references; `docker.io` is reached at `registry-1.docker.io`. Plain HTTP for
    /// loopback and where the options say so, HTTPS for everything else.
    pub fn new(host: &str, login: impl Into<Login>, options: RegistryOptions) -> Result<Registry> {
        let plain =
            options.plain_http || options.insecure.iter().any(|declared| declared.eq_ignore_ascii_case(host));
        let endpoint = Endpoint::new(host, plain)?;
        Ok(Registry { session: Session::new(endpoint, login.into(), options) })
    }

    pub(super) fn session(&self) -> &Session {
        &self.session
    }

    /// The host as spelled in references.
    pub fn host(&self) -> &str {
        &self.session.endpoint.host
    }

    /// Who we are there: a user, or `anonymous`, which is also said before a login was looked up.
    pub fn user(&self) -> String {
        self.session.user()
    }

    /// The login; looked up now if it was not yet.
    pub async fn login(&self) -> Result<Option<Credential>> {
        self.session.credential().await
    }

    /// The login, asked for anew where it comes from a store: a helper may have a fresh one by now.
    pub async fn renew_login(&self) -> Result<Option<Credential>> {
        self.session.renewed_credential().await
    }

    /// Whether the registry answers, and takes our login where it wants one.
    pub async fn ping(&self) -> Result<()> {
        let url = self.session.endpoint.url("/v2/")?;
        let ask = Ask::new(Method::GET, url, "", "use the API of");
        self.session.expect(&ask).await.map(drop)
    }

    /// The digest that `reference` (a tag or a digest) of the repository at `path` resolves to; `None` where there is
    /// no such tag or repository.
    pub async fn head(&self, path: &str, reference: &str) -> Result<Option<Digest>> {
        manifest::head(&self.session, path, reference).await
    }

    /// The manifest or index behind `reference`; `None` where there is none. Where `reference` is a digest, or the
    /// registry sends one, the bytes are checked against it.
    pub async fn manifest(&self, path: &str, reference: &str) -> Result<Option<Manifest>> {
        manifest::get(&self.session, path, reference).await
    }

    /// The image configuration that `manifest` names, checked against its digest.
    pub async fn config(&self, path: &str, manifest: &Manifest) -> Result<serde_json::Value> {
        manifest::config(&self.session, path, manifest).await
    }

    /// Every tag of the repository, in the registry's order; none where there is no such repository.
    pub async fn tags(&self, path: &str) -> Result<Vec<String>> {
        tags::list(&self.session, path).await
    }

    /// Whether we may push to `path`: begins an upload and takes it back.
    pub async fn may_push(&self, path: &str) -> Result<PushRight> {
        push_check::may_push(&self.session, path).await
    }

    /// Uploads two bytes to `path`, trying nothing again, to learn what stands in the way of a push.
    pub async fn try_upload(&self, path: &str) -> Verdict {
        push_check::try_upload(&self.session, path).await
    }

    /// Puts `manifest` under `reference` (a tag, or its digest), byte for byte, and again where a failure may pass.
    ///
    /// Whether it landed although an answer was lost or the registry failed is settled by reading it back. Where the
    /// registry refuses to move a tag that holds something else, the error is of kind
    /// [`Kind::Refused`](crate::error::Kind::Refused).
    pub async fn put_manifest(&self, path: &str, reference: &str, manifest: &Manifest) -> Result<Put> {
        put::put(&self.session, path, reference, manifest, put::Before::Anything).await
    }

    /// Puts `manifest` under `tag`, which the caller saw hold `before`. After a failure it is put again only while that
    /// is still so: what somebody else put there meanwhile stays, and the error is of kind
    /// [`Kind::Refused`](crate::error::Kind::Refused).
    pub async fn move_tag(
        &self,
        path: &str,
        tag: &str,
        manifest: &Manifest,
        before: Option<&Digest>,
    ) -> Result<Put> {
        put::put(&self.session, path, tag, manifest, put::Before::Seen(before)).await
    }

    /// Deletes what `reference` names. A digest goes with every tag that names it.
    pub async fn delete(&self, path: &str, reference: &str) -> Result<Deleted> {
        put::delete(&self.session, path, reference).await
    }

    /// Whether the repository at `path` holds the blob.
    pub async fn has_blob(&self, path: &str, digest: &Digest) -> Result<bool> {
        blob::has(&self.session, path, digest).await
    }

    /// The blob's bytes from `offset` on, as they come. Read from the beginning they are checked against size and
    /// digest: where they differ, the stream ends in an error.
    pub async fn blob_stream(
        &self,
        path: &str,
        descriptor: &Descriptor,
        offset: u64,
    ) -> Result<BoxStream<'static, Result<Bytes>>> {
        blob::read(&self.session, path, descriptor, offset).await
    }

    /// Brings a blob into the repository at `path`, with as little as it takes: nothing where it is there, a mount where
    /// another repository of this registry has it, else its bytes, streamed.
    ///
    /// They are hashed on their way, and nothing is kept of bytes that are not what `descriptor` says. An upload that
    /// breaks goes on from where the registry says it broke. Where the registry sends the upload to another host, no
    /// login goes along.
    pub async fn push_blob(
        &self,
        path: &str,
        descriptor: &Descriptor,
        source: BlobSource<'_>,
    ) -> Result<Pushed> {
        upload::push(&self.session, path, descriptor, source).await
    }

    /// Everything that refers to the manifest `digest`, as the registry lists it, or the tag `sha256-HEX` where it lists
    /// nothing.
    pub async fn referrers(&self, path: &str, digest: &Digest) -> Result<Vec<Descriptor>> {
        referrers::list(&self.session, path, digest).await
    }

    /// Puts `manifest`, which has a subject, and sees to it that [`referrers`](Registry::referrers) finds it: where the
    /// registry does not list it, it is added to the tag `sha256-HEX`, and what others add at the same time is kept.
    pub async fn add_referrer(&self, path: &str, manifest: &Manifest) -> Result<()> {
        self.add_referrers(path, std::slice::from_ref(manifest)).await
    }

    /// The same for several, which are put beside each other, and added to the tag of a subject in one write.
    ///
    /// Where it fails, some of them may be there; to add them again is no harm.
    pub async fn add_referrers(&self, path: &str, manifests: &[Manifest]) -> Result<()> {
        referrers::add(&self.session, path, manifests).await
    }
}
