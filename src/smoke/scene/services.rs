//! The other containers that a test needs.

use super::{Awaited, Bench, Ready, Witness, container, judged_by_health, launch, reproduce, wait};
use crate::error::Result;
use crate::expect::{Misfit, ServiceSpec};

/// Starts `service` and waits until it is ready; what is wrong with it otherwise. Its container joins `witnesses`.
pub(in crate::smoke) async fn serve(
    bench: &Bench<'_>,
    service: &ServiceSpec,
    witnesses: &mut Vec<Witness>,
) -> Result<Vec<Misfit>> {
    let Some(image) = bench.engine().inspect_image(&service.image).await? else {
        return Ok(vec![Misfit::new("its image", service.image.clone(), "the engine has no such image")]);
    };
    let by_health = match judged_by_health(&image, &service.ready) {
        Ok(by_health) => by_health,
        Err(misfit) => return Ok(vec![misfit]),
    };
    let network = bench.own_network().await?;
    let spec = container::of_service(&image, service, network, by_health.then_some(&service.ready));
    let command = reproduce::command(&spec, &service.image, None);
    let mut started = |id: &str| {
        witnesses.push(Witness {
            id: id.to_owned(),
            service: Some(service.alias.clone()),
            reproduce: command.clone(),
        });
    };
    let id = match Box::pin(launch(bench, spec, &mut started)).await? {
        Ok(id) => id,
        Err(misfit) => return Ok(vec![misfit]),
    };
    let at = Awaited { keeper: bench.keeper, watcher: bench.watcher, id: &id, network: None };
    Ok(match Box::pin(wait(at, &service.ready, by_health)).await? {
        Ready::Up(_) => Vec::new(),
        Ready::Done => vec![Misfit::new("the container", "up", "it ended with exit code 0")],
        Ready::Not(misfits) => misfits,
    })
}
