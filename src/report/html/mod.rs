//! `report.html`: one page that says what a run came to. It needs no script, loads nothing and forbids both by its
//! Content-Security-Policy; without its style it is still a page that can be read, as where a CI's own policy takes the
//! style away. Everything that a run or a file said is hostile: it gets in through [`writer`] alone, which escapes and
//! bounds it.

mod about;
mod excerpt;
mod findings;
mod links;
mod outcome;
mod page;
mod remarks;
mod scores;
#[cfg(test)]
mod tests;
mod timeline;
mod verification;
mod writer;

pub(super) use page::html;
