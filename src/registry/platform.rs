//! What images are for.

use serde_json::Value;

use super::Manifest;
use crate::error::{Error, Kind, Result};

/// `os/architecture[/variant]`, as an image's configuration and the entries of an index have it; `None` where it is not
/// said.
pub fn platform(object: &Value) -> Option<String> {
    let text = |name: &str| {
        let text = object.get(name).and_then(Value::as_str)?;
        // Attestations are for the platform unknown/unknown.
        let is_word = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
        (is_word && !text.is_empty() && text != "unknown").then_some(text)
    };
    let bare = format!("{}/{}", text("os")?, text("architecture")?);
    Some(match text("variant") {
        Some(variant) => format!("{bare}/{variant}"),
        None => bare,
    })
}

impl Manifest {
    /// The platforms that an index lists, in its order; none where it lists none or is no index.
    pub fn platforms(&self) -> Result<Vec<String>> {
        let malformed = |_| Error::new(Kind::Registry, format!("the manifest {} is not JSON", self.digest));
        let document: Value = serde_json::from_slice(&self.bytes).map_err(malformed)?;
        let entries = document.get("manifests").and_then(Value::as_array).into_iter().flatten();
        Ok(entries.filter_map(|entry| platform(entry.get("platform")?)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::manifest::OCI_INDEX;
    use super::*;

    #[test]
    fn platforms_of_an_index_without_its_attestations() {
        let entries = r#"{"manifests":[
            {"platform":{"os":"linux","architecture":"amd64"}},
            {"platform":{"os":"linux","architecture":"arm","variant":"v7"}},
            {"platform":{"os":"unknown","architecture":"unknown"}},
            {"platform":{"os":"linux\n","architecture":"amd64"}},
            {"platform":{"os":"linux"}}, {"platform":null}, {}, 1
        ]}"#;
        let index = Manifest::new(entries.into(), OCI_INDEX).unwrap();
        assert_eq!(index.platforms().unwrap(), ["linux/amd64", "linux/arm/v7"]);
        let odd = Manifest::new(br#"{"manifests":1}"#.to_vec(), OCI_INDEX).unwrap();
        assert!(odd.platforms().unwrap().is_empty());
    }
}
