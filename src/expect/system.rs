//! Processes, users, groups and packages.

use super::Matcher;

/// Processes of one name.
#[derive(Debug, Clone, PartialEq)]
pub struct ProcessCheck {
    /// The name as the kernel has it (`comm`, 15 bytes at most).
    pub name: String,
    /// Whether one runs, as a boolean.
    pub running: Option<Matcher>,
    /// How many run.
    pub count: Option<Matcher>,
    /// As whom each runs: the number.
    pub uid: Option<Matcher>,
}

/// A user of the image's `/etc/passwd`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UserCheck {
    /// Its name.
    pub name: String,
    /// Whether it exists, as a boolean.
    pub exists: Option<Matcher>,
    /// Its number.
    pub uid: Option<Matcher>,
    /// The number of its first group.
    pub gid: Option<Matcher>,
    /// The names of all of its groups.
    pub groups: Option<Matcher>,
    /// Its home folder.
    pub home: Option<Matcher>,
    /// Its shell.
    pub shell: Option<Matcher>,
}

/// A group of the image's `/etc/group`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GroupCheck {
    /// Its name.
    pub name: String,
    /// Whether it exists, as a boolean.
    pub exists: Option<Matcher>,
    /// Its number.
    pub gid: Option<Matcher>,
}

/// A package by the databases of dpkg, apk or rpm in the image.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PackageCheck {
    /// Its name.
    pub name: String,
    /// Whether it is installed, as a boolean.
    pub installed: Option<Matcher>,
    /// Its versions, as a list.
    pub versions: Option<Matcher>,
}
