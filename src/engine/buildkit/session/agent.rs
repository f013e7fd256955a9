//! An ssh agent for `RUN --mount=type=ssh`, by id: bytes go to and fro between the build and the agent's socket.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::pin::Pin;

use bollard_buildkit_proto::moby::sshforward::v1::ssh_server::Ssh;
use bollard_buildkit_proto::moby::sshforward::v1::{BytesMessage, CheckAgentRequest, CheckAgentResponse};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::sync::mpsc;
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming, async_trait};

/// By which the builder names the agent that it wants, and its name where the Dockerfile gives none.
const ID: &str = "buildkit.ssh.id";
const DEFAULT: &str = "default";
/// Bytes of one message; what agents say is short.
const PIECE: usize = 32 * 1024;

/// The socket of an ssh agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    /// Its path.
    pub socket: PathBuf,
}

/// The agents of a build.
pub(super) struct Agents(BTreeMap<String, Agent>);

impl Agents {
    pub(super) fn new(agents: BTreeMap<String, Agent>) -> Agents {
        Agents(agents)
    }

    fn find(&self, id: &str) -> Result<&Agent, Status> {
        let id = if id.is_empty() { DEFAULT } else { id };
        self.0.get(id).ok_or_else(|| Status::not_found(format!("the run gives no ssh agent {id:?}")))
    }
}

#[async_trait]
impl Ssh for Agents {
    type ForwardAgentStream = Pin<Box<dyn Stream<Item = Result<BytesMessage, Status>> + Send>>;

    async fn check_agent(
        &self,
        request: Request<CheckAgentRequest>,
    ) -> Result<Response<CheckAgentResponse>, Status> {
        self.find(&request.get_ref().id)?;
        Ok(Response::new(CheckAgentResponse {}))
    }

    async fn forward_agent(
        &self,
        request: Request<Streaming<BytesMessage>>,
    ) -> Result<Response<Self::ForwardAgentStream>, Status> {
        let id = request.metadata().get(ID).and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned();
        let agent = self.find(&id)?;
        let socket = UnixStream::connect(&agent.socket).await.map_err(|error| {
            Status::failed_precondition(format!(
                "the ssh agent at {} cannot be reached: {error}",
                agent.socket.display()
            ))
        })?;
        let (mut read, mut write) = socket.into_split();
        let mut said = request.into_inner();
        tokio::spawn(async move {
            while let Ok(Some(message)) = said.message().await {
                if write.write_all(&message.data).await.is_err() {
                    break;
                }
            }
            let _ = write.shutdown().await;
        });
        let (sender, receiver) = mpsc::channel(4);
        tokio::spawn(async move {
            let mut buffer = vec![0; PIECE];
            while let Ok(length) = read.read(&mut buffer).await {
                let data = buffer.get(..length).unwrap_or_default().to_vec();
                if length == 0 || sender.send(Ok(BytesMessage { data })).await.is_err() {
                    break;
                }
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }
}
