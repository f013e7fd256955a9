//! imgbuild's own executable, with whatever it needs to run, as a file system.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::elf;

/// Where the executable is in the file system.
pub(super) const EXECUTABLE: &str = "/imgbuild";
/// Where its libraries are.
pub(super) const LIBRARIES: &str = "/imgbuild.d";

/// Where the engine mounts something.
const FOLDERS: [&str; 5] = ["dev", "etc", "proc", "sys", "tmp"];

/// Writes the file system as a tar archive, file by file: of the executable only what is loaded, which for a build with
/// all that debuggers want is a third of it. Its loader is asked for libraries, without the variables `withheld`.
pub(super) fn write(path: &Path, withheld: &[OsString], sink: &mut dyn Write) -> io::Result<()> {
    let mut executable = File::open(path)?;
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
        for (name, path) in libraries(&loader, path, withheld)? {
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

/// The libraries that `loader` finds for `executable`: the name that it looks for, and the file.
fn libraries(loader: &str, executable: &Path, withheld: &[OsString]) -> io::Result<Vec<(String, PathBuf)>> {
    let mut command = Command::new(loader);
    withheld.iter().for_each(|name| _ = command.env_remove(name));
    let listed = command.arg("--list").arg(executable).stdin(Stdio::null()).output()?;
    if !listed.status.success() {
        return Err(io::Error::other(format!("{loader} does not list its libraries")));
    }
    parse(&String::from_utf8_lossy(&listed.stdout))
}

/// Lines of a loader's list: `libc.so.6 => /lib/libc.so.6 (0x7f…)`. What the kernel or the loader itself brings has no file.
fn parse(list: &str) -> io::Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    for (name, rest) in list.lines().filter_map(|line| line.trim().split_once(" => ")) {
        let file = rest.rsplit_once(" (0x").map_or(rest, |(file, _)| file);
        if !file.starts_with('/') {
            return Err(io::Error::other(format!("the library {name} is not found")));
        }
        // A name with folders is looked for nowhere else.
        if !name.contains('/') {
            found.push((name.to_owned(), PathBuf::from(file)));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_loaders() {
        let glibc = "\tlinux-vdso.so.1 (0x00007ffe)\n\tlibz.so.1 => /lib/a b/libz.so.1 (0x00007f0d)\n\
                     \tlibc.so.6 => /lib/libc.so.6 (0x00007f0c)\n\t/lib64/ld-linux-x86-64.so.2 (0x00007f0e)\n";
        let found = parse(glibc).unwrap();
        let wanted = [("libz.so.1", "/lib/a b/libz.so.1"), ("libc.so.6", "/lib/libc.so.6")];
        assert_eq!(found, wanted.map(|(name, file)| (name.to_owned(), PathBuf::from(file))));
        let musl =
            "\t/lib/ld-musl-x86_64.so.1 (0x7f)\n\tlibc.musl-x86_64.so.1 => /lib/ld-musl-x86_64.so.1 (0x7f)\n";
        assert_eq!(parse(musl).unwrap().len(), 1);
        assert!(parse("\tlibz.so.1 => not found\n").is_err());
        assert!(parse("\tstatically linked\n").unwrap().is_empty());
    }

    #[test]
    fn the_file_system_holds_this_program() {
        let own = PathBuf::from(format!("/proc/{}/exe", std::process::id()));
        let mut bytes = Vec::new();
        write(&own, &[], &mut bytes).unwrap();
        let mut archive = tar::Archive::new(bytes.as_slice());
        let entries = archive.entries().unwrap().map(Result::unwrap);
        let names: Vec<String> = entries.map(|e| e.path().unwrap().display().to_string()).collect();
        assert_eq!(names[..FOLDERS.len()], FOLDERS);
        assert_eq!(names[FOLDERS.len()], "imgbuild");
    }
}
