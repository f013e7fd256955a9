//! The facts that every command starts from: who runs us, the commit, the settings, the Dockerfile, the context, the
//! engine.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::policy::{self, Base};
use super::session::{Session, blocking};
use super::site::Site;
use crate::config::{self, Builder, CacheSpec, Document, Flags, Layers, Located, Push, Settings};
use crate::context::{self, HashCache, ListOptions, Listing};
use crate::dockerfile::{self, Dockerfile, Facts};
use crate::engine::{Engine, endpoint};
use crate::error::{Error, Kind, Result};
use crate::event::Event;
use crate::image::Digest;
use crate::rules;
use crate::source::{self, BlobIds, CiContext, FileState, GitOptions, SourceState};

/// The largest Dockerfile that is read, in bytes.
const MAX_DOCKERFILE: u64 = 10 << 20;
/// Above this, a context is worth a word about its largest entries, in bytes.
const LARGE_CONTEXT: u64 = 100 << 20;
/// Variables of ours that stand for no setting; the last ones are the project's own scripts'.
const OTHER_VARIABLES: [&str; 15] = [
    "IMGBUILD_NOW",
    "IMGBUILD_REGISTRY",
    "IMGBUILD_REGISTRY_PASSWORD",
    "IMGBUILD_REGISTRY_USERNAME",
    "IMGBUILD_SIGN_PASSWORD",
    "IMGBUILD_SIGN_PASSWORD_FILE",
    "IMGBUILD_SKIP",
    "IMGBUILD_BIN",
    "IMGBUILD_ENGINE_NETNS",
    "IMGBUILD_ENGINE_PID",
    "IMGBUILD_REGISTRY_CA",
    "IMGBUILD_REGISTRY_LOGIN",
    "IMGBUILD_REGISTRY_PID",
    "IMGBUILD_STATE",
    "IMGBUILD_VECTORS",
];
/// How many of its entries are named then.
const LARGEST: usize = 10;

/// Who runs us, from the environment and the event file.
pub(super) fn ci_context(session: &Session) -> CiContext {
    let (event, trouble) = source::read_event(&session.environment);
    if let Some(trouble) = trouble {
        session.events.note(trouble);
    }
    let ci = source::detect(&session.environment, event.as_ref());
    for name in &ci.ignored {
        session.events.warn(format!("{name} makes no sense as it is, and is left out of account"));
    }
    ci
}

pub(super) async fn source(session: &Session, ci: &CiContext) -> Result<Arc<SourceState>> {
    let (start, environment) = (session.directory.clone(), session.environment.clone());
    let (workspace, events, stop) = (workspace(session, ci), session.events.clone(), session.stop.clone());
    let state = blocking(move || {
        let options =
            GitOptions { start: &start, environment: &environment, trusted_workspace: workspace.as_deref() };
        source::read(&options, &events, &stop)
    });
    state.await.map(Arc::new)
}

/// The folder whose repository is read whoever owns it. Where the CI names none, or one that is not there (a container
/// sees it elsewhere), it is the repository that the CI starts us in.
fn workspace(session: &Session, ci: &CiContext) -> Option<PathBuf> {
    let named = ci.workspace.clone().filter(|folder| folder.is_dir());
    named.or_else(|| ci.is_ci().then(|| root_of(&session.directory).to_owned()))
}

/// The settings in force: on a pull request the policy comes from the base branch, and on any run from what
/// `IMGBUILD_POLICY` names.
pub(super) async fn settings(
    session: &Session,
    flags: &Flags,
    ci: &CiContext,
    base: Base<'_>,
    root: &Path,
) -> Result<Settings> {
    let own = Site::Folder.document(session, root)?;
    let document = policy::apply(session, own, ci, base, root).await?;
    settings_of(session, flags, ci, document.as_ref(), root)
}

/// The settings that a document and what stands above it come to.
pub(super) fn settings_of(
    session: &Session,
    flags: &Flags,
    ci: &CiContext,
    document: Option<&Document>,
    root: &Path,
) -> Result<Settings> {
    let others: Vec<&str> = source::OVERRIDES.iter().map(|o| o.name).chain(OTHER_VARIABLES).collect();
    for (name, meant) in config::unknown_variables(&session.environment, &others) {
        let meant = meant.map(|meant| format!("; did you mean {meant}?")).unwrap_or_default();
        session.events.warn(format!("nothing listens to the variable {name}{meant}"));
    }
    let settings = resolve(session, flags, ci, document, root)?;
    for note in &settings.checks.policy.notes {
        session.events.note(note);
    }
    Ok(settings)
}

/// Where the command runs, from the root of its repository.
pub(super) fn folder(session: &Session) -> &Path {
    let directory = &session.directory;
    directory.strip_prefix(root_of(directory)).unwrap_or(Path::new(""))
}

