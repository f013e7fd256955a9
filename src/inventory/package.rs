//! A package that an image holds, whatever installed it, and its package URL.

use std::fmt::Write as _;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::OsRelease;

/// Who keeps the list that a package is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ecosystem {
    /// Debian's and Ubuntu's, from dpkg's database.
    Deb,
    /// Alpine's.
    Apk,
    /// Red Hat's and SUSE's.
    Rpm,
    /// Python's, as pip and others note what they installed.
    Python,
    /// Those of npm and its like.
    Npm,
    /// Modules that a Go program was linked of.
    Go,
    /// Crates that a program was linked of, where it was built with `cargo auditable`.
    Cargo,
}

impl Ecosystem {
    /// The type of its package URLs.
    pub const fn purl_type(self) -> &'static str {
        match self {
            Ecosystem::Deb => "deb",
            Ecosystem::Apk => "apk",
            Ecosystem::Rpm => "rpm",
            Ecosystem::Python => "pypi",
            Ecosystem::Npm => "npm",
            Ecosystem::Go => "golang",
            Ecosystem::Cargo => "cargo",
        }
    }

    /// Whether the distribution of the image made the package.
    pub const fn is_of_system(self) -> bool {
        matches!(self, Ecosystem::Deb | Ecosystem::Apk | Ecosystem::Rpm)
    }
}

/// What a package was built from, where that has another name or version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourcePackage {
    /// The name.
    pub name: String,
    /// The version, where it is not the package's own.
    pub version: Option<String>,
}

/// One package. Every text comes out of the image: it may hold anything, and is at most 1 KiB long.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Package {
    /// Who lists it.
    pub ecosystem: Ecosystem,
    /// The name as its own tools write it: `libc6`, `@scope/name`, `github.com/a/b`.
    pub name: String,
    /// The version as they write it; of an RPM with the epoch in front where it has one.
    pub version: String,
    /// The architecture, where the list tells one; in the words of the distribution.
    pub architecture: Option<String>,
    /// What it was built from.
    pub source: Option<SourcePackage>,
    /// The licence as the package declares it, which need not be an SPDX expression.
    pub license: Option<String>,
    /// The file of the image that says so, from the root on: `/var/lib/dpkg/status`.
    pub found_in: String,
    /// The layer that has this file, the lowest being 0. Lists of a distribution are written anew by every layer that
    /// installs, so this need not be the one that brought the package.
    pub layer: usize,
}

/// What may stand unescaped in a package URL: RFC 3986's unreserved, and the colon, which its specification excepts.
const PURL: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':');

/// `text` as a part of a package URL.
pub(super) fn escape(text: &str) -> String {
    utf8_percent_encode(text, PURL).to_string()
}

impl Package {
    /// The package URL, as <https://github.com/package-url/purl-spec> has it. The distribution stands in `distro`, as
    /// `ID-VERSION_ID`, and the source package in `upstream`, by which scanners of vulnerabilities go.
    pub fn purl(&self, os: Option<&OsRelease>) -> String {
        let mut purl = format!("pkg:{}/", self.ecosystem.purl_type());
        let (namespace, name) = self.purl_name(os);
        for part in namespace.split('/').filter(|part| !part.is_empty()) {
            purl.push_str(&escape(part));
            purl.push('/');
        }
        purl.push_str(&escape(&name));
        let (epoch, version) = self.epoch_and_version();
        if !version.is_empty() {
            // Writing to a text cannot fail.
            let _ = write!(purl, "@{}", escape(version));
        }
        let mut qualifiers = Vec::new();
        if self.ecosystem.is_of_system() {
            qualifiers.extend(self.architecture.as_deref().map(|arch| ("arch", arch.to_owned())));
            qualifiers.extend(os.map(OsRelease::distro).map(|distro| ("distro", distro)));
            qualifiers.extend(epoch.map(|epoch| ("epoch", epoch.to_owned())));
            qualifiers.extend(self.source.as_ref().map(|source| ("upstream", source.joined())));
        }
        for (nth, (key, value)) in qualifiers.iter().enumerate() {
            let mark = if nth == 0 { '?' } else { '&' };
            let _ = write!(purl, "{mark}{key}={}", escape(value));
        }
        purl
    }

