//! The image that the builder hands over: one stream of bytes, at whose end it waits for ours.

use std::pin::Pin;

use bollard_buildkit_proto::moby::filesync::v1::BytesMessage;
use bollard_buildkit_proto::moby::filesync::v1::file_send_server::FileSend;
use futures_util::stream::{self, Stream, StreamExt as _};
use tonic::{Request, Response, Status, Streaming, async_trait};

use crate::engine::Landing;

/// The longest message that is taken. BuildKit's own are at most 3 MiB.
pub(super) const MOST_MESSAGE: usize = 16 << 20;

/// Takes one image, where one is to come.
pub(super) struct Export {
    landing: Option<Landing>,
}

impl Export {
    pub(super) fn new(landing: Option<Landing>) -> Export {
        Export { landing }
    }
}

type Answer = Pin<Box<dyn Stream<Item = Result<BytesMessage, Status>> + Send>>;

#[async_trait]
impl FileSend for Export {
    type DiffCopyStream = Answer;

    async fn diff_copy(&self, request: Request<Streaming<BytesMessage>>) -> Result<Response<Answer>, Status> {
        let Some(landing) = self.landing.clone() else {
            return Err(Status::not_found("nothing is taken from this build"));
        };
        let taken = async move { take(&landing, request.into_inner()).await };
        // No message of ours but the end, which tells that the engine has the image.
        let answer = stream::once(taken).filter_map(|taken| async move { taken.err().map(Err) });
        Ok(Response::new(Box::pin(answer)))
    }
}

async fn take(landing: &Landing, mut archive: Streaming<BytesMessage>) -> Result<(), Status> {
    let Some(mut arrival) = landing.begin().await else {
        return Err(Status::already_exists("the image was taken before"));
    };
    while let Some(message) = archive.message().await? {
        arrival = arrival.take(message.data).await.map_err(Status::aborted)?;
    }
    arrival.end().await.map_err(Status::aborted)
}
