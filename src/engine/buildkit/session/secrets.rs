//! Secrets for `RUN --mount=type=secret`, by id.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use bollard_buildkit_proto::moby::buildkit::secrets::v1::secrets_server::Secrets as Service;
use bollard_buildkit_proto::moby::buildkit::secrets::v1::{GetSecretRequest, GetSecretResponse};
use tonic::{Request, Response, Status, async_trait};

/// The most bytes that a builder takes for a secret.
const MOST: u64 = 500 * 1024;

/// Where a secret comes from. Its value is read when the build asks for it, and kept nowhere.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// Its value.
    Value(Vec<u8>),
    /// The file that holds it.
    File(PathBuf),
}

impl Secret {
    /// What a regular file holds, if a builder takes as much; a pipe would be waited for without end. Blocks.
    pub fn read(path: &Path) -> io::Result<Vec<u8>> {
        if !std::fs::metadata(path)?.is_file() {
            return Err(io::Error::other("it is not a file"));
        }
        let mut value = Vec::new();
        std::fs::File::open(path)?.take(MOST + 1).read_to_end(&mut value)?;
        if value.len() as u64 > MOST {
            return Err(io::Error::other("it has more than 500 KiB, which no builder takes"));
        }
        Ok(value)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Secret::Value(_) => f.write_str("Value(***)"),
            Secret::File(path) => f.debug_tuple("File").field(path).finish(),
        }
    }
}

/// The secrets of a build.
pub(super) struct Secrets(BTreeMap<String, Secret>);

impl Secrets {
    pub(super) fn new(secrets: BTreeMap<String, Secret>) -> Secrets {
        Secrets(secrets)
    }
}

#[async_trait]
impl Service for Secrets {
    async fn get_secret(
        &self,
        request: Request<GetSecretRequest>,
    ) -> Result<Response<GetSecretResponse>, Status> {
        let id = &request.get_ref().id;
        let data = match self.0.get(id) {
            // The builder decides by this code whether the RUN can do without.
            None => return Err(Status::not_found(format!("the run gives no secret {id:?}"))),
            Some(Secret::Value(value)) => value.clone(),
            Some(Secret::File(path)) => {
                let (path, shown) = (path.clone(), path.display().to_string());
                tokio::task::spawn_blocking(move || Secret::read(&path))
                    .await
                    .map_err(|_| Status::internal("reading a secret broke off"))?
                    .map_err(|error| {
                        Status::failed_precondition(format!(
                            "the secret {id:?} cannot be read from {shown}: {error}"
                        ))
                    })?
            }
        };
        if data.len() as u64 > MOST {
            return Err(Status::failed_precondition(format!(
                "the secret {id:?} has more than {} KiB, which no builder takes",
                MOST / 1024
            )));
        }
        Ok(Response::new(GetSecretResponse { data }))
    }
}
