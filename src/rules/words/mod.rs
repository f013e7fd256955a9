//! Words as several rules read them, and as messages show them.

mod shown;
mod unquoted;

pub(in crate::rules) use shown::{listed, shown};
pub(in crate::rules) use unquoted::unquoted;
