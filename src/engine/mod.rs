//! The container engine: connection, build, containers, images, and the record of what a run made on it.
//!
//! `bollard` is used where its answers are right and small. Everything that streams, that carries enums which engines
//! disagree about, or that needs a limit on memory goes over `wire.rs` with decoders of our own.

mod archive;
mod build;
mod build_messages;
mod build_progress;
mod build_request;
mod changes;
mod client;
mod commit;
mod container_path;
mod container_spec;
mod containers;
mod dialer;
mod docker_context;
mod endpoint;
mod events;
mod exec;
mod fault;
mod image_history;
mod images;
mod import;
mod insecure;
mod inspect;
mod journal;
mod json_frames;
mod keeper;
mod lines;
mod logs;
mod networks;
mod owner;
mod pull;
mod push;
mod ssh;
mod ssh_target;
mod stats;
mod store;
mod sweep;
mod sweep_images;
mod tar_files;
mod tar_header;
mod tar_stream;
mod teardown;
mod time;
mod tls;
mod tls_files;
mod top;
mod unreachable;
mod upload;
mod volumes;
mod wire;

#[cfg(test)]
mod testing;

pub use archive::{FileContent, PathStat};
pub use build::BuiltImage;
pub use build_progress::{BuildObserver, Origin};
pub use build_request::{AuthEntry, BuildRequest};
pub use changes::{Change, ChangeKind, Changes};
pub use client::{Engine, EngineId, EngineInfo};
pub use container_path::resolve_link;
pub use container_spec::{ContainerSpec, HealthOverride, Limits};
pub use containers::ContainerSummary;
pub use dialer::{Dialer, Stream};
pub use endpoint::{Address, Endpoint, endpoint};
pub use events::{EngineEvent, Watch};
pub use exec::{ExecOutcome, ExecSpec};
pub use image_history::ImageStep;
pub use images::{Image, ImageHealthcheck, ImageSummary};
pub use inspect::{Container, Health, HealthLog};
pub use journal::{Journal, JournalOfARun, Noted, Record};
pub use keeper::Keeper;
pub(crate) use lines::Lines;
pub use logs::{LogLine, LogOptions, LogSource, Output};
pub use owner::{Liveness, Owner};
pub use pull::PulledImage;
pub use push::{PushLimits, PushOutcome};
pub use ssh::{Ssh, SshStream};
pub use ssh_target::SshTarget;
pub use stats::ContainerStats;
pub use sweep::{Leftover, Sweep, SweepReport, Thing};
pub use tar_header::{EntryKind, FileHeader};
pub use teardown::{Teardown, TeardownReport};
pub use tls::{Tls, TlsConnection};
pub use top::ProcessRow;
