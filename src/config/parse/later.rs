//! Keys that later versions will know. Whoever writes one has read about it somewhere: "unknown key" would send them
//! looking for a typing error.

use super::tree::Step;

/// What to say about the key at the end of `path`; `None` where it is none of ours.
pub(super) fn not_yet(path: &[Step]) -> Option<&'static str> {
    let keys: Vec<&str> = path
        .iter()
        .filter_map(|step| match step {
            Step::Key(key) => Some(key.as_str()),
            Step::Index(_) => None,
        })
        .collect();
    let keys = match keys.as_slice() {
        ["profile", _, rest @ ..] => rest,
        all => all,
    };
    match keys {
        ["images"] => Some("several images in one repository come later; [image] describes one"),
        ["image", "platforms"] => Some("several platforms in one run come later; `platform` builds for one"),
        _ => None,
    }
}
