//! Links out of the page: to pages of http and https alone, without user information.

use url::Url;

use super::writer::Html;
use crate::report::run_report::{CiFacts, SourceFacts};

/// `label` as a link to `url`; as plain text where that is no page of the web.
pub(super) fn link(html: &mut Html, url: &str, label: &str) {
    match page(url) {
        Some(url) => {
            html.raw("<a rel=\"noreferrer noopener\"").attribute("href", url.as_str());
            html.within(">", label, "</a>");
        }
        None => {
            html.text(label);
        }
    }
}

/// `url` without user information, where it is a page of the web.
pub(super) fn page(url: &str) -> Option<Url> {
    let mut url = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    Some(url)
}

/// The page of a commit, on hosts whose pages are known.
pub(super) fn commit(source: &SourceFacts, ci: Option<&CiFacts>) -> Option<String> {
    let remote = page(source.remote.as_deref()?)?;
    let is_id = !source.commit.is_empty() && source.commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    let provider = ci.map(|ci| ci.provider.as_str());
    let between = match (remote.host_str()?, provider) {
        ("github.com", _) | (_, Some("github" | "gitea" | "forgejo")) => "commit",
        ("gitlab.com", _) | (_, Some("gitlab")) => "-/commit",
        ("bitbucket.org", _) => "commits",
        _ => return None,
    };
    let base = remote.as_str().trim_end_matches('/');
    let base = base.strip_suffix(".git").unwrap_or(base);
    is_id.then(|| format!("{base}/{between}/{}", source.commit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(url: &str) -> String {
        let mut html = Html::new();
        link(&mut html, url, "<b>");
        html.finish()
    }

    #[test]
    fn only_pages_of_the_web_are_linked_to() {
        let start = "<a rel=\"noreferrer noopener\" href=\"";
        assert_eq!(
            shown("https://me:secret@ci.example/a?b=c&d"),
            format!("{start}https://ci.example/a?b=c&amp;d\">&lt;b&gt;</a>")
        );
        for url in [
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "//x",
            "JaVaScRiPt:x",
            " ",
            "ssh://git@h/x",
        ] {
            assert_eq!(shown(url), "&lt;b&gt;", "{url}");
        }
        assert!(!shown("https://x/\"onclick=\"y").contains("\"onclick"));
    }

    #[test]
    fn the_page_of_a_commit_is_known_of_some_hosts() {
        let source = |remote: &str| SourceFacts {
            commit: "abc123".to_owned(),
            remote: Some(remote.to_owned()),
            ..SourceFacts::default()
        };
        let ci = |provider: &str| CiFacts { provider: provider.to_owned(), build_url: None };
        let github = commit(&source("https://u:p@github.com/a/b.git"), None);
        assert_eq!(github.as_deref(), Some("https://github.com/a/b/commit/abc123"));
        let gitlab = commit(&source("https://git.acme.example/a/b"), Some(&ci("gitlab")));
        assert_eq!(gitlab.as_deref(), Some("https://git.acme.example/a/b/-/commit/abc123"));
        assert_eq!(commit(&source("https://git.acme.example/a/b"), Some(&ci("jenkins"))), None);
        let odd = SourceFacts { commit: "../../x".to_owned(), ..source("https://github.com/a/b") };
        assert_eq!(commit(&odd, None), None);
    }
}
