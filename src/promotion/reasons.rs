//! The reasons against a promotion, told all at once: whoever mends one would else meet the next.

use crate::error::{Error, Kind};

/// One reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// What is in the way, as a fragment for the reader. It may hold words of whoever made the image.
    pub why: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Reasons(Vec<Reason>);

impl Reason {
    /// A reason with what to do.
    pub(super) fn new(why: impl Into<String>, hint: impl Into<String>) -> Reason {
        Reason { why: why.into(), hint: Some(hint.into()) }
    }
}

impl Reasons {
    /// Adds a reason; the same one is told once, whatever it was found on.
    pub(super) fn add(&mut self, reason: Reason) {
        if !self.0.contains(&reason) {
            self.0.push(reason);
        }
    }

    /// Adds one with what to do.
    pub(super) fn say(&mut self, why: impl Into<String>, hint: impl Into<String>) {
        self.add(Reason::new(why, hint));
    }

    /// The error that tells all of them; `None` where there is none.
    pub(super) fn into_error(self, what: &str) -> Option<Error> {
        let count = match self.0.as_slice() {
            [] => return None,
            [_] => String::new(),
            more => format!("{} reasons: ", more.len()),
        };
        let whys: Vec<&str> = self.0.iter().map(|reason| reason.why.as_str()).collect();
        let mut error =
            Error::new(Kind::Refused, format!("cannot promote {what}: {count}{}", whys.join("; ")));
        let mut told: Vec<&String> = Vec::new();
        for hint in self.0.iter().filter_map(|reason| reason.hint.as_ref()) {
            if !told.contains(&hint) {
                told.push(hint);
                error = error.hint(hint);
            }
        }
        Some(error)
    }
}

/// A text of somebody else's, short and on one line.
pub(super) fn shown(text: &str) -> String {
    let is_id = text.len() >= 40 && text.bytes().all(|b| b.is_ascii_hexdigit());
    text.chars().take(if is_id { 12 } else { 60 }).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_reasons_are_told_and_each_once() {
        let mut reasons = Reasons::default();
        assert!(Reasons::default().into_error("x").is_none());
        reasons.say("a", "do this");
        reasons.say("b", "do this");
        reasons.say("a", "do this");
        let error = reasons.into_error("x").unwrap();
        assert_eq!(error.to_string(), "cannot promote x: 2 reasons: a; b");
        assert_eq!(error.hints(), ["do this"]);
        assert_eq!(error.kind(), Kind::Refused);
    }
}
