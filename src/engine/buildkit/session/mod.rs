//! What the builder may ask of us while it builds: files of the context, logins, secrets, an ssh agent, and to take the
//! image. Nothing else is offered, and what is not configured is answered with "there is none".

mod agent;
mod auth;
mod export;
mod files;
mod health;
mod packets;
mod secrets;
mod server;
mod wanted;

pub use agent::Agent;
pub(super) use files::{Files, Sent};
pub use secrets::Secret;
pub(super) use server::{Services, Session};
