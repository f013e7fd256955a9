//! What a Dockerfile is made of. Every part knows its bytes in the file.

use std::ops::Range;

use super::Keyword;
use super::place::SourceMap;

/// A half-open range of bytes in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Span {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset behind the last byte.
    pub end: usize,
}

impl Span {
    /// The bytes of the span in `file`; empty where the span does not belong to it.
    pub fn of<'a>(&self, file: &'a [u8]) -> &'a [u8] {
        file.get(self.start..self.end).unwrap_or_default()
    }
}

/// A whole file, as far as it could be read. What could not be is in `problems`, in the order of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dockerfile {
    /// In the order of the file; instructions with an unknown keyword included.
    pub instructions: Vec<Instruction>,
    /// In the order of the file.
    pub stages: Vec<Stage>,
    /// The `# key=value` lines above everything else.
    pub directives: Directives,
    /// In the order of the file: those of their own, and those between the lines of a continued instruction.
    pub comments: Vec<Comment>,
    /// Lines, 1-based, that are empty inside a continued instruction.
    pub empty_continuations: Vec<u32>,
    /// What a builder would refuse.
    pub problems: Vec<Problem>,
}

/// A line that holds a comment and is no parser directive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// 1-based.
    pub line: u32,
    /// From the `#` to the end of the line.
    pub span: Span,
    /// What follows the `#`, trimmed.
    pub text: String,
}

/// One instruction with its continuation lines and heredoc bodies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instruction {
    /// What it does.
    pub keyword: Keyword,
    /// The keyword as it is written.
    pub keyword_span: Span,
    /// From the keyword's first byte to the end of its last line (without the line end), heredoc bodies included.
    pub span: Span,
    /// The line of the keyword, 1-based.
    pub line: u32,
    /// The last line, 1-based, heredoc terminators included.
    pub end_line: u32,
    /// The `--name=value` words before the arguments.
    pub flags: Vec<Flag>,
    /// What follows keyword and flags, as one logical line: continuations joined, comments between them dropped,
    /// blanks at both ends trimmed. Variables and quotes are as written; bytes that are not UTF-8 become U+FFFD.
    pub arguments: String,
    /// The documents of `RUN`, `COPY` and `ADD`, in the order of the file.
    pub heredocs: Vec<Heredoc>,
    /// The instruction behind `ONBUILD`.
    pub trigger: Option<Box<Instruction>>,
    /// Where the arguments stand in the file.
    pub(super) source: SourceMap,
}

impl Instruction {
    /// The bytes of the file behind a range of bytes of `arguments`. Continuations and comments that lie within are part
    /// of it; an empty range, or one out of bounds, becomes an empty place.
    pub fn place(&self, range: Range<usize>) -> Span {
        self.source.place(range)
    }
}

/// A `--name` or `--name=value` word, unquoted, not expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// Without the dashes, as written.
    pub name: String,
    /// What follows the first `=`; `None` where there is none.
    pub value: Option<String>,
    /// The word as it is written, dashes included.
    pub span: Span,
}

/// A here-document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heredoc {
    /// The word that ends it, unquoted.
    pub name: String,
    /// Whether variables in the body are expanded: no part of the word was quoted.
    pub expand: bool,
    /// Whether leading tabs go (`<<-`).
    pub chomp: bool,
    /// The digits before `<<`; 0 where there are none.
    pub fd: u32,
    /// The body, without its terminator; the line ends of its lines are part of it.
    pub body: Span,
}

/// A build stage: `FROM` and what follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// The word behind `AS`, lower-cased: names of stages have no case.
    pub name: Option<String>,
    /// What it starts from, as written: an image, `scratch`, the name of an earlier stage, with variables.
    pub base: String,
    /// The value of `--platform`, as written.
    pub platform: Option<String>,
    /// Its instructions in [`Dockerfile::instructions`], the `FROM` first.
    pub instructions: Range<usize>,
    /// The line of the `FROM`, 1-based.
    pub line: u32,
}

/// The parser directives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directives {
    /// `# syntax=`: the frontend that builds the file.
    pub syntax: Option<Directive>,
    /// `# check=`: options of the engine's own checks.
    pub check: Option<Directive>,
    /// `# escape=`: a backslash, or a backtick where the file says so.
    pub escape: char,
}

impl Directives {
    /// Whether another frontend than Docker's own builds the file: it may know more instructions and flags.
    pub fn foreign(&self) -> bool {
        let Some(syntax) = &self.syntax else { return false };
        let image = syntax.value.split_whitespace().next().unwrap_or_default();
        let image = image.split('@').next().unwrap_or_default();
        // A tag stands behind the last slash; a port before it.
        let (path, last) = image.rsplit_once('/').unwrap_or(("", image));
        let last = last.split(':').next().unwrap_or_default();
        let dockers = path == "docker" || path.ends_with("/docker");
        !(dockers && matches!(last, "dockerfile" | "dockerfile-upstream"))
    }
}

impl Default for Directives {
    fn default() -> Self {
        Directives { syntax: None, check: None, escape: '\\' }
    }
}

/// The value of a directive and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directive {
    /// Trimmed.
    pub value: String,
    /// 1-based.
    pub line: u32,
    /// The whole line without its end.
    pub span: Span,
}

/// Something in the file that a builder would refuse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Of the first wrong byte, 1-based; 1 in an empty file. An instruction that is continued may begin above.
    pub line: u32,
    /// Of the first wrong byte, 1-based, in characters.
    pub column: u32,
    /// The bytes that are wrong.
    pub span: Span,
    /// A lowercase fragment; may hold text of the file.
    pub message: String,
    /// What sort it is, for whoever tells some of them otherwise.
    pub kind: ProblemKind,
}

impl Problem {
    /// One of the common sort; the column is found once the whole file is read.
    pub(super) fn malformed(line: u32, span: Span, message: impl Into<String>) -> Problem {
        Problem { line, column: 0, span, message: message.into(), kind: ProblemKind::Malformed }
    }
}

/// The sorts of problems that are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    /// An instruction that stands above the first `FROM` and must not; told for the first of them only.
    BeforeFrom,
    /// Everything else.
    Malformed,
}
