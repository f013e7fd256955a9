//! One container on a host, or a service of a swarm, and how a new image takes the place of the one that runs, or gives it back.
//!
//! `spec` says what is wanted, `state` what is found on the host, `decide` (pure) which steps lead from one to the other, from
//! whatever instant an earlier run was killed at; `swap` does them after a `trial`, and where one fails `ending` goes back.
//! Nothing is remembered anywhere else than in labels on the containers (`record`), so that any machine can go on.
//!
//! Of a service, `service_spec` says what is wanted, `rollout` asks the swarm for it, and `rolling` (pure) says how it stands.

mod admit;
mod before;
mod decide;
mod ending;
mod gates;
mod keep;
mod lock;
mod name;
mod record;
mod rolling;
mod rollout;
mod service_spec;
mod spec;
mod state;
mod swap;
mod trial;

#[cfg(test)]
mod model;

pub use admit::{Admitted, admit, refuse_labels};
pub use before::run_before;
pub use decide::{Conflict, Settling, Step, Way};
pub use keep::{Fallen, Kept, fallen, forsaken, keep, kept, kept_for, kept_tag};
pub use lock::{Holder, Lock};
pub use name::{Name, Names};
pub use record::{Attached, Past, Record, Replaced, SpecRecord};
pub use rollout::{Rollout, may_replace};
pub use spec::{Values, Wanted, values};
pub use state::{CutOff, Deployed, Found, Seen, cut_off, deployments, find};
pub use swap::{Busy, Passed, Swap};
