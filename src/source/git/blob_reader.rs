//! The bytes of a blob, as a whole or as git hands them out.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use super::command::{Git, end};
use super::failure::Failure;

/// The longest answer of git's about an object, in bytes.
const LONGEST_HEADER: u64 = 1 << 10;

/// Reads a blob from its first byte to its last. What it gives may be less or other than what was asked for.
pub struct BlobReader(Source);

enum Source {
    Whole(Cursor<Vec<u8>>),
    File(File),
    Git(Running),
}

impl fmt::Debug for BlobReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BlobReader")
    }
}

impl BlobReader {
    pub(super) fn whole(bytes: Vec<u8>) -> BlobReader {
        BlobReader(Source::Whole(Cursor::new(bytes)))
    }

    /// Reads a file that holds what a blob only stands for.
    pub fn of_file(file: File) -> BlobReader {
        BlobReader(Source::File(file))
    }
}

impl Read for BlobReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.0 {
            Source::Whole(bytes) => bytes.read(buffer),
            Source::File(file) => file.read(buffer),
            Source::Git(running) => running.output.read(buffer),
        }
    }
}

/// A git that has not ended. It does with this value.
#[derive(Debug)]
struct Running {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Running {
    fn of(mut child: Child) -> Result<Running, Failure> {
        match child.stdout.take() {
            Some(output) => Ok(Running { child, output: BufReader::with_capacity(64 << 10, output) }),
            None => {
                end(&mut child);
                Err(Failure::unreadable("git's output cannot be read"))
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Where it is over, nothing but the waiting is left.
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            end(&mut self.child);
        }
    }
}

/// A `git cat-file --batch`: a process for each of many small files would take minutes.
#[derive(Debug)]
pub(super) struct Batch {
    running: Running,
    input: ChildStdin,
}

impl Batch {
    /// The content of one blob.
    pub(super) fn blob(&mut self, id: &str) -> Result<Vec<u8>, Failure> {
        let broken = |error: io::Error| Failure::unreadable(format!("git's output broke off: {error}"));
        self.input
            .write_all(format!("{id}\n").as_bytes())
            .and_then(|()| self.input.flush())
            .map_err(broken)?;
        let mut header = Vec::new();
        let output = &mut self.running.output;
        output.by_ref().take(LONGEST_HEADER).read_until(b'\n', &mut header).map_err(broken)?;
        let header = String::from_utf8_lossy(&header).into_owned();
        let size = header.strip_prefix(id).and_then(|rest| rest.strip_prefix(" blob "));
        let Some(size) = size.and_then(|size| size.trim_end().parse::<u64>().ok()) else {
            return Err(Failure::unreadable(match header.ends_with(" missing\n") {
                true => "the clone does not have its content".to_owned(),
                false => format!("git says: {}", header.trim_end()),
            }));
        };
        let mut bytes = Vec::new();
        // A line break behind it.
        output.by_ref().take(size + 1).read_to_end(&mut bytes).map_err(broken)?;
        if bytes.pop() != Some(b'\n') || bytes.len() as u64 != size {
            return Err(Failure::unreadable("git's output broke off"));
        }
        Ok(bytes)
    }
}

impl Git<'_> {
    /// A git that waits for ids of blobs.
    pub(super) fn batch(&self) -> Result<Batch, Failure> {
        let mut child = self.start(&["cat-file", "--batch"], Stdio::piped())?;
        let input = child.stdin.take();
        let running = Running::of(child)?;
        let input = input.ok_or_else(|| Failure::unreadable("git's input cannot be written"))?;
        Ok(Batch { running, input })
    }

    /// The content of one blob as git reads it. A git that fails ends early, which is for the reader to notice.
    pub(super) fn stream_blob(&self, id: &str) -> Result<BlobReader, Failure> {
        let child = self.start(&["cat-file", "blob", id], Stdio::null())?;
        Ok(BlobReader(Source::Git(Running::of(child)?)))
    }
}
