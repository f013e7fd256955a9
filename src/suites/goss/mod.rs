//! goss files: the part that can be judged from outside of a container. What is left out of it here is refused with its
//! line, since a test that is passed over looks like one that passed.
//!
//! Where goss' documentation says nothing, what goss 0.4.10 does counts. Where goss fails a check whatever the image is
//! like (a word for a number, a list for a text), the file is refused instead.

mod file;
mod matchers;
mod network;
mod read;
mod resource;
mod system;
#[cfg(test)]
mod tests;

pub use read::goss;
