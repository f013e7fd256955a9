//! The list of a repository's tags, page by page.

use std::collections::BTreeSet;

use reqwest::Method;
use serde::Deserialize;

use super::endpoint::check_path;
use super::pages;
use super::session::{Ask, Session};
use crate::error::Result;
use crate::image::Tag;

/// The longest page, in bytes: registries that know no pages send a hundred thousand tags at once.
const MAX_PAGE: usize = 16 << 20;
/// More tags than any plan can be made of. A list that was cut would move tags backwards, so this is an error.
const MAX_TAGS: usize = 100_000;
/// As many pages as that many tags take where a page has a hundred, and twice that.
const MAX_PAGES: usize = 2000;
/// What is asked for per page; registries give what they like.
const PAGE: &str = "n=1000";

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    tags: Option<Vec<String>>,
}

/// Every tag of the repository, in the registry's order; none where there is no such repository.
pub(super) async fn list(session: &Session, path: &str) -> Result<Vec<String>> {
    check_path(path)?;
    let mut tags = Vec::new();
    let mut seen = BTreeSet::new();
    let mut next = Some(session.endpoint.url(&format!("/v2/{path}/tags/list?{PAGE}"))?);
    while let Some(url) = next {
        let ask = Ask {
            accept: "application/json",
            limit: MAX_PAGE,
            ..Ask::new(Method::GET, url.clone(), path, "list the tags of")
        };
        let fail = |why: &str| session.subject(&ask).fail(why);
        if !seen.insert(url.to_string()) {
            return Err(fail("the registry's pages lead in a circle"));
        }
        if seen.len() > MAX_PAGES {
            return Err(fail(&format!("the list has more than {MAX_PAGES} pages")));
        }
        let answer = session.send(&ask).await?;
        // Behind the first page, a list that breaks off is none: tags would move backwards.
        if answer.status.as_u16() == 404 && seen.len() == 1 {
            return Ok(Vec::new());
        }
        if !answer.status.is_success() {
            return Err(session.refused(&ask, &answer));
        }
        let page: Page = serde_json::from_slice(&answer.body)
            .map_err(|_| fail("the registry's answer is no list of tags"))?;
        // What is no tag cannot be asked for either.
        tags.extend(page.tags.unwrap_or_default().into_iter().filter(|tag| tag.parse::<Tag>().is_ok()));
        if tags.len() > MAX_TAGS {
            return Err(fail(&format!("it has more than {MAX_TAGS}")));
        }
        next = pages::next(session, &ask, &answer)?;
    }
    Ok(tags)
}
