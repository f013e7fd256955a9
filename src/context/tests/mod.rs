//! Both passes on real folders: ordinary ones, ones that change, and ones made to hurt.

mod changes;
mod digest;
mod hostile;
mod listing;
mod peek;
mod stream;
mod tree;
