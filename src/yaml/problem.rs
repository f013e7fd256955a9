//! What is wrong with a file, and where.

use std::fmt;

use crate::expect::shortened;

/// What is wrong with a file. It shows as `LINE:COLUMN: message`; whoever knows the file puts its name before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong and what to do about it, in one line.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for Problem {}

/// A text of the file, short enough for a message.
pub(crate) fn shown(text: &str) -> String {
    shortened(text, 80)
}