/// The root of the repository that `folder` lies in, by the name `.git` alone; `folder` where there is none.
pub fn root_of(folder: &Path) -> &Path {
    folder.ancestors().find(|folder| folder.join(".git").exists()).unwrap_or(folder)
}

/// Whether `folder` lies in a repository, by the name `.git` alone.
pub(super) fn is_in_repository(folder: &Path) -> bool {
    root_of(folder).join(".git").exists()
}

/// The settings for a command that needs no git repository, and who runs it.
pub(super) async fn settings_without_source(
    session: &Session,
    flags: &Flags,
) -> Result<(Settings, CiContext)> {
    let ci = ci_context(session);
    let source = attempted(source(session, &ci).await)?;
    let root = source.as_ref().map_or(&session.directory, |source| &source.root);
    let settings = settings(session, flags, &ci, Base::from(&source), root).await?;
    Ok((settings, ci))
}

/// What git said, where its errors are left for later; a signal is none of them.
fn attempted<T>(result: Result<T>) -> Result<Result<T>> {
    match result {
        Err(error) if matches!(error.kind(), Kind::Interrupted | Kind::Terminated) => Err(error),
        result => Ok(result),
    }
}

/// What a run that may never push does not do either.
pub(super) const PUSHES: &str = "never pushes";
/// The same.
pub(super) const DEPLOYS: &str = "deploys nothing";

/// The settings for a command that speaks to registries alone: those are policy, so that on a pull request they come
/// from the base branch, and a repository that does not tell it is refused. `refused` is what a run that may never push
/// does not do, where that is what the command is for: [`PUSHES`], [`DEPLOYS`].
pub(super) async fn settings_for_registries(
    session: &Session,
    flags: &Flags,
    refused: Option<&str>,
) -> Result<(Settings, CiContext)> {
    let ci = ci_context(session);
    if let Some((why, refused)) = ci.why_never().zip(refused) {
        return Err(
            Error::new(Kind::Refused, format!("{why}: such a run {refused}")).hint("no setting changes this")
        );
    }
    let root = root_of(&session.directory);
    if ci.is_pr() {
        let source = attempted(source(session, &ci).await)?;
        let root = source.as_ref().map_or(root, |source| &source.root);
        let settings = settings(session, flags, &ci, Base::from(&source), root).await?;
        return Ok((settings, ci));
    }
    // All that is wanted of git here is where the configuration may lie; its state would take longer than the rest.
    let settings = settings(session, flags, &ci, Base::NotWanted, root).await?;
    Ok((settings, ci))
}

/// The settings whose policy is that of the file `policy`, which whoever runs the command chose.
pub(super) fn settings_with_policy(session: &Session, flags: &Flags, policy: &Path) -> Result<Settings> {
    let ci = ci_context(session);
    let root = root_of(&session.directory);
    let own = Site::Folder.document(session, root)?;
    let policy = config::read_policy(&session.directory.join(policy), root)?;
    let (document, notes) = config::with_policy(own.as_ref(), config::Policy::File(&policy));
    for note in notes {
        session.events.note(note);
    }
    settings_of(session, flags, &ci, document.as_ref(), root)
}

fn resolve(
    session: &Session,
    flags: &Flags,
    ci: &CiContext,
    document: Option<&Document>,
    root: &Path,
) -> Result<Settings> {
    config::resolve(&Layers {
        flags,
        environment: &session.environment,
        document,
        is_ci: ci.is_ci(),
        push: Push::Auto,
        working_folder: &session.directory,
        root,
        now: session.now,
        rule_names,
    })
}

/// What else a rule is called.
fn rule_names(id: &str) -> Vec<String> {
    let rules = rules::registry::find_all(id);
    let names =
        rules.iter().flat_map(|rule| [rule.code, rule.name].into_iter().chain(rule.aliases.iter().copied()));
    let mut names: Vec<String> = names.map(str::to_owned).collect();
    names.push(id.to_owned());
    names
}

/// The Dockerfile, read and parsed.
pub(super) struct Files {
    pub(super) located: Located,
    pub(super) dockerfile: Arc<Dockerfile>,
    pub(super) facts: Facts,
    pub(super) digest: Digest,
    /// The Dockerfile as it was read, for the rules.
    pub(super) bytes: Arc<Vec<u8>>,
}

