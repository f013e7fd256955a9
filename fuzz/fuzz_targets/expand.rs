//! The expansion of words, on any bytes.
#![no_main]

#[path = "../../tests/support/invariants/expand.rs"]
mod expand;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| expand::holds(bytes));
