//! Addresses that can be reached from inside the running container.

use super::misfits;
use crate::error::Result;
use crate::expect::{AddressCheck, Misfit};
use crate::rules::Fact;
use crate::smoke::look;
use crate::smoke::scene::Bench;

/// Tries the address once; what does not fit.
pub(super) async fn check(bench: &Bench<'_>, spec: &AddressCheck) -> Result<Vec<Misfit>> {
    let Some(container) = &bench.running else { return Ok(vec![misfits::not_running()]) };
    let what = format!("{}://{}:{}", spec.protocol, spec.host, spec.port);
    if spec.protocol != "tcp" {
        let why = format!("{} tells nobody whether an address is reached", spec.protocol);
        return Ok(vec![misfits::unseen(what, &why)]);
    }
    Ok(match look::connect(bench.keeper, container, &spec.host, spec.port, spec.within).await? {
        Fact::Known(reached) if spec.reachable.value(&what, &reached.into()).is_err() => {
            let word = |reached: bool| if reached { "reachable" } else { "not reachable" };
            vec![Misfit::new(what, word(!reached), word(reached))]
        }
        Fact::Known(_) => Vec::new(),
        Fact::Missing(why) => vec![misfits::unseen(what, &why)],
    })
}
