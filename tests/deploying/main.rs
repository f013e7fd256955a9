//! Deployments on a real engine: broken versions, kills at each step, two at once, ways back.

#![cfg(test)]

#[path = "../support/mod.rs"]
mod support;

mod far;
mod kills;
mod locks;
mod services;
mod site;
mod swaps;
mod swarm;
mod ways;
