//! From patterns to entries: the choices of fsutil's filtered walk, over a listing.
//!
//! An entry is sent where it matches the include patterns and not the exclude patterns, by itself or through a folder above
//! it, and so are the folders above an entry that is sent, right before the first of these.

use super::selected::Selection;
use crate::context::entries::{Content, ROOT};
use crate::context::ignore::{Below, DirMatch, Ignore};
use crate::context::listing::Listing;
use crate::error::Result;

/// What errors call the patterns: they stand in no file.
const INCLUDES: &str = "what the engine asks for";
const EXCLUDES: &str = "what the engine leaves out";

/// The numbers of the entries, ascending.
pub(super) fn filter(listing: &Listing, selection: &Selection) -> Result<Vec<u32>> {
    let entries = listing.raw_entries();
    let ends = entries.ends();
    let includes = includes(listing, &ends, selection)?;
    let excludes = excludes(listing, selection)?;
    let mut walk = Walk {
        listing,
        ends: &ends,
        forced: selection.forced,
        includes: includes.as_ref(),
        excludes: excludes.as_ref(),
        path: Vec::new(),
        frames: vec![Frame::root(ends.len(), includes.is_none(), excludes.is_none())],
        sent: Vec::new(),
    };
    walk.run()?;
    Ok(walk.sent)
}

/// None where nothing is asked for in particular.
fn includes(listing: &Listing, ends: &[u32], selection: &Selection) -> Result<Option<Includes>> {
    let Selection { follow_paths, include, .. } = selection;
    let followed = if follow_paths.is_empty() {
        Vec::new()
    } else {
        match super::follow::follow(listing.raw_entries(), ends, follow_paths) {
            // As in fsutil, `.` among either asks for everything, but not against patterns that ask for less.
            Some(_) if include.iter().any(|pattern| pattern == ".") => return Ok(None),
            Some(followed) => followed,
            None => Vec::new(),
        }
    };
    if include.is_empty() && followed.is_empty() {
        return Ok(None);
    }
    let patterns = Ignore::of_list(include, followed, INCLUDES)?;
    Ok(Some(Includes {
        wanted: patterns.wanted_below(),
        all: patterns.all_below(),
        stays: !patterns.takes_back(),
        patterns,
    }))
}

/// None where nothing is left out but what the listing does not have.
fn excludes(listing: &Listing, selection: &Selection) -> Result<Option<Excludes>> {
    let patterns = Ignore::of_list(&selection.exclude, Vec::new(), EXCLUDES)?;
    // The listing went by these very patterns, and a second time would change nothing.
    if selection.exclude.is_empty() || patterns.is_file(&listing.ignore_bytes) {
        return Ok(None);
    }
    Ok(Some(Excludes { all: patterns.all_below(), patterns }))
}

struct Includes {
    patterns: Ignore,
    wanted: Below,
    all: Below,
    /// What is in stays in.
    stays: bool,
}

struct Excludes {
    patterns: Ignore,
    all: Below,
}

/// A folder that is walked.
struct Frame {
    /// Its entry, or [`ROOT`].
    number: u32,
    /// The number behind what is in it.
    end: u32,
    /// Length of what stands before the names in it, with the slash.
    prefix: usize,
    sent: bool,
    included: Part,
    excluded: Part,
}

/// What is known of the patterns for what is in a folder.
struct Part {
    matched: DirMatch,
    /// Every entry passes, whatever its name.
    passes: bool,
}

impl Frame {
    fn root(entries: usize, all_included: bool, none_excluded: bool) -> Frame {
        let part = |passes| Part { matched: DirMatch::default(), passes };
        let end = u32::try_from(entries).unwrap_or(ROOT);
        Frame {
            number: ROOT,
            end,
            prefix: 0,
            sent: true,
            included: part(all_included),
            excluded: part(none_excluded),
        }
    }
}

