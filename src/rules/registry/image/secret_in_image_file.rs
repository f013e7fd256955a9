//! `secret-in-image-file`.

use crate::rules::context_files::is_for_tests;
use crate::rules::facts::{LayerFacts, SecretFile, Sign, named};
use crate::rules::{Found, Level, Place, rule};

rule! {
    /// ## What it does
    /// Reports files in the layers of the image that hold a private key or a login, by their names and their contents; also
    /// where a later layer deletes the file. A key behind a passphrase, and what lies in a folder of tests or of documentation, is a
    /// warning. Values are never shown.
    ///
    /// ## Why is this bad?
    /// Whoever may pull the image has every layer of it, as a plain archive. Deleting a file in a later step hides it from
    /// the container and from nobody else.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// COPY id_ed25519 /root/.ssh/
    /// RUN git clone git@example.com:acme/lib && rm /root/.ssh/id_ed25519
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// RUN --mount=type=ssh git clone git@example.com:acme/lib
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/build/building/secrets/>
    /// - <https://docs.docker.com/build/building/best-practices/>
    IMG816 "secret-in-image-file" {
        level: Error,
        items: [Configuration],
        aliases: ["CIS-DI-0010"],
        remedy: "mount it while it is needed (RUN --mount=type=secret or type=ssh); what was published has to be changed",
        check: Layers(check),
    }
}

/// Findings on single files; one more sums up the others.
const MOST: usize = 20;

fn check(image: &LayerFacts, found: &mut Found<'_>) {
    let mut files: Vec<(Level, &SecretFile)> =
        image.files.secrets.iter().filter_map(|file| Some((level(file)?, file))).collect();
    files.sort_by_key(|(level, file)| (std::cmp::Reverse(*level), &file.path, file.layer));
    for (level, file) in files.iter().take(MOST) {
        let deleted =
            if file.hidden { ", deleted by a later layer and still in the one that brought it" } else { "" };
        let message = format!("{} {}{deleted}", file.path, holds(file));
        let place = Place::field(&image.reference, &file.path);
        found.add(place, message).level(*level).evidence(image.layer(file.layer));
    }
    if let Some(((worst, first), rest)) = files.get(MOST..).and_then(<[_]>::split_first) {
        let paths =
            named(std::iter::once(*first).chain(rest.iter().map(|(_, file)| *file)).map(|f| f.path.as_str()));
        let message = format!("{} more files hold a key or a login: {paths}", rest.len() + 1);
        found.add(Place::field(&image.reference, &first.path), message).level(*worst);
    }
}

/// How bad it is; `None` where it is nothing.
fn level(file: &SecretFile) -> Option<Level> {
    // The key that Debian's ssl-cert makes while it is installed: everybody's who has the image, and meant for nothing else.
    let is_made_up = is_for_tests(&file.path)
        || file.path == "/etc/ssl/private/ssl-cert-snakeoil.key"
        || file.path.starts_with("/usr/share/doc/");
    let is_locked = file.signs.iter().all(|sign| *sign == Sign::PrivateKey { encrypted: true });
    match (is_made_up, is_locked) {
        (true, true) => Some(Level::Info),
        (true, false) | (false, true) => Some(Level::Warning),
        (false, false) => (!file.signs.is_empty()).then_some(Level::Error),
    }
}

fn holds(file: &SecretFile) -> String {
    match file.signs.first() {
        Some(Sign::PrivateKey { encrypted: true }) => "holds a private key behind a passphrase".to_owned(),
        Some(Sign::PrivateKey { encrypted: false }) => "holds a private key".to_owned(),
        Some(Sign::CloudCredentials(whose) | Sign::RegistryToken(whose)) => {
            format!("holds a login of {whose}")
        }
        Some(Sign::GitCredentials) => "holds a login for git".to_owned(),
        None => "holds a secret".to_owned(),
    }
}
