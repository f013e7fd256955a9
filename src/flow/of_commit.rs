//! A context that is the commit's and not the folder's: which one, how it is listed, and what of the folder still counts.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::contents;
use super::gather;
use super::session::{Session, blocking};
use super::site::{CommitSite, Listed, Site};
use crate::config::{Fetched, Located, Settings};
use crate::context::{self, CommitOptions, Listing};
use crate::error::Result;
use crate::expect::{Mount, TestSpec, What};
use crate::source::{Change, CiContext, Objects, Snapshot, SourceState, Submodules};
use crate::stop::Stop;

/// Where the files are that the settings mean: in the folder, or in the commit that is checked out. `source` is the git
/// state, where it was read without an error; else it is read again, for that error.
pub(super) async fn site(
    session: &Session,
    ci: &CiContext,
    settings: &Settings,
    source: Option<&Arc<SourceState>>,
) -> Result<Site> {
    if !settings.builder.is_of_commit() {
        return Ok(Site::Folder);
    }
    let source = match source {
        Some(source) => Arc::clone(source),
        None => gather::source(session, ci).await?,
    };
    let seen_as = gather::root_of(&session.directory).to_owned();
    let listed = Listed {
        lfs: settings.builder.fetches(Fetched::Lfs),
        submodules: match settings.builder.fetches(Fetched::Submodules) {
            true => Submodules::CheckedOut,
            false => Submodules::Named,
        },
        modified: source.commit_time,
    };
    let (environment, stop) = (session.environment.clone(), session.stop.clone());
    let tree = blocking(move || {
        let tree = Objects::of(&source, &environment, &stop).tree(&source.commit)?;
        Ok(CommitSite { tree, root: source.root.clone(), seen_as: Some(seen_as), listed: Some(listed) })
    });
    tree.await.map(|site| Site::Commit(Arc::new(site)))
}

/// The first pass over the commit's files. Blocks.
pub(super) fn list(site: &CommitSite, listed: &Listed, located: &Located, stop: &Stop) -> Result<Listing> {
    let folder = site.inside(&located.context).unwrap_or(Path::new(""));
    let snapshot = Snapshot::of(&site.tree, folder, listed.submodules)?;
    let options = CommitOptions { snapshot: &snapshot, lfs: listed.lfs, modified: listed.modified, stop };
    contents::with_tree(site, located, |tree| context::list_commit(&options, tree))
}

/// Changes and untracked files, relative to the repository.
pub(super) type Steering = (Vec<Change>, Vec<PathBuf>);

/// Whether a test runs a command on this machine, in the folder.
pub(super) fn run_on_host(tests: &[TestSpec]) -> bool {
    let mut checks = tests.iter().flat_map(|test| &test.checks);
    checks.any(|check| !check.skip && matches!(check.what, What::Exec(_)))
}

/// Whether tests look into the folder after the build.
pub(super) fn look_into_folder(tests: &[TestSpec]) -> bool {
    run_on_host(tests) || mounted(tests).next().is_some()
}

/// What tests mount into their containers.
fn mounted(tests: &[TestSpec]) -> impl Iterator<Item = PathBuf> {
    let containers = tests.iter().flat_map(|test| {
        let services = test.services.iter().map(|service| &service.container);
        services.chain([&test.container])
    });
    containers.flat_map(|container| &container.mounts).filter_map(|mount| match mount {
        Mount::Bind(bind) => Some(PathBuf::from(bind.split(':').next().unwrap_or_default())),
        Mount::Tmpfs(..) => None,
    })
}

/// What of the folder's changes and untracked files still has a say in a run whose context is the commit's: the
/// configuration, and what it names. A command that a test runs on this machine may read anything of the folder, so that
/// all of it has, but for what runs write themselves (`own`).
pub(super) fn steering(
    settings: &Settings,
    tests: &[TestSpec],
    source: &SourceState,
    own: &[PathBuf],
) -> Steering {
    if run_on_host(tests) {
        let is_own = is_own(source, own);
        let untracked = source.untracked.iter().filter(|path| !is_own(path)).cloned().collect();
        return (source.changes.clone(), untracked);
    }
    let mut named: Vec<PathBuf> = settings.config_files.iter().map(|file| source.root.join(file)).collect();
    let suites = settings.structure_tests.iter().chain(&settings.goss).map(|file| file.value.clone());
    named.extend(suites);
    let baseline = settings.checks.baseline.as_ref().filter(|baseline| baseline.revision.is_none());
    named.extend(baseline.map(|baseline| source.root.join(&baseline.path)));
    named.extend(mounted(tests));
    let real = |path: &PathBuf| path.canonicalize().unwrap_or_else(|_| path.clone());
    let named: Vec<PathBuf> = named.iter().flat_map(|path| [path.clone(), real(path)]).collect();
    // A folder that is mounted counts with everything in it.
    let counts = |path: &Path| {
        let path = source.root.join(path);
        named.iter().any(|named| path.starts_with(named))
    };
    let changes = source.changes.iter().filter(|change| counts(&change.path)).cloned().collect();
    let untracked = source.untracked.iter().filter(|path| counts(path)).cloned().collect();
    (changes, untracked)
}

