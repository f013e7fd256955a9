//! The steps that made an image.

use super::client::{CALL, Engine};
use super::containers::short;
use super::images::image_path;
use super::inspect::answer;
use crate::error::Result;

/// One step, as the builder noted it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageStep {
    /// The instruction. May hold the values of build arguments: never to be shown.
    pub created_by: String,
    /// The bytes that it added; 0 where it made no layer.
    pub size: u64,
}

answer! { struct Row {
    created_by: String = "CreatedBy",
    size: i64 = "Size",
} }

impl From<Row> for ImageStep {
    fn from(row: Row) -> ImageStep {
        // The containerd store has -1 where it does not know.
        ImageStep { created_by: row.created_by, size: u64::try_from(row.size).unwrap_or_default() }
    }
}

impl Engine {
    /// The steps of an image by id or name, the oldest first.
    pub async fn image_history(&self, name: &str) -> Result<Vec<ImageStep>> {
        let path = format!("{}/history", image_path(name));
        let rows: Vec<Row> = self
            .wire
            .get(&path, &[], CALL)
            .await
            .map_err(|fault| self.told(fault, format!("read the history of image {}", short(name))))?;
        Ok(rows.into_iter().rev().map(ImageStep::from).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Act, Fake};

    #[tokio::test]
    async fn the_oldest_step_comes_first() {
        let rows = r#"[
            {"Comment":"","Created":1700000001,"CreatedBy":"/bin/sh -c #(nop)  CMD [\"a\"]","Id":"sha256:b","Size":0,"Tags":["x:1"]},
            {"Comment":"","Created":1700000000,"CreatedBy":"/bin/sh -c #(nop) ADD file:0 in / ","Id":"<missing>","Size":12,"Tags":null},
            {"Comment":"","Created":0,"CreatedBy":null,"Id":"<missing>","Size":-1,"Tags":null}
        ]"#;
        Fake::engine(vec![("GET /v1.51/images/x:1/history", Act::Answer(200, rows.to_owned()))])
            .serves(async |engine| {
                let steps = engine.image_history("x:1").await.unwrap();
                let sizes: Vec<u64> = steps.iter().map(|step| step.size).collect();
                assert_eq!(sizes, [0, 12, 0]);
                assert_eq!(steps.last().unwrap().created_by, "/bin/sh -c #(nop)  CMD [\"a\"]");
            })
            .await;
    }
}
