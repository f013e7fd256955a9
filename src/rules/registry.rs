//! The list of all rules: one line each, and the family that it belongs to.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::Rule;

/// Declares the modules of the families and lists their rules.
macro_rules! registry {
    ($($(#[$meta:meta])* $family:ident { $($rule:ident),* $(,)? })*) => {
        $($(#[$meta])* pub mod $family { $(pub mod $rule;)* })*

        /// Every rule, in the order of the list.
        pub static RULES: &[&Rule] = &[$($(&$family::$rule::RULE,)*)*];

        /// Every rule's file below `src/rules/registry`, in the same order.
        pub const FILES: &[&str] = &[$($(concat!(stringify!($family), "/", stringify!($rule), ".rs"),)*)*];
    };
}

registry! {
    /// What is found while files and waivers are read.
    reading {
        invalid_dockerfile,
        malformed_waiver,
        unknown_rule,
        waiver_without_reason,
        expired_waiver,
        unused_waiver,
        waiver_against_policy,
        untrusted_waiver,
        shell_script_problem,
    }
    /// Base images and stages.
    stages {
        latest_base_image,
    }
    /// Instructions other than `FROM` and `RUN`, variables, and how they are written.
    instructions {
        ignored_copy_source,
    }
    /// Packages that `RUN` installs.
    packages {
    }
    /// The shell of `RUN`, and what it downloads.
    scripts {
    }
    /// What a container starts, and how it is watched.
    running {
    }
    /// The build context, and what git says of it.
    context {
        private_key_in_context,
        env_file_in_context,
        cloud_credentials_in_context,
        registry_token_in_context,
        git_directory_in_context,
        missing_dockerignore,
        ambiguous_dockerignore,
        untracked_file_in_context,
        ignored_file_in_context,
        uncommitted_dockerfile,
        uncommitted_config,
        downloading_entrypoint_script,
    }
    /// Labels, as a Dockerfile sets them.
    labels {
    }
    /// The image that was built.
    image {
    }
}

/// The rule that `id` means: a code, a name, or what another tool calls it, in any case of letters.
pub fn find(id: &str) -> Option<&'static Rule> {
    static INDEX: OnceLock<BTreeMap<String, &'static Rule>> = OnceLock::new();
    let index = INDEX.get_or_init(|| {
        let mut index = BTreeMap::new();
        for rule in RULES {
            for id in [rule.code, rule.name].into_iter().chain(rule.aliases.iter().copied()) {
                // What two rules answer to means the first of them.
                index.entry(id.to_ascii_lowercase()).or_insert(*rule);
            }
        }
        index
    });
    index.get(&id.to_ascii_lowercase()).copied()
}

/// All rules that `id` means: another tool's id may stand for several of ours.
pub fn find_all(id: &str) -> Vec<&'static Rule> {
    RULES.iter().copied().filter(|rule| rule.answers_to(id)).collect()
}

/// The rule whose code, name or alias is nearest to `id`, for a message.
pub fn nearest(id: &str) -> Option<&'static str> {
    if id.len() > 64 {
        return None;
    }
    let lower = id.to_ascii_lowercase();
    let names =
        RULES.iter().flat_map(|rule| [rule.code, rule.name].into_iter().chain(rule.aliases.iter().copied()));
    names
        .map(|name| (strsim::osa_distance(&name.to_ascii_lowercase(), &lower), name))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, name)| *distance <= name.len() / 4 + 1)
        .map(|(_, name)| name)
}
