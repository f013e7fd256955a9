//! The files of a context by their paths, of which there may be a hundred thousand.

/// A file of the context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContextEntry<'a> {
    /// From the context's root.
    pub path: &'a str,
    /// In bytes.
    pub size: u64,
    /// Whether it is a symbolic link.
    pub is_link: bool,
    /// Whether the ignore file leaves it out and it is sent for the engine alone: no `COPY` sees it.
    pub forced: bool,
}

/// Files, sorted by path. The paths stand one behind the other: as many strings would take three times the memory, and
/// leave it in pieces.
#[derive(Debug, Clone, Default)]
pub struct ContextFiles {
    paths: String,
    rows: Vec<Row>,
}

#[derive(Debug, Clone, Copy)]
struct Row {
    start: usize,
    length: usize,
    size: u64,
    is_link: bool,
    forced: bool,
}

impl<'a> FromIterator<ContextEntry<'a>> for ContextFiles {
    fn from_iter<I: IntoIterator<Item = ContextEntry<'a>>>(entries: I) -> ContextFiles {
        let mut files = ContextFiles::default();
        entries.into_iter().for_each(|entry| files.push(entry));
        files.sorted()
    }
}

impl ContextFiles {
    /// Adds a file, wherever its place is.
    pub fn push(&mut self, entry: ContextEntry<'_>) {
        let (start, length) = (self.paths.len(), entry.path.len());
        self.paths.push_str(entry.path);
        self.rows.push(Row { start, length, size: entry.size, is_link: entry.is_link, forced: entry.forced });
    }

    /// In order, as everything else needs them.
    pub fn sorted(mut self) -> ContextFiles {
        let paths = &self.paths;
        self.rows.sort_unstable_by(|one, other| part(paths, one).cmp(part(paths, other)));
        self
    }

    /// All of them, in their order.
    pub fn iter(&self) -> impl Iterator<Item = ContextEntry<'_>> {
        self.rows.iter().map(|row| self.entry(row))
    }

    /// Those from the first on whose path is not before `path`.
    pub fn from(&self, path: &str) -> impl Iterator<Item = ContextEntry<'_>> {
        let start = self.rows.partition_point(|row| part(&self.paths, row) < path);
        self.rows.get(start..).unwrap_or_default().iter().map(|row| self.entry(row))
    }

    /// The file at `path`.
    pub fn find(&self, path: &str) -> Option<ContextEntry<'_>> {
        self.from(path).next().filter(|entry| entry.path == path)
    }

    fn entry(&self, row: &Row) -> ContextEntry<'_> {
        ContextEntry {
            path: part(&self.paths, row),
            size: row.size,
            is_link: row.is_link,
            forced: row.forced,
        }
    }
}

fn part<'a>(paths: &'a str, row: &Row) -> &'a str {
    paths.get(row.start..row.start + row.length).unwrap_or_default()
}
