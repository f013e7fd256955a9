//! Names on the engine: the engine pushes a name, so the image that was tested has to have it.

use crate::engine::{Keeper, Record};
use crate::error::{Error, Kind, Result};
use crate::image::Reference;
use crate::plan::{Plan, PlannedTag};
use crate::smoke::VerifiedImage;

/// Sets the plan's tags on the engine, for a run that does not push. Gives their references.
pub async fn tag_on_engine(image: &VerifiedImage, plan: &Plan, keeper: &Keeper) -> Result<Vec<Reference>> {
    let mut references = Vec::new();
    for planned in &plan.tags {
        set(image, plan, planned, keeper).await?;
        references.push(plan.reference(planned));
    }
    Ok(references)
}

/// Gives the tested image the name of a tag that no other image may have, on the engine either: two runs that share an
/// engine would push each other's image.
pub(super) async fn claim(
    image: &VerifiedImage,
    plan: &Plan,
    planned: &PlannedTag,
    keeper: &Keeper,
) -> Result<()> {
    let reference = plan.reference(planned).familiar();
    let other = |id: &str| {
        Error::new(
            Kind::Refused,
            format!(
                "{reference} is the name of another image on the engine ({id}), not of the one that was tested"
            ),
        )
        .hint("another run on this engine publishes the same tag: one of the two is enough; run again for a tag of its own")
    };
    let named =
        async || Ok::<_, Error>(keeper.engine().inspect_image(&reference).await?.map(|named| named.id));
    if let Some(id) = named().await?.filter(|id| id != image.id().as_str()) {
        return Err(other(&id));
    }
    set(image, plan, planned, keeper).await?;
    match named().await? {
        Some(id) if id == image.id().as_str() => Ok(()),
        id => Err(other(id.as_deref().unwrap_or("none by now"))),
    }
}

async fn set(image: &VerifiedImage, plan: &Plan, planned: &PlannedTag, keeper: &Keeper) -> Result<()> {
    let engine = keeper.engine();
    let reference = plan.reference(planned).familiar();
    let before = engine.inspect_image(&reference).await?.map(|image| image.id);
    keeper.note(Record::TagOnEngine { reference, before })?;
    engine.tag_image(image.id().as_str(), &plan.repository.familiar(), planned.tag.as_str()).await
}
