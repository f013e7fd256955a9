//! Packages by the databases of dpkg and apk, of the running container, else of the image. That of rpm is known by its
//! place only: what it holds cannot be read without rpm.

use serde_json::Value;

use super::misfits;
use crate::error::Result;
use crate::expect::{Misfit, PackageCheck};
use crate::smoke::look::{self, Format, Place, Search};
use crate::smoke::scene::Bench;

/// The largest database that is read, in bytes; a desktop's has 10 MB.
const MAX: u64 = 50 << 20;
/// The largest file of `status.d`.
const MAX_PART: u64 = 1 << 20;

/// Databases in one file.
const FILES: [(Format, &str); 3] = [
    (Format::Dpkg, "/var/lib/dpkg/status"),
    (Format::Apk, "/lib/apk/db/installed"),
    (Format::Apk, "/usr/lib/apk/db/installed"),
];
/// One of dpkg with a file per package, in images without dpkg.
const PARTS: &str = "/var/lib/dpkg/status.d";
/// What cannot be read here, by its place.
const OTHERS: [(&str, &str); 7] = [
    ("rpm", "/var/lib/rpm/rpmdb.sqlite"),
    ("rpm", "/var/lib/rpm/Packages"),
    ("rpm", "/var/lib/rpm/Packages.db"),
    ("rpm", "/usr/lib/sysimage/rpm/rpmdb.sqlite"),
    ("rpm", "/usr/lib/sysimage/rpm/Packages.db"),
    ("pacman", "/var/lib/pacman/local"),
    ("nix", "/nix/var/nix/db/db.sqlite"),
];

/// Looks for the package; what does not fit.
pub(super) async fn check(bench: &Bench<'_>, spec: &PackageCheck) -> Result<Vec<Misfit>> {
    let place = bench.place().await?;
    let what = format!("package {}", spec.name);
    let versions = match versions(place, &spec.name).await? {
        Ok(versions) => versions,
        Err(why) => return Ok(vec![misfits::unseen(what, &why)]),
    };
    Ok(judge(&what, spec, versions))
}

fn judge(what: &str, spec: &PackageCheck, versions: Vec<String>) -> Vec<Misfit> {
    let installed = !versions.is_empty();
    let word = |installed: bool| if installed { "installed" } else { "not installed" };
    match &spec.installed {
        Some(matcher) if matcher.value(what, &installed.into()).is_err() => {
            return vec![Misfit::new(what, word(!installed), word(installed))];
        }
        // Nobody asks for the version of what must be absent.
        Some(_) if !installed => return Vec::new(),
        _ => {}
    }
    let judged = spec.versions.as_ref();
    let judged = judged.and_then(|m| m.value(&format!("versions of {what}"), &Value::from(versions)).err());
    judged.into_iter().collect()
}

/// The versions that are installed. The inner error says why nobody can tell: one that no readable database has may be
/// in another.
async fn versions(place: Place<'_>, name: &str) -> Result<Result<Vec<String>, String>> {
    let (mut found, mut seen) = (Vec::new(), false);
    for (format, path) in FILES {
        match file(place, format, path, name).await? {
            Ok(Some(versions)) => {
                seen = true;
                found.extend(versions);
            }
            Ok(None) => {}
            Err(why) => return Ok(Err(why)),
        }
        // One of apk's places is a link to the other.
        if seen && format == Format::Apk {
            break;
        }
    }
    match parts(place, name).await? {
        Ok(Some(versions)) => {
            seen = true;
            found.extend(versions);
        }
        Ok(None) => {}
        Err(why) => return Ok(Err(why)),
    }
    if !found.is_empty() {
        found.dedup();
        return Ok(Ok(found));
    }
    for (manager, path) in OTHERS {
        match look::find(place, path, true).await? {
            Ok(None) => {}
            Ok(Some(_)) => {
                return Ok(Err(format!(
                    "the image has a database of {manager}, {path}, which cannot be read here"
                )));
            }
            Err(why) => return Ok(Err(format!("{path}: {why}"))),
        }
    }
    Ok(if seen { Ok(found) } else { Err("the image has no database of dpkg, apk or rpm".to_owned()) })
}

async fn file(
    place: Place<'_>,
    format: Format,
    path: &str,
    name: &str,
) -> Result<Result<Option<Vec<String>>, String>> {
    let found = match look::find(place, path, true).await? {
        Ok(Some(found)) => found,
        Ok(None) => return Ok(Ok(None)),
        Err(why) => return Ok(Err(format!("{path}: {why}"))),
    };
    if found.stat.size > MAX {
        return Ok(Err(format!("{path} is larger than {MAX} bytes")));
    }
    let mut search = Search::new(format, name);
    let read = place.engine.stream_file(place.id, &found.path, &mut |bytes| search.push(bytes)).await;
    Ok(look::look(place, read).await?.map(|_| search.finish()))
}

async fn parts(place: Place<'_>, name: &str) -> Result<Result<Option<Vec<String>>, String>> {
    let found = match look::find(place, PARTS, true).await? {
        Ok(Some(found)) => found,
        Ok(None) => return Ok(Ok(None)),
        Err(why) => return Ok(Err(format!("{PARTS}: {why}"))),
    };
    let mut search = Search::new(Format::Dpkg, name);
    // Sums of a package's files lie beside its record.
    let mut wanted = |header: &crate::engine::FileHeader| !header.path.ends_with(".md5sums");
    let mut part = |_, bytes: Vec<u8>| {
        search.push(&bytes);
        search.end_of_file();
    };
    let read = place.engine.walk_files(place.id, &found.path, MAX_PART, &mut wanted, &mut part).await;
    Ok(look::look(place, read).await?.map(|_| search.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expect::Matcher;

    #[test]
    fn installed_or_not_and_versions() {
        let equals = |value: Value| Some(Matcher::Equals(value));
        let said = |installed: Option<Matcher>, wanted: Option<Matcher>, versions: &[&str]| {
            let spec = PackageCheck { name: "a".to_owned(), installed, versions: wanted };
            let versions = versions.iter().map(|version| (*version).to_owned()).collect();
            judge("package a", &spec, versions).iter().map(Misfit::sentence).collect::<Vec<_>>()
        };
        let none = Vec::<String>::new();
        assert_eq!(said(equals(true.into()), equals(vec!["1"].into()), &["1"]), none);
        assert_eq!(said(equals(false.into()), equals(vec!["1"].into()), &[]), none);
        assert_eq!(
            said(equals(true.into()), None, &[]),
            ["package a: expected installed, got not installed"]
        );
        assert_eq!(
            said(equals(false.into()), None, &["1"]),
            ["package a: expected not installed, got installed"]
        );
        assert_eq!(
            said(None, equals(vec!["1"].into()), &[]),
            [r#"versions of package a: expected ["1"], got []"#]
        );
    }
}
