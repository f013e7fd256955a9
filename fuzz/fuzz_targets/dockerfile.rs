//! The Dockerfile parser and the rules, on any bytes.
#![no_main]

#[path = "../../tests/support/invariants/dockerfile.rs"]
mod dockerfile;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dockerfile::holds(bytes));
