//! Commands: in the container, in one of their own, or on the host.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::Matcher;

/// Where a command runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Where {
    /// In the container of the test, which runs.
    Running,
    /// In a new container of the image, in place of its entrypoint and CMD.
    Fresh,
}

/// One command, and how it must end.
#[derive(Debug, Clone, PartialEq)]
pub struct RunCheck {
    /// Program and arguments. `$NAME` and `${NAME}` in them are filled in from the container's environment where `expand`
    /// says so, but not from `env`.
    pub argv: Vec<String>,
    /// Whether variables in `argv` are filled in.
    pub expand: bool,
    /// Where it runs.
    pub place: Where,
    /// Variables beside the container's own, as they stand; of two with one name the later one counts.
    pub env: Vec<(String, String)>,
    /// Commands before it, each in a container of its own whose changes the next one finds. Of fresh ones only. How they
    /// exit does not count, but each must be a command that the image has.
    pub setup: Vec<Vec<String>>,
    /// Commands after it, likewise. What comes of them does not count at all.
    pub teardown: Vec<Vec<String>>,
    /// Its exit code, as a number.
    pub exit: Matcher,
    /// Its standard output.
    pub stdout: Vec<Matcher>,
    /// Its standard error.
    pub stderr: Vec<Matcher>,
    /// The longest that it may take.
    pub within: Duration,
    /// How often it is tried again where it does not fit, and the pause in between.
    pub retry: (u32, Duration),
}

impl RunCheck {
    /// A command that must end with exit code 0.
    pub fn new(argv: Vec<String>, place: Where, within: Duration) -> RunCheck {
        RunCheck {
            argv,
            expand: false,
            place,
            env: Vec::new(),
            setup: Vec::new(),
            teardown: Vec::new(),
            exit: Matcher::Equals(0.into()),
            stdout: Vec::new(),
            stderr: Vec::new(),
            within,
            retry: (0, Duration::ZERO),
        }
    }
}

/// A command on the machine that imgbuild runs on: the application's own tests, a scanner. What it needs to know is in
/// its environment: `IMGBUILD_TEST_IMAGE`, `IMGBUILD_TEST_CONTAINER`, `IMGBUILD_TEST_ADDRESS`, `IMGBUILD_TEST_PORT_<port>`
/// (`host:port` to reach it by from here).
#[derive(Debug, Clone, PartialEq)]
pub struct HostCommand {
    /// Program and arguments; no shell is added.
    pub argv: Vec<String>,
    /// The folder that it runs in.
    pub folder: PathBuf,
    /// Variables beside imgbuild's own.
    pub env: BTreeMap<String, String>,
    /// Its exit code, as a number.
    pub exit: Matcher,
    /// The longest that it may take; it and its children are killed then.
    pub within: Duration,
}
