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
}
