//! What was built: commit, CI, image, engine; and the tags that it got.

use super::links;
use super::writer::Html;
use crate::report::run_report::{SourceFacts, TagFacts, TagState};
use crate::report::{RunReport, words};

/// Tags that are listed.
const MOST_TAGS: usize = 200;

/// The facts of the run.
pub(super) fn section(html: &mut Html, report: &RunReport) {
    html.raw(
        "<section aria-labelledby=\"about\">\n<h2 id=\"about\">Source and image</h2>\n<dl class=\"facts\">\n",
    );
    if let Some(source) = &report.source {
        commit(html, report, source);
    }
    if let Some(ci) = &report.ci {
        html.raw("<dt>CI</dt><dd>");
        match &ci.build_url {
            Some(url) => links::link(html, url, &format!("job of {}", ci.provider)),
            None => {
                html.text(&ci.provider);
            }
        }
        html.raw("</dd>\n");
    }
    if !report.folder.is_empty() {
        html.within("<dt>Folder</dt><dd><code>", &report.folder, "</code></dd>\n");
    }
    image(html, report);
    if let Some(why) = &report.not_pushed_because {
        html.within("<dt>Pushed</dt><dd>nothing: ", why, "</dd>\n");
    }
    if let Some(context) = &report.context {
        html.raw("<dt>Context</dt><dd>").text(&words::count(context.entries, "entry")).raw(", ");
        html.text(&words::size(context.bytes));
        if let Some(digest) = &context.digest {
            html.within("<br><code class=\"digest\">", digest.as_str(), "</code>");
        }
        if let Some(commit) = &context.commit {
            html.within("<br>the files of the commit <code>", commit, "</code>");
        }
        html.raw("</dd>\n");
    }
    if let Some(build) = &report.build {
        html.raw("<dt>Build</dt><dd>").text(&words::count(build.steps, "step"));
        html.raw(", ").number(build.cached).raw(" from the cache</dd>\n");
    }
    if let Some(engine) = &report.engine {
        html.within("<dt>Engine</dt><dd>", &engine.version, ", API ").text(&engine.api).raw("</dd>\n");
    }
    if let Some(policy) = &report.policy {
        html.raw("<dt>Policy</dt><dd>");
        for source in policy.sources.iter().take(20) {
            html.within("<code>", source, "</code> ");
        }
        if policy.sources.is_empty() {
            html.raw("defaults");
        }
        html.within("<br><code class=\"digest\">", policy.digest.as_str(), "</code></dd>\n");
    }
    html.raw("</dl>\n</section>\n");
}

fn commit(html: &mut Html, report: &RunReport, source: &SourceFacts) {
    html.raw("<dt>Commit</dt><dd><code class=\"digest\">");
    match links::commit(source, report.ci.as_ref()) {
        Some(page) => links::link(html, &page, &source.commit),
        None => {
            html.text(&source.commit);
        }
    }
    html.raw("</code>");
    if !source.clean {
        html.raw("<br><strong>with changes that are not committed</strong>");
    }
    html.raw("</dd>\n");
    let named = [
        ("<dt>Branch</dt><dd><code>", &source.branch),
        ("<dt>Pull request</dt><dd><code>", &source.pr),
        ("<dt>Git tag</dt><dd><code>", &source.tag),
        ("<dt>Merge commit</dt><dd><code class=\"digest\">", &source.merge_commit),
    ];
    for (open, value) in named {
        if let Some(value) = value {
            html.within(open, value, "</code></dd>\n");
        }
    }
    if let Some(remote) = &source.remote {
        html.raw("<dt>Repository</dt><dd>");
        // What is shown is what the link leads to: no user information in either.
        let page = links::page(remote);
        links::link(html, remote, page.as_ref().map_or("not a page of the web", |page| page.as_str()));
        html.raw("</dd>\n");
    }
}

fn image(html: &mut Html, report: &RunReport) {
    let Some(image) = &report.image else { return };
    if let Some(repository) = &image.repository {
        html.within("<dt>Image</dt><dd><code>", repository, "</code></dd>\n");
    }
    // In the containerd store the id names a manifest, and the config is what was tested.
    let config = image.config_digest.as_ref().filter(|digest| image.id.as_ref() != Some(digest));
    let digests = [
        ("<dt>Digest</dt><dd><code class=\"digest\">", &image.digest.as_ref()),
        ("<dt>Image id</dt><dd><code class=\"digest\">", &image.id.as_ref()),
        ("<dt>Config digest</dt><dd><code class=\"digest\">", &config),
    ];
    for (open, digest) in digests {
        if let Some(digest) = digest {
            html.within(open, digest.as_str(), "</code></dd>\n");
        }
    }
}

/// The tags, and what each was before.
pub(super) fn tags(html: &mut Html, report: &RunReport) {
    if report.tags.is_empty() {
        return;
    }
    html.raw("<section aria-labelledby=\"tags\">\n<h2 id=\"tags\">Tags</h2>\n<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-labelledby=\"tags\">\n");
    html.raw("<table class=\"stack\">\n<thead><tr><th scope=\"col\">Tag</th><th scope=\"col\">State</th><th scope=\"col\">Before</th></tr></thead>\n<tbody>\n");
    for tag in report.tags.iter().take(MOST_TAGS) {
        row(html, tag);
    }
    html.raw("</tbody>\n</table>\n</div>\n");
    more(html, report.tags.len().saturating_sub(MOST_TAGS), "tag");
    html.raw("</section>\n");
}

fn row(html: &mut Html, tag: &TagFacts) {
    html.within("<tr><th scope=\"row\"><code>", &tag.reference, "</code></th><td>");
    html.raw(match tag.state {
        TagState::Verified => {
            "<span class=\"badge good\"><span aria-hidden=\"true\">✓</span> published</span>"
        }
        TagState::Local => {
            "<span class=\"badge plain\"><span aria-hidden=\"true\">●</span> on the engine</span>"
        }
        TagState::Planned => "<span class=\"badge plain\"><span aria-hidden=\"true\">○</span> not set</span>",
        TagState::Pushed => {
            "<span class=\"badge warn\"><span aria-hidden=\"true\">!</span> not verified</span>"
        }
        TagState::Removed => "<span class=\"badge plain\"><span aria-hidden=\"true\">–</span> removed</span>",
    });
    html.raw("</td><td><span class=\"narrow\">before: </span>");
    match &tag.before {
        Some(before) if tag.digest.as_ref() == Some(before) => html.raw("the same"),
        Some(before) => html.within("<code>", words::short_digest(before.as_str()), "</code>"),
        None => html.raw("<span class=\"muted\">none</span>"),
    };
    html.raw("</td></tr>\n");
}

/// Says that `left` more are not shown.
pub(super) fn more(html: &mut Html, left: usize, noun: &'static str) {
    if left > 0 {
        let left = words::count(u64::try_from(left).unwrap_or(u64::MAX), noun);
        html.within("<p class=\"muted\">", &left, " more: see <code>report.json</code>.</p>\n");
    }
}
