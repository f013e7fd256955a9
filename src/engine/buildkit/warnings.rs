//! What the builder's own checks say of the Dockerfile, in the form that its frontends give it.

use std::collections::HashSet;

use bollard_buildkit_proto::moby::buildkit::v1::VertexWarning;

use crate::engine::BuildWarning;

/// Warnings that are passed on; whoever has more of them reads no further.
const MOST: usize = 200;
/// Characters of a message that are kept.
const MOST_MESSAGE: usize = 500;
/// Bytes of a page's address, and of a check's name.
const MOST_URL: usize = 200;
const MOST_NAME: usize = 64;

/// Reads warnings. The same one comes several times: of each platform, and each time that the status is asked for.
pub(super) struct Warnings<'a> {
    /// As the request calls it.
    dockerfile: &'a str,
    known: HashSet<BuildWarning>,
    left_out: u64,
}

impl<'a> Warnings<'a> {
    pub(super) fn new(dockerfile: &'a str) -> Warnings<'a> {
        Warnings { dockerfile, known: HashSet::new(), left_out: 0 }
    }

    /// A warning that was not told before; `None` where it was, or there are too many.
    pub(super) fn take(&mut self, told: VertexWarning) -> Option<BuildWarning> {
        let warning = self.read(&told)?;
        if self.known.contains(&warning) {
            return None;
        }
        if self.known.len() >= MOST {
            self.left_out = self.left_out.saturating_add(1);
            return None;
        }
        self.known.insert(warning.clone());
        Some(warning)
    }

    /// How many were too many, as a sentence.
    pub(super) fn left_out(&self) -> Option<String> {
        let left_out = self.left_out;
        (left_out > 0).then(|| format!("the builder warns of more than {MOST} things, and {left_out} more"))
    }

    fn read(&self, told: &VertexWarning) -> Option<BuildWarning> {
        let line = self.line(told);
        let text: String = String::from_utf8_lossy(told.short.get(..4 * MOST_MESSAGE).unwrap_or(&told.short))
            .lines()
            .next()
            .unwrap_or_default()
            .chars()
            .take(MOST_MESSAGE)
            .collect();
        // `NAME: what is wrong (line 3)`.
        let place = text.rfind(" (line ").filter(|_| text.ends_with(')'));
        let text = place.and_then(|at| text.get(..at)).unwrap_or(&text).trim();
        let (check, message) = match text.split_once(": ").filter(|(name, _)| is_name(name)) {
            Some((name, message)) => (Some(name.to_owned()), message),
            None => (None, text),
        };
        let is_page = told.url.starts_with("https://") && told.url.len() <= MOST_URL;
        let is_page = is_page && told.url.bytes().all(|byte| byte.is_ascii_graphic());
        let url = if is_page { told.url.clone() } else { String::new() };
        (!message.is_empty()).then(|| BuildWarning { check, message: message.to_owned(), url, line })
    }

    fn line(&self, told: &VertexWarning) -> u32 {
        let is_ours = told.info.as_ref().is_some_and(|info| info.filename == self.dockerfile);
        let start = told.ranges.first().and_then(|range| range.start).filter(|_| is_ours);
        start.and_then(|start| u32::try_from(start.line).ok()).unwrap_or(0)
    }
}

/// As checks are called: letters alone, each word with a capital.
fn is_name(text: &str) -> bool {
    text.len() <= MOST_NAME
        && text.starts_with(|first: char| first.is_ascii_uppercase())
        && text.bytes().all(|byte| byte.is_ascii_alphabetic())
        && text.bytes().any(|byte| byte.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use bollard_buildkit_proto::pb::{Position, Range, SourceInfo};

    use super::*;

    fn told(short: &[u8], file: &str, line: i32) -> VertexWarning {
        let at = |line| Some(Position { line, character: 0 });
        VertexWarning {
            short: short.to_vec(),
            url: "https://docs.example.com/check/".to_owned(),
            info: Some(SourceInfo { filename: file.to_owned(), ..SourceInfo::default() }),
            ranges: vec![Range { start: at(line), end: at(line) }],
            ..VertexWarning::default()
        }
    }

    /// `NAME|message|line`.
    fn read(warning: VertexWarning) -> Option<String> {
        let warning = Warnings::new("Dockerfile").take(warning)?;
        Some(format!("{}|{}|{}", warning.check.unwrap_or_default(), warning.message, warning.line))
    }

    #[test]
    fn names_messages_and_lines() {
        let text = b"JSONArgsRecommended: JSON arguments recommended for CMD (line 3)";
        for (warning, expected) in [
            (told(text, "Dockerfile", 3), "JSONArgsRecommended|JSON arguments recommended for CMD|3"),
            (told(text, "other", 3), "JSONArgsRecommended|JSON arguments recommended for CMD|0"),
            (told(text, "Dockerfile", -3), "JSONArgsRecommended|JSON arguments recommended for CMD|0"),
            (told(b"no name: for it", "Dockerfile", 1), "|no name: for it|1"),
            (told(b"Proto: x\nsecond line", "Dockerfile", 1), "Proto|x|1"),
            (told(b"Proto3: x", "Dockerfile", 1), "|Proto3: x|1"),
            (told(b"NOT: a name", "Dockerfile", 1), "|NOT: a name|1"),
            (told(b"not utf-8: \xff (line x)", "Dockerfile", 1), "|not utf-8: \u{fffd}|1"),
        ] {
            assert_eq!(read(warning).as_deref(), Some(expected));
        }
        assert_eq!(read(VertexWarning::default()), None);
        assert_eq!(
            read(VertexWarning { ranges: Vec::new(), ..told(b"x", "Dockerfile", 1) }).unwrap(),
            "|x|0"
        );
        assert_eq!(read(VertexWarning { info: None, ..told(b"x", "Dockerfile", 1) }).unwrap(), "|x|0");
    }

    #[test]
    fn only_pages_are_linked() {
        let long = format!("https://x/{}", "x".repeat(MOST_URL));
        for url in ["http://x/", "javascript:x", "https://x/ y", "https://x/\u{1b}[m", "", &long] {
            let warning = VertexWarning { url: url.to_owned(), ..told(b"x", "Dockerfile", 1) };
            assert_eq!(Warnings::new("Dockerfile").take(warning).unwrap().url, "", "{url}");
        }
    }

    #[test]
    fn a_flood_is_counted_and_each_is_told_once() {
        let mut warnings = Warnings::new("Dockerfile");
        let mut passed = 0;
        for _ in 0..2 {
            passed +=
                (0..MOST).filter(|n| warnings.take(told(b"x", "Dockerfile", *n as i32)).is_some()).count();
        }
        assert_eq!((passed, warnings.left_out()), (MOST, None));
        for n in 0..5 {
            assert_eq!(warnings.take(told(b"y", "Dockerfile", n)), None);
        }
        assert!(warnings.left_out().unwrap().ends_with(" 5 more"));
        let large = vec![b'x'; 1 << 20];
        assert_eq!(read(told(&large, "Dockerfile", 1)).unwrap().len(), MOST_MESSAGE + 3);
    }
}
