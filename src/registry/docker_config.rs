//! What docker's `config.json` and `DOCKER_AUTH_CONFIG` say about logins, read as docker reads them.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Map, Value};

use super::hostname::hostname;
use super::{Credential, Secret};

/// Padding is demanded, stray bits at the end are not: Go's standard encoding.
const BASE64: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));

/// Why a configuration cannot be used. Names keys, never values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct InvalidConfig(String);

impl fmt::Display for InvalidConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InvalidConfig {}

/// The part of the configuration that is about logins.
#[derive(Debug, Clone, Default)]
pub(super) struct DockerConfig {
    /// By registry as docker spells it, or an older URL form of it.
    auths: BTreeMap<String, Credential>,
    /// Suffix of the helper program, by registry; empty for "no helper here".
    helpers: BTreeMap<String, String>,
    /// Suffix of the helper program for every other registry.
    store: String,
}

impl DockerConfig {
    /// Reads `config.json`. An empty file is a configuration; what follows the first JSON value is ignored.
    pub(super) fn parse(text: &[u8]) -> Result<DockerConfig, InvalidConfig> {
        let first = serde_json::Deserializer::from_slice(text).into_iter::<Value>().next();
        let fields = match first {
            None | Some(Ok(Value::Null)) => Map::new(),
            Some(Ok(Value::Object(fields))) => fields,
            Some(Ok(_)) => return Err(InvalidConfig("not a JSON object".to_owned())),
            // The parser's message names the place and kinds of tokens, no content.
            Some(Err(error)) => return Err(InvalidConfig(error.to_string())),
        };
        let mut config = DockerConfig::default();
        for (key, value) in object(&fields, "auths")? {
            config.auths.insert(key.clone(), entry(key, value)?);
        }
        for (key, value) in object(&fields, "credHelpers")? {
            config.helpers.insert(key.clone(), string(value, "credHelpers")?);
        }
        if let Some(value) = field(&fields, "credsStore") {
            config.store = string(value, "credsStore")?;
        }
        Ok(config)
    }

    /// Reads `DOCKER_AUTH_CONFIG`, which is stricter: only `auths`, only `auth` in each, nothing behind it. Docker does
    /// without the variable where it is anything else.
    pub(super) fn parse_variable(text: &str) -> Result<DockerConfig, InvalidConfig> {
        let invalid = |why: &str| InvalidConfig(why.to_owned());
        let value: Value = serde_json::from_str(text).map_err(|e| InvalidConfig(e.to_string()))?;
        let Value::Object(fields) = value else { return Err(invalid("not a JSON object")) };
        if fields.keys().any(|key| !key.eq_ignore_ascii_case("auths")) {
            return Err(invalid("a key other than auths"));
        }
        let mut config = DockerConfig::default();
        for (key, value) in object(&fields, "auths")? {
            let only_auth = value.as_object().is_some_and(|o| {
                field(o, "auth").and_then(Value::as_str).is_some_and(|auth| !auth.is_empty())
                    && o.keys().all(|k| k.eq_ignore_ascii_case("auth"))
            });
            if !only_auth {
                return Err(InvalidConfig(format!("the entry {key:?} must hold auth and nothing else")));
            }
            config.auths.insert(key.clone(), entry(key, value)?);
        }
        Ok(config)
    }

    /// The suffix of the helper program for `key`; `None` where logins stand in the file itself.
    pub(super) fn helper(&self, key: &str) -> Option<&str> {
        let suffix = self.helpers.get(key).unwrap_or(&self.store);
        (!suffix.is_empty()).then_some(suffix.as_str())
    }

    /// Every helper program's suffix, with the registry that it is for; none is named for the one of all others.
    pub(super) fn helpers(&self) -> impl Iterator<Item = (Option<&str>, &str)> {
        let own = self.helpers.iter().map(|(key, suffix)| (Some(key.as_str()), suffix.as_str()));
        let all = std::iter::once((None, self.store.as_str()));
        own.chain(all).filter(|(_, suffix)| !suffix.is_empty())
    }

    /// The suffix of the helper program that is named for `key` itself.
    pub(super) fn own_helper(&self, key: &str) -> Option<&str> {
        self.helpers.get(key).map(String::as_str).filter(|suffix| !suffix.is_empty())
    }

    /// Whether there is an entry under exactly `key`; it may hold no login.
    pub(super) fn has(&self, key: &str) -> bool {
        self.auths.contains_key(key)
    }

    /// The keys of all entries, sorted.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.auths.keys().map(String::as_str)
    }

    /// The login under exactly `key`, with the key as its server.
    pub(super) fn exact(&self, key: &str, origin: &str) -> Option<Credential> {
        self.credential(key, origin)
    }

    /// The login under `key`, or under an entry that spells the same host with a scheme or a path. Where several do,
    /// docker takes any; here the one whose path leads furthest towards `path` wins, then the first by name.
    pub(super) fn find(&self, key: &str, path: &str, origin: &str) -> Option<Credential> {
        if self.has(key) {
            return self.credential(key, origin);
        }
        let mut best: Option<(usize, &str)> = None;
        for candidate in self.auths.keys().filter(|k| hostname(k) == key) {
            let fit = namespace_fit(candidate, path);
            if best.is_none_or(|(other, _)| fit > other) {
                best = Some((fit, candidate));
            }
        }
        self.credential(best?.1, origin)
    }

    fn credential(&self, key: &str, origin: &str) -> Option<Credential> {
        let found = self.auths.get(key).filter(|c| !c.is_empty())?;
        Some(Credential { origin: origin.to_owned(), ..found.clone() })
    }
}

