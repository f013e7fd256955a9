//! Names of variables that say that a secret is in them.

/// The words of a name, between underscores, that BuildKit takes for secrets.
const WORDS: [&str; 10] =
    ["apikey", "auth", "credential", "credentials", "key", "password", "pword", "passwd", "secret", "token"];

/// The words that say that something else is meant: where the secret is, or the half that is no secret.
const OTHERWISE: [&str; 3] = ["public", "file", "version"];

/// Whether `name` says that it holds a secret: one of BuildKit's words, and none that ends the thought otherwise.
pub(in crate::rules) fn names_secret(name: &str) -> bool {
    has_word(name, &WORDS) && !means_otherwise(name)
}

/// Whether `name` says that what it holds is no secret, whatever other words are in it.
pub(in crate::rules) fn means_otherwise(name: &str) -> bool {
    has_word(name, &OTHERWISE)
}

/// Whether the variable `name` with the value `value` holds a secret by its name: not where there is no value, where it is
/// only switched, or where the name says that the value is the fingerprint of a key, or where something is.
pub(crate) fn holds_secret(name: &str, value: &str) -> bool {
    const PLACES: [&str; 7] = ["gpg", "pgp", "fingerprint", "path", "dir", "name", "id"];
    const SWITCHES: [&str; 8] = ["true", "false", "yes", "no", "on", "off", "none", "null"];
    let value = value.trim_matches(['"', '\'']);
    let is_set = !value.is_empty() && !value.starts_with('$') && !value.starts_with("/run/secrets/");
    let is_switch = SWITCHES.iter().any(|switch| value.eq_ignore_ascii_case(switch));
    names_secret(name) && is_set && !is_switch && !has_word(name, &PLACES)
}

fn has_word(name: &str, words: &[&str]) -> bool {
    name.split('_').any(|part| words.iter().any(|word| part.eq_ignore_ascii_case(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_counts_between_underscores() {
        for (name, secret) in [
            ("TOKEN", true),
            ("db_password", true),
            ("GPG_KEY", true),
            ("TOKEN_FILE", false),
            ("PUBLIC_KEY", false),
            ("AUTH_VERSION", false),
            ("MONKEY", false),
            ("AUTHOR", false),
            ("TOKENIZER", false),
            ("", false),
        ] {
            assert_eq!(names_secret(name), secret, "{name}");
        }
    }

    #[test]
    fn a_value_decides_as_well() {
        for (name, value, secret) in [
            ("TOKEN", "abc", true),
            ("TOKEN", "", false),
            ("TOKEN", "\"\"", false),
            ("TOKEN", "$OTHER", false),
            ("ENABLE_AUTH", "True", false),
            ("PASSWORD", "1234", true),
            ("GPG_KEY", "A035C8C19219BA821ECEA86B64E628F8D684696D", false),
            ("SECRET_PATH", "/x", false),
            ("SECRET", "/run/secrets/x", false),
            ("HOME", "/root", false),
        ] {
            assert_eq!(holds_secret(name, value), secret, "{name}={value}");
        }
    }
}
