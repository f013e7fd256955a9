//! `remote-add-without-checksum`.

use crate::dockerfile::Keyword;
use crate::rules::analysis::Analysis;
use crate::rules::words::{is_git, is_remote, shown_url};
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports `ADD` of a file from the network without `--checksum`.
    ///
    /// ## Why is this bad?
    /// What the server sends goes into the image unseen. With a checksum the build fails where it is another
    /// file, and the builder need not ask the server again where it is the same.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// ADD https://example.com/a-1.2.tar.gz /tmp/
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// ADD --checksum=sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 \
    ///     https://example.com/a-1.2.tar.gz /tmp/
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/dockerfile/#add---checksum>
    IMG414 "remote-add-without-checksum" {
        level: Warning,
        items: [Repeatable],
        aliases: [],
        remedy: "add --checksum=sha256:… with the file's checksum",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    for step in file.of(Keyword::Add).filter(|step| step.instruction.flag("checksum").is_none()) {
        let Some(transfer) = file.transfer(step) else { continue };
        let mut sources = transfer.sources.iter().map(|source| &source.text);
        if let Some(url) = sources.find(|url| is_remote(url) && !is_git(url)) {
            found.add(file.place(step), format!("nothing checks what ADD fetches from {}", shown_url(url)));
        }
    }
}
