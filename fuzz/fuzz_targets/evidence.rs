//! What may be attached to an image, on any bytes.
#![no_main]

#[path = "../../tests/support/invariants/evidence.rs"]
mod evidence;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| evidence::holds(bytes));
