//! Connections from inside a container's network namespace.

use std::fs::File;
use std::io;
use std::net::IpAddr;
use std::os::fd::AsFd;
use std::time::Duration;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::helper;
use super::inside::{CONNECTED, Inside, connects};
use super::local::{self, Local};
use crate::engine::{Container, Keeper};
use crate::error::Result;
use crate::rules::Fact;

/// Whether `host` takes a TCP connection on `port` from inside the running `container`. An error is a fault of the
/// engine's.
pub async fn connect(
    keeper: &Keeper,
    container: &Container,
    host: &str,
    port: u16,
    within: Duration,
) -> Result<Fact<bool>> {
    // What a name means there is for the container's own files and name servers to say.
    if host.parse::<IpAddr>().is_ok()
        && let Some(local) = Local::find(keeper, container).await?
    {
        let host = host.to_owned();
        if let Ok(connected) = local::blocking(move || here(&local, &host, port, within)).await? {
            return Ok(Fact::Known(connected));
        }
    }
    let job = Inside::Connect { host: host.to_owned(), port, within };
    Ok(match helper::look(keeper, container, &job).await {
        Ok(values) => {
            let told = values.iter().find_map(|value| value.get(CONNECTED)?.as_bool());
            told.map_or_else(|| Fact::Missing("a helper container said nothing".to_owned()), Fact::Known)
        }
        Err(why) => Fact::Missing(why),
    })
}

/// Connects on a thread that enters the namespace and ends in it: it must not serve anything else afterwards.
fn here(local: &Local, host: &str, port: u16, within: Duration) -> io::Result<bool> {
    let namespace = local.surely(|local| File::open(local.path("ns/net")))?;
    std::thread::scope(|scope| {
        let entered = std::thread::Builder::new().spawn_scoped(scope, || {
            move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))?;
            Ok(connects(host, port, within))
        })?;
        entered.join().unwrap_or_else(|_| Err(io::Error::other("the thread broke off")))
    })
}
