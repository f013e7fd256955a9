//! The process environment as a value. It is read once, in `cli`; every room that depends on it takes this.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

/// Variables that hold the key to sign with, or what opens it, in every run.
const KEYS: [&str; 3] = ["IMGBUILD_SIGN_KEY", "IMGBUILD_SIGN_PASSWORD", "COSIGN_PASSWORD"];

/// Environment variables by name. An empty value counts as unset, as CI systems use the two alike.
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<OsString, OsString>,
    /// Further names of variables that hold a key.
    keys: BTreeSet<OsString>,
}

impl Environment {
    /// An environment of exactly these variables.
    pub fn from_pairs<K, V>(pairs: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: Into<OsString>,
        V: Into<OsString>,
    {
        let variables = pairs.into_iter().map(|(k, v)| (k.into(), v.into())).collect();
        Environment { variables, keys: BTreeSet::new() }
    }

    /// The same, where the variable `name` holds a key: no process that this one starts is handed it.
    #[must_use]
    pub fn withholding(mut self, name: impl Into<OsString>) -> Self {
        self.keys.insert(name.into());
        self
    }

    /// The names of the variables that no child process is handed, whether they are set or not: those that hold a key to
    /// sign with, or its password.
    pub fn withheld(&self) -> impl Iterator<Item = &OsStr> {
        KEYS.iter().map(OsStr::new).chain(self.keys.iter().map(OsString::as_os_str))
    }

    /// Every variable that a child process may be handed, sorted by name.
    pub fn handed_on(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.iter().filter(|(name, _)| self.withheld().all(|key| key != *name))
    }

    /// The value of `key`; `None` where it is unset, empty or not UTF-8.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.get_os(key).and_then(OsStr::to_str)
    }

    /// The raw value of `key`; `None` where it is unset or empty.
    pub fn get_os(&self, key: &str) -> Option<&OsStr> {
        self.variables.get(OsStr::new(key)).map(OsString::as_os_str).filter(|value| !value.is_empty())
    }

    /// Whether `key` holds a yes: anything but `0`, `false`, `no` and `off`, in any case.
    pub fn is_true(&self, key: &str) -> bool {
        self.get(key)
            .is_some_and(|v| !["0", "false", "no", "off"].iter().any(|no| v.eq_ignore_ascii_case(no)))
    }

    /// Whether `value` is what Azure Pipelines leaves of a variable that does not exist: its own name, `$(name)`.
    pub fn is_unmapped(value: &str) -> bool {
        value.starts_with("$(") && value.ends_with(')')
    }

    /// The program `name` of PATH. Relative entries are passed over: the work tree must not bring its own.
    pub fn program(&self, name: &str) -> Option<PathBuf> {
        let runs = |file: &PathBuf| {
            file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
        };
        let entries = std::env::split_paths(self.get_os("PATH")?);
        entries.filter(|entry| entry.is_absolute()).map(|entry| entry.join(name)).find(runs)
    }

    /// Every variable, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.variables.iter().map(|(k, v)| (k.as_os_str(), v.as_os_str()))
    }

    /// The user's home folder.
    pub fn home(&self) -> Option<PathBuf> {
        self.get_os("HOME").map(PathBuf::from)
    }

    /// The folder of the user's caches: `XDG_CACHE_HOME`, else `~/.cache`. Relative ones count as unset.
    pub fn cache_home(&self) -> Option<PathBuf> {
        let configured = self.get_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        configured.or_else(|| self.home().map(|home| home.join(".cache"))).filter(|path| path.is_absolute())
    }

    /// The folder of the user's configurations: `XDG_CONFIG_HOME`, else `~/.config`.
    pub fn config_home(&self) -> Option<PathBuf> {
        self.get_os("XDG_CONFIG_HOME")
            .map(PathBuf::from)
            .or_else(|| self.home().map(|home| home.join(".config")))
    }
}

impl std::fmt::Debug for Environment {
    /// Names only: values hold secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_and_not_handed_on() {
        let pairs =
            [("A", "1"), ("COSIGN_PASSWORD", "p"), ("IMGBUILD_SIGN_KEY", "env://MINE"), ("MINE", "k")];
        let environment = Environment::from_pairs(pairs).withholding("MINE").withholding("NOT_SET");
        assert_eq!(environment.get("MINE"), Some("k"));
        let handed: Vec<_> = environment.handed_on().collect();
        assert_eq!(handed, [(OsStr::new("A"), OsStr::new("1"))]);
        let withheld: Vec<_> = environment.withheld().collect();
        assert_eq!(
            withheld,
            ["IMGBUILD_SIGN_KEY", "IMGBUILD_SIGN_PASSWORD", "COSIGN_PASSWORD", "MINE", "NOT_SET"]
        );
    }
}
