//! A login for one registry.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Text that is never shown: `Debug` hides it, and there is no `Display`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps `text`.
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(text.into())
    }

    /// Whether there is nothing to hide.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text, for the header or the process that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }
}

/// A login, and where it came from. As in docker, several proofs may stand beside each other: the registry token counts
/// first, then the identity token, then the password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// The user; empty beside some tokens.
    pub username: String,
    /// The password, or a personal token in its place; may be empty.
    pub password: Secret,
    /// A refresh token, as `docker login` stores it for registries that hand one out; empty where there is none.
    pub identity_token: Secret,
    /// A bearer token that is sent as it is; empty where there is none.
    pub registry_token: Secret,
    /// The key that docker knows the registry by: a host, or `https://index.docker.io/v1/` for Docker Hub.
    pub server: String,
    /// Where it was found, for messages: `~/.docker/config.json`, `docker-credential-pass`, `GITHUB_TOKEN`.
    pub origin: String,
}

impl Credential {
    /// A user and a password for `server`.
    pub fn password(
        server: impl Into<String>,
        username: impl Into<String>,
        password: impl Into<String>,
        origin: impl Into<String>,
    ) -> Credential {
        Credential {
            username: username.into(),
            password: Secret::new(password),
            identity_token: Secret::default(),
            registry_token: Secret::default(),
            server: server.into(),
            origin: origin.into(),
        }
    }

    /// The user for messages: a token has none of its own.
    pub fn user(&self) -> &str {
        match () {
            () if !self.username.is_empty() => &self.username,
            () if !self.registry_token.is_empty() => "<registry token>",
            () => "<identity token>",
        }
    }

    /// Everything that gives the login away where it is shown: a registry may send back what it was sent.
    pub fn secrets(&self) -> Vec<String> {
        let mut secrets: Vec<String> = [&self.password, &self.identity_token, &self.registry_token]
            .into_iter()
            .map(|secret| secret.expose().to_owned())
            .collect();
        if !self.password.is_empty() {
            secrets.push(STANDARD.encode(format!("{}:{}", self.username, self.password.expose())));
        }
        secrets.retain(|secret| !secret.is_empty());
        secrets
    }

    /// Whether it proves nothing: an entry of docker's configuration may hold no login at all.
    pub(super) fn is_empty(&self) -> bool {
        self.username.is_empty()
            && [&self.password, &self.identity_token, &self.registry_token].into_iter().all(Secret::is_empty)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_the_secret() {
        let c = Credential::password("r.example", "u", "s3cr3t", "test");
        assert!(!format!("{c:?}").contains("s3cr3t"));
    }

    #[test]
    fn every_proof_is_a_secret() {
        let token = Secret::new("t0ken");
        let c = Credential {
            identity_token: token.clone(),
            registry_token: Secret::new("b3arer"),
            ..Credential::password("r.example", "u", "p", "test")
        };
        assert_eq!(c.secrets(), ["p", "t0ken", "b3arer", "dTpw"]);
        assert_eq!(
            Credential { identity_token: token, ..Credential::password("", "", "", "") }.secrets().len(),
            1
        );
    }
}
