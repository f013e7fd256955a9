//! Tags that follow commits move forward only: a pipeline that is run again for an old commit does not take `main` back.

use jiff::Timestamp;

use super::inputs::{Course, Inputs};
use crate::image::label;

/// Why `tag` stays with what it holds: a commit that comes after ours.
///
/// Git decides where it knows both commits and one follows the other. Else the later commit counts as the newer one:
/// after a rebase or in a clone without the history there is nothing else to go by. What is not an image of ours, or
/// does not say of which commit it is, stands in nobody's way.
pub(super) fn ahead(inputs: &Inputs<'_>, tag: &str) -> Option<String> {
    let image = inputs.registry?.image(tag)?;
    let revision = image.label(label::oci::REVISION)?;
    if revision == inputs.revision.commit {
        return None;
    }
    // A label is anybody's text.
    let short: String = revision.chars().filter(char::is_ascii_alphanumeric).take(7).collect();
    match inputs.courses.get(revision) {
        Some(Course::Ahead) => Some(format!("it holds {short}, which comes after this commit")),
        Some(Course::Behind) => None,
        Some(Course::Apart) | None => {
            // `created` is what SOURCE_DATE_EPOCH says, where it is set.
            let time = image.label(label::GIT_TIME).or(image.label(label::oci::CREATED))?;
            let time: Timestamp = time.parse().ok()?;
            let later = time.as_second() > inputs.source.commit_time;
            later.then(|| format!("it holds {short} of {time}, which is later than this commit"))
        }
    }
}
