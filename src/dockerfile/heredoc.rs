//! Which words of a line open a here-document, and where each ends.

use super::expand::{ExpandError, Raw, lex};
use super::lines::Lines;
use super::{Heredoc, Span};

/// The here-documents that the logical line `text` opens, bodies not yet read.
///
/// A word opens one where it is `N<<WORD` or `N<<-WORD`; `<< WORD` with a blank does not (the frontends of many engines
/// read the next lines as instructions then). A line whose quotes do not match opens none.
pub(super) fn opened(text: &str) -> Result<Vec<Heredoc>, ExpandError> {
    if !text.contains("<<") {
        return Ok(Vec::new());
    }
    let raw = Raw { quotes: true, escapes: true, unset: true };
    let Ok(line) = lex(text, '\\', raw, &|_| None) else { return Ok(Vec::new()) };
    let mut heredocs = Vec::new();
    for word in &line.words {
        if let Some(heredoc) = from_word(word)? {
            heredocs.push(heredoc);
        }
    }
    Ok(heredocs)
}

/// Whether `word` opens a here-document.
pub(super) fn opens(word: &str) -> bool {
    word.contains("<<") && matches!(from_word(word), Ok(Some(_)))
}

fn from_word(word: &str) -> Result<Option<Heredoc>, ExpandError> {
    let digits = word.find(|c: char| !c.is_ascii_digit()).unwrap_or(word.len());
    let (fd, rest) = word.split_at_checked(digits).unwrap_or(("", word));
    let Some(rest) = rest.strip_prefix("<<") else { return Ok(None) };
    let (chomp, name) = rest.strip_prefix('-').map_or((false, rest), |name| (true, name));
    let name = name.trim_start();
    if name.is_empty() || name.contains('<') {
        return Ok(None);
    }
    // Read with and without its quotes: where their number differs, a part was quoted.
    let plain = lex(name, '\\', Raw { unset: true, ..Raw::default() }, &|_| None)?;
    let quoted = lex(name, '\\', Raw { unset: true, quotes: true, escapes: false }, &|_| None)?;
    let ([plain], [quoted]) = (plain.words.as_slice(), quoted.words.as_slice()) else { return Ok(None) };
    let quotes = |word: &str| word.matches(['\'', '"']).count();
    Ok(Some(Heredoc {
        name: plain.clone(),
        expand: quotes(plain) == quotes(quoted),
        chomp,
        fd: fd.parse().unwrap_or_default(),
        body: Span::default(),
    }))
}

/// Reads the body of `heredoc` from `lines`. `None` where the file ends before its terminator; else the end of the
/// terminator's line.
pub(super) fn read_body(heredoc: &mut Heredoc, lines: &mut Lines<'_>) -> Option<usize> {
    let mut begun = false;
    for line in lines.by_ref() {
        if !begun {
            heredoc.body = Span { start: line.full.start, end: line.full.start };
            begun = true;
        }
        let mut text = line.text;
        while heredoc.chomp
            && let Some(tail) = text.strip_prefix(b"\t")
        {
            text = tail;
        }
        if text == heredoc.name.as_bytes() {
            return Some(line.span().end);
        }
        heredoc.body.end = line.full.end;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(line: &str) -> Vec<(String, bool, bool, u32)> {
        opened(line).unwrap().into_iter().map(|h| (h.name, h.expand, h.chomp, h.fd)).collect()
    }

    #[test]
    fn words_that_open_documents() {
        let one = |name: &str, expand, chomp, fd| vec![(name.to_owned(), expand, chomp, fd)];
        assert_eq!(names("RUN cat <<EOF > f"), one("EOF", true, false, 0));
        assert_eq!(names("RUN <<-EOF"), one("EOF", true, true, 0));
        assert_eq!(names("RUN 3<<'E F'"), one("E F", false, false, 3));
        assert_eq!(names("RUN <<E\"O\"F"), one("EOF", false, false, 0));
        assert_eq!(names("RUN <<$EOF"), one("$EOF", true, false, 0));
        assert_eq!(names("COPY <<a <<b /").len(), 2);
        assert_eq!(names("RUN x=${y:-z} cat <<EOF"), one("EOF", true, false, 0));
    }

    #[test]
    fn words_that_do_not() {
        for line in [
            "RUN cat << EOF",
            "RUN a<<EOF",
            "RUN cat <<<EOF",
            "RUN echo $((1 << 2))",
            "RUN '<<EOF",
            "RUN \"a <<EOF\"",
        ] {
            assert_eq!(names(line), [], "{line}");
        }
    }
}
