//! What is expected of an image: tests, the checks in them, and matchers. Values only; `config` and `suites` make them,
//! `smoke` puts them to an image, `report` tells what came of them.

mod check;
mod file;
mod http;
mod matcher;
mod metadata;
mod network;
mod outcome;
mod pattern;
mod ready;
mod run;
mod system;
mod test;

pub use self::http::{HttpCheck, JsonExpectation};
pub use check::{Check, What};
pub use file::{Executor, FileCheck, FileKind, LicenseCheck, ModeWanted};
pub use matcher::Matcher;
pub use metadata::ImageCheck;
pub use network::{AddressCheck, PortCheck, Protocol};
pub use outcome::{CheckResult, Evidence, HealthProbe, Misfit, Verdict, shortened};
pub use pattern::Pattern;
pub use ready::{Health, ReadySpec};
pub use run::{HostCommand, RunCheck, Where};
pub use system::{GroupCheck, PackageCheck, ProcessCheck, UserCheck};
pub use test::{ContainerOptions, ImageKind, Mount, ProbeSet, ServiceSpec, Start, TestSpec};
