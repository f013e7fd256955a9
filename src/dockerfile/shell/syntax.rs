//! What a script is made of. All ranges are bytes of the text that was read, on character boundaries.

use std::ops::Range;

/// All simple commands of a text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Script {
    /// In the order in which they begin, whatever they are nested in: a command stands before those of the `$(…)` in its
    /// words, and those of an `if`, a loop or a function stand where they are written.
    pub commands: Vec<Command>,
    /// Where each `|` and `|&` of a pipeline stands, whatever it connects: commands, groups or loops.
    pub pipes: Vec<usize>,
    /// False where a quote or a compound command does not close, a keyword stands where none may, or the text is nested
    /// or long beyond measure. What was read until then is kept.
    pub complete: bool,
}

/// A simple command: assignments, words, redirections, at least one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// `A=1 B=2` before the name, or alone.
    pub assignments: Vec<Assignment>,
    /// The name first; none for assignments or redirections alone. `((…))` is one word, `[ … ]` and `[[ … ]]` are words
    /// like any other command's.
    pub words: Vec<Word>,
    /// Its own, wherever they stand among the words; not those of a compound command around it.
    pub redirects: Vec<Redirect>,
    /// How it follows what stands before it on its level.
    pub link: Link,
    /// Equal for the commands of one pipeline, on one level: in `a | { b; } | c`, `b` has one of its own.
    pub pipeline: u32,
    /// Whether `&` ends the list that it is in: both of `a && b &`, and `a` of `{ a; } &`.
    pub background: bool,
    /// All that it is nested in.
    pub context: Contexts,
    /// From its first to its last assignment, word or redirection.
    pub range: Range<usize>,
}

/// `NAME=value` before a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// What is assigned to, without the `+` of `NAME+=value`, with the index of `NAME[1]=value`.
    pub name: String,
    /// What stands behind the `=`; the elements of `NAME=(a b)` as written, parentheses included.
    pub value: Word,
}

/// A word: what lies between two blanks that are not quoted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Word {
    /// Quotes removed and escapes resolved; `$x`, `${x:-y}`, `$(…)`, `` `…` ``, `$((…))` and `<(…)` as written.
    pub text: String,
    /// Where it is written, quotes included.
    pub range: Range<usize>,
    /// Whether a part of it is quoted or escaped.
    pub quoted: bool,
    /// Whether nothing in it is expanded, globs, braces and `~` aside: its text is known.
    pub literal: bool,
}

/// A redirection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    /// `<` `>` `>>` `>|` `<>` `<&` `>&` `&>` `&>>` `<<` `<<-` `<<<`. `2>&1` is `>&` of file descriptor 2 with target `1`.
    pub op: &'static str,
    /// The number before the operator, where there is one.
    pub fd: Option<u32>,
    /// What stands behind the operator: a file, a descriptor, `-`, the delimiter of a heredoc, a here-string.
    pub target: Word,
    /// The lines of a heredoc, without its delimiter's. None where the text ends with the operator's line: in a
    /// Dockerfile the body can be the instruction's.
    pub body: Option<Range<usize>>,
}

/// How a command follows what stands before it on the same level, be that a command or a compound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Link {
    /// It is the first one of its level.
    #[default]
    First,
    /// After `&&`.
    And,
    /// After `||`.
    Or,
    /// After `;` or a line break.
    Then,
    /// After `|` or `|&`.
    Pipe,
    /// After `&`.
    Background,
}

/// Something that a command can be nested in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    /// `( … )`.
    Subshell = 1,
    /// `{ …; }`.
    Group = 2,
    /// What `if`, `elif`, `while` and `until` ask.
    Condition = 4,
    /// What follows `then` and `else`.
    If = 8,
    /// Between `do` and `done`.
    Loop = 16,
    /// A branch of `case`.
    Case = 32,
    /// The body of a function: it runs where the function is called.
    Function = 64,
    /// `$(…)`, `` `…` ``, `<(…)` or `>(…)`.
    Substitution = 128,
    /// The string of `sh -c '…'`; only [`Script::with_inner`] gives it.
    ShellString = 256,
}

/// A set of [`Context`]s. How often and in which order is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Contexts(u16);

impl Contexts {
    /// Whether `context` is one of them.
    pub fn has(self, context: Context) -> bool {
        self.0 & context as u16 != 0
    }

    /// Whether the command stands on the outermost level.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// These and `context`.
    #[must_use]
    pub fn with(self, context: Context) -> Self {
        Contexts(self.0 | context as u16)
    }

    /// These and `others`.
    #[must_use]
    pub fn union(self, others: Contexts) -> Self {
        Contexts(self.0 | others.0)
    }
}
