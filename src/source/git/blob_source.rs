//! How far the index can be trusted to know the bytes of the files in the work tree.

use std::path::{Path, PathBuf};

use git2::Repository;

use crate::environment::Environment;
use crate::source::blobs::BlobSource;

use super::command::Git;
use super::failure::Failure;
use super::locate::injected_config;
use super::look::Tools;

/// Where a git that was built with another prefix looks for attributes of the whole system.
const SYSTEM: [&str; 2] = ["/etc/gitattributes", "/usr/local/etc/gitattributes"];

/// Refs that put another object in the place of one: a checkout has the other's bytes, and the index has the first one's id.
const REPLACED: &str = "refs/replace/";

/// What libgit2 knows, and where the environment configures git, what git knows.
pub(super) fn of_libgit2(repository: &Repository, root: &Path, tools: Tools<'_>) -> BlobSource {
    let own = || {
        let config = repository.config().and_then(|mut config| config.snapshot());
        let Ok(config) = config else { return BlobSource::default() };
        let replaced = repository.references_glob(&format!("{REPLACED}*")).map(|mut found| found.next());
        if !matches!(replaced, Ok(None)) {
            return BlobSource::default();
        }
        let folders = (repository.path(), repository.commondir());
        source(tools.environment, folders, |key| config.get_string(key).ok())
    };
    match injected_config(tools.environment) {
        None => own(),
        Some(_) => {
            let git = tools.git(root, crate::source::Reader::Libgit2);
            let answer = git.and_then(|git| of_command(&git, tools.environment));
            answer.unwrap_or_default()
        }
    }
}

/// What git knows.
pub(super) fn of_command(git: &Git<'_>, environment: &Environment) -> Result<BlobSource, Failure> {
    if !git.ask(["for-each-ref", "--count=1", REPLACED])?.is_empty() {
        return Ok(BlobSource::default());
    }
    let listing = git.run(["config", "-z", "--get-regexp", r"^(core|extensions|attr)\."])?.stdout;
    let listing = String::from_utf8_lossy(&listing);
    let value = |key: &str| {
        // Keys are printed in lower case, and the last value counts.
        let mut entries = listing.rsplit('\0').filter_map(|entry| entry.split_once('\n'));
        entries.find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value.to_owned())
    };
    let folder = |option| git.ask(["rev-parse", option]).map(|path| git.path(path));
    let (own, common) = (folder("--absolute-git-dir")?, folder("--git-common-dir")?);
    Ok(source(environment, (&own, &common), value))
}

/// `folders` are the git folders of the work tree and of the repository.
fn source(
    environment: &Environment,
    folders: (&Path, &Path),
    value: impl Fn(&str) -> Option<String>,
) -> BlobSource {
    let is = |key: &str, harmless: &[&str]| {
        value(key).is_none_or(|value| harmless.iter().any(|harmless| value.eq_ignore_ascii_case(harmless)))
    };
    let no = ["false", "no", "off", "0", ""];
    let yes = ["true", "yes", "on", "1"];
    let trusted = is("core.autocrlf", &no)
        && is("core.eol", &[])
        && is("core.trustctime", &yes)
        && is("core.checkStat", &["default"])
        // Attributes are then matched in any case, or lie in a place that git knows how to expand.
        && is("core.ignorecase", &no)
        && value("core.attributesFile").is_none()
        && value("attr.tree").is_none()
        && is("extensions.objectFormat", &["sha1"]);
    if !trusted {
        return BlobSource::default();
    }
    let configured = environment.get_os("XDG_CONFIG_HOME").map(PathBuf::from);
    let user = configured.or_else(|| environment.home().map(|home| home.join(".config")));
    let mut general = SYSTEM.map(PathBuf::from).to_vec();
    general.extend(user.map(|folder| folder.join("git/attributes")));
    let local = [folders.0, folders.1].map(|folder| folder.join("info/attributes")).to_vec();
    BlobSource { index: Some(folders.0.join("index")), general, local }
}
