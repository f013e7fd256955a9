//! The git tag of the version: made where it is to be made, and pushed before anything is published.
//!
//! The remote takes a name once, which registries do not: of two promotions to one version at the same moment, the one that is
//! later is refused by it, with nothing done.

use std::sync::Arc;

use super::look::Looked;
use crate::error::{Error, Kind, Result};
use crate::flow::session::{Session, blocking};
use crate::source::{self, NamedCommit, NewTag, Sent, SourceState};
use crate::stop::Stop;

/// The tags that the remote has at this moment.
pub(super) async fn of_remote(session: &Session, state: &Arc<SourceState>) -> Result<Vec<NamedCommit>> {
    let (state, environment, stop) = (Arc::clone(state), session.environment.clone(), session.stop.clone());
    blocking(move || source::remote_tags(&state.root, state.reader, &environment, &stop)).await
}

/// Makes the tag and pushes it, as far as that was decided. Where the remote does not take it, one that was made for it is
/// taken back: what is there would count as the source of truth the next time. Whether the remote has a tag more.
pub(super) async fn set(session: &Session, looked: &Looked) -> Result<bool> {
    let promotion = &looked.promotion;
    let tag = promotion.git_tag.clone();
    let commit = promotion.revision.clone();
    let message = format!("Release {}\n\n{}\n", promotion.version, promotion.source);
    let (state, environment, stop) =
        (Arc::clone(&looked.source), session.environment.clone(), session.stop.clone());
    let (name, at) = (tag.name.clone(), commit.clone());
    let sent = blocking(move || {
        let new = NewTag { name: &name, commit: &at, message: &message };
        if tag.is_new {
            source::make_tag(&state.root, state.reader, &environment, new, &stop)?;
        }
        if !tag.is_pushed {
            return Ok(Sent::Taken);
        }
        let sent = source::push_tag(&state.root, state.reader, &environment, &name, &stop);
        if matches!(sent, Ok(Sent::Taken)) {
            return sent;
        }
        // Also behind a signal, which would end another git at once.
        let back = tag
            .is_new
            .then(|| source::drop_tag(&state.root, state.reader, &environment, new, &Stop::default()));
        match sent? {
            Sent::Refused(why) => Err(refused(&name, &why, back)),
            Sent::Taken => Ok(Sent::Taken),
        }
    });
    sent.await?;
    let (tag, made) =
        (&promotion.git_tag, if promotion.git_tag.is_new { "made and pushed" } else { "pushed" });
    if tag.is_pushed {
        session.events.note(format!("{made} the git tag {} at {commit}", tag.name));
    }
    Ok(tag.is_pushed)
}

/// What was done and what was not.
fn refused(name: &str, why: &str, back: Option<Result<()>>) -> Error {
    let here = match back {
        Some(Ok(())) => "the tag that was made for it in this clone was taken back".to_owned(),
        Some(Err(error)) => format!("the tag that was made for it stays in this clone ({error})"),
        None => "the tag stays in this clone, as it was".to_owned(),
    };
    let what =
        format!("the remote did not take the git tag {name}: {why}; nothing was published, and {here}");
    Error::new(Kind::Refused, what)
        .hint(format!("git push origin {name} has to work here, without a question and for this name"))
        .hint("without --tag-git, the tag can be made elsewhere, pushed, and fetched: git fetch --tags")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_became_of_the_tag_in_the_clone_is_told() {
        let failed = || Err(Error::new(Kind::Refused, "somebody moved it"));
        for (back, told) in [
            (
                Some(Ok(())),
                "nothing was published, and the tag that was made for it in this clone was taken back",
            ),
            (Some(failed()), "stays in this clone (somebody moved it)"),
            (None, "the tag stays in this clone, as it was"),
        ] {
            let error = refused("v1.4.0", "[rejected] (already exists)", back);
            assert_eq!(error.kind(), Kind::Refused);
            assert!(
                error.message().contains("v1.4.0: [rejected]") && error.message().contains(told),
                "{error}"
            );
        }
    }
}
