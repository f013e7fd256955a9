//! The sockets of a container that wait for others, by the kernel's tables of its network namespace.

use std::fs::File;
use std::io;
use std::net::IpAddr;

use super::local::Local;
use super::proc_net;
use crate::engine::{Container, Keeper};
use crate::error::{Error, Kind, Result};
use crate::rules::Fact;

/// A socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::smoke) struct Socket {
    /// `tcp` or `udp`, of either version of IP.
    pub(in crate::smoke) protocol: &'static str,
    /// What it is bound to; `0.0.0.0` and `::` are all addresses.
    pub(in crate::smoke) address: IpAddr,
    /// Its port.
    pub(in crate::smoke) port: u16,
    /// It waits for others: TCP listens, UDP is bound and not connected.
    pub(in crate::smoke) listening: bool,
}

/// The sockets of a network namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::smoke) struct Sockets {
    /// Those that wait for others, without those of the engine's own resolver. A client that asks by UDP may be among them
    /// for a moment: the kernel does not tell it from a server.
    pub(in crate::smoke) list: Vec<Socket>,
}

/// The sockets of the running `container`.
pub(in crate::smoke) async fn sockets(keeper: &Keeper, container: &Container) -> Result<Fact<Sockets>> {
    let _ = keeper;
    if let Some(local) = Local::of(container)
        && let Ok(list) = blocking(move || local.surely(|local| here(local))).await?
    {
        return Ok(Fact::Known(Sockets { list }));
    }
    Ok(Fact::Missing("the container's sockets can be seen on the engine's machine only".to_owned()))
}

fn here(local: &Local) -> io::Result<Vec<Socket>> {
    tables(|name| File::open(local.path(&format!("net/{name}"))))
}

/// Reads all tables. A kernel without IPv6 has none for it.
pub(super) fn tables(open: impl Fn(&str) -> io::Result<File>) -> io::Result<Vec<Socket>> {
    let mut list = Vec::new();
    for (name, protocol) in proc_net::TABLES {
        match open(name) {
            Ok(table) => proc_net::read(table, protocol, &mut list)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound && name.ends_with('6') => {}
            Err(error) => return Err(error),
        }
    }
    Ok(list)
}

/// Runs what waits for the kernel beside the runtime.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|cause| Error::new(Kind::Internal, "a look into a container broke off").because(cause))
}
