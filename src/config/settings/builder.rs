//! What only BuildKit can, and which builder it is.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::InvalidWord;
use crate::config::origin::{Origin, Sourced};
use crate::image::Digest;

/// What builds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Builder {
    /// BuildKit where the engine has it, else the classic builder.
    #[default]
    Auto,
    /// BuildKit, or an error.
    BuildKit,
    /// The engine's classic builder.
    Classic,
    /// The BuildKit at this address, which is none of the engine's. A file cannot say so: whoever is named is sent the
    /// context, and the logins for base images.
    At(String),
}

impl Builder {
    /// The word in the file and on the command line, or the address.
    pub fn as_str(&self) -> &str {
        match self {
            Builder::Auto => "auto",
            Builder::BuildKit => "buildkit",
            Builder::Classic => "classic",
            Builder::At(address) => address,
        }
    }
}

impl FromStr for Builder {
    type Err = InvalidWord;

    fn from_str(word: &str) -> Result<Self, InvalidWord> {
        // What is wrong with an address is for whoever dials it to say.
        if word.contains("://") {
            return Ok(Builder::At(word.to_owned()));
        }
        let all = [Builder::Auto, Builder::BuildKit, Builder::Classic];
        let known = "auto, buildkit, classic, or an address such as tcp://HOST:PORT or unix:///PATH";
        all.into_iter().find(|builder| builder.as_str() == word).ok_or(InvalidWord(known))
    }
}

/// The modification times that BuildKit is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mtime {
    /// Made of the content.
    #[default]
    Content,
    /// The file system's.
    Real,
}

impl Mtime {
    /// The word in the file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Mtime::Content => "content",
            Mtime::Real => "real",
        }
    }
}

/// Where the files of the context come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ContextFrom {
    /// The folder, with whatever lies in it.
    #[default]
    Worktree,
    /// The commit that is checked out, and nothing else.
    Commit,
}

impl ContextFrom {
    /// The word in the file.
    pub const fn as_str(self) -> &'static str {
        match self {
            ContextFrom::Worktree => "worktree",
            ContextFrom::Commit => "commit",
        }
    }
}

/// What a commit only names, and is taken as it was fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fetched {
    /// The files of git-lfs.
    Lfs,
    /// The recorded commits of submodules that are checked out.
    Submodules,
}

impl Fetched {
    /// The word in the file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Fetched::Lfs => "lfs",
            Fetched::Submodules => "submodules",
        }
    }
}

/// The time that an image is said to be of: SOURCE_DATE_EPOCH.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SourceDate {
    /// The builder is told none.
    #[default]
    None,
    /// That of the commit.
    Commit,
    /// Unix seconds.
    At(i64),
}

impl SourceDate {
    /// The last second of the year 9999: what comes later is no time that everybody can write.
    pub const LATEST: i64 = 253_402_300_799;

    /// The time, where the builder is told one.
    pub fn seconds(self, commit_time: i64) -> Option<i64> {
        match self {
            SourceDate::None => None,
            SourceDate::Commit => Some(commit_time),
            SourceDate::At(seconds) => Some(seconds),
        }
    }
}

impl FromStr for SourceDate {
    type Err = String;

    /// Reads unix seconds, as SOURCE_DATE_EPOCH has them.
    fn from_str(text: &str) -> Result<SourceDate, String> {
        let seconds = text.parse().ok().filter(|seconds| (0..=SourceDate::LATEST).contains(seconds));
        seconds.map(SourceDate::At).ok_or_else(|| "must be a number of seconds since 1970".to_owned())
    }
}

/// Where a secret's value, or an ssh agent, is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HandedBy {
    /// Where its id says: for a secret the variable of that name in capitals, or the file that the variable with `_FILE`
    /// behind it names; for an agent `SSH_AUTH_SOCK`.
    Id,
    /// In this variable.
    Variable(String),
    /// In this file; relative to the working folder.
    File(PathBuf),
}

/// What is handed to a build by its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handed {
    /// By which the Dockerfile asks for it.
    pub id: String,
    /// Where it is.
    pub by: HandedBy,
}

impl FromStr for Handed {
    type Err = String;

