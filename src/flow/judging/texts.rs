//! Dockerfiles judged by their text, on all processors.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::TextFile;
use crate::dockerfile::{BaseImage, graph, parse};
use crate::error::{Error, Kind, Result};
use crate::rules::facts::BaseFacts;
use crate::rules::waiver::inline_waivers;
use crate::rules::{Analysis, Expectations, Fact, FileWaivers, Verdicts};
use crate::stop::Stop;

/// Judges `files`; findings and waivers are in their order, however many processors there are.
pub(super) fn judge(
    files: &[TextFile],
    expectations: &Expectations,
    bases: &Fact<BaseFacts>,
    stop: &Stop,
) -> Result<(Verdicts, Vec<FileWaivers>)> {
    let next = AtomicUsize::new(0);
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(files.len());
    let work = || {
        let mut done = Vec::new();
        // Which rules ran is noted here for all files together.
        let mut verdicts = Verdicts::default();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(file) = files.get(at).filter(|_| !stop.is_set()) else { return (done, verdicts) };
            let waivers = one(file, expectations, bases, &mut verdicts);
            done.push((at, std::mem::take(&mut verdicts.findings), waivers));
        }
    };
    let (mut all, mut verdicts) = std::thread::scope(|scope| {
        let others: Vec<_> = (1..workers).map(|_| scope.spawn(work)).collect();
        let (mut all, mut verdicts) = work();
        for other in others {
            let broken = |_| Error::new(Kind::Internal, "a rule broke off while it judged a file");
            let (done, noted) = other.join().map_err(broken)?;
            all.extend(done);
            verdicts.add(noted);
        }
        Ok((all, verdicts))
    })?;
    stop.check()?;
    all.sort_by_key(|(at, ..)| *at);
    verdicts.findings.reserve_exact(all.iter().map(|(_, findings, _)| findings.len()).sum());
    let mut waivers = Vec::with_capacity(all.len());
    for (_, findings, own) in all {
        verdicts.findings.extend(findings);
        waivers.push(own);
    }
    Ok((verdicts, waivers))
}

/// What `look` sees in a file that was read.
pub(super) fn analysed<T>(
    file: &TextFile,
    expectations: &Expectations,
    look: impl FnOnce(&Analysis<'_>) -> T,
) -> T {
    let parsed = parse(&file.bytes);
    look(&Analysis::new(&file.path, &file.bytes, &parsed, expectations))
}

fn one(
    file: &TextFile,
    expectations: &Expectations,
    bases: &Fact<BaseFacts>,
    verdicts: &mut Verdicts,
) -> FileWaivers {
    analysed(file, expectations, |analysis| {
        verdicts.of_file(analysis, bases);
        let inline = inline_waivers(analysis.path, analysis.bytes, analysis.file);
        FileWaivers { path: file.path.clone(), inline }
    })
}

/// The images that the files start from.
pub(super) fn images(files: &[TextFile], expectations: &Expectations) -> BTreeSet<String> {
    let bases = files.iter().flat_map(|file| {
        let parsed = parse(&file.bytes);
        let mut bases = graph(&parsed, &expectations.build_args).bases;
        expectations.replace(&parsed, &mut bases);
        bases
    });
    let image = |base| match base {
        BaseImage::Image(reference) => Some(reference),
        _ => None,
    };
    bases.filter_map(image).collect()
}