pub(super) fn files(site: &Site, settings: &Settings, root: &Path) -> Result<Files> {
    let located = site.locate(settings, root)?;
    let path = located.context.join(&located.dockerfile);
    let shown = located.dockerfile.display();
    let bytes = match site {
        Site::Folder => read_dockerfile(&path, &shown.to_string())?,
        Site::Commit(_) => site.read(&path)?.unwrap_or_default(),
    };
    let dockerfile = dockerfile::parse(&bytes);
    let args = settings.build_args.iter().map(|(name, value)| (name.clone(), value.value.clone())).collect();
    let target = settings.target.as_ref().map(|target| target.value.as_str());
    let facts = dockerfile::facts(&dockerfile, target, &args).map_err(|error| {
        let message = format!("{shown}: {error}");
        error.hints().iter().fold(Error::new(error.kind(), message), |error, hint| error.hint(hint))
    })?;
    let builder = &settings.builder.builder;
    if let Some((line, reason)) = facts.needs_buildkit.as_ref().filter(|_| builder.value == Builder::Classic)
    {
        let what = format!(
            "{shown}:{line}: {reason} needs BuildKit, and the classic builder is asked for ({})",
            builder.origin
        );
        return Err(Error::new(Kind::Config, what).hint(
            "leave the choice of the builder to imgbuild, or rewrite the instruction in the classic form",
        ));
    }
    let digest = Digest::of(&bytes);
    Ok(Files { located, dockerfile: Arc::new(dockerfile), facts, digest, bytes: Arc::new(bytes) })
}

/// Refuses a Dockerfile that became another between the two times that it was read: what is judged would not be what is built.
pub(super) fn one_dockerfile(files: &Files, listing: &Listing) -> Result<()> {
    if listing.is_dockerfile(&files.bytes) {
        return Ok(());
    }
    let what = format!("{} changed while it was read", files.located.dockerfile.display());
    Err(Error::new(Kind::Refused, what)
        .hint("something writes into the context while it is read; stop that, and begin anew"))
}

/// The bytes of a Dockerfile; `shown` is what messages call it.
pub(super) fn read_dockerfile(path: &Path, shown: &str) -> Result<Vec<u8>> {
    let file = fs::File::open(path).map_err(|cause| unreadable(shown, cause))?;
    dockerfile_text(file, shown)
}

/// The same from wherever it comes.
pub fn dockerfile_text(source: impl Read, shown: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // What grows while it is read, or never ends, ends here.
    let mut source = source.take(MAX_DOCKERFILE + 1);
    source.read_to_end(&mut bytes).map_err(|cause| unreadable(shown, cause))?;
    if bytes.len() as u64 > MAX_DOCKERFILE {
        return Err(Error::new(Kind::Config, format!("{shown} is larger than {} MiB", MAX_DOCKERFILE >> 20)));
    }
    Ok(bytes)
}

fn unreadable(shown: &str, cause: std::io::Error) -> Error {
    Error::new(Kind::Io, format!("cannot read {shown}")).because(cause)
}

/// What runs write themselves, reports and caches, without links: no part of any context, and no change of the tree.
pub(super) fn own(session: &Session, settings: &Settings) -> Vec<PathBuf> {
    let mut own = session.own.clone();
    own.extend(hashes(session));
    let caches = settings.builder.cache_from.iter().chain(&settings.builder.cache_to);
    own.extend(caches.filter_map(|cache| cache_folder(cache)));
    own
}

/// Where a cache's folder is. Of one that has to stay in the repository no link is followed, by whoever uses it: a link to the
/// sources would leave those out.
fn cache_folder(cache: &CacheSpec) -> Option<PathBuf> {
    let folder = cache.folder.as_ref()?;
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let inside = cache.within.as_ref().and_then(|root| Some((root, folder.strip_prefix(root).ok()?)));
    Some(inside.map_or_else(|| real(folder), |(root, rest)| real(root).join(rest)))
}

/// The folder of the hashes of earlier runs; without links, so that it is found where it lies in the context.
fn hashes(session: &Session) -> Option<PathBuf> {
    let home = session.environment.cache_home().map(|home| home.canonicalize().unwrap_or(home));
    home.map(|home| home.join("imgbuild"))
}

/// The first pass over the context. Git's own content hashes, and those of earlier runs,
/// save reading what provably did not change. Caches of the build are no part of it.
pub(super) async fn list(
    session: &Session,
    settings: &Settings,
    located: &Located,
    source: Option<&Arc<SourceState>>,
) -> Result<Arc<Listing>> {
    let (located, source, stop) = (located.clone(), source.cloned(), session.stop.clone());
    let (own, cache) = (own(session, settings), hashes(session));
    let listing = blocking(move || {
        let cache = cache.map(|folder| HashCache::open(&folder.join("hashes-v1"), &located.context));
        let own: Vec<PathBuf> = own.iter().filter_map(|path| inside(path, &located.context)).collect();
        let ids = source.as_deref().and_then(BlobIds::open);
        let inside = source.as_deref().and_then(|s| inside(&located.context, &s.root)).unwrap_or_default();
        let known = |path: &Path, state: &FileState| {
            ids.as_ref().and_then(|ids| ids.get(&inside.join(path), state)).map(|id| id.0)
        };
        let listing = context::list_work_tree(&ListOptions {
            root: &located.context,
            dockerfile: &located.dockerfile,
            own: &own,
            known_blob: ids.is_some().then_some(&known),
            cache: cache.as_ref(),
            stop: &stop,
        })?;
        if let Some(cache) = cache {
            cache.save();
        }
        Ok(listing)
    });
    listing.await.map(Arc::new)
}

