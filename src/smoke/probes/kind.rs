//! What an image is for, where nobody said it.

use super::ProbePlan;
use crate::engine::Image;
use crate::expect::{ImageKind, Start};
use crate::rules::facts::{KindSeen, StartSeen};

/// What can be told before anything is started.
pub(super) fn by_configuration(image: &Image, plan: &ProbePlan) -> Option<KindSeen> {
    let seen = |kind, why: &str| Some(KindSeen { kind, why: why.to_owned() });
    let command = plan.like.as_ref().and_then(|test| test.container.cmd.as_ref());
    match plan.kind {
        Some(kind) => seen(kind, "configured"),
        None if !image.exposed.is_empty() => seen(ImageKind::Service, "it exposes a port"),
        None if image.healthcheck.is_some() => seen(ImageKind::Service, "it has a HEALTHCHECK"),
        None if plan.like.as_ref().is_some_and(|test| test.start == Some(Start::Job)) => {
            seen(ImageKind::Job, "a test has it as a job")
        }
        None if command.is_none() && image.entrypoint.is_empty() && image.command.is_empty() => {
            seen(ImageKind::Base, "it has no command")
        }
        None => None,
    }
}

/// What its start tells.
pub(super) fn by_start(image: &Image, start: &StartSeen) -> KindSeen {
    let (kind, why) = match start.exit {
        None if start.error.is_empty() => (ImageKind::Service, "it stays up"),
        None => (ImageKind::Service, "it could not start"),
        Some(_) if starts_a_shell(image) => (ImageKind::Base, "its command is a shell"),
        Some(0) => (ImageKind::Job, "it ends with exit code 0"),
        Some(_) => (ImageKind::Job, "it ends by itself"),
    };
    KindSeen { kind, why: why.to_owned() }
}

/// Whether all that is started is something to type into, which ends at once where nobody types.
fn starts_a_shell(image: &Image) -> bool {
    const SHELLS: [&str; 14] = [
        "sh", "ash", "bash", "dash", "zsh", "ksh", "fish", "busybox", "python", "python3", "node", "irb",
        "php", "jshell",
    ];
    let words: Vec<&String> = image.entrypoint.iter().chain(&image.command).collect();
    let [word] = words[..] else { return false };
    let name = word.rsplit('/').next().unwrap_or_default();
    SHELLS.contains(&name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::expect::ProbeSet;

    fn plan(kind: Option<ImageKind>) -> ProbePlan {
        ProbePlan {
            set: ProbeSet::Full,
            kind,
            read_only: false,
            hardened: false,
            companions: BTreeSet::new(),
            like: None,
            reference: "app".to_owned(),
        }
    }

    fn image(entrypoint: &[&str], command: &[&str]) -> Image {
        let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect();
        Image { entrypoint: words(entrypoint), command: words(command), ..Image::default() }
    }

    #[test]
    fn configuration_comes_first() {
        let kind = |image: &Image, said| by_configuration(image, &plan(said)).map(|seen| seen.kind);
        let exposing = Image { exposed: vec!["80/tcp".to_owned()], ..image(&["app"], &[]) };
        assert_eq!(kind(&exposing, None), Some(ImageKind::Service));
        assert_eq!(kind(&exposing, Some(ImageKind::Job)), Some(ImageKind::Job));
        assert_eq!(kind(&image(&[], &[]), None), Some(ImageKind::Base));
        assert_eq!(kind(&image(&["app"], &[]), None), None);
    }

    #[test]
    fn then_what_it_does() {
        let kind = |image: &Image, exit| by_start(image, &StartSeen { exit, ..StartSeen::default() }).kind;
        assert_eq!(kind(&image(&["app"], &[]), None), ImageKind::Service);
        assert_eq!(kind(&image(&["app"], &[]), Some(0)), ImageKind::Job);
        assert_eq!(kind(&image(&[], &["/bin/bash"]), Some(0)), ImageKind::Base);
        assert_eq!(kind(&image(&["sh"], &["-c"]), Some(0)), ImageKind::Job);
    }
}
