//! imgbuild's own executable, with whatever it needs to run, as a file system.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::elf;

/// Where the executable is in the file system.
pub(super) const EXECUTABLE: &str = "/imgbuild";
/// Where its libraries are.
pub(super) const LIBRARIES: &str = "/imgbuild.d";

/// Where the engine mounts something.
const FOLDERS: [&str; 5] = ["dev", "etc", "proc", "sys", "tmp"];

/// Writes the file system as a tar archive, file by file: of the executable only what is loaded, which for a build with
/// all that debuggers want is a quarter of it.
pub(super) fn write(executable: &Path, sink: &mut dyn Write) -> io::Result<()> {
    let mut executable = File::open(executable)?;
    let loading = elf::loading(&mut executable)?;
    let mut tar = tar::Builder::new(sink);
    for folder in FOLDERS {
        let mut header = header(tar::EntryType::Directory, 0);
        tar.append_data(&mut header, folder, io::empty())?;
    }
    io::Seek::rewind(&mut executable)?;
    file(&mut tar, Path::new(EXECUTABLE), executable, loading.bytes)?;
    if let Some(loader) = loading.loader {
        let opened = File::open(&loader)?;
        let bytes = opened.metadata()?.len();
        file(&mut tar, Path::new(&loader), opened, bytes)?;
        let maps = fs::read_to_string("/proc/self/maps")?;
        let own = fs::read_link("/proc/self/exe")?;
        for (name, path) in libraries(&maps, &own) {
            let opened = File::open(path)?;
            let bytes = opened.metadata()?.len();
            file(&mut tar, &Path::new(LIBRARIES).join(name), opened, bytes)?;
        }
    }
    tar.into_inner()?.flush()
}

fn file(tar: &mut tar::Builder<&mut dyn Write>, path: &Path, content: File, bytes: u64) -> io::Result<()> {
    let mut header = header(tar::EntryType::Regular, bytes);
    tar.append_data(&mut header, path.strip_prefix("/").unwrap_or(path), content.take(bytes))
}

fn header(kind: tar::EntryType, bytes: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(0o755);
    header.set_size(bytes);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header
}

/// The libraries by the names under which a loader may look for them: that of the file that was mapped, and those of the
/// links beside it that lead there.
fn libraries(maps: &str, own: &Path) -> BTreeMap<String, PathBuf> {
    let mut found = BTreeMap::new();
    for path in mapped(maps).filter(|path| *path != own) {
        let named = |path: &Path| path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
        let beside = path.parent().and_then(|folder| fs::read_dir(folder).ok());
        for entry in beside.into_iter().flatten().map_while(Result::ok) {
            let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
            let is_library = entry.file_name().to_str().is_some_and(|name| name.contains(".so"));
            if is_link && is_library && fs::canonicalize(entry.path()).is_ok_and(|leads| leads == path) {
                found.extend(named(&entry.path()).map(|name| (name, path.to_owned())));
            }
        }
        found.extend(named(path).map(|name| (name, path.to_owned())));
    }
    found
}

/// The files that `/proc/self/maps` names as code.
fn mapped(maps: &str) -> impl Iterator<Item = &Path> {
    maps.lines().filter_map(|line| {
        let mut rest = line;
        let mut cell = || {
            let (cell, after) = rest.trim_start_matches(' ').split_once(' ')?;
            rest = after;
            Some(cell)
        };
        let (_, mode) = (cell()?, cell()?);
        let _ = (cell()?, cell()?, cell()?);
        let path = rest.trim_start_matches(' ');
        let is_code = mode.contains('x') && path.starts_with('/') && !path.ends_with(" (deleted)");
        is_code.then(|| Path::new(path))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_of_files_is_found_in_maps() {
        let maps = "55d0-55d1 r--p 00000000 fe:00 123                        /usr/bin/x y\n\
                    55d1-55d2 r-xp 00001000 fe:00 123                        /usr/bin/x y\n\
                    7f00-7f01 r--p 00000000 fe:00 9                          /usr/lib/locale/locale-archive\n\
                    7f02-7f03 r-xp 00000000 fe:00 10                         /usr/lib/libc.so.6\n\
                    7f04-7f05 r-xp 00000000 fe:00 11                         /tmp/gone.so (deleted)\n\
                    7f06-7f07 rwxp 00000000 00:00 0 \n\
                    7ffe-7fff r-xp 00000000 00:00 0                          [vdso]\n\
                    what\n\n";
        let found: Vec<&Path> = mapped(maps).collect();
        assert_eq!(found, [Path::new("/usr/bin/x y"), Path::new("/usr/lib/libc.so.6")]);
    }

    #[test]
    fn links_beside_a_library_are_names_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        fs::write(folder.join("libx-1.2.so"), "").unwrap();
        std::os::unix::fs::symlink("libx-1.2.so", folder.join("libx.so.1")).unwrap();
        std::os::unix::fs::symlink("nowhere", folder.join("liby.so.1")).unwrap();
        let maps = format!("1-2 r-xp 0 0:0 1 {}\n", folder.join("libx-1.2.so").display());
        let found = libraries(&maps, Path::new("/own"));
        assert_eq!(found.keys().collect::<Vec<_>>(), ["libx-1.2.so", "libx.so.1"]);
        assert!(libraries(&maps, &folder.join("libx-1.2.so")).is_empty());
    }

    #[test]
    fn the_file_system_holds_this_program() {
        let mut bytes = Vec::new();
        write(Path::new("/proc/self/exe"), &mut bytes).unwrap();
        let mut archive = tar::Archive::new(bytes.as_slice());
        let entries = archive.entries().unwrap().map(Result::unwrap);
        let names: Vec<String> = entries.map(|e| e.path().unwrap().display().to_string()).collect();
        assert_eq!(names[..FOLDERS.len()], FOLDERS);
        assert_eq!(names[FOLDERS.len()], "imgbuild");
    }
}
