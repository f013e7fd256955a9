//! Where a value came from.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// A value and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sourced<T> {
    /// The value itself; also reached by dereferencing.
    pub value: T,
    /// Where it came from.
    pub origin: Origin,
}

impl<T> Sourced<T> {
    /// `value`, said by `origin`.
    pub const fn new(value: T, origin: Origin) -> Self {
        Sourced { value, origin }
    }

    /// `value`, said by nobody.
    pub const fn default(value: T) -> Self {
        Sourced { value, origin: Origin::Default }
    }

    /// The same origin with another value made of this one.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Sourced<U> {
        Sourced { value: make(self.value), origin: self.origin }
    }
}

impl<T> Deref for Sourced<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// Where a value came from; its text is what `imgbuild config --origin` prints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said anything.
    Default,
    /// A key of the configuration file.
    File(Place),
    /// A key of the file's overlay for a profile.
    Profile {
        /// The profile's name.
        profile: &'static str,
        /// Where in the file.
        place: Place,
    },
    /// An environment variable, by name.
    Variable(&'static str),
    /// A flag of the command line, with its dashes.
    Flag(&'static str),
    /// What the command does unless told otherwise.
    Command,
    /// The surroundings that were detected, in a few words: `CI was detected`.
    Detected(&'static str),
}

impl Origin {
    /// The origin as an error names it: a line of a file with its column.
    pub fn exact(&self) -> String {
        match self {
            Origin::File(place) | Origin::Profile { place, .. } => place.exact(),
            other => other.to_string(),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("default"),
            Origin::File(place) => place.fmt(f),
            Origin::Profile { profile, place } => write!(f, "{place} (profile {profile})"),
            Origin::Variable(name) | Origin::Flag(name) => f.write_str(name),
            Origin::Command => f.write_str("default of the command"),
            Origin::Detected(what) => f.write_str(what),
        }
    }
}

/// A line of a configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file as messages name it: a path, or `REVISION:PATH` where it was read from git.
    pub file: Arc<str>,
    /// The line, from 1; 0 where it is not known.
    pub line: usize,
    /// The column in characters, from 1; 0 where the line is not known.
    pub column: usize,
}

impl Place {
    /// The place as an error names it: with its column.
    pub fn exact(&self) -> String {
        match self.line {
            0 => self.file.to_string(),
            line => format!("{}:{line}:{}", self.file, self.column),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.file),
            line => write!(f, "{}:{line}", self.file),
        }
    }
}
