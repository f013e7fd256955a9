//! Where our parser sees instructions, for `scripts/compare-parse`.
//!
//! `instructions FILE…` prints a line per instruction, `path<TAB>KEYWORD<TAB>first line<TAB>last line`, and one per
//! problem, `path<TAB>!<TAB>line<TAB>message`. An unknown keyword is printed as it is written, in upper case.

use std::error::Error;
use std::fs;
use std::io::{BufWriter, Write, stdout};

use imgbuild::dockerfile::{Keyword, parse};

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = BufWriter::new(stdout().lock());
    for path in std::env::args().skip(1) {
        let bytes = fs::read(&path).map_err(|error| format!("cannot read {path}: {error}"))?;
        let file = parse(&bytes);
        for instruction in &file.instructions {
            let keyword = match instruction.keyword {
                Keyword::Unknown => {
                    let text = String::from_utf8_lossy(instruction.span.of(&bytes)).into_owned();
                    text.split_whitespace().next().unwrap_or_default().to_uppercase()
                }
                known => format!("{known:?}").to_uppercase(),
            };
            writeln!(out, "{path}\t{keyword}\t{}\t{}", instruction.line, instruction.end_line)?;
        }
        for problem in &file.problems {
            writeln!(
                out,
                "{path}\t!\t{}\t{}",
                problem.line,
                problem.message.replace(['\n', '\r', '\t'], " ")
            )?;
        }
    }
    out.flush()?;
    Ok(())
}
