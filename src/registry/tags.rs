//! The list of a repository's tags, page by page.

use std::collections::BTreeSet;

use reqwest::Method;
use reqwest::header::LINK;
use serde::Deserialize;

use super::endpoint::check_path;
use super::session::{Ask, Session};
use crate::error::Result;
use crate::image::Tag;

/// The longest page, in bytes: registries that know no pages send a hundred thousand tags at once.
const MAX_PAGE: usize = 16 << 20;
/// More tags than any plan can be made of. A list that was cut would move tags backwards, so this is an error.
const MAX_TAGS: usize = 100_000;
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
            method: Method::GET,
            url: url.clone(),
            path,
            actions: "pull",
            accept: "application/json",
            limit: MAX_PAGE,
            attempt: "list the tags of".to_owned(),
        };
        let fail = |why: &str| session.subject(&ask).fail(why);
        if !seen.insert(url.to_string()) {
            return Err(fail("the registry's pages lead in a circle"));
        }
        let answer = session.send(&ask).await?;
        if answer.status.as_u16() == 404 {
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
        let links = answer.headers.get_all(LINK);
        next = match links.iter().filter_map(|v| v.to_str().ok()).find_map(next_link) {
            None => None,
            Some(link) => match url.join(link) {
                Ok(link) if session.endpoint.owns(&link) => Some(link),
                Ok(link) => {
                    let host = link.host_str().unwrap_or_default();
                    return Err(fail(&format!("the next page is at another host, {host}: not followed")));
                }
                Err(_) => return Err(fail("the link to the next page is no address")),
            },
        };
    }
    Ok(tags)
}

/// The address in `<ADDRESS>; rel="next"`.
fn next_link(value: &str) -> Option<&str> {
    let (address, parameters) = value.trim_start().strip_prefix('<')?.split_once('>')?;
    let next = parameters.split([';', ',']).any(|parameter| {
        parameter.split_once('=').is_some_and(|(name, value)| {
            name.trim().eq_ignore_ascii_case("rel")
                && value.trim().trim_matches('"').eq_ignore_ascii_case("next")
        })
    });
    next.then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_read() {
        assert_eq!(
            next_link(r#"</v2/a/tags/list?last=x&n=2>; rel="next""#),
            Some("/v2/a/tags/list?last=x&n=2")
        );
        assert_eq!(next_link("<a>; title=x; REL=Next"), Some("a"));
        assert_eq!(next_link("<a>; rel=prev"), None);
        assert_eq!(next_link("a; rel=next"), None);
    }
}
