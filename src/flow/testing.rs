//! Settings for tests, as `imgbuild.toml` in `/repo` gives them.

use std::path::Path;

use crate::config::{self, Flags, Layers, Push, Settings};
use crate::environment::Environment;

/// The settings of a file with this text, and of `flags`.
pub(super) fn settings(text: &str, flags: &Flags) -> Settings {
    let document = config::parse("imgbuild.toml", text.as_bytes()).unwrap();
    let root = Path::new("/repo");
    config::resolve(&Layers {
        flags,
        environment: &Environment::default(),
        document: Some(&document),
        is_ci: false,
        push: Push::Auto,
        working_folder: root,
        root,
        now: 0,
        rule_names: |id| vec![id.to_owned()],
    })
    .unwrap()
}
