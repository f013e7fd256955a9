//! Networks of our own, so that nothing depends on a default bridge that may be missing.

use std::collections::BTreeMap;

use bollard::models::NetworkCreateRequest;

use crate::error::Result;

use super::client::{CALL, Engine};
use super::containers::label_filter;
use super::inspect::answer;

answer! { struct Row {
    id: String = "Id",
    name: String = "Name",
    labels: BTreeMap<String, String> = "Labels",
} }

impl Engine {
    /// Creates a bridge network and gives its id. Note its name in the journal before.
    ///
    /// `internal` networks reach nothing outside, and ports of their containers cannot be published.
    pub async fn create_network(
        &self,
        name: &str,
        labels: &BTreeMap<String, String>,
        internal: bool,
    ) -> Result<String> {
        let request = NetworkCreateRequest {
            name: name.to_owned(),
            driver: Some("bridge".to_owned()),
            internal: internal.then_some(true),
            labels: Some(labels.clone().into_iter().collect()),
            ..Default::default()
        };
        self.limit(CALL, self.docker.create_network(request)).await.map(|answer| answer.id).map_err(|fault| {
            match fault.message().contains("address pools") {
                true => self
                    .told(fault, format!("create network {name}"))
                    .hint("the engine has run out of subnets: `imgbuild clean`, then `docker network prune`"),
                false => self.told(fault, format!("create network {name}")),
            }
        })
    }

    /// Removes a network. Whether there was one.
    pub async fn remove_network(&self, id: &str) -> Result<bool> {
        match self.limit(CALL, self.docker.remove_network(id)).await {
            Ok(()) => Ok(true),
            Err(fault) if fault.status() == Some(404) => Ok(false),
            Err(fault) => Err(self.told(fault, format!("remove network {id}"))),
        }
    }

    /// Id, name and labels of every network that carries `labels`.
    pub async fn list_networks(
        &self,
        labels: &[String],
    ) -> Result<Vec<(String, String, BTreeMap<String, String>)>> {
        let query = [("filters", label_filter(labels))];
        let rows: Vec<Row> = self
            .wire
            .get("/networks", &query, CALL)
            .await
            .map_err(|fault| self.told(fault, "list networks"))?;
        Ok(rows.into_iter().map(|row| (row.id, row.name, row.labels)).collect())
    }
}