    /// Reads `id=ID`, `id=ID,env=NAME`, `id=ID,src=FILE` in any order, as docker's `--secret` has it.
    fn from_str(text: &str) -> Result<Handed, String> {
        let (mut id, mut by) = (None, HandedBy::Id);
        for part in text.split(',') {
            let (key, value) = part.split_once('=').ok_or("write id=ID,env=NAME or id=ID,src=FILE")?;
            match key {
                "id" => id = Some(value.to_owned()),
                "env" => by = HandedBy::Variable(value.to_owned()),
                "src" | "source" => by = HandedBy::File(PathBuf::from(value)),
                "type" if value == "env" || value == "file" => {}
                _ => return Err(format!("there is no `{key}`: write id=ID,env=NAME or id=ID,src=FILE")),
            }
        }
        let id = id.ok_or("it names no id: write id=ID,env=NAME or id=ID,src=FILE")?;
        crate::config::grammar::secret(&id)?;
        Ok(Handed { id, by })
    }
}

/// A cache outside of the builder, as docker's `--cache-from` and `--cache-to` have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheSpec {
    /// `registry`, `local`, `gha`, `inline`, `s3`, `azblob`.
    pub kind: String,
    /// `ref`, `mode` and others, by name.
    pub attributes: BTreeMap<String, String>,
    /// The folder of a `local` one that settings name, absolute; `None` as long as nobody resolved its `src` or `dest`.
    pub folder: Option<PathBuf>,
    /// The folder that it may not leave, through links neither; `None` where it may lie anywhere.
    pub within: Option<PathBuf>,
}

impl CacheSpec {
    /// Why it says too little of a cache to fill, or else of one to begin with.
    pub fn suits(&self, is_filled: bool) -> Result<(), String> {
        if self.kind != "local" {
            return Ok(());
        }
        let key = CacheSpec::folder_key(is_filled);
        if self.attributes.get(key).is_none_or(|path| path.is_empty()) {
            return Err(format!("a local cache needs its folder: write type=local,{key}=FOLDER"));
        }
        match self.attributes.get("digest").filter(|_| !is_filled) {
            Some(digest) => digest.parse::<Digest>().map(drop).map_err(|error| error.to_string()),
            None => Ok(()),
        }
    }

    /// What the folder of a local cache is called.
    pub(in crate::config) const fn folder_key(is_filled: bool) -> &'static str {
        if is_filled { "dest" } else { "src" }
    }
}

/// The kinds of caches that BuildKit knows.
const KINDS: [&str; 6] = ["azblob", "gha", "inline", "local", "registry", "s3"];

impl FromStr for CacheSpec {
    type Err = String;

    /// Reads `type=registry,ref=…`, or a reference alone.
    fn from_str(text: &str) -> Result<CacheSpec, String> {
        let mut attributes = BTreeMap::new();
        if !text.contains('=') && !text.is_empty() {
            attributes.insert("ref".to_owned(), text.to_owned());
            let kind = "registry".to_owned();
            return Ok(CacheSpec { kind, attributes, folder: None, within: None });
        }
        for part in text.split(',') {
            let (key, value) = part.split_once('=').ok_or("write type=registry,ref=REFERENCE")?;
            attributes.insert(key.to_owned(), value.to_owned());
        }
        let kind = attributes.remove("type").ok_or("it names no type: write type=registry,ref=REFERENCE")?;
        if !KINDS.contains(&kind.as_str()) {
            return Err(format!("there are no caches of type `{kind}`: {}", KINDS.join(", ")));
        }
        if kind == "registry" && !attributes.contains_key("ref") {
            return Err("a cache in a registry needs a ref".to_owned());
        }
        Ok(CacheSpec { kind, attributes, folder: None, within: None })
    }
}

impl fmt::Display for CacheSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "type={}", self.kind)?;
        // `token` and the like are secrets of some kinds.
        let shown =
            self.attributes.iter().filter(|(key, _)| matches!(key.as_str(), "ref" | "mode" | "dest" | "src"));
        shown.into_iter().try_for_each(|(key, value)| write!(f, ",{key}={value}"))
    }
}

/// Which builder, and what only BuildKit can.
#[derive(Debug, Clone, PartialEq)]
pub struct BuilderSettings {
    /// What builds.
    pub builder: Sourced<Builder>,
    /// Where the files of the context come from.
    pub context: Sourced<ContextFrom>,
    /// What a commit's context takes from what was fetched.
    pub fetched: Vec<Sourced<Fetched>>,
    /// The times that files are sent with.
    pub mtime: Sourced<Mtime>,
    /// The time that the image is said to be of.
    pub source_date: Sourced<SourceDate>,
    /// Whether files in layers that are newer get that time.
    pub rewrite_timestamp: Sourced<bool>,
    /// What the build may do beyond what every build may.
    pub entitlements: Vec<Sourced<String>>,
    /// Secrets, each id once.
    pub secrets: Vec<Sourced<Handed>>,
    /// ssh agents, each id once.
    pub agents: Vec<Sourced<Handed>>,
    /// Further contexts by name.
    pub contexts: BTreeMap<String, Sourced<String>>,
    /// Caches to begin with.
    pub cache_from: Vec<Sourced<CacheSpec>>,
    /// Caches to fill.
    pub cache_to: Vec<Sourced<CacheSpec>>,
}

