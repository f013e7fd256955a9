//! Named volumes.

use std::collections::BTreeMap;

use bollard::models::VolumeCreateRequest;
use bollard::query_parameters::RemoveVolumeOptions;

use crate::error::Result;

use super::client::{CALL, Engine};
use super::containers::label_filter;
use super::inspect::answer;

answer! { struct List { volumes: Vec<Row> = "Volumes", } }
answer! { struct Row {
    name: String = "Name",
    labels: BTreeMap<String, String> = "Labels",
} }

impl Engine {
    /// Creates a volume. The engine gives an existing one of this name back as if it were new: use names that no
    /// one else has. Note the name in the journal before.
    pub async fn create_volume(&self, name: &str, labels: &BTreeMap<String, String>) -> Result<()> {
        let request = VolumeCreateRequest {
            name: Some(name.to_owned()),
            labels: Some(labels.clone().into_iter().collect()),
            ..Default::default()
        };
        self.limit(CALL, self.docker.create_volume(request))
            .await
            .map(|_| ())
            .map_err(|fault| self.told(fault, format!("create volume {name}")))
    }

    /// Removes a volume. Whether there was one.
    pub async fn remove_volume(&self, name: &str) -> Result<bool> {
        match self
            .limit(CALL, self.docker.remove_volume(name, Some(RemoveVolumeOptions { force: false })))
            .await
        {
            Ok(()) => Ok(true),
            Err(fault) if fault.status() == Some(404) => Ok(false),
            Err(fault) => Err(self.told(fault, format!("remove volume {name}"))),
        }
    }

    /// Name and labels of every volume that carries `labels`.
    pub async fn list_volumes(&self, labels: &[String]) -> Result<Vec<(String, BTreeMap<String, String>)>> {
        let query = [("filters", label_filter(labels))];
        let list: List = self
            .wire
            .get("/volumes", &query, CALL)
            .await
            .map_err(|fault| self.told(fault, "list volumes"))?;
        Ok(list.volumes.into_iter().map(|row| (row.name, row.labels)).collect())
    }
}
