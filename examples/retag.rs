//! Further tags on an image that a registry has already, for `make bench`: what publishing does once the image is up.
//!
//! `retag HOST PATH DIGEST TAG…` reads the manifest DIGEST of the repository PATH, puts it under each TAG, all at once,
//! reads each back and compares the bytes.

use std::error::Error;

use futures_util::future::try_join_all;
use imgbuild::registry::{Credential, Registry, RegistryOptions};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [host, path, digest, tags @ ..] = arguments.as_slice() else {
        return Err("usage: retag HOST PATH DIGEST TAG…".into());
    };
    let registry = Registry::new(host, None::<Credential>, RegistryOptions::default())?;
    let missing = || format!("{host}/{path} has no {digest}");
    let manifest = &registry.manifest(path, digest).await?.ok_or_else(missing)?;
    let registry = &registry;
    let set = |tag: String| async move {
        registry.put_manifest(path, &tag, manifest).await?;
        match registry.manifest(path, &tag).await? {
            Some(found) if found.bytes == manifest.bytes => Ok(()),
            _ => Err(Box::<dyn Error>::from(format!("{host}/{path}:{tag} is not what was put there"))),
        }
    };
    try_join_all(tags.iter().cloned().map(set)).await?;
    Ok(())
}
