//! Starts under harder conditions.

use tokio::sync::watch;

use super::lines;
use super::rig::{Rig, Up};
use crate::engine::ContainerSpec;
use crate::error::Result;
use crate::rules::Fact;
use crate::rules::facts::VariantSeen;

/// Folders that stay writable where the root file system does not.
const WRITABLE: [&str; 2] = ["/tmp", "/run"];
/// A user without any right.
const NOBODY: &str = "10001:10001";
/// What a log says where a write failed, although the process went on.
const FAILED_WRITE: [&str; 2] = ["Read-only file system", "read-only file system"];

/// With a root file system that cannot be written.
pub(super) async fn read_only(rig: &Rig<'_>, up: watch::Receiver<Up>) -> Result<Fact<VariantSeen>> {
    let mut spec = rig.container();
    close(&mut spec);
    start(rig, spec, up).await
}

/// The same, without any capability, and as a user without rights where the image asks for root.
pub(super) async fn hardened(rig: &Rig<'_>, up: watch::Receiver<Up>) -> Result<Fact<VariantSeen>> {
    let mut spec = rig.container();
    close(&mut spec);
    spec.privileged = false;
    spec.cap_add.clear();
    spec.limits.drop_capabilities = true;
    spec.limits.no_new_privileges = true;
    let user = spec.user.as_deref().unwrap_or(&rig.image().user).split(':').next().unwrap_or_default();
    if user.is_empty() || user == "root" || user.parse() == Ok(0_u32) {
        spec.user = Some(NOBODY.to_owned());
    }
    start(rig, spec, up).await
}

fn close(spec: &mut ContainerSpec) {
    spec.read_only = true;
    for folder in WRITABLE {
        spec.tmpfs.entry(folder.to_owned()).or_insert_with(|| "mode=1777,size=64m".to_owned());
    }
}

fn failed_write(line: &str) -> bool {
    // nginx's entry point asks whether it is that, and does without.
    FAILED_WRITE.iter().any(|words| line.contains(words)) && !line.contains("(read-only file system?)")
}

async fn start(rig: &Rig<'_>, spec: ContainerSpec, up: watch::Receiver<Up>) -> Result<Fact<VariantSeen>> {
    let launch = rig.launch_as_quickly(spec, up).await?;
    // A process may go on although every write of it fails: its log tells.
    let said = match launch.id.as_str() {
        "" => None,
        id => lines::first(rig.engine(), id, failed_write).await?,
    };
    let came_up = launch.did_its_work() && said.is_none();
    let why = said.filter(|_| launch.did_its_work()).unwrap_or_else(|| launch.why());
    rig.remove(&launch.id).await?;
    Ok(Fact::Known(VariantSeen { came_up, why, log: launch.start.log }))
}