/// Whether a path from the repository's root is, or lies in, one of `own`.
fn is_own<'a>(source: &SourceState, own: &'a [PathBuf]) -> impl Fn(&Path) -> bool + use<'a> {
    let root = source.root.canonicalize().unwrap_or_else(|_| source.root.clone());
    move |path| {
        let path = root.join(path);
        own.iter().any(|own| path.starts_with(own))
    }
}

/// Says what of the folder is not in the image, though somebody may think so; `own` are files of runs, which never are.
pub(super) fn tell(
    session: &Session,
    ci: &CiContext,
    source: &SourceState,
    listing: &Listing,
    located: &Located,
    own: &[PathBuf],
) -> Result<()> {
    let Ok(context) = located.context.strip_prefix(&source.root) else { return Ok(()) };
    let ignore = listing.ignore()?;
    let is_own = is_own(source, own);
    let mut left_out: Vec<&Path> = Vec::new();
    let changed = source.changes.iter().map(|change| change.path.as_path());
    for path in changed.chain(source.untracked.iter().map(PathBuf::as_path)) {
        let Ok(inside) = path.strip_prefix(context) else { continue };
        // No build would have sent it.
        if is_own(path) {
            continue;
        }
        if !ignore.matches(std::os::unix::ffi::OsStrExt::as_bytes(inside.as_os_str()))? {
            left_out.push(path);
        }
    }
    let Some(first) = left_out.first().map(|path| path.display()) else { return Ok(()) };
    let short = source.short();
    let text = match left_out.len() {
        1 => format!("the context is the commit {short}: what {first} is by now is not in the image"),
        count => format!(
            "the context is the commit {short}: what {count} files of the work tree are by now is not in the image, {first} for one"
        ),
    };
    // A CI's own steps write files on purpose; who edits one expects to see it.
    if ci.is_ci() {
        session.events.note(text)
    } else {
        session.events.warn(text)
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Flags;
    use crate::config::testing;
    use crate::source::ChangeKind;

    const CONFIG: &str = "[image]\nstructure-tests = ['tests/structure.yaml']\ngoss = ['goss.yaml']\n\
        [checks]\nbaseline = 'known.json'\n\
        [[image.test]]\nname = 'serves'\nmounts = [{ bind = './testdata:/data:ro' }]\n";

    fn settings() -> Settings {
        let mut settings = of(CONFIG);
        settings.config_files = vec!["imgbuild.toml".into(), "ci/org.toml".into()];
        settings
    }

    fn of(text: &str) -> Settings {
        testing::settings(text, &Flags::default())
    }

    #[test]
    fn what_of_the_folder_still_counts() {
        let settings = settings();
        let tests: Vec<TestSpec> = settings.tests.iter().map(|test| test.spec.clone()).collect();
        let counting = [
            "imgbuild.toml",
            "ci/org.toml",
            "tests/structure.yaml",
            "goss.yaml",
            "known.json",
            "testdata/deep/file",
        ];
        let others = ["src/main.rs", "Dockerfile", "tests/other.yaml", "testdata-2/file", "ci"];
        let all: Vec<PathBuf> = counting.iter().chain(&others).map(PathBuf::from).collect();
        let change = |path: &PathBuf| Change { path: path.clone(), kind: ChangeKind::Modified };
        let source = SourceState {
            root: PathBuf::from("/repo"),
            changes: all.iter().map(change).collect(),
            untracked: all.clone(),
            ..SourceState::default()
        };
        let (changes, untracked) = steering(&settings, &tests, &source, &[]);
        let counting: Vec<PathBuf> = counting.iter().map(PathBuf::from).collect();
        assert_eq!(changes.into_iter().map(|change| change.path).collect::<Vec<_>>(), counting);
        assert_eq!(untracked, counting);
    }

    #[test]
    fn a_command_of_the_host_may_read_everything_of_the_folder() {
        let text = "[[image.test]]\nname = 'smoke'\nexec = [{ cmd = ['./smoke.sh'], folder = 'tests' }]\n";
        let settings = of(text);
        let mut tests: Vec<TestSpec> = settings.tests.iter().map(|test| test.spec.clone()).collect();
        let change = Change { path: "tests/smoke.sh".into(), kind: ChangeKind::Modified };
        let source = SourceState {
            root: PathBuf::from("/repo"),
            changes: vec![change.clone()],
            untracked: ["lib.sh", "out/report.json", "out-2"].map(PathBuf::from).to_vec(),
            ..SourceState::default()
        };
        let own = [PathBuf::from("/repo/out")];
        let (changes, untracked) = steering(&settings, &tests, &source, &own);
        assert_eq!(changes, [change]);
        assert_eq!(untracked, ["lib.sh", "out-2"].map(PathBuf::from));
        assert!(look_into_folder(&tests));
        tests.iter_mut().flat_map(|test| &mut test.checks).for_each(|check| check.skip = true);
        assert_eq!(steering(&settings, &tests, &source, &own), (Vec::new(), Vec::new()));
        assert!(!look_into_folder(&tests));
    }
}
