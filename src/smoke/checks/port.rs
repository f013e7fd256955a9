//! Ports by the sockets of the container's network namespace: a connection proves nothing, since the engine's proxy
//! accepts it for whoever does not listen.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::time::Instant;

use super::misfits;
use crate::error::Result;
use crate::expect::{Misfit, PortCheck, Protocol};
use crate::rules::Fact;
use crate::smoke::look::{self, Sockets};
use crate::smoke::scene::{Bench, OF_THE_HOST};

/// Between two looks: the kernel tells nobody that a socket listens now.
const AGAIN: Duration = Duration::from_millis(50);

/// Looks until the port is as it must be, or its time is up; what does not fit otherwise.
pub(super) async fn check(bench: &Bench<'_>, spec: &PortCheck) -> Result<Vec<Misfit>> {
    let Some(container) = &bench.running else { return Ok(vec![misfits::not_running()]) };
    if bench.test.container.network.as_deref() == Some("host") {
        return Ok(vec![misfits::unseen(port(spec), OF_THE_HOST)]);
    }
    let deadline = Instant::now() + spec.within;
    loop {
        let misfits = match look::sockets(bench.keeper, container).await? {
            Fact::Known(sockets) => judge(spec, &sockets),
            Fact::Missing(why) => {
                return Ok(match bench.engine().inspect_container(&container.id).await? {
                    Some(container) if container.running => vec![misfits::unseen(port(spec), &why)],
                    _ => vec![misfits::not_running()],
                });
            }
        };
        if misfits.is_empty() || Instant::now() + AGAIN >= deadline {
            return Ok(misfits);
        }
        tokio::time::sleep(AGAIN).await;
    }
}

fn judge(spec: &PortCheck, sockets: &Sockets) -> Vec<Misfit> {
    let (protocol, is_right): (&str, fn(&IpAddr) -> bool) = match spec.protocol {
        Protocol::AnyTcp => ("tcp", |_| true),
        Protocol::AnyUdp => ("udp", |_| true),
        Protocol::Tcp => ("tcp", IpAddr::is_ipv4),
        Protocol::Tcp6 => ("tcp", IpAddr::is_ipv6),
        Protocol::Udp => ("udp", IpAddr::is_ipv4),
        Protocol::Udp6 => ("udp", IpAddr::is_ipv6),
    };
    let of_protocol = || sockets.list.iter().filter(|socket| socket.listening && socket.protocol == protocol);
    let mut addresses: Vec<IpAddr> = of_protocol()
        .filter(|socket| socket.port == spec.port && is_right(&socket.address))
        .map(|socket| socket.address)
        .collect();
    addresses.sort_unstable();
    addresses.dedup();
    let what = port(spec);
    let list = addresses.iter().map(IpAddr::to_string).collect::<Vec<_>>();
    if addresses.is_empty() == spec.listening {
        if !spec.listening {
            return vec![Misfit::new(what, "no listener", format!("one on {}", list.join(", ")))];
        }
        let others: Vec<String> =
            of_protocol().map(|socket| SocketAddr::new(socket.address, socket.port).to_string()).collect();
        let got = match others.is_empty() {
            true => "none, nor on any other port".to_owned(),
            false => format!("none; listeners are {}", others.join(", ")),
        };
        return vec![Misfit::new(what, "a listener", got)];
    }
    let mut misfits = Vec::new();
    if spec.listening && spec.everywhere && !addresses.iter().any(IpAddr::is_unspecified) {
        let got = format!("{} only", list.join(", "));
        misfits.push(Misfit::new(&what, "a listener on all addresses", got));
    }
    if let Some(matcher) = &spec.addresses {
        misfits.extend(matcher.value(&format!("addresses of {what}"), &list.into()).err());
    }
    misfits
}

fn port(spec: &PortCheck) -> String {
    let protocol = match spec.protocol {
        Protocol::AnyTcp | Protocol::Tcp => "tcp",
        Protocol::AnyUdp | Protocol::Udp => "udp",
        Protocol::Tcp6 => "tcp6",
        Protocol::Udp6 => "udp6",
    };
    format!("port {}/{protocol}", spec.port)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expect::Matcher;
    use crate::smoke::look::Socket;

    fn sockets() -> Sockets {
        let socket = |protocol: &'static str, address: &str, port: u16, listening: bool| Socket {
            protocol,
            address: address.parse().unwrap(),
            port,
            listening,
        };
        Sockets {
            list: vec![
                socket("tcp", "0.0.0.0", 80, true),
                socket("tcp", "127.0.0.1", 81, true),
                socket("tcp", "::", 82, true),
                socket("udp", "::1", 53, true),
                socket("tcp", "10.0.0.1", 83, false),
            ],
        }
    }

    fn said(protocol: Protocol, port: u16, change: impl FnOnce(&mut PortCheck)) -> Vec<String> {
        let mut spec = PortCheck {
            protocol,
            port,
            listening: true,
            everywhere: true,
            addresses: None,
            within: Duration::ZERO,
        };
        change(&mut spec);
        judge(&spec, &sockets()).iter().map(Misfit::sentence).collect()
    }

    #[test]
    fn who_listens_where() {
        let none = Vec::<String>::new();
        assert_eq!(said(Protocol::AnyTcp, 80, |_| ()), none);
        assert_eq!(said(Protocol::Tcp, 80, |_| ()), none);
        assert_eq!(said(Protocol::AnyTcp, 82, |_| ()), none);
        assert_eq!(said(Protocol::Tcp6, 82, |_| ()), none);
        assert_eq!(said(Protocol::Udp6, 53, |spec| spec.everywhere = false), none);
        assert_eq!(said(Protocol::AnyUdp, 80, |spec| spec.listening = false), none);
        assert_eq!(
            said(Protocol::Tcp, 82, |_| ()),
            ["port 82/tcp: expected a listener, got none; listeners are 0.0.0.0:80, 127.0.0.1:81, [::]:82"]
        );
        assert_eq!(
            said(Protocol::AnyTcp, 83, |_| ()),
            ["port 83/tcp: expected a listener, got none; listeners are 0.0.0.0:80, 127.0.0.1:81, [::]:82"]
        );
        assert_eq!(
            said(Protocol::AnyTcp, 81, |_| ()),
            ["port 81/tcp: expected a listener on all addresses, got 127.0.0.1 only"]
        );
        assert_eq!(
            said(Protocol::AnyTcp, 80, |spec| spec.listening = false),
            ["port 80/tcp: expected no listener, got one on 0.0.0.0"]
        );
        assert_eq!(
            said(Protocol::AnyTcp, 80, |spec| spec.addresses = Some(Matcher::Equals(vec!["::"].into()))),
            [r#"addresses of port 80/tcp: expected ["::"], got ["0.0.0.0"]"#]
        );
        assert_eq!(
            judge(
                &PortCheck {
                    protocol: Protocol::Udp,
                    port: 1,
                    listening: true,
                    everywhere: false,
                    addresses: None,
                    within: Duration::ZERO
                },
                &Sockets::default()
            )[0]
            .sentence(),
            "port 1/udp: expected a listener, got none, nor on any other port"
        );
    }
}
