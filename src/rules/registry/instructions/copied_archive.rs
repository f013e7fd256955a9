//! `copied-archive`.

use std::collections::BTreeSet;

use crate::dockerfile::Keyword;
use crate::dockerfile::shell::Command;
use crate::rules::analysis::Analysis;
use crate::rules::analysis::Transfer;
use crate::rules::words::shown;
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports a `COPY` of a tar archive from the build context that a `RUN` below unpacks.
    ///
    /// ## Why is this bad?
    /// The archive stays in the layer of the `COPY`, also where a later line removes it. `ADD` unpacks it and keeps
    /// nothing of it.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// COPY app.tar.gz /tmp/
    /// RUN tar -xzf /tmp/app.tar.gz -C /opt
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// ADD app.tar.gz /opt/
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/dockerfile/#add>
    /// - <https://docs.docker.com/build/building/best-practices/#add-or-copy>
    IMG204 "copied-archive" {
        level: Info,
        items: [BestPractice],
        aliases: ["DL3010"],
        remedy: "let ADD unpack the archive: it leaves no copy of it in a layer",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    for (index, _) in file.stages() {
        // From the last line up, so that what is unpacked below each COPY is known.
        let mut unpacked: BTreeSet<String> = BTreeSet::new();
        let mut wrong = Vec::new();
        for step in file.of_stage(index).filter(|step| !step.onbuild).collect::<Vec<_>>().into_iter().rev() {
            match step.instruction.keyword {
                Keyword::Run => {
                    for (_, command) in step.commands() {
                        let command = command.unwrapped();
                        if unpacks(&command) {
                            let names = command.args().iter().map(|word| operand(&word.text));
                            unpacked.extend(names.map(str::to_owned));
                        }
                    }
                }
                Keyword::Copy if step.instruction.flag("from").is_none() => {
                    if let Some(name) = file.transfer(step).and_then(|transfer| archive(&transfer, &unpacked))
                    {
                        wrong.push((step, name));
                    }
                }
                _ => {}
            }
        }
        for (step, name) in wrong.into_iter().rev() {
            found
                .add(file.place(step), format!("the archive {} is copied, and unpacked below", shown(&name)));
        }
    }
}

/// The archive among the sources that is unpacked under its own name or under the one it is given.
fn archive(transfer: &Transfer, unpacked: &BTreeSet<String>) -> Option<String> {
    const ENDS: [&str; 12] = [
        ".tar",
        ".tar.gz",
        ".tgz",
        ".tar.bz2",
        ".tbz",
        ".tbz2",
        ".tb2",
        ".tar.xz",
        ".txz",
        ".tar.Z",
        ".tar.lzma",
        ".tpz",
    ];
    let is_archive = |name: &str| ENDS.iter().any(|end| name.ends_with(end));
    let to = base(&transfer.destination.text);
    let mut sources =
        transfer.sources.iter().map(|source| base(&source.text)).filter(|name| is_archive(name));
    let renamed = (is_archive(to) && unpacked.contains(to)).then(|| sources.clone().next()).flatten();
    renamed.or_else(|| sources.find(|name| unpacked.contains(*name))).map(str::to_owned)
}

fn base(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// The file's name in a word such as `/a/b.tgz` or `--file=/a/b.tgz`.
fn operand(word: &str) -> &str {
    let value =
        word.strip_prefix("--").and_then(|flag| flag.split_once('=')).map_or(word, |(_, value)| value);
    base(value)
}

fn unpacks(command: &Command) -> bool {
    let first = command.args().first().map(|word| word.text.as_str()).unwrap_or_default();
    let is_letters = |word: &str| word.chars().all(|c| c.is_ascii_alphanumeric());
    match command.name() {
        "tar" | "bsdtar" => {
            // The old form has its letters in the first word, without a dash.
            is_letters(first) && first.contains('x')
                || command.flags().any(|flag| match flag.strip_prefix("--") {
                    Some(long) => matches!(long, "extract" | "get"),
                    None => flag.contains('x'),
                })
        }
        "gunzip" | "bunzip2" | "unxz" | "unlzma" | "uncompress" => true,
        "gzip" | "bzip2" | "xz" => command.has_flag(&["-d", "--decompress"]),
        _ => false,
    }
}
