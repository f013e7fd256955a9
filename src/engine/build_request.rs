//! What a build is asked to do.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use serde_json::{Map, Value};

/// Where a step of the classic builder stands, by that builder's count. Numbers are from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepPlace<'a> {
    /// The stage whose steps are counted, which is podman's way; docker counts over the whole file.
    pub stage: Option<u32>,
    /// Its number.
    pub index: u32,
    /// The instruction as the builder writes it, cut where it is long.
    pub instruction: &'a str,
}

/// Finds the line of a step, from 1.
pub type StepLine = dyn Fn(StepPlace<'_>) -> Option<u32> + Send + Sync;

/// A build, apart from its context. Names are as the engine takes them; nothing is expanded here.
pub struct BuildRequest {
    /// The Dockerfile's path inside the context, with slashes.
    pub dockerfile: String,
    /// Build arguments: they stand in the image's history, so never secrets.
    pub args: BTreeMap<String, String>,
    /// Labels of the image. The engine adds them as one last step, so they break no cache.
    pub labels: BTreeMap<String, String>,
    /// A stage's name; the last one where there is none.
    pub target: Option<String>,
    /// `linux/arm64`; the engine's own where there is none.
    pub platform: Option<String>,
    /// A network's name or id, `none` or `host`, for RUN.
    pub network: Option<String>,
    /// Ask the registry for newer bases.
    pub pull: bool,
    /// Use no cached step.
    pub no_cache: bool,
    /// The caller writes gzip. Only for the log: the engine looks at the bytes.
    pub gzip: bool,
    /// Credentials for pulling bases, by registry host (`https://index.docker.io/v1/` for Docker Hub).
    pub registry_auth: BTreeMap<String, AuthEntry>,
    /// The longest silence: no message and no byte of the context taken.
    pub idle_timeout: Duration,
    /// For the whole build.
    pub total_timeout: Duration,
    /// The line in the Dockerfile of a step.
    pub step_line: Box<StepLine>,
}

impl Default for BuildRequest {
    fn default() -> Self {
        BuildRequest {
            dockerfile: "Dockerfile".to_owned(),
            args: BTreeMap::new(),
            labels: BTreeMap::new(),
            target: None,
            platform: None,
            network: None,
            pull: false,
            no_cache: false,
            gzip: false,
            registry_auth: BTreeMap::new(),
            idle_timeout: Duration::from_secs(15 * 60),
            total_timeout: Duration::from_secs(2 * 60 * 60),
            step_line: Box::new(|_| None),
        }
    }
}

impl BuildRequest {
    /// The query of `POST /build`.
    pub(super) fn query(&self) -> Vec<(&'static str, String)> {
        let json = |map: &BTreeMap<String, String>| {
            Value::Object(map.iter().map(|(k, v)| (k.clone(), Value::from(v.as_str()))).collect()).to_string()
        };
        let mut query = vec![
            // The classic builder, also where the engine's default is BuildKit, which wants a session.
            ("version", "1".to_owned()),
            ("dockerfile", self.dockerfile.clone()),
            ("rm", "1".to_owned()),
            ("forcerm", "1".to_owned()),
        ];
        let flags = [("pull", self.pull), ("nocache", self.no_cache)];
        query.extend(flags.into_iter().filter(|(_, on)| *on).map(|(key, _)| (key, "1".to_owned())));
        let maps = [("buildargs", &self.args), ("labels", &self.labels)];
        query.extend(maps.into_iter().filter(|(_, map)| !map.is_empty()).map(|(key, map)| (key, json(map))));
        let texts = [("target", &self.target), ("platform", &self.platform), ("networkmode", &self.network)];
        query.extend(texts.into_iter().filter_map(|(key, text)| Some((key, text.clone()?))));
        query
    }

    /// The value of `X-Registry-Config`; `None` where there are no credentials.
    pub(super) fn registry_config(&self) -> Option<String> {
        let map: Map<String, Value> =
            self.registry_auth.iter().map(|(host, auth)| (host.clone(), auth.json())).collect();
        (!map.is_empty()).then(|| URL_SAFE.encode(Value::Object(map).to_string()))
    }
}

/// Credentials for one registry, as the engine takes them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct AuthEntry {
    /// User name.
    pub username: String,
    /// Password or token.
    pub password: String,
    /// An OAuth2 refresh token, instead of a password.
    pub identity_token: Option<String>,
    /// A bearer token that is sent to the registry as it is; it counts before the others.
    pub registry_token: Option<String>,
    /// The registry's host, as it stands in the docker config.
    pub server: String,
}

