//! Settings for tests of other rooms, as `imgbuild.toml` in `/repo` gives them.

use std::path::Path;

use super::{Flags, Layers, Push, Settings, parse, resolve};
use crate::environment::Environment;

/// The settings of a file with this text, and of `flags`.
pub(crate) fn settings(text: &str, flags: &Flags) -> Settings {
    let document = parse("imgbuild.toml", text.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
    let root = Path::new("/repo");
    resolve(&Layers {
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
    .unwrap_or_else(|error| panic!("{error}"))
}
