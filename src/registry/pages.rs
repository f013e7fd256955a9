//! Lists that come page by page.

use reqwest::header::LINK;
use url::Url;

use super::session::{Ask, Session};
use super::transport::Answer;
use crate::error::Result;

/// The address of the page behind `answer`, the one that `ask` got; `None` where it is the last. A page at another host
/// is an error.
pub(super) fn next(session: &Session, ask: &Ask<'_>, answer: &Answer) -> Result<Option<Url>> {
    let fail = |why: &str| session.subject(ask).fail(why);
    let mut links = answer.headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok());
    let Some(link) = links.find_map(next_link) else { return Ok(None) };
    match ask.url.join(link) {
        Ok(link) if session.endpoint.owns(&link) => Ok(Some(link)),
        Ok(link) => {
            let host = link.host_str().unwrap_or_default();
            Err(fail(&format!("the next page is at another host, {host}: not followed")))
        }
        Err(_) => Err(fail("the link to the next page is no address")),
    }
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
