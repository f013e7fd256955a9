//! Names and values of images: references, digests, tags, labels. Each is a grammar of its own.

mod digest;
pub mod label;
mod named_context;
mod reference;
mod shape;
mod slug;
mod tag;
mod template;

pub use digest::{Digest, InvalidDigest, hex};
pub use named_context::{IMAGE_CONTEXT, InPlace, context_in_place_of};
pub use reference::{InvalidReference, Reference, Repository};
pub use shape::{TagShape, newest_first, tag_shape};
pub use slug::{MAX_SLUG, Reserved, is_reserved, reserved, slug, tag_slug};
pub use tag::{InvalidTag, MAX_TAG, Tag};
pub use template::{InvalidTemplate, Placeholder, TagTemplate};
