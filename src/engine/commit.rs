//! An image made of what a container wrote.

use crate::error::Result;

use super::client::{CALL, Engine};
use super::containers::short;
use super::fault::{Fault, cap};
use super::inspect::answer;
use super::wire::within;

answer! { struct Answer { id: String = "Id", } }

impl Engine {
    /// Makes an image of a container and gives its id; a container that runs is paused meanwhile. The image inherits the
    /// container's configuration and labels; `config_changes` are instructions on top (`LABEL a=b`, `CMD ["/x"]`). It has
    /// no name: note its id in the journal.
    pub async fn commit_container(&self, id: &str, config_changes: &[String]) -> Result<String> {
        self.commit_as(id, None, config_changes).await
    }

    /// As [`commit_container`](Engine::commit_container), with a `repository:tag` given in the same step.
    pub(super) async fn commit_as(
        &self,
        id: &str,
        name: Option<&str>,
        config_changes: &[String],
    ) -> Result<String> {
        let mut query = vec![("container", id.to_owned())];
        if let Some((repository, tag)) = name.and_then(|name| name.rsplit_once(':')) {
            query.extend([("repo", repository.to_owned()), ("tag", tag.to_owned())]);
        }
        query.extend(config_changes.iter().map(|change| ("changes", change.clone())));
        let made = within(CALL, async {
            let mut reply = self.wire.post("/commit", &query, &serde_json::Value::Null, &[]).await?;
            let body = reply.collect(1 << 20).await?;
            let answer: Answer =
                serde_json::from_slice(&body).map_err(|error| Fault::Garbled(error.to_string()))?;
            whole_id(&answer.id)
        });
        made.await.map_err(|fault| self.told(fault, format!("make an image of container {}", short(id))))
    }
}

/// The id with its `sha256:`, which podman leaves out.
pub(super) fn whole_id(text: &str) -> Result<String, Fault> {
    let text = text.trim();
    let hex = text.strip_prefix("sha256:").unwrap_or(text);
    if hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        Ok(format!("sha256:{hex}"))
    } else {
        Err(Fault::Garbled(format!("{:?} for the id of an image", cap(text))))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Act, Fake};

    #[tokio::test]
    async fn an_id_with_and_without_its_algorithm() {
        let hex = "ab".repeat(32);
        let line = "POST /v1.51/commit?container=c&changes=CMD%20%5B%22%2Fx%22%5D&changes=LABEL%20a%3Db";
        let answer = |id: &str| Act::Answer(201, format!(r#"{{"Id":"{id}"}}"#));
        let changes = [r#"CMD ["/x"]"#.to_owned(), "LABEL a=b".to_owned()];
        let script = vec![
            (line, answer(&format!("sha256:{hex}"))),
            (line, answer(&hex)),
            (line, answer("x")),
            (line, Act::Answer(400, r#"{"message":"FOO is not a valid change command"}"#.into())),
        ];
        Fake::engine(script)
            .serves(async |engine| {
                for _ in 0..2 {
                    let id = engine.commit_container("c", &changes).await.unwrap();
                    assert_eq!(id, format!("sha256:{hex}"));
                }
                assert!(engine.commit_container("c", &changes).await.is_err());
                let refused = engine.commit_container("c", &changes).await.unwrap_err();
                assert!(refused.message().contains("not a valid change"), "{refused}");
            })
            .await;
    }
}
