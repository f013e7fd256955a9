//! Lists, pipelines and simple commands.

use super::reader::Reader;
use super::words::{Place, ends_word};
use super::{Assignment, Command, Context, Link, Word};

/// What may end a list of commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    Then = 1,
    Else = 2,
    Elif = 4,
    Fi = 8,
    Do = 16,
    Done = 32,
    Esac = 64,
    Brace = 128,
    Paren = 256,
    /// `;;`, `;&` and `;;&`.
    Branch = 512,
}

/// A set of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stops(u16);

impl Stops {
    pub(super) const NONE: Stops = Stops(0);

    pub(super) fn of(stops: &[Stop]) -> Self {
        Stops(stops.iter().fold(0, |all, stop| all | *stop as u16))
    }

    fn has(self, stop: Stop) -> bool {
        self.0 & stop as u16 != 0
    }
}

const CLOSERS: [(&str, Stop); 8] = [
    ("then", Stop::Then),
    ("else", Stop::Else),
    ("elif", Stop::Elif),
    ("fi", Stop::Fi),
    ("do", Stop::Do),
    ("done", Stop::Done),
    ("esac", Stop::Esac),
    ("}", Stop::Brace),
];

impl Reader<'_> {
    /// Whether the keyword `word` stands here, a word of its own.
    pub(super) fn at_keyword(&self, word: &str) -> bool {
        if !self.starts_with(word) {
            return false;
        }
        let mut ahead = word.len();
        while self.joint(ahead) > 0 {
            ahead += self.joint(ahead);
        }
        self.peek_at(ahead).is_none_or(ends_word)
    }

    /// Steps over the keyword `word`, if it stands here.
    pub(super) fn eat_keyword(&mut self, word: &str) -> bool {
        let here = self.at_keyword(word);
        if here {
            self.pos += word.len();
        }
        here
    }

    /// Reads commands up to one of `stops`, which is stepped over; none where the text ends before, or where a `)`
    /// belongs to a list further out. `context` is what the list is the inside of.
    pub(super) fn list(&mut self, stops: Stops, context: Option<Context>) -> Option<Stop> {
        let parens = u32::from(stops.has(Stop::Paren));
        self.parens += parens;
        let stop = self.nested(context, |reader| reader.list_inside(stops));
        self.parens -= parens;
        stop
    }

    fn list_inside(&mut self, stops: Stops) -> Option<Stop> {
        let mut link = Link::First;
        let mut from = self.commands.len();
        let mut pipeline = self.next_pipeline();
        loop {
            self.lines();
            if self.peek().is_none() {
                // Behind `a &&` a command is missing.
                self.complete &= !matches!(link, Link::And | Link::Or | Link::Pipe);
                return None;
            }
            match self.closer(stops) {
                Closer::Stop(stop) => return Some(stop),
                Closer::Outer => return None,
                Closer::Stray => continue,
                Closer::Command => {}
            }
            let start = self.pos;
            self.command(link, pipeline);
            let empty = self.pos == start;
            self.blanks();
            let after = self.link_after();
            if after == After::Branch && stops.has(Stop::Branch) {
                return Some(Stop::Branch);
            }
            if empty {
                // An operator, or a character that cannot stand here.
                self.complete = false;
                if self.pos == start {
                    self.step();
                }
                continue;
            }
            link = match after {
                After::Link(link) => link,
                After::Branch => {
                    self.complete = false;
                    Link::Then
                }
                After::Nothing => Link::Then,
            };
            if link == Link::Background {
                self.mark_background(from);
            }
            if !matches!(link, Link::And | Link::Or | Link::Pipe) {
                from = self.commands.len();
            }
            if link != Link::Pipe {
                pipeline = self.next_pipeline();
            }
        }
    }

    fn next_pipeline(&mut self) -> u32 {
        self.pipelines = self.pipelines.wrapping_add(1);
        self.pipelines
    }

    /// What ends a list, if that is what stands here.
    fn closer(&mut self, stops: Stops) -> Closer {
        if self.starts_with(")") {
            if stops.has(Stop::Paren) {
                self.pos += 1;
                return Closer::Stop(Stop::Paren);
            }
            self.complete = false;
            if self.parens > 0 {
                return Closer::Outer;
            }
            self.pos += 1;
            return Closer::Stray;
        }
        for (word, stop) in CLOSERS {
            if self.eat_keyword(word) {
                if stops.has(stop) {
                    return Closer::Stop(stop);
                }
                self.complete = false;
                return Closer::Stray;
            }
        }
        Closer::Command
    }

    /// Steps over the operator behind a command. Line breaks are no operator here.
    fn link_after(&mut self) -> After {
        let start = self.pos;
        if self.eat(";;&") || self.eat(";;") || self.eat(";&") {
            After::Branch
        } else if self.eat("&&") {
            After::Link(Link::And)
        } else if self.eat("||") {
            After::Link(Link::Or)
        } else if self.eat("|&") || self.eat("|") {
            self.charge(size_of::<usize>());
            self.pipes.push(start);
            After::Link(Link::Pipe)
        } else if self.eat("&") {
            After::Link(Link::Background)
        } else {
            // A parenthesis behind a command, as in `a (b)`, is a mistake.
            self.complete &= self.eat(";") || !self.starts_with("(");
            After::Nothing
        }
    }

    /// The commands since `from` run in the background; what their substitutions run does not.
    fn mark_background(&mut self, from: usize) {
        let here = self.context.has(Context::Substitution);
        for command in self.commands.get_mut(from..).unwrap_or_default() {
            command.background |= here || !command.context.has(Context::Substitution);
        }
    }

    /// A command, compound or simple, with the `!` and `time` before it.
    pub(super) fn command(&mut self, link: Link, pipeline: u32) {
        loop {
            self.blanks();
            if self.eat_keyword("time") {
                self.blanks();
                self.eat_keyword("-p");
            } else if !self.eat_keyword("!") {
                break;
            }
        }
        if !self.compound() {
            self.simple(link, pipeline);
        }
    }

    fn simple(&mut self, link: Link, pipeline: u32) {
        let start = self.pos;
        let index = self.commands.len();
        // Its place is taken now: the commands in its words come after it.
        self.commands.push(Command {
            assignments: Vec::new(),
            words: Vec::new(),
            redirects: Vec::new(),
            link,
            pipeline,
            background: false,
            context: self.context,
            range: start..start,
        });
        self.charge(size_of::<Command>());
        let mut end = start;
        // Whether `]]` was read.
        let mut tested = false;
        let (mut assignments, mut words, mut redirects) = (Vec::new(), Vec::<Word>::new(), Vec::new());
        loop {
            self.blanks();
            let test = !tested && words.first().is_some_and(|name| name.text == "[[" && !name.quoted);
            while test && self.eat("\n") {
                self.blanks();
            }
            if test && self.at_keyword("]]") {
                let from = self.pos;
                self.pos += 2;
                words.push(Word { text: "]]".into(), range: from..self.pos, quoted: false, literal: true });
                tested = true;
                end = self.pos;
                continue;
            }
            if !test && let Some(redirect) = self.redirect(Some((index, redirects.len()))) {
                redirects.push(redirect);
            } else if !test && self.peek() == Some(b'#') {
                break;
            } else if words.is_empty()
                && let Some(assignment) = self.assignment()
            {
                assignments.push(assignment);
            } else if words.is_empty()
                && self.starts_with("((")
                && let Some(word) = self.arithmetic_command()
            {
                words.push(word);
            } else {
                let place = match words.is_empty() {
                    true => Place::Name,
                    false if test => Place::Test,
                    false => Place::Argument,
                };
                let Some(word) = self.word(place) else {
                    self.complete &= !test;
                    break;
                };
                words.push(word);
                if words.len() == 1
                    && assignments.is_empty()
                    && redirects.is_empty()
                    && self.commands.len() == index + 1
                    && self.at_parentheses()
                {
                    self.commands.pop();
                    self.function_body();
                    return;
                }
            }
            end = self.pos;
        }
        if words.is_empty() && assignments.is_empty() && redirects.is_empty() {
            // What it could have nested was read as a part of a word or of a redirection.
            self.commands.truncate(index);
        } else if let Some(command) = self.commands.get_mut(index) {
            words.shrink_to_fit();
            assignments.shrink_to_fit();
            redirects.shrink_to_fit();
            command.range = start..end;
            command.words = words;
            command.assignments = assignments;
            command.redirects = redirects;
        }
    }

    /// `NAME=value`, `NAME+=value`, `NAME[1]=value`.
    fn assignment(&mut self) -> Option<Assignment> {
        let rest = self.rest();
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        let name = rest.iter().take_while(|byte| is_name(byte)).count();
        if name == 0 || rest.first().is_some_and(u8::is_ascii_digit) {
            return None;
        }
        let mut at = name;
        if rest.get(at) == Some(&b'[') {
            at += rest.get(at..)?.iter().take_while(|byte| **byte != b']' && !ends_word(**byte)).count() + 1;
        }
        let behind = rest.get(at..)?;
        let sign = match behind {
            [b'=', ..] => 1,
            [b'+', b'=', ..] => 2,
            _ => return None,
        };
        let name = self.text.get(self.pos..self.pos + at)?.to_owned();
        self.pos += at + sign;
        self.charge(size_of::<Assignment>() + name.len());
        let here = self.pos;
        let value = match self.peek() {
            Some(b'(') => self.array(),
            _ => self.word(Place::Argument).unwrap_or(Word {
                range: here..here,
                literal: true,
                ..Word::default()
            }),
        };
        Some(Assignment { name, value })
    }
}

enum Closer {
    Stop(Stop),
    /// A `)` for a list further out.
    Outer,
    /// A keyword that closes nothing here; it was stepped over.
    Stray,
    Command,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    Link(Link),
    Branch,
    /// `;`, the line's end, or the list's.
    Nothing,
}
