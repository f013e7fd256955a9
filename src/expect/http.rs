//! A request to the running container.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Matcher;

/// One request, and what must come back. It is repeated until the answer fits or `within` is over.
#[derive(Debug, Clone, PartialEq)]
pub struct HttpCheck {
    /// Path and query, starting with a slash; visible ASCII only.
    pub path: String,
    /// The port inside the container.
    pub port: u16,
    /// The method's word on the wire.
    pub method: String,
    /// Headers of the request, beside Host and User-Agent, which they may replace.
    pub headers: BTreeMap<String, String>,
    /// The request's body.
    pub body: Option<Vec<u8>>,
    /// Of the answer: its status, as a number.
    pub status: Option<Matcher>,
    /// Headers of the answer by name, in any case of letters; several of one name are joined by `, `. One that is absent
    /// is null.
    pub answer_headers: Vec<(String, Matcher)>,
    /// All headers of the answer as text: one `Name: value` a line, sorted, without a line feed at the end. Each word of a
    /// name begins with a capital letter and has no other, whatever came: `Content-Type`.
    pub answer_head: Vec<Matcher>,
    /// The answer's body as text.
    pub answer_body: Vec<Matcher>,
    /// The answer's body as JSON.
    pub answer_json: Vec<JsonExpectation>,
    /// Whether redirects are followed, ten at most, as long as they stay on this container and port.
    pub follow_redirects: bool,
    /// How long to go on asking until the answer fits.
    pub within: Duration,
}

/// What a value in a JSON body must be.
#[derive(Debug, Clone, PartialEq)]
pub struct JsonExpectation {
    /// Where it is (RFC 6901): `/status`. A place that is not there is null.
    pub pointer: String,
    /// What it must be.
    pub value: Matcher,
}
