//! `wget-with-progress-bar`.

use crate::dockerfile::Keyword;
use crate::dockerfile::shell::Word;
use crate::rules::analysis::Analysis;
use crate::rules::words::called;
use crate::rules::{Found, rule};

const QUIET: [&str; 5] = ["--quiet", "--no-verbose", "--progress", "--output-file", "--append-output"];

rule! {
    /// ## What it does
    /// Reports `wget` that is neither quiet nor told how to show its progress.
    ///
    /// ## Why is this bad?
    /// Without a terminal, `wget` prints a line of dots for every 50 kB. The log of the build grows by
    /// thousands of lines, and the line that matters is lost in them.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// RUN wget https://example.com/a-1.2.tar.gz
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// RUN wget --progress=dot:giga https://example.com/a-1.2.tar.gz
    /// ```
    ///
    /// ## References
    /// - <https://www.gnu.org/software/wget/manual/wget.html#Download-Options>
    IMG407 "wget-with-progress-bar" {
        level: Info,
        items: [BestPractice],
        aliases: ["DL3047"],
        remedy: "add --progress=dot:giga, or -q or -nv",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    for step in file.of(Keyword::Run) {
        let noisy = step.commands().find(|(_, command)| match called(command) {
            [name, args @ ..] => name.text == "wget" && !args.iter().any(quiets),
            [] => false,
        });
        if let Some((body, command)) = noisy {
            let place = file.place_at(step, step.span(body, command.range.clone()));
            found.add(place, "wget prints its progress bar into the log of the build");
        }
    }
}

/// `-q`, `-nv`, `-o log`, `-a log`, also among other letters, or one of the long ones.
fn quiets(word: &Word) -> bool {
    let text = word.text.as_str();
    if text.starts_with("--") {
        return QUIET.contains(&text.split('=').next().unwrap_or(text));
    }
    let Some(letters) = text.strip_prefix('-') else { return false };
    letters == "nv" || letters.contains(['q', 'o', 'a'])
}
