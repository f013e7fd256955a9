//! Bills of materials: an inventory in the two formats that other tools read. Both are made of the inventory alone, and of a
//! time that the caller gives, so that the same image has the same document.

mod about;
mod cyclonedx;
mod license;
mod spdx;

pub use about::About;
pub use cyclonedx::cyclonedx;
pub use spdx::spdx;

#[cfg(test)]
mod tests;
