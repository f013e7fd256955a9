//! Logins for base images and caches. The builder fetches tokens with them itself.

use std::collections::BTreeMap;

use bollard_buildkit_proto::moby::filesync::v1::auth_server::Auth;
use bollard_buildkit_proto::moby::filesync::v1::{
    CredentialsRequest, CredentialsResponse, FetchTokenRequest, FetchTokenResponse, GetTokenAuthorityRequest,
    GetTokenAuthorityResponse, VerifyTokenAuthorityRequest, VerifyTokenAuthorityResponse,
};
use tonic::{Request, Response, Status, async_trait};

use crate::engine::AuthEntry;

/// Docker Hub, as its registry is called and as its logins are kept.
const HUB: (&str, &str) = ("registry-1.docker.io", "https://index.docker.io/v1/");

/// The logins of a run, by registry.
pub(super) struct Logins(BTreeMap<String, AuthEntry>);

impl Logins {
    pub(super) fn new(logins: BTreeMap<String, AuthEntry>) -> Logins {
        Logins(logins)
    }

    fn of(&self, host: &str) -> Option<&AuthEntry> {
        let name = if host == HUB.0 { HUB.1 } else { host };
        self.0.get(name)
    }
}

#[async_trait]
impl Auth for Logins {
    async fn credentials(
        &self,
        request: Request<CredentialsRequest>,
    ) -> Result<Response<CredentialsResponse>, Status> {
        // No login is an empty answer: the builder goes on without one.
        let answer = match self.of(&request.get_ref().host) {
            None => CredentialsResponse::default(),
            Some(login) => match &login.identity_token {
                // The name is empty where the secret is a token to be exchanged.
                Some(token) => CredentialsResponse { username: String::new(), secret: token.clone() },
                None => {
                    CredentialsResponse { username: login.username.clone(), secret: login.password.clone() }
                }
            },
        };
        Ok(Response::new(answer))
    }

    async fn fetch_token(
        &self,
        _: Request<FetchTokenRequest>,
    ) -> Result<Response<FetchTokenResponse>, Status> {
        Err(Status::unimplemented("tokens are fetched by the builder"))
    }

    async fn get_token_authority(
        &self,
        _: Request<GetTokenAuthorityRequest>,
    ) -> Result<Response<GetTokenAuthorityResponse>, Status> {
        Err(Status::unimplemented("tokens are fetched by the builder"))
    }

    async fn verify_token_authority(
        &self,
        _: Request<VerifyTokenAuthorityRequest>,
    ) -> Result<Response<VerifyTokenAuthorityResponse>, Status> {
        Err(Status::unimplemented("tokens are fetched by the builder"))
    }
}
