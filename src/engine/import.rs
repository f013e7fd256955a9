//! An image made of a file system that is sent as a tar archive.

use std::io::Write;
use std::time::Duration;

use http::Method;

use crate::error::{Error, Kind, Result};

use super::client::Engine;
use super::commit::whole_id;
use super::fault::Fault;
use super::push::StatusLines;
use super::upload;
use super::wire::within;

/// The engine unpacks what is sent; what is imported here is small.
const IMPORT: Duration = Duration::from_secs(10 * 60);
/// How long a writer that nobody reads from any more is waited for.
const FAREWELL: Duration = Duration::from_secs(5);

impl Engine {
    /// Makes an image of one layer, of the archive that `tar` writes (on a blocking thread; it is stopped by
    /// `BrokenPipe`), and gives its id. `changes` are instructions for its configuration (`ENTRYPOINT ["/x"]`). It has no
    /// name: note its id in the journal. The error of `tar` wins over the engine's.
    pub async fn import_image<W>(&self, tar: W, changes: &[String]) -> Result<String>
    where
        W: FnOnce(&mut dyn Write) -> Result<()> + Send + 'static,
    {
        self.import_as(None, tar, changes).await
    }

    /// As [`import_image`](Engine::import_image), with a `repository:tag` given in the same step.
    pub(super) async fn import_as<W>(&self, name: Option<&str>, tar: W, changes: &[String]) -> Result<String>
    where
        W: FnOnce(&mut dyn Write) -> Result<()> + Send + 'static,
    {
        let mut query = vec![("fromSrc", "-".to_owned())];
        if let Some((repository, tag)) = name.and_then(|name| name.rsplit_once(':')) {
            query.extend([("repo", repository.to_owned()), ("tag", tag.to_owned())]);
        }
        query.extend(changes.iter().map(|change| ("changes", change.clone())));
        let (body, _, writer) = upload::from_writer(tar);
        let sent = within(IMPORT, async {
            let mut post = self.wire.request(Method::POST, "/images/create", &query, body)?;
            let kind = http::HeaderValue::from_static("application/x-tar");
            post.headers_mut().insert(http::header::CONTENT_TYPE, kind);
            let mut reply = self.wire.send(post).await?;
            let (mut lines, mut last) = (StatusLines::default(), None);
            while let Some(chunk) = reply.chunk().await? {
                last = lines.push(&chunk).pop().or(last);
            }
            match lines.error() {
                Some(message) => Err(Fault::Refused { status: 500, message: message.to_owned() }),
                None => whole_id(&last.unwrap_or_default()),
            }
        });
        let told = sent.await.map_err(|fault| self.told(fault, "import a file system as an image"));
        match tokio::time::timeout(FAREWELL, writer).await {
            Ok(Ok(Err(error))) => Err(error),
            Ok(Ok(Ok(Some(())))) => told,
            Ok(Err(panic)) => {
                Err(Error::new(Kind::Internal, "writing a file system panicked").because(panic))
            }
            Ok(Ok(Ok(None))) | Err(_) => told.and_then(|_| {
                Err(Error::new(
                    Kind::Engine,
                    "the engine ended the import before it had read the whole archive",
                ))
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Act, Fake};
    use super::*;

    const LINE: &str = "POST /v1.51/images/create?fromSrc=-&changes=ENTRYPOINT%20%5B%22%2Fx%22%5D";

    async fn import(act: Act, bytes: usize) -> Result<String> {
        let script = vec![(LINE, act)];
        let changes = [r#"ENTRYPOINT ["/x"]"#.to_owned()];
        let write = move |sink: &mut dyn Write| {
            sink.write_all(&vec![0; bytes])
                .map_err(|error| Error::new(Kind::Io, "cannot write").because(error))
        };
        Fake::engine(script).serves(async |engine| engine.import_image(write, &changes).await).await
    }

    #[tokio::test]
    async fn the_id_is_the_last_word() {
        let id = format!("sha256:{}", "ab".repeat(32));
        let said = format!(r#"{{"status":"Importing"}}{{"status":"{id}"}}"#);
        assert_eq!(import(Act::Answer(200, said), 1 << 20).await.unwrap(), id);
    }

    #[tokio::test]
    async fn refusals_at_each_moment() {
        let early = Act::Early(400, r#"{"message":"invalid change"}"#.into());
        let error = import(early, 8 << 20).await.unwrap_err();
        assert!(error.message().contains("invalid change"), "{error}");
        let late = Act::Answer(200, r#"{"errorDetail":{},"error":"no space left on device"}"#.into());
        let error = import(late, 10).await.unwrap_err();
        assert!(error.hints()[0].contains("imgbuild clean"), "{error}");
        assert!(import(Act::Answer(200, String::new()), 10).await.is_err());
    }

    #[tokio::test]
    async fn a_writer_that_fails_is_the_cause() {
        let engine = Fake::engine(Vec::new());
        // Whether the request's head arrives before its body breaks off is up to the moment.
        let connected = Engine::connect(&engine.endpoint()).await.unwrap();
        let write = |_: &mut dyn Write| Err(Error::new(Kind::Io, "cannot read the file"));
        let error = connected.import_image(write, &[]).await.unwrap_err();
        assert_eq!(error.message(), "cannot read the file");
    }
}
