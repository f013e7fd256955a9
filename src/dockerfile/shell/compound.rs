//! Compound commands: groups, conditions, loops, cases, functions.

use super::commands::{Stop, Stops};
use super::reader::Reader;
use super::words::Place;
use super::{Context, Link};

impl Reader<'_> {
    /// Reads the compound command that begins here; false where none does.
    pub(super) fn compound(&mut self) -> bool {
        let closed = if self.starts_with("((") {
            // Arithmetic is a simple command; two subshells otherwise.
            if self.at_arithmetic() {
                return false;
            }
            self.group("(", Stop::Paren, Context::Subshell)
        } else if self.starts_with("(") {
            self.group("(", Stop::Paren, Context::Subshell)
        } else if self.at_keyword("{") {
            self.group("{", Stop::Brace, Context::Group)
        } else if self.eat_keyword("if") {
            self.conditions()
        } else if self.eat_keyword("while") || self.eat_keyword("until") {
            self.list(Stops::of(&[Stop::Do]), Some(Context::Condition)).is_some() && self.body()
        } else if self.eat_keyword("for") || self.eat_keyword("select") {
            self.each()
        } else if self.eat_keyword("case") {
            self.case()
        } else if self.eat_keyword("function") {
            self.blanks();
            self.word(Place::Name);
            self.function_body();
            return true;
        } else {
            return false;
        };
        self.complete &= closed;
        self.redirects();
        true
    }

    fn group(&mut self, open: &str, close: Stop, context: Context) -> bool {
        self.eat(open);
        self.list(Stops::of(&[close]), Some(context)).is_some()
    }

    fn conditions(&mut self) -> bool {
        loop {
            if self.list(Stops::of(&[Stop::Then]), Some(Context::Condition)).is_none() {
                return false;
            }
            match self.list(Stops::of(&[Stop::Elif, Stop::Else, Stop::Fi]), Some(Context::If)) {
                Some(Stop::Elif) => {}
                Some(Stop::Else) => return self.list(Stops::of(&[Stop::Fi]), Some(Context::If)).is_some(),
                end => return end.is_some(),
            }
        }
    }

    /// Behind `do`.
    fn body(&mut self) -> bool {
        self.list(Stops::of(&[Stop::Done]), Some(Context::Loop)).is_some()
    }

    /// Behind `for`: `x in a b; do …`, `x; do …`, `((…)); do …`. The words are no command.
    fn each(&mut self) -> bool {
        self.blanks();
        if self.starts_with("((") && self.at_arithmetic() {
            self.arithmetic_command();
        } else {
            self.word(Place::Name);
            self.lines();
            if self.eat_keyword("in") {
                self.blanks();
                while self.word(Place::Argument).is_some() {
                    self.blanks();
                }
            }
        }
        self.blanks();
        self.eat(";");
        self.lines();
        if self.eat_keyword("do") {
            self.body()
        } else if self.eat_keyword("{") {
            self.list(Stops::of(&[Stop::Brace]), Some(Context::Loop)).is_some()
        } else {
            false
        }
    }

    /// Behind `case`.
    fn case(&mut self) -> bool {
        self.blanks();
        self.word(Place::Argument);
        self.lines();
        if !self.eat_keyword("in") {
            return false;
        }
        loop {
            self.lines();
            if self.eat_keyword("esac") {
                return true;
            }
            if self.peek().is_none() {
                return false;
            }
            self.eat("(");
            loop {
                self.blanks();
                self.word(Place::Argument);
                self.blanks();
                if !self.eat("|") {
                    break;
                }
            }
            if !self.eat(")") {
                return false;
            }
            match self.list(Stops::of(&[Stop::Branch, Stop::Esac]), Some(Context::Case)) {
                Some(Stop::Branch) => {}
                end => return end.is_some(),
            }
        }
    }

    /// Whether `()` is next: what stands before it is the name of a function.
    pub(super) fn at_parentheses(&mut self) -> bool {
        let here = self.pos;
        self.blanks();
        let open = self.eat("(");
        self.blanks();
        let found = open && self.starts_with(")");
        self.pos = here;
        found
    }

    /// Behind the name of a function.
    pub(super) fn function_body(&mut self) {
        self.blanks();
        if self.eat("(") {
            self.blanks();
            self.complete &= self.eat(")");
        }
        self.lines();
        self.pipelines = self.pipelines.wrapping_add(1);
        let pipeline = self.pipelines;
        self.nested(Some(Context::Function), |reader| {
            if reader.peek().is_none() {
                reader.complete = false;
            }
            reader.command(Link::First, pipeline);
        });
    }
}
