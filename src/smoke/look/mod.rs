//! How an image or a container is looked into from outside, whatever tools it has inside.
//!
//! Where the engine's containers are processes of this machine, they are looked at directly (`local`). Else imgbuild's own
//! executable runs beside them in a container (`helper`), where `inside` is what it does.

mod accounts;
mod connect;
mod dns;
mod elf;
mod executable;
mod files;
mod freeze;
mod go_mode;
mod helper;
mod inside;
mod local;
mod packages;
mod proc_net;
mod sockets;
mod still;

pub(in crate::smoke) use accounts::accounts;
pub use connect::connect;
pub use dns::DnsSink;
pub(in crate::smoke) use files::{Found, Place, Sum, content, find, header, look};
pub use freeze::{freeze, thaw};
pub use inside::{Inside, inside};
pub(in crate::smoke) use packages::{Format, Search};
pub use sockets::{Socket, Sockets, sockets};
pub(in crate::smoke) use still::Still;