impl fmt::Debug for AuthEntry {
    /// Without the secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthEntry")
            .field("username", &self.username)
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}

impl AuthEntry {
    /// What docker sends: every proof there is, and nothing empty.
    fn json(&self) -> Value {
        let fields = [
            ("username", self.username.as_str()),
            ("password", &self.password),
            ("identitytoken", self.identity_token.as_deref().unwrap_or_default()),
            ("registrytoken", self.registry_token.as_deref().unwrap_or_default()),
            ("serveraddress", &self.server),
        ];
        let present = fields.into_iter().filter(|(_, value)| !value.is_empty());
        Value::Object(present.map(|(name, value)| (name.to_owned(), Value::from(value))).collect())
    }

    /// The value of `X-Registry-Auth`; an empty object without credentials.
    pub(super) fn header(auth: Option<&AuthEntry>) -> String {
        URL_SAFE.encode(auth.map_or_else(|| Value::Object(Map::new()), AuthEntry::json).to_string())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_was_asked_for_is_sent() {
        let request = BuildRequest::default();
        let keys: Vec<_> = request.query().into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["version", "dockerfile", "rm", "forcerm"]);
        let request = BuildRequest {
            args: [("A".to_owned(), "\"x\"\n".to_owned())].into(),
            target: Some("t".to_owned()),
            pull: true,
            ..BuildRequest::default()
        };
        let query: BTreeMap<_, _> = request.query().into_iter().collect();
        assert_eq!(
            (query["buildargs"].as_str(), query["target"].as_str(), query["pull"].as_str()),
            (r#"{"A":"\"x\"\n"}"#, "t", "1")
        );
    }

    fn decoded(header: &str) -> Value {
        // For URLs, padded: docker's way.
        assert!(header.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_=".contains(&b)), "{header}");
        serde_json::from_slice(&URL_SAFE.decode(header).unwrap()).unwrap()
    }

    #[test]
    fn the_engine_gets_what_docker_sends() {
        let password = AuthEntry {
            username: "u".into(),
            password: "p\u{3ff}?".into(),
            server: "r.example".into(),
            ..AuthEntry::default()
        };
        let by_password = json!({"username": "u", "password": "p\u{3ff}?", "serveraddress": "r.example"});
        assert_eq!(decoded(&AuthEntry::header(Some(&password))), by_password);
        let tokens = AuthEntry {
            identity_token: Some("i".into()),
            registry_token: Some("r".into()),
            server: "x".into(),
            ..AuthEntry::default()
        };
        let by_token = json!({"identitytoken": "i", "registrytoken": "r", "serveraddress": "x"});
        assert_eq!(decoded(&AuthEntry::header(Some(&tokens))), by_token);
        let request = BuildRequest {
            registry_auth: [("r.example".to_owned(), password), ("x".to_owned(), tokens)].into(),
            ..BuildRequest::default()
        };
        let all = json!({"r.example": by_password, "x": by_token});
        assert_eq!(decoded(&request.registry_config().unwrap()), all);
        assert_eq!(BuildRequest::default().registry_config(), None);
    }

    #[test]
    fn secrets_are_not_shown() {
        let auth = AuthEntry {
            username: "u".into(),
            password: "hunter2".into(),
            identity_token: Some("hunter3".into()),
            registry_token: Some("hunter4".into()),
            server: "h".into(),
        };
        assert!(!format!("{auth:?}").contains("hunter"));
        assert_eq!(AuthEntry::header(None), "e30=");
    }
}
