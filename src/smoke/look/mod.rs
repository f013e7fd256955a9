//! How an image or a container is looked into from outside, whatever tools it has inside.
//!
//! Where the engine's containers are processes of this machine, they are looked at directly (`local`). Else imgbuild's own
//! executable runs beside them in a container (`helper`), where `inside` is what it does.

mod connect;
mod dns;
mod elf;
mod executable;
mod freeze;
mod helper;
mod inside;
mod local;
mod proc_net;
mod sockets;

pub(in crate::smoke) use connect::connect;
pub(in crate::smoke) use dns::DnsSink;
pub(in crate::smoke) use freeze::{freeze, thaw};
pub use inside::{Inside, inside};
pub(in crate::smoke) use sockets::{Socket, Sockets, sockets};
