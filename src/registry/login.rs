//! Where a client's login comes from, and how it is had anew.

use std::sync::Arc;

use super::{Credential, CredentialStore};
use crate::error::Result;

/// The login of one [`Registry`](super::Registry): a known one, or one that a store is asked for, and asked for again
/// when the registry takes it no longer (a credential helper may have a fresh one).
#[derive(Debug, Clone)]
pub struct Login {
    known: Option<Credential>,
    /// The store, and the path of the repository that the login is for.
    store: Option<(Arc<CredentialStore>, String)>,
    /// Whether `known` is what the store said.
    looked_up: bool,
}

impl Login {
    /// No login.
    pub fn anonymous() -> Login {
        Login { known: None, store: None, looked_up: true }
    }

    /// A login that stays as it is.
    pub fn known(credential: Credential) -> Login {
        Login { known: Some(credential), ..Login::anonymous() }
    }

    /// The login that `store` has for the repository at `path`; asked for when the registry first wants one.
    pub fn of(store: Arc<CredentialStore>, path: impl Into<String>) -> Login {
        Login { known: None, store: Some((store, path.into())), looked_up: false }
    }

    /// Begins with what the store has said already.
    #[must_use]
    pub fn starting_with(self, credential: Option<Credential>) -> Login {
        Login { known: credential, looked_up: true, ..self }
    }

    /// What it begins with; `None` where the store is still to be asked.
    pub(super) fn first(&self) -> Option<Option<Credential>> {
        self.looked_up.then(|| self.known.clone().filter(|credential| !credential.is_empty()))
    }

    /// Whether there is a store to ask (again).
    pub(super) fn is_renewable(&self) -> bool {
        self.store.is_some()
    }

    /// Asks the store for the login for `host`. May run a credential helper, for ten seconds at most.
    pub(super) async fn look_up(&self, host: &str) -> Result<Option<Credential>> {
        let found = match &self.store {
            Some((store, path)) => store.for_repository(host, path).await?,
            None => self.known.clone(),
        };
        Ok(found.filter(|credential| !credential.is_empty()))
    }
}

impl From<Option<Credential>> for Login {
    fn from(credential: Option<Credential>) -> Login {
        credential.map_or_else(Login::anonymous, Login::known)
    }
}
