//! What has to be fetched before rules can judge by it, as values. The flow fetches; nothing here does I/O.

mod base;
mod context;
mod context_files;
mod copies;
mod files;
mod image;
mod runtime;
mod scripts;
mod secrets;

pub use base::{BaseFact, BaseFacts, BaseState};
pub use context::{ContextFacts, GitFacts, named};
pub use context_files::{ContextEntry, ContextFiles};
pub use copies::{CopiedSource, copies};
pub use files::{FileFacts, LayerFacts, Leftover, OpenAccount, SecretFile, SetuidFile};
pub use image::{HistoryEntry, ImageFacts};
pub use runtime::{
    FrozenSeen, HealthSeen, KindSeen, LimitsSeen, ListenerSeen, LogFileSeen, LogsSeen, OfflineSeen,
    PortsSeen, ProcessSeen, ProcessesSeen, RuntimeFacts, StartSeen, StopSeen, UsersSeen, VariantSeen,
    WritesSeen,
};
pub use scripts::started_scripts;
pub use secrets::{Sign, may_hold_secret, signs};
