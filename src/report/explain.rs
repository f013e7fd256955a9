//! A rule's documentation for a terminal.

use super::OutputMode;
use super::look::Look;
use super::rule_pages::{facts, waivers};
use crate::rules::{Rule, documentation};

/// Columns of text that is still read with ease.
const MOST_COLUMNS: usize = 100;

/// What `imgbuild explain` says of `rule`, for stdout; it fits the mode's width, but for examples, and ends with a newline.
pub fn explain(rule: &Rule, mode: &OutputMode) -> String {
    let look = Look { color: mode.stdout_color, width: mode.width.min(MOST_COLUMNS), ..Look::from(mode) };
    let mut page = Page { look, lines: Vec::new() };
    page.lines.push(look.cyan(&format!("{} {}", rule.code, rule.name)));
    for (label, value) in facts(rule) {
        page.lines.extend(look.message(
            &format!("  {} ", look.dim(&format!("{label:11}"))),
            &plain(&value),
            14,
        ));
    }
    page.markdown(&documentation(rule));
    page.markdown("## How to waive it");
    for (words, _, code) in waivers(rule) {
        page.paragraph(&format!("{words}:"));
        code.lines().for_each(|line| page.code(line));
    }
    page.lines.join("\n") + "\n"
}

/// A terminal has no other letters for code.
fn plain(text: &str) -> String {
    text.replace('`', "")
}

struct Page {
    look: Look,
    lines: Vec<String>,
}

impl Page {
    /// As much of Markdown as documentation uses: headings, paragraphs, lists, and blocks of code.
    fn markdown(&mut self, text: &str) {
        let mut paragraph = String::new();
        let mut fenced = false;
        for line in text.lines() {
            let is_fence = line.starts_with("```");
            let begins = is_fence || line.is_empty() || line.starts_with("## ") || line.starts_with("- ");
            if fenced && !is_fence {
                self.code(line);
                continue;
            }
            if begins {
                self.paragraph(&std::mem::take(&mut paragraph));
            }
            fenced ^= is_fence;
            match line.strip_prefix("## ") {
                Some(heading) => self.lines.extend([String::new(), self.look.cyan(heading)]),
                None if is_fence => {}
                None => {
                    let blank = if paragraph.is_empty() { "" } else { " " };
                    paragraph += &format!("{blank}{}", line.trim());
                }
            }
        }
        self.paragraph(&paragraph);
    }

    fn paragraph(&mut self, text: &str) {
        // `<https://…>` is Markdown's way to write a link.
        let text = plain(text).replace("<https://", "https://");
        let text = text.strip_suffix('>').unwrap_or(&text);
        match text.strip_prefix("- ") {
            _ if text.is_empty() => {}
            Some(item) => self.lines.extend(self.look.message("  - ", item, 4)),
            None => self.lines.extend(self.look.message("  ", text, 2)),
        }
    }

    /// Code is shown as it is: wrapped, it would be another.
    fn code(&mut self, line: &str) {
        self.lines.push(self.look.dim(&format!("    {line}")).trim_end().to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::UNBOUNDED;
    use crate::report::sample::mode;
    use crate::rules::registry::{RULES, stages::latest_base_image};

    #[test]
    fn a_rule_is_explained_in_plain_text() {
        let text = explain(&latest_base_image::RULE, &mode(60));
        let expected = "\
IMG102 latest-base-image
  level       warning
  practices   8 (repeatable from source control)
  judges      Dockerfiles
  also called DL3007, DS-0001, DKL-DI-0006
  remedy      name the version that is meant, such as
              node:22.11-bookworm-slim

What it does
  Reports a base image with the tag latest.

Why is this bad?
  latest is whatever was published last.";
        assert!(text.starts_with(expected), "{text}");
        assert!(text.contains("\nExample\n    FROM node:latest\n\nUse instead\n"), "{text}");
        assert!(text.contains("\nReferences\n  - https://docs.docker.com/build/"), "{text}");
        assert!(text.contains(
            "\nHow to waive it\n  On the line above the instruction:\n    # imgbuild ignore=IMG102"
        ));
    }

    #[test]
    fn every_rule_fits() {
        for rule in RULES {
            for width in [40, 80, UNBOUNDED] {
                let text = explain(rule, &mode(width));
                let lines = text.lines().filter(|line| !line.starts_with("    "));
                for line in lines {
                    assert!(!line.contains('`'), "{line}");
                    assert!(console::measure_text_width(line) <= width.min(MOST_COLUMNS), "{line}");
                }
            }
        }
    }
}
