//! A registry's login in the engine's form: the engine pushes and pulls with it.

use crate::engine::AuthEntry;
use crate::registry::{Credential, Secret};

/// What the engine is given of `credential`.
pub fn auth_entry(credential: &Credential) -> AuthEntry {
    let some = |secret: &Secret| (!secret.is_empty()).then(|| secret.expose().to_owned());
    AuthEntry {
        username: credential.username.clone(),
        password: credential.password.expose().to_owned(),
        identity_token: some(&credential.identity_token),
        registry_token: some(&credential.registry_token),
        server: credential.server.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engine_gets_every_proof() {
        let credential = Credential {
            registry_token: Secret::new("r"),
            ..Credential::password("r.example", "u", "p", "test")
        };
        let entry = auth_entry(&credential);
        assert_eq!((entry.username.as_str(), entry.password.as_str()), ("u", "p"));
        assert_eq!((entry.identity_token, entry.registry_token.as_deref()), (None, Some("r")));
    }
}
