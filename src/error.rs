//! The one error type that crosses rooms: what kind of failure it is (and so which exit code), what happened,
//! and what to do about it. One printer shows it, at the edge.

use std::fmt;

/// What failed, seen from the person who has to act. Each kind is one public exit code.
///
/// The numbers are a contract: they are listed in `imgbuild --help` and in the README, and a test compares all three.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Findings at or above `fail-on`.
    Findings,
    /// The command line could not be understood.
    Usage,
    /// `imgbuild.toml`, a Dockerfile or a `.dockerignore` is invalid.
    Config,
    /// Refused: the state of the source, policy, evidence, or a tag that holds other content.
    Refused,
    /// The image could not be built.
    Build,
    /// The image was built and its tests failed.
    Tests,
    /// The registry was unreachable, denied the request, or did not keep what was pushed. Worth a retry.
    Registry,
    /// The engine was unreachable or was lost, or a clean-up stayed incomplete. Worth a retry.
    Engine,
    /// A deployment failed and the old version serves.
    Deploy,
    /// A deployment failed, and so did going back.
    Rollback,
    /// A bug in imgbuild.
    Internal,
    /// A local file could not be read or written.
    Io,
    /// Cancelled by SIGINT.
    Interrupted,
    /// Cancelled by SIGTERM.
    Terminated,
}

impl Kind {
    /// Every kind, in the order of its exit code.
    pub const ALL: [Kind; 14] = [
        Kind::Findings,
        Kind::Usage,
        Kind::Config,
        Kind::Refused,
        Kind::Build,
        Kind::Tests,
        Kind::Registry,
        Kind::Engine,
        Kind::Deploy,
        Kind::Rollback,
        Kind::Internal,
        Kind::Io,
        Kind::Interrupted,
        Kind::Terminated,
    ];

    /// The process's exit code.
    pub const fn exit_code(self) -> u8 {
        match self {
            Kind::Findings => 1,
            Kind::Usage => 2,
            Kind::Config => 3,
            Kind::Refused => 4,
            Kind::Build => 5,
            Kind::Tests => 6,
            Kind::Registry => 7,
            Kind::Engine => 8,
            Kind::Deploy => 9,
            Kind::Rollback => 10,
            Kind::Internal => 70,
            Kind::Io => 74,
            Kind::Interrupted => 130,
            Kind::Terminated => 143,
        }
    }

    /// The line that `--help` and the README print beside the code.
    pub const fn summary(self) -> &'static str {
        match self {
            Kind::Findings => "findings at or above fail-on",
            Kind::Usage => "the command line is wrong",
            Kind::Config => "the configuration is invalid",
            Kind::Refused => {
                "refused: state of the source, policy, evidence, or a tag that holds other content"
            }
            Kind::Build => "the build failed",
            Kind::Tests => "the tests of the image failed",
            Kind::Registry => "registry unreachable, denied, or the push failed (worth a retry)",
            Kind::Engine => "engine unreachable or lost, or a clean-up stayed incomplete (worth a retry)",
            Kind::Deploy => "the deployment failed, the old version serves",
            Kind::Rollback => "the deployment failed and the rollback too",
            Kind::Internal => "a bug in imgbuild",
            Kind::Io => "a local file could not be read or written",
            Kind::Interrupted => "cancelled by SIGINT",
            Kind::Terminated => "cancelled by SIGTERM",
        }
    }
}

/// A failure for people: a lowercase message that says what was tried on what and why it failed, and hints that
/// say what to do. The text may hold hostile input: printers escape it.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    message: String,
    hints: Vec<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// The result of anything that can fail across rooms.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of `kind`; `message` is a lowercase fragment without a final period.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Error { kind, message: message.into(), hints: Vec::new(), source: None }
    }

    /// Adds what the reader can do about it; call it where the knowledge is.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        let hint = hint.into();
        if !self.hints.contains(&hint) {
            self.hints.push(hint);
        }
        self
    }

    /// Adds the cause, printed behind the message as `: cause`.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(cause.into());
        self
    }

    /// The kind, which decides the exit code.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The message without its causes.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do, in the order it was added.
    pub fn hints(&self) -> &[String] {
        &self.hints
    }
}

impl fmt::Display for Error {
    /// The message and the whole chain of causes on one line, each cause once.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        let mut said = self.message.clone();
        let mut cause = std::error::Error::source(self);
        while let Some(next) = cause {
            let text = next.to_string();
            // Many libraries repeat their source in their own text.
            if !said.contains(&text) {
                write!(f, ": {text}")?;
                said = text;
            }
            cause = next.source();
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|s| s as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_printed_once_each() {
        let inner = Error::new(Kind::Io, "permission denied");
        let outer = Error::new(Kind::Engine, "cannot reach the engine").because(inner);
        assert_eq!(outer.to_string(), "cannot reach the engine: permission denied");
        let twice = Error::new(Kind::Engine, "a: b").because(Error::new(Kind::Io, "b"));
        assert_eq!(twice.to_string(), "a: b");
    }

    #[test]
    fn exit_codes_are_distinct() {
        let mut codes: Vec<u8> = Kind::ALL.iter().map(|k| k.exit_code()).collect();
        codes.dedup();
        assert_eq!(codes.len(), Kind::ALL.len());
        assert!(codes.windows(2).all(|w| w[0] < w[1]));
    }
}
