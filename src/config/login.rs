//! Logins in addresses.

/// Whether the address has a login before its host, with a password or without. What has no scheme is no address.
pub fn has_login(address: &str) -> bool {
    let authority = address.split_once("://").and_then(|(_, rest)| rest.split(['/', '?', '#']).next());
    authority.is_some_and(|authority| authority.contains('@'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_before_the_host() {
        for (address, expected) in [
            ("https://user:word@host/repo.git", true),
            ("https://token@host", true),
            ("https://host/a@b", false),
            ("https://host?a@b", false),
            ("docker-image://host/image@sha256:0", false),
            ("user@host", false),
        ] {
            assert_eq!(has_login(address), expected, "{address}");
        }
    }
}
