//! Images and registries, as far as no registry is needed.

use imgbuild::engine::PushLimits;
use tokio::sync::Notify;

use super::*;

#[tokio::test]
async fn tags_come_and_go_without_the_image() {
    let engine = engine().await;
    let repository = unique("tags");
    let base = engine.inspect_image(BASE).await.unwrap().unwrap();
    engine.tag_image(&base.id, &repository, "1").await.unwrap();
    engine.tag_image(&base.id, &repository, "2").await.unwrap();
    assert!(engine.inspect_image(BASE).await.unwrap().unwrap().tags.contains(&format!("{repository}:2")));
    for tag in ["1", "2"] {
        assert!(engine.remove_image(&format!("{repository}:{tag}"), false).await.unwrap());
    }
    assert!(!engine.remove_image(&format!("{repository}:1"), false).await.unwrap());
    assert!(engine.inspect_image(BASE).await.unwrap().is_some());
    let error = engine.tag_image(&base.id, "UPPER", "1").await.unwrap_err();
    assert!(error.message().contains("UPPER"), "{error}");
}

#[tokio::test]
async fn a_push_to_nowhere_is_a_registry_error() {
    let engine = engine().await;
    let base = engine.inspect_image(BASE).await.unwrap().unwrap();
    let repository = format!("127.0.0.1:1/{}", unique("push"));
    engine.tag_image(&base.id, &repository, "1").await.unwrap();
    let (minute, events) = (Duration::from_secs(60), Events::discard());
    let limits = PushLimits { idle: minute, total: minute };
    let error = engine.push_image(&repository, "1", None, limits, &Notify::new(), &events).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Registry, "{error}");
    let error = engine.pull_image(&repository, "1", None, minute, &events).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Registry, "{error}");
    engine.remove_image(&format!("{repository}:1"), false).await.unwrap();
}

#[tokio::test]
async fn the_config_digest_is_that_of_the_config_in_the_export() {
    let engine = engine().await;
    let image = engine.inspect_image(BASE).await.unwrap().unwrap();
    let export = raw("GET", &format!("/images/{}/get", image.id), &[]);
    let mut archive = tar::Archive::new(export.as_slice());
    let manifest = archive
        .entries()
        .unwrap()
        .map(|entry| entry.unwrap())
        .find(|entry| entry.path().unwrap().as_os_str() == "manifest.json");
    let manifest: serde_json::Value = serde_json::from_reader(manifest.unwrap()).unwrap();
    // `blobs/sha256/HEX` since engine 25, `HEX.json` before.
    let path = manifest[0]["Config"].as_str().unwrap();
    let hex = path.rsplit('/').next().unwrap().trim_end_matches(".json");
    assert_eq!(engine.config_digest(&image).await.unwrap().hex(), hex);
}
