//! What a run shows: the live view, plain lines, JSON, and the report file. Everything that comes from outside is
//! hostile here: it is masked, escaped, capped and prefixed before it reaches a terminal or a log.

mod build_steps;
mod checkup;
pub mod ci;
mod error_text;
pub mod escape;
mod explain;
mod failed_test;
pub mod findings;
mod html;
pub mod json;
mod junit;
mod live;
mod look;
mod masker;
mod mode;
mod ndjson;
mod plain;
mod recorder;
mod report_dir;
mod report_file;
mod report_schema;
mod reporter;
mod result_line;
mod rule_list;
pub mod rule_pages;
pub mod run_report;
#[cfg(test)]
mod sample;
mod standard;
mod summary;
mod tail;
mod view;
mod words;

pub use checkup::{Check, Checkup, Health};
pub use ci::Surface;
pub use error_text::{error_text, note_text};
pub use explain::explain;
pub use junit::junit;
pub use live::Live;
pub use masker::Masker;
pub use mode::{ColorChoice, Format, OutputFlags, OutputMode, Progress, Surroundings, UNBOUNDED, resolve};
pub use ndjson::Ndjson;
pub use plain::Plain;
pub use recorder::{Recorder, Recording};
pub use report_dir::ReportDir;
pub use report_file::ReportFile;
pub use report_schema::report_schema;
pub use reporter::{Finished, Reporter, spawn};
pub use result_line::result_line;
pub use rule_list::{rule_json, rule_list, rule_list_json};
pub use run_report::RunReport;
pub use standard::standard;
pub use summary::summary;
pub use tail::TAIL_LINES;
