//! What words of a command or of an instruction mean, where several rules ask.

mod called;

pub(in crate::rules) use called::{called, called_name};