struct Walk<'a> {
    listing: &'a Listing,
    ends: &'a [u32],
    forced: bool,
    includes: Option<&'a Includes>,
    excludes: Option<&'a Excludes>,
    path: Vec<u8>,
    frames: Vec<Frame>,
    sent: Vec<u32>,
}

impl Walk<'_> {
    fn run(&mut self) -> Result<()> {
        let mut number = 0;
        while let Some(entry) = self.listing.raw_entries().get(number) {
            while self.frames.len() > 1 && self.frames.last().is_some_and(|frame| frame.end <= number) {
                self.frames.pop();
            }
            let end = self.end(number);
            if entry.forced && !self.forced {
                number = end;
                continue;
            }
            let Some(frame) = self.frames.last() else { break };
            self.path.truncate(frame.prefix);
            self.path.extend_from_slice(self.listing.raw_entries().name(entry));
            number = if matches!(entry.content, Content::Folder) {
                self.folder(number, end, entry.forced)?
            } else {
                if self.is_sent(entry.forced)? {
                    self.send(number);
                }
                end
            };
        }
        Ok(())
    }

    fn end(&self, number: u32) -> u32 {
        usize::try_from(number).ok().and_then(|at| self.ends.get(at)).copied().unwrap_or(u32::MAX)
    }

    /// Whether a file or link is sent, whose path stands in `path`. What is forced is sent against the exclude patterns.
    fn is_sent(&self, forced: bool) -> Result<bool> {
        let Some(frame) = self.frames.last() else { return Ok(false) };
        if let (Some(includes), false) = (self.includes, frame.included.passes)
            && !includes.patterns.excludes(&self.path, &frame.included.matched)?
        {
            return Ok(false);
        }
        match self.excludes {
            Some(excludes) if !frame.excluded.passes && !forced => {
                Ok(!excludes.patterns.excludes(&self.path, &frame.excluded.matched)?)
            }
            _ => Ok(true),
        }
    }

    /// Looks at a folder, and gives the number to go on with: inside of it, or behind it.
    fn folder(&mut self, number: u32, end: u32, forced: bool) -> Result<u32> {
        let Some(above) = self.frames.last() else { return Ok(end) };
        let (mut is_in, mut is_out) = (true, false);
        let mut included = Part { matched: DirMatch::default(), passes: true };
        if let (Some(includes), false) = (self.includes, above.included.passes) {
            (is_in, included.matched) = includes.patterns.descend(&self.path, &above.included.matched)?;
            let constant = !includes.all.reaches(&self.path);
            if !is_in && (constant || !includes.wanted.may_return(&self.path)) {
                return Ok(end);
            }
            included.passes = is_in && (includes.stays || constant);
        }
        let mut excluded = Part { matched: DirMatch::default(), passes: true };
        if let (Some(excludes), false) = (self.excludes, above.excluded.passes || forced) {
            (is_out, excluded.matched) = excludes.patterns.descend(&self.path, &above.excluded.matched)?;
            if is_out && !excludes.patterns.may_return_below(&self.path) {
                return Ok(end);
            }
            excluded.passes = !is_out && !excludes.all.reaches(&self.path);
        }
        let sent = is_in && !is_out;
        if sent {
            self.send(number);
        }
        if sent && included.passes && excluded.passes {
            let entries = self.listing.raw_entries();
            let goes = |&number: &u32| self.forced || entries.get(number).is_some_and(|entry| !entry.forced);
            self.sent.extend((number + 1..end).filter(goes));
            return Ok(end);
        }
        self.path.push(b'/');
        self.frames.push(Frame { number, end, prefix: self.path.len(), sent, included, excluded });
        Ok(number + 1)
    }

    /// Sends an entry, and the folders above it that were not sent yet.
    fn send(&mut self, number: u32) {
        for frame in &mut self.frames {
            if !frame.sent {
                frame.sent = true;
                self.sent.push(frame.number);
            }
        }
        self.sent.push(number);
    }
}
