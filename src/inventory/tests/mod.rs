//! Whole exports, made by hand, through all of it.

mod chance;
mod hostile;
mod making;
mod merging;
mod systems;
