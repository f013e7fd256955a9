//! Whether the registry that a label names is asked, and with a login: labels are the word of whoever built an image.

use crate::config::{Role, Settings};
use crate::image::Repository;

/// Endings of names that are nobody's in public, and names of machines near to where this runs.
const NEAR: [&str; 6] = ["localhost", "local", "internal", "lan", "home.arpa", "localdomain"];

/// How a registry is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Way {
    /// As any registry.
    WithLogin,
    /// Over TLS, and without a login: nobody but the label names it.
    Anonymously,
    /// Not at all: nobody but the label names it, and it may be any machine near to this one.
    NotAtAll,
}

/// How the registry of `base` is asked, which an image in the repository `of` is said to stand on.
///
/// It is known where the image comes from there, too, or where `[registries]` or `checks.trusted-registries` name it. On a
/// pull request those are the base branch's.
pub(super) fn way(settings: &Settings, of: &Repository, base: &Repository) -> Way {
    let host = base.registry();
    let is_host = |name: &str| name.eq_ignore_ascii_case(host);
    let registries = &settings.registries;
    let roles = Role::ALL.iter().filter_map(|role| registries.get(*role));
    let mut prefixes = roles.filter_map(|role| role.prefix.value.split('/').next());
    let mut trusted = settings.checks.trusted_registries.iter().flat_map(|list| &list.value);
    let is_known = is_host(of.registry())
        || registries.is_insecure(host)
        || prefixes.any(is_host)
        || trusted.any(|pattern| base.is_of(pattern));
    match is_known {
        true => Way::WithLogin,
        false if is_public(host) => Way::Anonymously,
        false => Way::NotAtAll,
    }
}

/// Whether `host` is a name that the public DNS could have, at the port of HTTPS: no address, no name of this machine or of
/// one in its network, and none of its other services.
fn is_public(host: &str) -> bool {
    let name = host.strip_suffix(":443").unwrap_or(host).to_ascii_lowercase();
    let last = name.rsplit('.').next().unwrap_or_default();
    let is_near = NEAR
        .iter()
        .any(|near| name.strip_suffix(near).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')));
    // What ends in a number is read as an address, in whatever form: `127.1`, `0x7f.1`.
    let is_address = last.starts_with(|c: char| c.is_ascii_digit()) || name.contains([':', '[']);
    name.contains('.') && !is_near && !is_address && !last.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Flags, testing};

    fn repository(name: &str) -> Repository {
        name.parse().unwrap()
    }

    #[test]
    fn a_label_alone_gets_no_login_and_leads_to_no_machine_near_by() {
        let settings = testing::settings("", &Flags::default());
        let of = repository("ghcr.io/acme/api");
        for (base, wanted) in [
            ("ghcr.io/other/base", Way::WithLogin),
            ("debian", Way::Anonymously),
            ("registry.example.com/base", Way::Anonymously),
            ("registry.example.com:443/base", Way::Anonymously),
            ("registry.example.com:8443/base", Way::NotAtAll),
            ("localhost/base", Way::NotAtAll),
            ("localhost:2375/base", Way::NotAtAll),
            ("127.0.0.1:5000/base", Way::NotAtAll),
            ("127.1/base", Way::NotAtAll),
            ("0x7f.0x1/base", Way::NotAtAll),
            ("169.254.169.254/latest", Way::NotAtAll),
            ("[fe80::1]/base", Way::NotAtAll),
            ("[::1]:443/base", Way::NotAtAll),
            ("metadata.google.internal/v1", Way::NotAtAll),
            ("METADATA.GOOGLE.INTERNAL/v1", Way::NotAtAll),
            ("registry.lan:5000/base", Way::NotAtAll),
            ("nas.local/base", Way::NotAtAll),
        ] {
            assert_eq!(way(&settings, &of, &repository(base)), wanted, "{base}");
        }
    }

    #[test]
    fn what_the_configuration_names_is_asked_as_ever() {
        let text = "[registries]\nrelease = \"10.0.0.7:5000/acme\"\ninsecure = [\"registry.lan:5000\"]\n\
                    [checks]\ntrusted-registries = [\"*.corp.example\", \"quay.io/acme\"]\n";
        let settings = testing::settings(text, &Flags::default());
        let of = repository("ghcr.io/acme/api");
        for (base, wanted) in [
            ("10.0.0.7:5000/elsewhere/base", Way::WithLogin),
            ("registry.lan:5000/base", Way::WithLogin),
            ("registry.corp.example/base", Way::WithLogin),
            ("quay.io/acme/base", Way::WithLogin),
            ("quay.io/other/base", Way::Anonymously),
            ("corp.example.evil.example/base", Way::Anonymously),
            ("10.0.0.7:5001/acme/base", Way::NotAtAll),
        ] {
            assert_eq!(way(&settings, &of, &repository(base)), wanted, "{base}");
        }
    }
}
