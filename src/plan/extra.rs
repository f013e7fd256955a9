//! Tags that the configuration names: templates, with the values of this run.

use jiff::Timestamp;

use super::model::Promise;
use super::request::{Ref, TagRequest, Wanted, following, is_number, wanted};
use super::version::{self, Line, VersionTag};
use crate::error::{Error, Kind, Result};
use crate::image::{Placeholder, Reserved, TagTemplate, reserved, slug, tag_slug};

/// A tag that the configuration names; the inner error says why this run does not set it.
pub(super) fn extra(
    request: &TagRequest<'_>,
    template: &TagTemplate,
    versions: &[VersionTag],
) -> Result<std::result::Result<Wanted, String>> {
    let uses = |placeholder| template.placeholders().any(|used| used == placeholder);
    if matches!(request.reference, Ref::Pull(_)) && !uses(Placeholder::Pr) {
        // It would be everybody's tag, moved by whoever opened the pull request.
        return Ok(Err("on a pull request only tags with {pr} are".to_owned()));
    }
    let value = |placeholder| placeholder_value(request, placeholder);
    let Some(text) = template.expand(&value) else {
        let missing = template.placeholders().find(|used| value(*used).is_none());
        let missing = missing.map_or("a value", Placeholder::as_str);
        return Ok(Err(format!("{{{missing}}} has no value in this run")));
    };
    let of = |line| versions.iter().find(|version| version.line == line);
    let line = [
        (Placeholder::Version, Line::Exact),
        (Placeholder::Minor, Line::Minor),
        (Placeholder::Major, Line::Major),
    ];
    // The most specific placeholder decides what the tag promises; a git tag that names a version is one.
    let exact = (uses(Placeholder::Tag) && request.version().is_some()).then_some(Line::Exact);
    let line = || line.into_iter().find(|(placeholder, _)| uses(*placeholder)).map(|(_, line)| line);
    if let Some(line) = exact.or_else(line) {
        let Some(version) = of(line) else {
            return Ok(Err("this run sets no such version tag".to_owned()));
        };
        let promise = if line == Line::Exact { Promise::Version } else { Promise::Moving };
        // `v1.2.3` is what git calls it, and no registry takes it for a version.
        if !text.starts_with('v') && versions.iter().all(|version| version.tag != text) {
            unlike_ours(template, &text)?;
        }
        return wanted(&text, promise, version.newer.clone()).map(Ok);
    }
    // The slug of a branch never looks like a tag of another kind.
    if value(Placeholder::Branch).is_none_or(|slug| slug != text) {
        unlike_ours(template, &text)?;
    }
    following(&text).map(Ok)
}

/// Refuses what a template came to where it looks like a tag with a meaning of its own.
fn unlike_ours(template: &TagTemplate, text: &str) -> Result<()> {
    let of_commit = |used| matches!(used, Placeholder::Sha | Placeholder::Commit);
    match reserved(text, &[]) {
        None => return Ok(()),
        // One commit in twenty-five begins with seven decimal digits.
        Some(Reserved::Version) if template.placeholders().any(of_commit) => return Ok(()),
        Some(_) => {}
    }
    let message = format!(
        "image.tags: {template} came to {text} in this run, which looks like a tag that imgbuild sets itself"
    );
    Err(Error::new(Kind::Config, message)
        .hint("give it a word of its own in front, such as edge-{branch}: versions, latest, pr-N, tag-… and …-dev are taken"))
}

fn placeholder_value(request: &TagRequest<'_>, placeholder: Placeholder) -> Option<String> {
    let reference = request.reference;
    let of_version = |line| {
        let version = request.version().filter(|version| version.build.is_empty())?;
        let has_line = line == Line::Exact
            || (version::is_stable(&version) && (line == Line::Minor || version.major > 0));
        has_line.then(|| version::value(&version, line))
    };
    match placeholder {
        Placeholder::Branch => match reference {
            Ref::Branch(name) => Some(slug(name.as_bytes(), &request.reserved())),
            _ => None,
        },
        Placeholder::Tag => match reference {
            Ref::Tag(name) => Some(tag_slug(name.as_bytes())),
            _ => None,
        },
        Placeholder::Pr => match reference {
            Ref::Pull(number) if is_number(number) => Some(number.clone()),
            _ => None,
        },
        Placeholder::Sha => Some(request.commit.chars().take(7).collect()),
        Placeholder::Commit => Some(request.commit.to_owned()),
        Placeholder::Version => of_version(Line::Exact),
        Placeholder::Minor => of_version(Line::Minor),
        Placeholder::Major => of_version(Line::Major),
        Placeholder::Date => {
            let day = Timestamp::from_second(request.now).ok()?;
            Some(day.strftime("%Y%m%d").to_string())
        }
        Placeholder::Time => Some(request.now.to_string()),
    }
}
