//! Where reading stands, and what bounds it.

use std::ops::Range;

use super::{Command, Context, Contexts, Script};

/// How deep compounds and expansions may nest: far beyond what people write, far below what a stack holds.
const MAX_DEPTH: u32 = 64;
/// What a script may come to in memory, about, in bytes. A word that holds a substitution repeats its text, so nesting
/// multiplies; a command is a hundred times as large as `a;`.
const BUDGET: usize = 64 << 20;

/// Reads `text` as a script. Never fails: see [`Script::complete`].
///
/// Comments go, `\` before a line break joins lines, and bodies of heredocs are no commands. Nothing is expanded, and
/// keywords (`if`, `for`, `!`, `time` and the like) are no command's name.
pub fn parse(text: &str) -> Script {
    let mut reader = Reader::new(text);
    reader.list(super::commands::Stops::NONE, None);
    for heredoc in reader.heredocs {
        if let Some(command) = heredoc.command
            && let Some(redirect) = reader
                .commands
                .get_mut(command)
                .and_then(|command| command.redirects.get_mut(heredoc.redirect))
        {
            redirect.body = heredoc.body;
        }
    }
    Script { commands: reader.commands, pipes: reader.pipes, complete: reader.complete }
}

/// A heredoc whose operator was read.
#[derive(Debug)]
pub(super) struct Heredoc {
    pub(super) delimiter: String,
    /// `<<-`: leading tabs go.
    pub(super) chomp: bool,
    /// Whose it is: none for a compound's.
    pub(super) command: Option<usize>,
    pub(super) redirect: usize,
    pub(super) body: Option<Range<usize>>,
}

