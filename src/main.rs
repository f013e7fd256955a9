//! The `imgbuild` binary.

fn main() {}
