//! Fixtures of rules on base images: what registries say, `---`, and the Dockerfile with its markers.
//!
//! ```text
//! debian:12 linux/amd64,linux/arm64                it is there, for these platforms; `-` where they are not known
//! debian:12@sha256:00…01 linux/amd64 sha256:00…02  and its tag now means that
//! debian:13 absent
//! debian:14 silent                                 the registry did not answer
//! ```
//!
//! Behind the fence: `platform=` that is built for.

use std::collections::BTreeMap;

use imgbuild::rules::Fact;
use imgbuild::rules::facts::{BaseFact, BaseFacts, BaseState};

use super::rule_fixtures::Block;

/// The facts of a block, and its Dockerfile.
pub(crate) fn read(block: &Block) -> Result<(BaseFacts, String), String> {
    let (facts, dockerfile) = block.text.split_once("---\n").ok_or("no --- in front of the Dockerfile")?;
    let mut images = BTreeMap::new();
    for line in facts.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (reference, state, moved) = match words[..] {
            [reference, state] => (reference, state, None),
            [reference, state, moved] => (reference, state, Some(moved.to_owned())),
            _ => return Err(format!("{line}: not two or three words")),
        };
        let state = match state {
            "absent" => Ok(BaseState::Absent),
            "silent" => Err("no answer"),
            platforms => Ok(BaseState::Present {
                digest: "sha256:1".to_owned(),
                platforms: platforms.split(',').filter(|p| *p != "-").map(str::to_owned).collect(),
            }),
        };
        let fact = match state {
            Ok(state) => Fact::Known(BaseFact { state, tag_moved_to: moved }),
            Err(why) => Fact::Missing(why.to_owned()),
        };
        images.insert(reference.to_owned(), fact);
    }
    let platform = block.options.iter().find_map(|option| option.strip_prefix("platform="));
    Ok((BaseFacts { images, platform: platform.map(str::to_owned) }, dockerfile.to_owned()))
}
