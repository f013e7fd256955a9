//! Manual pages, made from the command tree. They are committed below `man/`.

use std::path::Path;

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::{help, tree};
use crate::error::{Error, Kind, Result};
use crate::report::ReportFile;

/// What stands at the top of each page, in the middle.
const MANUAL: &str = "imgbuild manual";

/// The page of imgbuild itself.
pub fn page() -> Result<String> {
    render(&tree::visible(), None)
}

/// Every page: the name of its file, and its text.
pub fn pages() -> Result<Vec<(String, String)>> {
    let tree = tree::visible();
    let mut pages = Vec::new();
    collect(&tree, None, &mut pages)?;
    Ok(pages)
}

/// Writes every page into `folder`, which is made where there is none.
pub(super) fn write(folder: &Path) -> Result<()> {
    let failed = |path: &Path, cause| {
        Error::new(Kind::Io, format!("cannot write the manual page {}", path.display())).because(cause)
    };
    std::fs::create_dir_all(folder).map_err(|cause| failed(folder, cause))?;
    for (name, text) in pages()? {
        let path = folder.join(&name);
        ReportFile::replace(folder, &name, text.as_bytes()).map_err(|cause| failed(&path, cause))?;
    }
    Ok(())
}

fn collect(command: &Command, above: Option<&Command>, pages: &mut Vec<(String, String)>) -> Result<()> {
    pages.push((format!("{}.1", title(command)), render(command, above)?));
    command.get_subcommands().try_for_each(|below| collect(below, Some(command), pages))
}

fn title(command: &Command) -> &str {
    command.get_display_name().unwrap_or_else(|| command.get_name())
}

fn render(command: &Command, above: Option<&Command>) -> Result<String> {
    let man = Man::new(command.clone());
    // Not by the crate, which leaves out an empty date, and so takes what follows for it.
    let version = env!("CARGO_PKG_VERSION");
    let mut page =
        format!(".TH \"{}\" 1 \"\" \"imgbuild {version}\" \"{MANUAL}\"\n", title(command)).into_bytes();
    let sections = man
        .render_name_section(&mut page)
        .and_then(|()| man.render_synopsis_section(&mut page))
        .and_then(|()| man.render_description_section(&mut page))
        .and_then(|()| man.render_options_section(&mut page))
        .and_then(|()| match command.has_subcommands() {
            true => man.render_subcommands_section(&mut page),
            false => Ok(()),
        });
    sections
        .and_then(|()| ending(above).to_writer(&mut page))
        .map_err(|cause| Error::new(Kind::Internal, "cannot make a manual page").because(cause))?;
    let page = String::from_utf8_lossy(&page);
    let lines: Vec<&str> = page.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    Ok(lines.join("\n") + "\n")
}

/// What the tree does not hold: exit codes, and where to read on.
fn ending(above: Option<&Command>) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["EXIT STATUS"]);
    for (code, summary) in help::codes() {
        roff.control("TP", []).text([bold(code.to_string())]).text([roman(summary)]);
    }
    if let Some(above) = above {
        roff.control("SH", ["SEE ALSO"]).text([bold(title(above)), roman("(1)")]);
    }
    roff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page_with_the_exit_codes() {
        let pages = pages().unwrap();
        let names: Vec<&str> = pages.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names.first(), Some(&"imgbuild.1"));
        assert!(names.contains(&"imgbuild-ci.1") && names.contains(&"imgbuild-hook-install.1"), "{names:?}");
        for (name, text) in &pages {
            for kind in Kind::ALL {
                assert!(text.contains(&format!("\\fB{}\\fR", kind.exit_code())), "{name}: {kind:?}");
            }
        }
        assert_eq!(page().unwrap(), pages[0].1);
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        let error = write(&file.join("man")).unwrap_err();
        assert_eq!(error.kind(), Kind::Io);
        assert!(error.message().contains("file/man"), "{error}");
    }
}
