//! The shell splitter, on any bytes.
#![no_main]

#[path = "../../tests/support/invariants/shell.rs"]
mod shell;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| shell::holds(bytes));
