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
        builder_warning,
    }
    /// Base images and stages.
    stages {
        untagged_base_image,
        latest_base_image,
        untrusted_registry,
        constant_platform,
        base_without_digest,
        redundant_target_platform,
        duplicate_stage_name,
        reserved_stage_name,
        uppercase_stage_name,
        from_as_casing,
        undefined_arg_in_from,
        invalid_default_arg_in_from,
        invalid_base_platform,
        instruction_before_from,
        unreachable_stage,
        absent_base_image,
        moved_base_digest,
    }
    /// Instructions other than `FROM` and `RUN`, variables, and how they are written.
    instructions {
        relative_workdir,
        add_instead_of_copy,
        copied_archive,
        copy_of_several_to_a_file,
        copy_from_undefined_stage,
        copy_from_itself,
        copy_to_relative_path,
        invalid_port,
        expose_protocol_casing,
        exposed_ssh_port,
        self_referencing_env,
        undefined_variable,
        legacy_key_value,
        inconsistent_instruction_casing,
        empty_continuation,
        maintainer,
        ignored_copy_source,
        user_by_name,
        root_user,
        missing_user,
        volume_on_system_path,
        copied_root,
        secret_in_arg_or_env,
        invalid_definition_description,
        copied_secret_file,
    }
    /// Packages that `RUN` installs.
    packages {
        unpinned_apt_package,
        apt_lists_left_behind,
        apt_install_without_yes,
        apt_recommended_packages,
        apt_in_script,
        unpinned_apk_package,
        apk_cache_left_behind,
        unpinned_pip_package,
        pip_cache_left_behind,
        unpinned_npm_package,
        unpinned_gem,
        yum_without_yes,
        yum_cache_left_behind,
        unpinned_yum_package,
        zypper_without_yes,
        zypper_dist_upgrade,
        zypper_cache_left_behind,
        unpinned_zypper_package,
        dnf_without_yes,
        dnf_cache_left_behind,
        unpinned_dnf_package,
        yarn_cache_left_behind,
        unpinned_go_package,
        dist_upgrade,
        apt_update_alone,
        npm_install_without_lockfile,
        dependencies_after_source,
    }
    /// The shell of `RUN`, and what it downloads.
    scripts {
        nonsense_command,
        sudo,
        curl_and_wget,
        replaced_shell,
        pipe_without_pipefail,
        useradd_without_no_log_init,
        wget_with_progress_bar,
        consecutive_runs,
        cd_in_run,
        tls_verification_off,
        unversioned_url,
        unverified_download,
        cloned_branch,
        remote_add_without_checksum,
        untried_result,
        changing_arg_before_run,
        environment_specific_arg,
        default_password,
        hidden_failure,
    }
    /// What a container starts, and how it is watched.
    running {
        shell_form_command,
        several_cmds,
        several_entrypoints,
        several_healthchecks,
        missing_healthcheck,
        init_system,
        several_services,
        log_to_file,
        download_at_start,
        development_server,
        ungraceful_stop_signal,
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
        invalid_label_key,
        label_schema_label,
    }
    /// The image that was built.
    image {
        image_runs_as_root,
        image_without_healthcheck,
        missing_image_label,
        mistyped_image_label,
        inherited_image_label,
        secret_in_image_env,
        secret_in_image_history,
        volume_on_system_path_in_image,
        oversized_image,
        too_many_layers,
        image_starts_init_system,
        image_exposes_ssh,
        shell_form_image_command,
        setuid_file_in_image,
        account_without_password,
        secret_in_image_file,
        package_cache_in_image,
    }
    /// Running containers of the image.
    runtime {
        does_not_stay_up,
        never_healthy,
        healthcheck_cannot_fail,
        runs_as_other_user,
        several_services_running,
        init_system_running,
        log_file_written,
        errors_on_stdout,
        data_outside_volumes,
        needs_writable_root,
        ignores_stop_signal,
        does_not_restart,
        undeclared_port,
        exposed_port_not_listening,
        downloads_at_start,
        needs_network_to_start,
        out_of_memory,
        too_many_processes,
        does_not_run_hardened,
        nothing_tested,
    }
}

/// The rule that `id` means: a code, a name, or what another tool calls it, in any case of letters; the first of several.
pub fn find(id: &str) -> Option<&'static Rule> {
    find_all(id).first().copied()
}

/// All rules that `id` means, in the order of the list: another tool's id may stand for several of ours.
pub fn find_all(id: &str) -> &'static [&'static Rule] {
    static INDEX: OnceLock<BTreeMap<String, Vec<&'static Rule>>> = OnceLock::new();
    let index = INDEX.get_or_init(|| {
        let mut index: BTreeMap<String, Vec<&'static Rule>> = BTreeMap::new();
        for rule in RULES {
            for id in [rule.code, rule.name].into_iter().chain(rule.aliases.iter().copied()) {
                index.entry(id.to_ascii_lowercase()).or_default().push(*rule);
            }
        }
        index
    });
    index.get(&id.to_ascii_lowercase()).map_or(&[], Vec::as_slice)
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
