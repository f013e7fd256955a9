//! A session through `Control.Session`, for builders that are spoken with in gRPC alone: the bytes of its connection travel
//! in messages of a stream.

use bollard_buildkit_proto::moby::buildkit::v1::BytesMessage;
use bollard_buildkit_proto::moby::buildkit::v1::control_client::ControlClient;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::{mpsc, oneshot};
use tokio_stream::wrappers::ReceiverStream;
use tonic::metadata::{MetadataKey, MetadataValue};
use tonic::transport::Channel;
use tonic::{Request, Status};

/// Bytes that lie in the tunnel in each direction.
const ROOM: usize = 256 * 1024;
/// Bytes of one message.
const PIECE: usize = 32 * 1024;

/// A tunnel to the builder.
pub(super) struct Tunnel {
    /// Its near end. Dropping it closes the session.
    pub(super) io: DuplexStream,
    /// Why it broke; nothing where one of the two closed it.
    pub(super) broke: oneshot::Receiver<Status>,
}

/// Opens a tunnel, and does not wait for the builder: one may have nothing to say in a session before we said something,
/// and gRPC's servers answer a call with their first message.
pub(super) fn open(
    control: &ControlClient<Channel>,
    headers: &[(&'static str, String)],
) -> Result<Tunnel, Status> {
    let (near, far) = duplex(ROOM);
    let (mut read, mut write) = tokio::io::split(far);
    let (sender, receiver) = mpsc::channel(4);
    let mut request = Request::new(ReceiverStream::new(receiver));
    for (name, value) in headers {
        let (Ok(key), Ok(value)) =
            (MetadataKey::from_bytes(name.as_bytes()), MetadataValue::try_from(value.as_str()))
        else {
            return Err(Status::invalid_argument(format!("{name} cannot be sent")));
        };
        request.metadata_mut().append(key, value);
    }
    let there = async move {
        let mut buffer = vec![0; PIECE];
        while let Ok(length) = read.read(&mut buffer).await {
            let data = buffer.get(..length).unwrap_or_default().to_vec();
            if length == 0 || sender.send(BytesMessage { data }).await.is_err() {
                break;
            }
        }
    };
    let mut control = control.clone();
    let back = async move {
        let mut incoming = control.session(request).await?.into_inner();
        while let Some(message) = incoming.message().await? {
            if write.write_all(&message.data).await.is_err() {
                break;
            }
        }
        let _ = write.shutdown().await;
        Ok(())
    };
    let (broken, broke) = oneshot::channel();
    tokio::spawn(async move {
        let mut there = std::pin::pin!(there);
        tokio::select! {
            // With the near end gone, the call ends as well, whatever the builder does.
            () = &mut there => {}
            ended = back => match ended {
                Ok(()) => there.await,
                // Before the far end goes, which is what the session notices.
                Err(status) => drop(broken.send(status)),
            }
        }
    });
    Ok(Tunnel { io: near, broke })
}
