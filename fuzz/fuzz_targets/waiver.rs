//! Waivers in comments, on any bytes.
#![no_main]

#[path = "../../tests/support/invariants/waiver.rs"]
mod waiver;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| waiver::holds(bytes));
