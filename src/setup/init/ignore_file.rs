//! `.dockerignore`: the template, without the lines that would leave out what the Dockerfile copies.

use std::collections::BTreeSet;

use super::template::DOCKERIGNORE;
use crate::context::Ignore;

/// The text, and the patterns that are not in it since something is copied that they leave out.
pub(super) fn dockerignore(copied: &BTreeSet<String>) -> (String, Vec<String>) {
    let mut text = String::new();
    let mut dropped = Vec::new();
    for line in DOCKERIGNORE.lines() {
        let is_pattern = !line.starts_with('#');
        let ignore = Ignore::parse(line.as_bytes()).ok().filter(|_| is_pattern);
        let leaves_out = |source: &String| {
            source != "."
                && ignore.as_ref().is_some_and(|ignore| ignore.matches(source.as_bytes()).unwrap_or(false))
        };
        match copied.iter().any(leaves_out) {
            true => dropped.push(line.to_owned()),
            false => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    (text, dropped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_copied_is_not_left_out() {
        assert_eq!(dockerignore(&BTreeSet::from([".".to_owned()])), (DOCKERIGNORE.to_owned(), Vec::new()));
        let copied = ["target/app.jar", "src", "imgbuild.toml", "build.log"].map(str::to_owned);
        let (text, dropped) = dockerignore(&BTreeSet::from(copied));
        assert_eq!(dropped, ["imgbuild.toml", "**/*.log", "**/target"]);
        assert_eq!(text.lines().count() + 3, DOCKERIGNORE.lines().count());
    }
}
