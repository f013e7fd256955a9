//! Commands before the swap: a dump, a migration.

use std::collections::BTreeMap;
use std::path::Path;

use super::swap::Swap;
use crate::config::BeforeCommand;
use crate::error::Result;
use crate::expect::{Evidence, Misfit};
use crate::smoke;

/// Runs the deployment's commands, one after the other, in `folder` where they are for this machine. The first that fails is
/// the error.
///
/// Those of this machine find in their environment `IMGBUILD_DEPLOY_NAME`, `IMGBUILD_DEPLOY_CONTAINER`,
/// `IMGBUILD_DEPLOY_IMAGE` (the engine's id of the new image) and `IMGBUILD_DEPLOY_DIGEST`.
pub async fn run_before(swap: &Swap<'_>, folder: &Path) -> Result<()> {
    for command in &swap.wanted.deploy.before {
        let name = format!("before: {}", command.argv.join(" "));
        let judged = swap.judged(&name, async {
            if command.inside {
                return inside(swap, command).await;
            }
            let env = environment(swap);
            let (keeper, argv, within) = (swap.keeper, &command.argv, command.within);
            let misfits = smoke::host_command(keeper, argv, folder, &env, within, &name, swap.events).await;
            Ok((misfits, Vec::new()))
        });
        judged.await?;
    }
    Ok(())
}

async fn inside(swap: &Swap<'_>, command: &BeforeCommand) -> Result<(Vec<Misfit>, Vec<Evidence>)> {
    let (spec, further) = swap.wanted.command(&command.argv);
    let id = match swap.launch(&spec, &further).await? {
        Ok(id) => id,
        Err(misfit) => return Ok((vec![misfit], Vec::new())),
    };
    let gate = swap.gate(swap.keeper.run_label());
    let misfits = gate.ends(&id, command.within).await?;
    let evidence = match misfits.is_empty() {
        true => Vec::new(),
        false => gate.evidence(&id, &spec, &swap.record.reference).await,
    };
    swap.keeper.remove(&id).await?;
    Ok((misfits, evidence))
}

fn environment(swap: &Swap<'_>) -> BTreeMap<String, String> {
    [
        ("IMGBUILD_DEPLOY_NAME", swap.wanted.deploy.name.clone()),
        ("IMGBUILD_DEPLOY_CONTAINER", swap.wanted.deploy.container.clone()),
        ("IMGBUILD_DEPLOY_IMAGE", swap.wanted.image.id.clone()),
        ("IMGBUILD_DEPLOY_DIGEST", swap.record.digest.clone()),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value))
    .collect()
}
