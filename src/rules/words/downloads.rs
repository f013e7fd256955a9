//! What `curl` and `wget` fetch.

use super::url::is_remote;
use crate::dockerfile::shell::{Command, Word};

/// Flags of curl that take the next word, by their letters.
const CURL_VALUES: &str = "AbcCdDeEFhHKmoPQrtTuUwxXyYz";

/// Flags with which curl sends or asks something, and fetches no file.
const SENDS: [&str; 8] = [
    "--data",
    "--data-raw",
    "--data-binary",
    "--form",
    "--request",
    "--head",
    "--upload-file",
    "--post-data",
];

/// The addresses that a command without `sudo` and the like downloads; none where it sends something.
pub(in crate::rules) fn downloads(command: &Command) -> Vec<&Word> {
    let mut words = command.words.iter();
    let mut name = words.next().map_or("", |_| command.name());
    if name == "busybox" {
        name = words.next().map_or("", |word| &word.text);
    }
    if !matches!(name, "curl" | "wget" | "aria2c") {
        return Vec::new();
    }
    let sends = |word: &Word| {
        let long = SENDS.contains(&word.text.split('=').next().unwrap_or_default());
        long || name == "curl" && curl_letters(&word.text).any(|letter| "dFIXT".contains(letter))
    };
    let mut found = Vec::new();
    let mut value = false;
    for word in words {
        if sends(word) {
            return Vec::new();
        }
        let is_value = std::mem::take(&mut value);
        let text = word.text.as_str();
        // A referer and a proxy are addresses, too.
        value = matches!(text, "--referer" | "--proxy" | "--header" | "--user-agent")
            || name == "curl" && curl_letters(text).last().is_some_and(|last| "eHxA".contains(last));
        if !is_value && !value {
            let bare = text.strip_prefix("--url=").unwrap_or(text);
            if is_remote(bare) {
                found.push(word);
            }
        }
    }
    found
}

/// Whether a command compares something with a checksum or checks a signature.
pub(in crate::rules) fn verifies(command: &Command) -> bool {
    let command = command.unwrapped();
    let name = command.name();
    let has = |words: &[&str]| command.args().iter().any(|word| words.contains(&word.text.as_str()));
    match name {
        "gpg" | "gpg2" => has(&["--verify"]),
        "openssl" => has(&["dgst", "-verify"]),
        "cosign" | "slsa-verifier" => command.args().iter().any(|word| word.text.starts_with("verify")),
        "rpm" | "rpmkeys" => command.has_flag(&["K", "checksig"]),
        "gh" => has(&["attestation"]),
        "aria2c" => command.has_flag(&["checksum"]),
        "gpgv" | "minisign" | "signify" | "shasum" | "rhash" | "cksum" | "apksigner" => true,
        // sha256sum, b2sum, md5sum, sha512 of BSD.
        _ => name.ends_with("sum") && name != "sum",
    }
}

/// The letters of `-fsSLo`, up to the first that takes a value.
pub(in crate::rules) fn curl_letters(text: &str) -> impl Iterator<Item = char> + '_ {
    let letters = text.strip_prefix('-').filter(|letters| !letters.starts_with('-')).unwrap_or_default();
    let mut ended = false;
    letters.chars().take_while(move |letter| !std::mem::replace(&mut ended, CURL_VALUES.contains(*letter)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::shell::parse;

    #[test]
    fn addresses_are_found_among_flags() {
        for (text, want) in [
            ("curl -fsSL https://a/b -o https.html", "https://a/b"),
            ("curl -fsSLo x --url=https://a/b", "--url=https://a/b"),
            ("curl -e https://r -x http://p https://a", "https://a"),
            ("curl -d x https://a", ""),
            ("curl -fsI https://a", ""),
            ("curl -XPOST https://a", ""),
            ("curl -okId https://a", "https://a"),
            ("wget -qO- https://a https://b", "https://a https://b"),
            ("busybox wget https://a", "https://a"),
            ("/usr/bin/curl https://a", "https://a"),
            ("wget --post-data=x https://a", ""),
            ("echo https://a", ""),
            ("curl $URL", ""),
        ] {
            let script = parse(text);
            let found: Vec<_> = downloads(&script.commands[0]).iter().map(|w| w.text.as_str()).collect();
            assert_eq!(found.join(" "), want, "{text}");
        }
    }
}
