//! What one document says of another: its type, digest and size.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::image::Digest;

/// A content descriptor of the OCI image specification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Descriptor {
    /// What is behind it; may be empty where a registry left it out.
    pub media_type: String,
    /// The digest of its bytes.
    pub digest: Digest,
    /// How many bytes it has.
    pub size: u64,
    /// Empty where there are none.
    pub annotations: BTreeMap<String, String>,
    /// What kind of artifact a manifest is, where its descriptor says so.
    pub artifact_type: Option<String>,
}

impl Descriptor {
    /// A descriptor without annotations.
    pub fn new(media_type: impl Into<String>, digest: Digest, size: u64) -> Descriptor {
        Descriptor {
            media_type: media_type.into(),
            digest,
            size,
            annotations: BTreeMap::new(),
            artifact_type: None,
        }
    }

    /// The descriptor as JSON, as indexes and manifests hold it.
    pub fn to_json(&self) -> Value {
        let mut object = Map::new();
        let mut put = |name: &str, value: Value| object.insert(name.to_owned(), value);
        put("mediaType", self.media_type.clone().into());
        put("digest", self.digest.as_str().into());
        put("size", self.size.into());
        if let Some(artifact_type) = &self.artifact_type {
            put("artifactType", artifact_type.clone().into());
        }
        if !self.annotations.is_empty() {
            let pairs = self.annotations.iter().map(|(key, text)| (key.clone(), text.clone().into()));
            put("annotations", Value::Object(pairs.collect()));
        }
        Value::Object(object)
    }

    /// The descriptor `value`, which stands at `at` of a document; else what is wrong with it.
    pub(super) fn read(value: &Value, at: &str) -> Result<Descriptor, String> {
        let Some(object) = value.as_object() else { return Err(format!("{at} is no descriptor")) };
        let text = |name: &str| match object.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(format!("{at}.{name} is no text")),
        };
        let digest = text("digest")?.ok_or_else(|| format!("{at} has no digest"))?;
        let digest = digest.parse().map_err(|why| format!("{at}.digest: {why}"))?;
        let size = object.get("size").and_then(Value::as_u64);
        let size = size.ok_or_else(|| format!("{at}.size is no size"))?;
        let annotations = match object.get("annotations") {
            None | Some(Value::Null) => BTreeMap::new(),
            Some(value) => {
                annotations(value).ok_or_else(|| format!("{at}.annotations is no map of texts"))?
            }
        };
        let media_type = text("mediaType")?.unwrap_or_default();
        let artifact_type = text("artifactType")?.filter(|text| !text.is_empty());
        Ok(Descriptor { media_type, digest, size, annotations, artifact_type })
    }
}

/// The map of texts that `value` is.
pub(super) fn annotations(value: &Value) -> Option<BTreeMap<String, String>> {
    let pairs = value.as_object()?.iter();
    pairs.map(|(key, text)| Some((key.clone(), text.as_str()?.to_owned()))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let digest = Digest::of(b"x");
        let mut descriptor = Descriptor::new("a/b", digest.clone(), 1);
        assert_eq!(descriptor.to_json(), json!({"mediaType": "a/b", "digest": digest.as_str(), "size": 1}));
        descriptor.annotations.insert("k".to_owned(), "v".to_owned());
        descriptor.artifact_type = Some("t".to_owned());
        assert_eq!(Descriptor::read(&descriptor.to_json(), "x"), Ok(descriptor));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let digest = Digest::of(b"x").to_string();
        for (value, why) in [
            (json!(7), "x is no descriptor"),
            (json!({}), "x has no digest"),
            (json!({"digest": 7}), "x.digest is no text"),
            (json!({"digest": "md5:0", "size": 1}), "x.digest: \"md5:0\" is not a sha256 digest"),
            (json!({"digest": digest}), "x.size is no size"),
            (json!({"digest": digest, "size": -1}), "x.size is no size"),
            (json!({"digest": digest, "size": 1.5}), "x.size is no size"),
            (json!({"digest": digest, "size": "1"}), "x.size is no size"),
            (json!({"digest": digest, "size": 1, "mediaType": []}), "x.mediaType is no text"),
            (
                json!({"digest": digest, "size": 1, "annotations": {"a": 1}}),
                "x.annotations is no map of texts",
            ),
        ] {
            assert_eq!(Descriptor::read(&value, "x"), Err(why.to_owned()));
        }
    }
}
