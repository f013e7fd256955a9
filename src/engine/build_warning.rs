//! What a builder warns of.

/// Something in the Dockerfile that the builder warns of, in its own words.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BuildWarning {
    /// The name of the check that found it, as `JSONArgsRecommended`; `None` where the builder gives none.
    pub check: Option<String>,
    /// What is wrong, in one line.
    pub message: String,
    /// A page that explains it, of `https`; empty where there is none.
    pub url: String,
    /// The line of the Dockerfile, 1-based; 0 where the builder names none, or one of another file.
    pub line: u32,
}
