//! Folders that belong to the system.

/// Whether a folder is one of the system's: of its core also what is below, of the others themselves.
pub(in crate::rules) fn is_of_system(path: &str) -> bool {
    const WHOLLY: [&str; 8] = ["/proc", "/sys", "/dev", "/boot", "/bin", "/sbin", "/lib", "/lib64"];
    const THEMSELVES: [&str; 8] =
        ["/etc", "/usr", "/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib64", "/var", "/run"];
    let path = path.trim_end_matches('/');
    let below =
        |top: &str| path.strip_prefix(top).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    WHOLLY.iter().any(|top| below(top)) || THEMSELVES.contains(&path)
}
