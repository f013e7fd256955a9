//! The registry client on a real registry, which has no referrers API and deletes by digest only.

#![cfg(test)]

mod support;

use bytes::Bytes;
use imgbuild::image::Digest;
use imgbuild::registry::{
    BlobSource, CopyStep, Deleted, Descriptor, Manifest, Pushed, Registry, RegistryOptions, RepositoryAt,
    Verdict, copy,
};
use serde_json::json;
use support::lab::{get, setting};

const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

fn described(media_type: &str, bytes: &[u8]) -> Descriptor {
    Descriptor::new(media_type, Digest::of(bytes), bytes.len().try_into().expect("a size"))
}

/// A repository of this test's own.
fn path(name: &str) -> String {
    format!("registry-real/{name}-{}", std::process::id())
}

/// Pushes what a manifest is made of, and the manifest, by digest.
async fn push(registry: &Registry, path: &str, layer: Vec<u8>, subject: Option<&Manifest>) -> Manifest {
    let (config, layer) = (Bytes::from_static(b"{}"), Bytes::from(layer));
    let blobs = [
        (described("application/vnd.oci.empty.v1+json", &config), config),
        (described("application/vnd.oci.image.layer.v1.tar", &layer), layer),
    ];
    for (blob, bytes) in &blobs {
        registry.push_blob(path, blob, BlobSource::Bytes(bytes.clone())).await.expect("a push");
        assert!(registry.has_blob(path, &blob.digest).await.expect("an answer"));
    }
    let mut document = json!({
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": blobs[0].0.to_json(),
        "layers": [blobs[1].0.to_json()],
    });
    if let Some(subject) = subject {
        document["artifactType"] = json!("application/example");
        document["subject"] = subject.descriptor().expect("a descriptor").to_json();
    }
    // Indented, as nobody else would write it: copies have to keep that.
    let manifest =
        Manifest::new(serde_json::to_vec_pretty(&document).expect("JSON"), "").expect("a manifest");
    match subject {
        Some(_) => registry.add_referrer(path, &manifest).await.expect("a referrer"),
        None => {
            let put = registry.put_manifest(path, manifest.digest.as_str(), &manifest).await.expect("a put");
            assert!(!put.settled && !put.subject);
        }
    }
    manifest
}

#[tokio::test]
async fn a_copy_within_a_real_registry_mounts_and_keeps_every_byte() {
    let host = setting("IMGBUILD_TEST_REGISTRY");
    let registry = Registry::new(&host, None, RegistryOptions::default()).expect("a client");
    let (a, b) = (path("a"), path("b"));
    // Larger than what goes in one request.
    let layer: Vec<u8> = (0..3_000_000u32).map(|n| n.to_le_bytes()[1]).collect();
    let image = push(&registry, &a, layer.clone(), None).await;
    let sbom = push(&registry, &a, b"sbom".to_vec(), Some(&image)).await;
    registry.put_manifest(&a, "1.0", &image).await.expect("a tag");

    let (from, to) =
        (RepositoryAt { registry: &registry, path: &a }, RepositoryAt { registry: &registry, path: &b });
    let note = |_: CopyStep<'_>| ();
    let first = copy(from, "1.0", to, &note).await.expect("a copy");
    assert_eq!((first.manifests_sent, first.referrers, first.bytes_sent), (2, 1, 0));
    assert_eq!((first.blobs_mounted, first.blobs_sent), (3, 0));
    for manifest in [&image, &sbom] {
        let (status, bytes) = get(&host, &format!("/v2/{b}/manifests/{}", manifest.digest), OCI_MANIFEST);
        assert_eq!((status, bytes.as_slice()), (200, manifest.bytes.as_slice()));
    }
    let listed = registry.referrers(&b, &image.digest).await.expect("a list");
    assert_eq!(listed, [sbom.descriptor().expect("a descriptor")]);
    let (status, bytes) = get(&host, &format!("/v2/{b}/blobs/{}", Digest::of(&layer)), "*/*");
    assert!(status == 200 && bytes == layer);

    let second = copy(from, "1.0", to, &note).await.expect("a copy");
    assert_eq!((second.manifests_sent, second.blobs_mounted, second.blobs_sent), (0, 0, 0));
    assert_eq!(registry.head(&b, "1.0").await.expect("an answer"), None);
}

#[tokio::test]
async fn a_real_registry_takes_two_bytes_and_deletes_by_digest() {
    let host = setting("IMGBUILD_TEST_REGISTRY");
    let registry = Registry::new(&host, None, RegistryOptions::default()).expect("a client");
    let path = path("try");
    assert!(matches!(registry.try_upload(&path).await, Verdict::Works));
    registry.may_push(&path).await.expect("a permission");
    let blob = described("application/vnd.oci.empty.v1+json", b"{}");
    let source = BlobSource::Bytes(Bytes::from_static(b"{}"));
    assert_eq!(registry.push_blob(&path, &blob, source).await.expect("a push"), Pushed::Present);
    let image = push(&registry, &path, b"layer".to_vec(), None).await;
    registry.put_manifest(&path, "1", &image).await.expect("a tag");
    assert_eq!(registry.delete(&path, "1").await.expect("an answer"), Deleted::Unsupported);
    assert_eq!(registry.head(&path, "1").await.expect("an answer").as_ref(), Some(&image.digest));
    for _ in 0..2 {
        let digest = image.digest.as_str();
        assert_eq!(registry.delete(&path, digest).await.expect("an answer"), Deleted::Gone);
    }
    assert_eq!(registry.head(&path, "1").await.expect("an answer"), None);
}