/// How many bytes of `path` the namespace in `key` covers, in whole components, plus one; 0 where it leads elsewhere.
fn namespace_fit(key: &str, path: &str) -> usize {
    let rest = key.split_once("://").map_or(key, |(_, rest)| rest);
    let namespace = rest.split_once('/').map_or("", |(_, namespace)| namespace).trim_matches('/');
    match path.strip_prefix(namespace) {
        Some(tail) if namespace.is_empty() || tail.is_empty() || tail.starts_with('/') => namespace.len() + 1,
        _ => 0,
    }
}

/// The last field of that name; Go does not look at the case.
fn field<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    fields
        .get(name)
        .or_else(|| fields.iter().rfind(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, v)| v))
}

fn object<'a>(
    fields: &'a Map<String, Value>,
    name: &str,
) -> Result<Vec<(&'a String, &'a Value)>, InvalidConfig> {
    match field(fields, name) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Object(entries)) => Ok(entries.iter().collect()),
        Some(_) => Err(InvalidConfig(format!("{name} is not an object"))),
    }
}

fn string(value: &Value, name: &str) -> Result<String, InvalidConfig> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Null => Ok(String::new()),
        _ => Err(InvalidConfig(format!("{name} holds something else than text"))),
    }
}

/// The login in one entry of `auths`; it may hold none.
fn entry(key: &str, value: &Value) -> Result<Credential, InvalidConfig> {
    let none = Map::new();
    let fields = match value {
        Value::Null => &none,
        Value::Object(fields) => fields,
        _ => return Err(InvalidConfig(format!("auths: the entry {key:?} is not an object"))),
    };
    let text = |name| field(fields, name).map_or(Ok(String::new()), |v| string(v, name));
    let (mut username, mut password) = (text("username")?, text("password")?);
    let auth = text("auth")?;
    if !auth.is_empty() {
        (username, password) = decode(&auth).ok_or_else(|| {
            InvalidConfig(format!("auths: the auth of {key:?} is not base64 of user:password"))
        })?;
    }
    Ok(Credential {
        identity_token: Secret::new(text("identitytoken")?),
        registry_token: Secret::new(text("registrytoken")?),
        ..Credential::password(key, username, password, "")
    })
}

fn decode(auth: &str) -> Option<(String, String)> {
    let bytes = BASE64.decode(auth.replace(['\r', '\n'], "")).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let (username, password) = text.split_once(':')?;
    // Old versions of docker padded the password with NUL.
    (!username.is_empty()).then(|| (username.to_owned(), password.trim_matches('\0').to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_namespace_wins() {
        let config = DockerConfig::parse(
            br#"{"auths": {"r.io/a": {"auth": "YTox"}, "r.io/a/b": {"auth": "Yjox"}, "https://r.io/v2/": {"auth": "djox"}}}"#,
        )
        .unwrap();
        let user = |path| config.find("r.io", path, "").unwrap().user().to_owned();
        assert_eq!(user("a/b/c"), "b");
        assert_eq!(user("a/bc"), "a");
        assert_eq!(config.find("r.io", "", "").unwrap().server, "https://r.io/v2/");
    }

    #[test]
    fn errors_name_keys_and_no_secrets() {
        let error = DockerConfig::parse(br#"{"auths": {"r.io": {"auth": "c2VjcmV0"}}}"#).unwrap_err();
        assert!(error.to_string().contains("r.io") && !error.to_string().contains("c2VjcmV0"), "{error}");
        let error = DockerConfig::parse(br#"{"auths": {"r.io": {"auth": "c2VjcmV0"} oops"#).unwrap_err();
        assert!(!error.to_string().contains("c2VjcmV0"), "{error}");
        assert!(DockerConfig::parse(br#"{"credsStore": 1}"#).is_err());
        assert!(DockerConfig::parse(&[b'['; 1 << 16]).is_err());
    }

    #[test]
    fn the_variable_is_read_strictly() {
        let parse = DockerConfig::parse_variable;
        assert!(parse(r#"{"auths": {"r.io": {"auth": "YTox"}}}"#).is_ok());
        assert!(parse(r#"{"auths": {"r.io": {"auth": "YTox", "email": "x"}}}"#).is_err());
        assert!(parse(r#"{"auths": {}, "credsStore": "x"}"#).is_err());
        assert!(parse(r#"{"auths": {"r.io": {}}}"#).is_err());
    }

    #[test]
    fn identity_and_registry_tokens() {
        let config = DockerConfig::parse(
            br#"{"auths": {"a": {"auth": "dTpw", "identitytoken": "t"}, "b": {"registrytoken": "r"}, "c": {}}}"#,
        )
        .unwrap();
        assert_eq!(config.exact("a", "").unwrap().user(), "u");
        assert_eq!(config.exact("a", "").unwrap().identity_token.expose(), "t");
        assert_eq!(config.exact("b", "").unwrap().user(), "<registry token>");
        assert!(config.exact("c", "").is_none());
    }
}
