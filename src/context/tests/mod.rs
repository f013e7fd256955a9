//! Both passes on real folders: ordinary ones, ones that change, and ones made to hurt; and what a BuildKit server gets of them.

mod changes;
mod commit;
mod digest;
mod hash_cache;
mod hostile;
mod listing;
mod peek;
mod select;
mod select_properties;
mod selected;
mod stream;
mod tree;
