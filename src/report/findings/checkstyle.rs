//! `--format checkstyle`: the XML that Jenkins' warnings plugin and many others read.

use std::fmt::Write as _;

use super::Results;
use crate::report::escape;
use crate::rules::Finding;

/// The findings that count, by file, as Checkstyle's XML.
pub fn checkstyle(results: &Results<'_>) -> String {
    let mut out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<checkstyle version=\"4.3\">\n".to_owned();
    let findings: Vec<(String, &Finding)> =
        results.judgement.standing().map(|finding| (results.file(finding), finding)).collect();
    for of_file in findings.chunk_by(|(a, _), (b, _)| a == b) {
        let path = of_file.first().map_or("", |(path, _)| path.as_str());
        out += &format!("  <file name=\"{}\">\n", attribute(path));
        of_file.iter().for_each(|(_, finding)| out += &error(results, finding));
        out += "  </file>\n";
    }
    out + "</checkstyle>\n"
}

fn error(results: &Results<'_>, finding: &Finding) -> String {
    let place = &finding.place;
    let column = if place.column > 0 { format!(" column=\"{}\"", place.column) } else { String::new() };
    let field = place.field.as_ref().map(|field| format!("{field}: ")).unwrap_or_default();
    format!(
        "    <error line=\"{}\"{column} severity=\"{}\" message=\"{}\" source=\"{}\"/>\n",
        place.line,
        finding.level,
        attribute(&format!("{field}{}; {}", results.message(finding), finding.remedy)),
        attribute(&format!("imgbuild.{}.{}", finding.rule.code, finding.rule.name)),
    )
}

/// The value of an attribute. What XML cannot hold at all is shown as `\u{1b}`; what a terminal or a CI would act on is
/// a reference to the character, and so comes back.
fn attribute(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        let is_forbidden =
            matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
        let is_reference = matches!(c, '&' | '<' | '>' | '"' | '\'')
            || escape::is_hidden(c)
            || c == '#' && escape::is_command(text, at);
        if is_forbidden {
            out.extend(c.escape_unicode());
        } else if is_reference {
            // Writing to a string cannot fail.
            let _ = write!(out, "&#{};", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}
