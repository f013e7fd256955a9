//! What tests share. Each test program uses a part of it.
#![expect(dead_code, reason = "each test program uses a part of it")]

pub(crate) mod ci_agents;
pub(crate) mod committed;
pub(crate) mod engine_proxy;
pub(crate) mod fake_registry;
pub(crate) mod fault_proxy;
pub(crate) mod faulty;
pub(crate) mod lab;
pub(crate) mod private;
pub(crate) mod private_registry;
pub(crate) mod proxy;
pub(crate) mod ran;
pub(crate) mod rule_fixtures;
pub(crate) mod rule_fixtures_base;
pub(crate) mod rule_fixtures_context;
pub(crate) mod rule_fixtures_image;
pub(crate) mod rule_fixtures_layers;
pub(crate) mod rule_fixtures_running;
pub(crate) mod runner;
pub(crate) mod shelf;
pub(crate) mod small_registry;
pub(crate) mod ssh;
pub(crate) mod sshd;
pub(crate) mod templates;
pub(crate) mod tls;
pub(crate) mod tls_engine;
pub(crate) mod vectors;
pub(crate) mod yaml;