impl BuilderSettings {
    /// Whether the context is the commit's, and not the folder's.
    pub fn is_of_commit(&self) -> bool {
        self.context.value == ContextFrom::Commit
    }

    /// Whether a commit's context takes this from what was fetched.
    pub fn fetches(&self, what: Fetched) -> bool {
        self.fetched.iter().any(|fetched| fetched.value == what)
    }

    /// The first setting that only BuildKit can do, with who set it. `cache_to` counts where the run `fills_caches`.
    pub fn needs_buildkit(&self, fills_caches: bool) -> Option<(&'static str, &Origin)> {
        // What a variable of many tools says is not asked of this one.
        let is_asked = |origin: &&Origin| matches!(origin, Origin::File(_) | Origin::Profile { .. });
        let date = Some(&self.source_date.origin).filter(|_| self.source_date.value != SourceDate::None);
        let settings = [
            ("source-date-epoch", date.filter(is_asked)),
            (
                "rewrite-timestamp",
                Some(&self.rewrite_timestamp.origin).filter(|_| self.rewrite_timestamp.value),
            ),
            ("entitlements", first(&self.entitlements)),
            ("secrets", first(&self.secrets)),
            ("ssh", first(&self.agents)),
            ("cache-from", first(&self.cache_from)),
            ("cache-to", first(&self.cache_to).filter(|_| fills_caches)),
            ("contexts", first(self.contexts.values())),
        ];
        settings.into_iter().find_map(|(key, origin)| Some((key, origin?)))
    }
}

fn first<'a, T: 'a>(list: impl IntoIterator<Item = &'a Sourced<T>>) -> Option<&'a Origin> {
    list.into_iter().next().map(|one| &one.origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_handed_over() {
        let read = |text: &str| text.parse::<Handed>();
        let by = |text| read(text).unwrap().by;
        assert_eq!(by("id=npmrc"), HandedBy::Id);
        assert_eq!(by("type=env,id=npmrc,env=TOKEN"), HandedBy::Variable("TOKEN".to_owned()));
        assert_eq!(by("src=/run/x,id=npmrc"), HandedBy::File(PathBuf::from("/run/x")));
        for bad in ["", "npmrc", "env=X", "id=a/b", "id=a,mode=0400"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn words_and_addresses_of_builders() {
        let read = |text: &str| text.parse::<Builder>();
        assert_eq!(read("buildkit"), Ok(Builder::BuildKit));
        assert_eq!(read("tcp://b:1234"), Ok(Builder::At("tcp://b:1234".to_owned())));
        assert!(read("kaniko").unwrap_err().to_string().contains("unix:///PATH"));
    }

    #[test]
    fn times_of_the_source() {
        let read = |text: &str| text.parse::<SourceDate>();
        assert_eq!(read("0"), Ok(SourceDate::At(0)));
        assert_eq!(SourceDate::Commit.seconds(7), Some(7));
        for bad in ["", "-1", "1.5", "253402300800", "now", " 1"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn caches() {
        let read = |text: &str| text.parse::<CacheSpec>().map(|cache| cache.to_string());
        assert_eq!(read("r.example/cache:main").as_deref(), Ok("type=registry,ref=r.example/cache:main"));
        let written = "type=registry,ref=r.example/c,mode=max,token=hush";
        assert_eq!(read(written).as_deref(), Ok("type=registry,mode=max,ref=r.example/c"));
        assert_eq!(read("type=inline").as_deref(), Ok("type=inline"));
        for bad in ["", "ref=x", "type=registry", "type=magic,ref=x", "type=local,dest"] {
            assert!(read(bad).is_err(), "{bad}");
        }
        let suits = |text: &str| {
            let cache: CacheSpec = text.parse().unwrap();
            (cache.suits(false).is_ok(), cache.suits(true).is_ok())
        };
        assert_eq!(suits("type=local,src=x"), (true, false));
        assert_eq!(suits("type=local,dest=x,tag=y"), (false, true));
        assert_eq!(suits("type=local,src=,dest="), (false, false));
        assert_eq!(suits("type=local,src=x,dest=y,digest=sha256:x"), (false, true));
        assert_eq!(suits("type=gha"), (true, true));
    }
}
