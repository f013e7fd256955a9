//! `from-as-casing`.

use crate::rules::Edit;
use crate::rules::analysis::Analysis;
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports a `FROM` whose `AS` is written in another case than the `FROM` itself.
    ///
    /// ## Why is this bad?
    /// Keywords have no case for the builder, but whoever reads the line finds its parts by it.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12 as build
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12 AS build
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/build-checks/from-as-casing/>
    IMG110 "from-as-casing" {
        level: Info,
        items: [BestPractice],
        aliases: ["FromAsCasing"],
        remedy: "write FROM and AS in the same case",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    for (index, _) in file.stages() {
        let Some(step) = file.from_of(index) else { continue };
        let Some(keyword) = file.from_words(step).and_then(|words| words.keyword) else { continue };
        let from = step.instruction.keyword_span.of(file.bytes);
        let wanted = if from.iter().all(u8::is_ascii_uppercase) {
            "AS"
        } else if from.iter().all(u8::is_ascii_lowercase) {
            "as"
        } else {
            continue;
        };
        if keyword.text == wanted {
            continue;
        }
        let from = String::from_utf8_lossy(from);
        found
            .add(file.place_at(step, keyword.span), format!("{from} and {} differ in case", keyword.text))
            .fix(
                "write both keywords in one case",
                vec![Edit { span: keyword.span, text: wanted.to_owned() }],
            );
    }
}
