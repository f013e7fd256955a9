//! BuildKit in its own protocol, on a real engine.

#![cfg(test)]

#[path = "../support/mod.rs"]
mod support;

mod asked;
mod commit;
mod contexts;
mod faults;
mod image;
mod newer;
mod remote;
mod runs;
mod transfer;
