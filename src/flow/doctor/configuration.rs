//! The configuration: whether it can be read, where from, and whether it leads to a Dockerfile.

use std::path::Path;

use crate::config::{Flags, Settings};
use crate::flow::gather;
use crate::flow::session::Session;
use crate::report::{Check, Health};
use crate::source::{CiContext, SourceState};

const SUBJECT: &str = "config";

/// The checks, and the settings in force.
pub(super) async fn look(
    session: &Session,
    ci: &CiContext,
    source: Option<&SourceState>,
) -> (Vec<Check>, Option<Settings>) {
    let root = source.map_or_else(|| gather::root_of(&session.directory), |source| &source.root);
    let settings = match gather::settings(session, &Flags::default(), ci, source, root).await {
        Ok(settings) => settings,
        Err(error) => return (vec![Check::failed(SUBJECT, "file", &error)], None),
    };
    let file = match &settings.config_path {
        Some(path) => path.display().to_string(),
        None => "no imgbuild.toml: every setting is its default".to_owned(),
    };
    let checks = vec![Check::new(SUBJECT, "file", Health::Ok, file), dockerfile(&settings, root)];
    (checks, Some(settings))
}

fn dockerfile(settings: &Settings, root: &Path) -> Check {
    match gather::files(settings, root) {
        Ok(files) => {
            let path = files.located.context.join(&files.located.dockerfile);
            Check::new(SUBJECT, "Dockerfile", Health::Ok, path.display().to_string())
        }
        Err(error) => Check::failed(SUBJECT, "Dockerfile", &error),
    }
}
