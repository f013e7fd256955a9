//! Looks at how a file begins.

use std::io::{self, Read};

use std::os::fd::AsFd;

use super::dirs::Dirs;
use super::listing::Listing;
use super::place::Place;

impl Listing {
    /// The first bytes of a regular file in the listed folder, at most `most`. No link on the way is followed, and nothing
    /// else than a regular file is opened. What comes is what is there now, and may be other than what was listed. Of a commit,
    /// it has to be listed.
    pub fn peek(&self, path: &[u8], most: usize) -> io::Result<Vec<u8>> {
        let root = match &self.place {
            Place::Folder(root) => root.as_fd(),
            Place::Commit(committed) => {
                let number = self.entries.find(path);
                let entry = number.and_then(|number| Some((number, self.entries.get(number)?)));
                let (number, entry) = entry.ok_or(io::ErrorKind::NotFound)?;
                let mut bytes = Vec::new();
                let reader = committed.open(number, entry, path).map_err(io::Error::other)?;
                reader.take(most as u64).read_to_end(&mut bytes)?;
                return Ok(bytes);
            }
        };
        let mut dirs = Dirs::new(root);
        let (folders, name) = match path.iter().rposition(|&byte| byte == b'/') {
            Some(at) => (path.get(..at), path.get(at + 1..)),
            None => (None, Some(path)),
        };
        for folder in folders.into_iter().flat_map(|folders| folders.split(|&byte| byte == b'/')) {
            dirs.enter(folder)?;
        }
        let (file, _) = dirs.open(name.unwrap_or_default())?;
        let mut bytes = Vec::new();
        file.take(most as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}
