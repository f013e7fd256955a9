//! The sockets of a container that wait for others, by the kernel's tables of its network namespace.

use std::fs::File;
use std::io;
use std::net::IpAddr;

use serde_json::{Value, json};

use super::inside::Inside;
use super::local::{self, Local};
use super::{helper, proc_net};
use crate::engine::{Container, Keeper};
use crate::error::Result;
use crate::rules::Fact;

/// A socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Socket {
    /// `tcp` or `udp`, of either version of IP.
    pub protocol: &'static str,
    /// What it is bound to; `0.0.0.0` and `::` are all addresses.
    pub address: IpAddr,
    /// Its port.
    pub port: u16,
    /// It waits for others: TCP listens, UDP is bound and not connected.
    pub listening: bool,
}

impl Socket {
    /// As a helper prints it.
    pub(super) fn to_json(&self) -> Value {
        json!({
            "protocol": self.protocol,
            "address": self.address.to_string(),
            "port": self.port,
            "listening": self.listening,
        })
    }

    fn from_json(value: &Value) -> Option<Socket> {
        let protocol = value.get("protocol")?.as_str()?;
        Some(Socket {
            protocol: ["tcp", "udp"].into_iter().find(|known| *known == protocol)?,
            address: value.get("address")?.as_str()?.parse().ok()?,
            port: value.get("port")?.as_u64()?.try_into().ok()?,
            listening: value.get("listening")?.as_bool()?,
        })
    }
}

/// The sockets of a network namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sockets {
    /// Those that wait for others, without those of the engine's own resolver. A client that asks by UDP may be among them
    /// for a moment: the kernel does not tell it from a server.
    pub list: Vec<Socket>,
}

/// The sockets of the running `container`. An error is a fault of the engine's.
pub async fn sockets(keeper: &Keeper, container: &Container) -> Result<Fact<Sockets>> {
    if let Some(local) = Local::find(keeper, container).await?
        && let Ok(list) = local::blocking(move || local.surely(here)).await?
    {
        return Ok(Fact::Known(Sockets { list }));
    }
    Ok(match helper::look(keeper, container, &Inside::Sockets).await {
        Ok(values) => Fact::Known(Sockets { list: values.iter().filter_map(Socket::from_json).collect() }),
        Err(why) => Fact::Missing(why),
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_comes_back_from_a_helper() {
        for address in ["0.0.0.0", "::", "2001:db8::1"] {
            let address = address.parse().unwrap();
            let socket = Socket { protocol: "udp", address, port: 53, listening: true };
            assert_eq!(Socket::from_json(&socket.to_json()), Some(socket));
        }
        for odd in
            [json!(1), json!({"protocol": "tcp"}), json!({"protocol": "x", "address": "::", "port": 1})]
        {
            assert_eq!(Socket::from_json(&odd), None);
        }
    }
}
