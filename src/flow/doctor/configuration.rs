//! The configuration: whether it can be read, where from, and whether it leads to a Dockerfile.

use std::path::Path;
use std::sync::Arc;

use crate::config::{Flags, Settings};
use crate::flow::gather;
use crate::flow::of_commit;
use crate::flow::policy::Base;
use crate::flow::session::Session;
use crate::flow::site::Site;
use crate::report::{Check, Health};
use crate::source::{CiContext, SourceState};

const SUBJECT: &str = "config";

/// The checks, and the settings in force.
pub(super) async fn look(
    session: &Session,
    ci: &CiContext,
    source: Option<&Arc<SourceState>>,
) -> (Vec<Check>, Option<Settings>) {
    let root = source.map_or_else(|| gather::root_of(&session.directory), |source| &source.root);
    let base = source.map_or(Base::Unknown(None), |source| Base::In(source));
    let settings = match gather::settings(session, &Flags::default(), ci, base, root).await {
        Ok(settings) => settings,
        Err(error) => return (vec![Check::failed(SUBJECT, "file", &error)], None),
    };
    let file = match &settings.config_path {
        Some(path) => path.display().to_string(),
        None => "no imgbuild.toml: every setting is its default".to_owned(),
    };
    let checks = vec![
        Check::new(SUBJECT, "file", Health::Ok, file),
        match of_commit::site(session, ci, &settings, source).await {
            Ok(site) => dockerfile(&site, &settings, root),
            Err(error) => Check::failed(SUBJECT, "Dockerfile", &error),
        },
    ];
    (checks, Some(settings))
}

fn dockerfile(site: &Site, settings: &Settings, root: &Path) -> Check {
    match gather::files(site, settings, root) {
        Ok(files) => {
            let path = files.located.context.join(&files.located.dockerfile);
            Check::new(SUBJECT, "Dockerfile", Health::Ok, path.display().to_string())
        }
        Err(error) => Check::failed(SUBJECT, "Dockerfile", &error),
    }
}
