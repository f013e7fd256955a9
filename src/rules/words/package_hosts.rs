//! Hosts that packages, programs and sources are downloaded from.

/// Domains; what is below them counts as well.
const DOMAINS: [&str; 78] = [
    // Operating systems.
    "debian.org",
    "ubuntu.com",
    "launchpad.net",
    "launchpadcontent.net",
    "alpinelinux.org",
    "fedoraproject.org",
    "centos.org",
    "rockylinux.org",
    "almalinux.org",
    "opensuse.org",
    "archlinux.org",
    "voidlinux.org",
    "cdn.redhat.com",
    "cdn-ubi.redhat.com",
    "packages.microsoft.com",
    "download.docker.com",
    "dl.google.com",
    "packages.cloud.google.com",
    "pkgs.k8s.io",
    "apt.postgresql.org",
    "packages.elastic.co",
    "artifacts.elastic.co",
    "deb.nodesource.com",
    "rpm.nodesource.com",
    "apt.releases.hashicorp.com",
    "releases.hashicorp.com",
    "nginx.org",
    // Languages.
    "pypi.org",
    "pypi.python.org",
    "pythonhosted.org",
    "bootstrap.pypa.io",
    "astral.sh",
    "anaconda.org",
    "repo.anaconda.com",
    "npmjs.org",
    "npmjs.com",
    "yarnpkg.com",
    "nodejs.org",
    "jsr.io",
    "deno.land",
    "esm.sh",
    "unpkg.com",
    "rubygems.org",
    "packagist.org",
    "getcomposer.org",
    "crates.io",
    "static.rust-lang.org",
    "rustup.rs",
    "proxy.golang.org",
    "sum.golang.org",
    "go.dev",
    "repo.maven.apache.org",
    "repo1.maven.org",
    "archive.apache.org",
    "downloads.apache.org",
    "services.gradle.org",
    "plugins.gradle.org",
    "repo.gradle.org",
    "jitpack.io",
    "repo.spring.io",
    "nuget.org",
    "hex.pm",
    "pub.dev",
    "cran.r-project.org",
    "cpan.org",
    "metacpan.org",
    "hackage.haskell.org",
    "opam.ocaml.org",
    // Sources and models.
    "github.com",
    "raw.githubusercontent.com",
    "objects.githubusercontent.com",
    "release-assets.githubusercontent.com",
    "gitlab.com",
    "bitbucket.org",
    "codeberg.org",
    "sourceforge.net",
    "gnu.org",
    "huggingface.co",
];

/// Hosts below those domains that answer to programs and hand out no files.
const OTHERWISE: [&str; 3] = ["api.github.com", "api.bitbucket.org", "uploads.github.com"];

/// First labels by which mirrors of one's own are called.
const MIRRORS: [&str; 7] = ["pypi", "npm", "goproxy", "rubygems", "apt", "mirror", "mirrors"];

/// Whether `host` is one that packages, programs or sources are downloaded from, by its domain, or as a mirror by its first
/// label. A name that such a domain is only the beginning or a part of is none.
pub(in crate::rules) fn is_package_host(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let is_below =
        |domain: &str| host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    // A resolver that appends its search domain asks for `pypi.org.example.com` as well.
    let begins = |domain: &str| host.strip_prefix(domain).is_some_and(|rest| rest.starts_with('.'));
    let is_mirror = host.split_once('.').is_some_and(|(label, _)| MIRRORS.contains(&label))
        && !DOMAINS.iter().any(|domain| begins(domain));
    !OTHERWISE.contains(&host.as_str()) && (is_mirror || DOMAINS.iter().any(|domain| is_below(domain)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_told_by_their_domains() {
        for (host, expected) in [
            ("pypi.org", true),
            ("PyPI.org.", true),
            ("files.pythonhosted.org", true),
            ("deb.debian.org", true),
            ("registry.npmjs.org", true),
            ("dl-cdn.alpinelinux.org", true),
            ("index.crates.io", true),
            ("codeload.github.com", true),
            ("pypi.example.com", true),
            ("mirrors.example.com", true),
            ("pypi.org.example.com", false),
            ("notpypi.org", false),
            ("pypi", false),
            ("mirror", false),
            ("api.github.com", false),
            ("db", false),
            ("postgres.example.com", false),
            ("my-pypi.example.com", false),
            ("", false),
            (".", false),
        ] {
            assert_eq!(is_package_host(host), expected, "{host}");
        }
    }
}