/// Where the context lies in the repository, or what is written lies in the context.
fn inside(path: &Path, root: &Path) -> Option<PathBuf> {
    let root = root.canonicalize().ok()?;
    path.strip_prefix(root).ok().map(Path::to_owned)
}

/// Says what the context came to.
pub(super) fn tell(session: &Session, listing: &Listing) {
    session.events.emit(Event::ContextListed {
        entries: listing.len() as u64,
        bytes: listing.bytes(),
        digest: listing.digest().to_string(),
        commit: listing.commit().map(str::to_owned),
    });
    warn(session, listing);
    if listing.bytes() > LARGE_CONTEXT {
        let largest = listing.largest(LARGEST).into_iter();
        let shown: Vec<String> = largest
            .map(|(path, bytes)| format!("{} {} MB", String::from_utf8_lossy(&path), bytes / 1_000_000))
            .collect();
        session.events.warn(format!(
            "the context has {} MB; the largest entries: {}; .dockerignore leaves out what the build does not need",
            listing.bytes() / 1_000_000,
            shown.join(", ")
        ));
    }
}

/// Says what will bite.
pub(super) fn warn(session: &Session, listing: &Listing) {
    for warning in listing.ignore_warnings() {
        session.events.warn(warning);
    }
    if let Some(first) = listing.skipped().first() {
        session.events.warn(format!(
            "{} sockets, pipes and devices are left out of the context, among them {}",
            listing.skipped_count(),
            String::from_utf8_lossy(&first.path)
        ));
    }
}

/// Connects to the engine that the environment names.
pub(super) async fn connect(session: &Session) -> Result<Engine> {
    Engine::connect(&endpoint(&session.environment)?).await
}

/// Untracked files that would enter the context, relative to the repository: what makes a tree unclean.
pub(super) fn entering(
    root: &Path,
    untracked: &[PathBuf],
    listing: &Listing,
    located: &Located,
) -> Vec<PathBuf> {
    let Some(inside) = inside(&located.context, root) else { return Vec::new() };
    let enters = |path: &&PathBuf| path.strip_prefix(&inside).is_ok_and(|path| listing.contains(path));
    untracked.iter().filter(enters).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dockerfile_that_is_judged_is_the_one_that_is_built() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("Dockerfile");
        let files = |text: &str| {
            fs::write(&path, text).unwrap();
            let bytes = read_dockerfile(&path, "Dockerfile").unwrap();
            let dockerfile = dockerfile::parse(&bytes);
            Files {
                located: Located { context: dir.path().to_owned(), dockerfile: "Dockerfile".into() },
                facts: dockerfile::facts(&dockerfile, None, &Default::default()).unwrap(),
                dockerfile: Arc::new(dockerfile),
                digest: Digest::of(&bytes),
                bytes: Arc::new(bytes),
            }
        };
        let stop = crate::stop::Stop::default();
        let list = || {
            let (root, dockerfile) = (dir.path(), Path::new("Dockerfile"));
            let options =
                ListOptions { root, dockerfile, own: &[], known_blob: None, cache: None, stop: &stop };
            context::list_work_tree(&options).unwrap()
        };
        let judged = files("FROM trusted.example.com/base:1\n");
        assert!(one_dockerfile(&judged, &list()).is_ok());
        files("FROM anything.example.com/base:1\n");
        let error = one_dockerfile(&judged, &list()).unwrap_err();
        assert_eq!((error.kind(), error.message()), (Kind::Refused, "Dockerfile changed while it was read"));
    }

    #[test]
    fn a_cache_in_the_repository_is_where_it_is_written() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        fs::create_dir(root.join("src")).unwrap();
        std::os::unix::fs::symlink("src", root.join("cache")).unwrap();
        let mut cache: CacheSpec = "type=local,src=cache".parse().unwrap();
        assert_eq!(cache_folder(&cache), None);
        cache.folder = Some(root.join("cache"));
        assert_eq!(cache_folder(&cache), Some(root.join("src")));
        cache.within = Some(root.clone());
        assert_eq!(cache_folder(&cache), Some(root.join("cache")));
    }
}
