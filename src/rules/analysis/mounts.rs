//! The mounts of a `RUN`.

use super::Step;

impl Step<'_> {
    /// Whether a `--mount` of type cache or tmpfs keeps what is written below a path that holds one of `parts` out of the
    /// layer.
    pub fn has_scratch_mount(&self, parts: &[&str]) -> bool {
        self.instruction.flags.iter().filter(|flag| flag.name == "mount").any(|flag| {
            let fields = || flag.value.as_deref().unwrap_or_default().split(',').map(|f| f.trim_matches('"'));
            let pairs = || fields().filter_map(|field| field.split_once('='));
            let scratch = pairs().any(|(key, value)| key == "type" && matches!(value, "cache" | "tmpfs"));
            scratch
                && pairs().any(|(key, value)| {
                    matches!(key, "target" | "dst" | "destination") && parts.iter().any(|p| value.contains(p))
                })
        })
    }
}
