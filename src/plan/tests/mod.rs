//! Whole plans against a repository and a registry made for the purpose.

mod adoption;
mod courses;
mod history;
mod world;