    /// Namespace and name.
    fn purl_name(&self, os: Option<&OsRelease>) -> (String, String) {
        match self.ecosystem {
            Ecosystem::Deb => (os.map_or("debian", |os| &os.id).to_lowercase(), self.name.to_lowercase()),
            Ecosystem::Apk => (os.map_or("alpine", |os| &os.id).to_lowercase(), self.name.to_lowercase()),
            Ecosystem::Rpm => (os.map_or("", |os| &os.id).to_lowercase(), self.name.clone()),
            Ecosystem::Python => (String::new(), self.name.to_lowercase().replace('_', "-")),
            Ecosystem::Npm => split(&self.name.to_lowercase()),
            Ecosystem::Go => split(&self.name),
            Ecosystem::Cargo => (String::new(), self.name.clone()),
        }
    }

    fn epoch_and_version(&self) -> (Option<&str>, &str) {
        match self.version.split_once(':') {
            Some((epoch, version)) if self.ecosystem == Ecosystem::Rpm => (Some(epoch), version),
            _ => (None, &self.version),
        }
    }
}

impl SourcePackage {
    /// `name`, or `name@version`.
    fn joined(&self) -> String {
        match &self.version {
            Some(version) => format!("{}@{version}", self.name),
            None => self.name.clone(),
        }
    }
}

fn split(name: &str) -> (String, String) {
    let (namespace, name) = name.rsplit_once('/').unwrap_or(("", name));
    (namespace.to_owned(), name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(ecosystem: Ecosystem, name: &str, version: &str) -> Package {
        Package {
            ecosystem,
            name: name.to_owned(),
            version: version.to_owned(),
            architecture: None,
            source: None,
            license: None,
            found_in: "/x".to_owned(),
            layer: 0,
        }
    }

    #[test]
    fn urls_are_those_of_the_specification() {
        let debian = OsRelease::parse("ID=debian\nVERSION_ID=\"12\"\n");
        let mut deb = package(Ecosystem::Deb, "libstdc++6", "1:12.2.0-14+deb12u1");
        deb.architecture = Some("amd64".to_owned());
        deb.source = Some(SourcePackage { name: "gcc-12".to_owned(), version: Some("12.2.0".to_owned()) });
        assert_eq!(
            deb.purl(debian.as_ref()),
            "pkg:deb/debian/libstdc%2B%2B6@1:12.2.0-14%2Bdeb12u1?arch=amd64&distro=debian-12&upstream=gcc-12%4012.2.0"
        );
        for (ecosystem, name, version, purl) in [
            (Ecosystem::Rpm, "bash", "1:5.1-2.el9", "pkg:rpm/bash@5.1-2.el9?epoch=1"),
            (Ecosystem::Apk, "musl", "1.2.4-r1", "pkg:apk/alpine/musl@1.2.4-r1"),
            (Ecosystem::Npm, "@Babel/core", "7.0.0", "pkg:npm/%40babel/core@7.0.0"),
            (Ecosystem::Python, "Zope_Interface", "5", "pkg:pypi/zope-interface@5"),
            (Ecosystem::Go, "github.com/a/b/v2", "v2.0.1", "pkg:golang/github.com/a/b/v2@v2.0.1"),
            (Ecosystem::Cargo, "serde", "1.0.1", "pkg:cargo/serde@1.0.1"),
            (Ecosystem::Go, "example.com/main", "", "pkg:golang/example.com/main"),
        ] {
            assert_eq!(package(ecosystem, name, version).purl(None), purl);
        }
        let fedora = OsRelease::parse("ID=fedora\nVERSION_ID=40");
        let purl = package(Ecosystem::Rpm, "bash", "5.2-1.fc40").purl(fedora.as_ref());
        assert_eq!(purl, "pkg:rpm/fedora/bash@5.2-1.fc40?distro=fedora-40");
    }

    #[test]
    fn nothing_in_a_name_gets_out_of_its_place() {
        let purl = package(Ecosystem::Deb, "a?b#c/../@1", "1&x=\u{1b}").purl(None);
        assert_eq!(purl, "pkg:deb/debian/a%3Fb%23c%2F..%2F%401@1%26x%3D%1B");
    }
}