#[derive(Debug)]
pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    pub(super) pos: usize,
    /// Where this part ends: the text's end, or that of the `` `…` `` or `$((…))` around.
    end: usize,
    pub(super) commands: Vec<Command>,
    pub(super) pipes: Vec<usize>,
    pub(super) heredocs: Vec<Heredoc>,
    /// How many of `heredocs` have their body behind them.
    bodies: usize,
    pub(super) complete: bool,
    pub(super) context: Contexts,
    pub(super) pipelines: u32,
    /// How many lists around wait for a `)`.
    pub(super) parens: u32,
    /// How many `` ` `` are open.
    pub(super) backticks: u32,
    depth: u32,
    budget: usize,
    halted: bool,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        Reader {
            text,
            pos: 0,
            end: text.len(),
            commands: Vec::new(),
            pipes: Vec::new(),
            heredocs: Vec::new(),
            bodies: 0,
            complete: true,
            context: Contexts::default(),
            pipelines: 0,
            parens: 0,
            backticks: 0,
            depth: 0,
            budget: BUDGET,
            halted: false,
        }
    }

    /// What is not read yet, as bytes. Empty once reading was given up, so that every loop ends.
    #[inline]
    pub(super) fn rest(&self) -> &'a [u8] {
        if self.halted {
            return &[];
        }
        self.text.as_bytes().get(self.pos..self.end).unwrap_or_default()
    }

    #[inline]
    pub(super) fn peek(&self) -> Option<u8> {
        self.rest().first().copied()
    }

    /// The byte `ahead` places on.
    #[inline]
    pub(super) fn peek_at(&self, ahead: usize) -> Option<u8> {
        self.rest().get(ahead).copied()
    }

    #[inline]
    pub(super) fn starts_with(&self, what: &str) -> bool {
        self.rest().starts_with(what.as_bytes())
    }

    /// Steps over `what`, if it is next.
    #[inline]
    pub(super) fn eat(&mut self, what: &str) -> bool {
        let next = self.starts_with(what);
        if next {
            self.pos += what.len();
        }
        next
    }

    /// Steps over bytes while `wanted`, which must not tell the bytes of one character apart.
    pub(super) fn skip_while(&mut self, wanted: impl Fn(u8) -> bool) -> &'a str {
        let from = self.pos;
        let rest = self.rest();
        self.pos += rest.iter().position(|byte| !wanted(*byte)).unwrap_or(rest.len());
        self.slice(from)
    }

    /// Steps over one character.
    pub(super) fn step(&mut self) -> &'a str {
        let from = self.pos;
        if !self.rest().is_empty() {
            let next = self.text.get(from..).and_then(|rest| rest.chars().next());
            self.pos += next.map_or(1, char::len_utf8);
        }
        self.slice(from)
    }

    /// From `from` to here.
    pub(super) fn slice(&self, from: usize) -> &'a str {
        self.text.get(from..self.pos).unwrap_or_default()
    }

    /// How long the line break at the start of `bytes` is: a `\r` before it belongs to it.
    fn break_len(bytes: &[u8]) -> usize {
        if bytes.starts_with(b"\n") {
            1
        } else if bytes.starts_with(b"\r\n") {
            2
        } else {
            0
        }
    }

    /// How long the `\` and line break that join two lines here are; zero where there are none.
    #[inline]
    pub(super) fn joint(&self, ahead: usize) -> usize {
        match self.rest().get(ahead..) {
            Some([b'\\', rest @ ..]) => match Self::break_len(rest) {
                0 => 0,
                len => len + 1,
            },
            _ => 0,
        }
    }

    /// Steps over blanks and joined lines.
    pub(super) fn blanks(&mut self) {
        loop {
            self.skip_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | 0x0b | 0x0c));
            match self.joint(0) {
                0 => break,
                len => self.pos += len,
            }
        }
    }

    /// Steps over blanks, comments and line breaks, with the bodies of the heredocs that wait for one. True where there
    /// was a line break.
    pub(super) fn lines(&mut self) -> bool {
        let mut broken = false;
        loop {
            self.blanks();
            match self.peek() {
                Some(b'#') => {
                    self.skip_while(|byte| byte != b'\n');
                }
                Some(b'\n') => {
                    self.pos += 1;
                    broken = true;
                    self.read_bodies();
                }
                _ => return broken,
            }
        }
    }

    fn read_bodies(&mut self) {
        for at in self.bodies..self.heredocs.len() {
            self.bodies = at + 1;
            if self.rest().is_empty() {
                continue;
            }
            let start = self.pos;
            let mut found = None;
            while found.is_none() && !self.rest().is_empty() {
                let line_start = self.pos;
                let line = self.skip_while(|byte| byte != b'\n');
                self.eat("\n");
                let Some(heredoc) = self.heredocs.get(at) else { return };
                let line = line.strip_suffix('\r').unwrap_or(line);
                let line = if heredoc.chomp { line.trim_start_matches('\t') } else { line };
                if line == heredoc.delimiter {
                    found = Some(line_start);
                }
            }
            if found.is_none() {
                self.complete = false;
            }
            let body = start..found.unwrap_or(self.pos);
            if let Some(heredoc) = self.heredocs.get_mut(at) {
                heredoc.body = Some(body);
            }
        }
    }

    /// Gives up: all that was read stays, nothing more is read.
    fn halt(&mut self) {
        self.halted = true;
        self.complete = false;
    }

    /// Takes `bytes` of memory or as much work.
    pub(super) fn charge(&mut self, bytes: usize) {
        match self.budget.checked_sub(bytes) {
            Some(left) => self.budget = left,
            None => self.halt(),
        }
    }

    /// Does `read` one level further down, inside of `context`. Where that is too deep, it reads no more.
    pub(super) fn nested<T>(&mut self, context: Option<Context>, read: impl FnOnce(&mut Self) -> T) -> T {
        let outside = self.context;
        if let Some(context) = context {
            self.context = outside.with(context);
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            self.halt();
        }
        let result = read(self);
        self.depth -= 1;
        self.context = outside;
        result
    }

    /// Does `read` with the text ending at `end`, and goes on right behind that.
    pub(super) fn until(&mut self, end: usize, read: impl FnOnce(&mut Self)) {
        let (outer, parens) = (self.end, self.parens);
        self.end = end.min(outer);
        self.parens = 0;
        read(self);
        self.parens = parens;
        if !self.halted {
            self.pos = self.end;
        }
        self.end = outer;
    }
}
