//! What an image holds, for `scripts/compare-packages` and `make bench`: the archive that `docker save` writes comes by stdin.
//!
//! `contents packages REPOSITORY DIGEST` prints a line per package, `type<TAB>name<TAB>version<TAB>URL`; `contents spdx …` and
//! `contents cyclonedx …` print the documents, made at the time 0; `contents files …` what of its files matters.

use std::error::Error;
use std::io::{BufWriter, Write, stdin, stdout};

use imgbuild::inventory::{of_archive, sbom};
use jiff::Timestamp;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [what, repository, digest] = arguments.as_slice() else {
        return Err("usage: contents packages|spdx|cyclonedx|files REPOSITORY DIGEST <ARCHIVE".into());
    };
    let inventory = of_archive(&mut stdin().lock())?;
    let about = sbom::About {
        repository: repository.clone(),
        digest: digest.parse()?,
        created: Timestamp::UNIX_EPOCH,
    };
    let mut out = BufWriter::new(stdout().lock());
    match what.as_str() {
        "packages" => {
            for package in &inventory.packages {
                let (kind, purl) = (package.ecosystem.purl_type(), package.purl(inventory.os.as_ref()));
                writeln!(out, "{kind}\t{}\t{}\t{purl}", package.name, package.version)?;
            }
        }
        "spdx" => out.write_all(&sbom::spdx(&inventory, &about))?,
        "cyclonedx" => out.write_all(&sbom::cyclonedx(&inventory, &about))?,
        "files" => writeln!(out, "{:#?}", inventory.files)?,
        other => return Err(format!("there is no {other}").into()),
    }
    out.flush()?;
    Ok(())
}
