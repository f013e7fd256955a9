//! What a program did.

use std::process::Output;

/// Its exit code, and what it said.
#[derive(Debug)]
pub(crate) struct Ran {
    /// None where a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    pub(crate) fn of(output: &Output) -> Ran {
        Ran {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Fails unless it ended with `code`.
    pub(crate) fn expect(self, code: i32) -> Ran {
        assert_eq!(self.code, Some(code), "{}\n{}", self.stdout, self.stderr);
        self
    }

    /// Its words, wherever they went.
    pub(crate) fn all(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    pub(crate) fn says(self, text: &str) -> Ran {
        assert!(self.all().contains(text), "{text:?} is not in:\n{}", self.all());
        self
    }

    pub(crate) fn does_not_say(self, text: &str) -> Ran {
        assert!(!self.all().contains(text), "{text:?} is in:\n{}", self.all());
        self
    }
}
