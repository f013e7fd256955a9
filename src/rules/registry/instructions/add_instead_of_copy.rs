//! `add-instead-of-copy`.

use crate::dockerfile::Keyword;
use crate::rules::Edit;
use crate::rules::analysis::Analysis;
use crate::rules::words::listed;
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports an `ADD` of files and folders of the build context that `COPY` can do as well.
    ///
    /// ## Why is this bad?
    /// `ADD` downloads what looks like a URL and unpacks what looks like an archive. Whoever reads the line has to
    /// know which of these happens, and a renamed file changes it.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// ADD conf /etc/app
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// COPY conf /etc/app
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/dockerfile/#add>
    /// - <https://docs.docker.com/build/building/best-practices/#add-or-copy>
    IMG203 "add-instead-of-copy" {
        level: Warning,
        items: [BestPractice],
        aliases: ["DL3020", "CIS-DI-0009", "DS-0005", "CKV_DOCKER_4"],
        remedy: "write COPY: it does the same for files and folders",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    for step in file.of(Keyword::Add).filter(|step| !step.onbuild) {
        let Some(transfer) = file.transfer(step) else { continue };
        let plain: Vec<&str> = transfer
            .sources
            .iter()
            .map(|source| source.text.as_str())
            .filter(|source| !needs_add(&file.expanded(step, source).unwrap_or_else(|| (*source).to_owned())))
            .collect();
        if plain.is_empty() {
            continue;
        }
        let finding = found.add(file.place(step), format!("ADD takes {}, which COPY can do", listed(&plain)));
        let known = ["chown", "chmod", "link", "exclude"];
        if plain.len() == transfer.sources.len()
            && plain.iter().all(|source| is_surely_no_archive(source))
            && step.instruction.flags.iter().all(|flag| known.contains(&flag.name.as_str()))
        {
            let edit = Edit {
                span: step.instruction.keyword_span,
                text: copy(step.instruction.keyword_span.of(file.bytes)),
            };
            finding.fix("write COPY in place of ADD", vec![edit]);
        }
    }
}

/// What only `ADD` can do: download, clone and unpack.
fn needs_add(source: &str) -> bool {
    const REMOTE: [&str; 5] = ["http://", "https://", "git@", "git://", "ssh://"];
    const ARCHIVES: [&str; 20] = [
        ".tar",
        ".gz",
        ".bz2",
        ".xz",
        ".Z",
        ".lz",
        ".lzma",
        ".tgz",
        ".tbz",
        ".tbz2",
        ".tb2",
        ".txz",
        ".tlz",
        ".tpz",
        ".tZ",
        ".tar.zst",
        ".tar.gz",
        ".tar.bz2",
        ".tar.xz",
        ".tar.lzma",
    ];
    REMOTE.iter().any(|start| source.starts_with(start)) || ARCHIVES.iter().any(|end| source.ends_with(end))
}

/// What an archive is decides its content and not its name: only a folder, or text by its name, is none for sure.
fn is_surely_no_archive(source: &str) -> bool {
    const TEXTS: [&str; 14] = [
        ".sh", ".conf", ".json", ".yaml", ".yml", ".toml", ".txt", ".md", ".py", ".js", ".ts", ".html",
        ".css", ".xml",
    ];
    let is_plain =
        !source.contains(['$', '*', '?', '[']) && !source.contains("://") && !source.starts_with("<<");
    is_plain && (source.ends_with('/') || source == "." || TEXTS.iter().any(|end| source.ends_with(end)))
}

fn copy(written: &[u8]) -> String {
    let is_lower = written.iter().all(u8::is_ascii_lowercase);
    if is_lower { "copy".to_owned() } else { "COPY".to_owned() }
}
