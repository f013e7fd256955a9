//! Requests, and what must come back.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};

use crate::config::model::matcher::{Entry, Like, Literal, Part, Wanted};
use crate::config::model::shape::{self, Either, OneOrMore};
use crate::config::model::{Pattern, Period, Port, Status};
use crate::expect::{JsonExpectation, Matcher};

/// One HTTP request and what must come back.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Http {
    /// What reports call it: `"is alive"`. Default: method, port and path.
    pub name: Option<String>,
    /// Path and query: `"/healthz"`. Default: `"/"`.
    pub path: Option<String>,
    /// The port inside the container: `8080`. Required.
    #[schemars(required)]
    pub port: Option<Port>,
    /// The request's method. Default: `"GET"`.
    pub method: Option<Method>,
    /// The request's headers: `{ Accept = "application/json" }`.
    pub headers: Option<BTreeMap<String, String>>,
    /// The request's body: `'{"id": 1}'`. Default: none.
    pub send: Option<String>,
    /// The status that must come back, or several of which one must: `[200, 204]`. Default: `200`.
    pub status: Option<OneOrMore<Status>>,
    /// Headers that must come back, in any case of letters: `{ Content-Type = { prefix = "text/html" }, Server = false }`.
    pub answer_headers: Option<BTreeMap<String, Entry>>,
    /// Text that the answer's body must contain, or a table: `{ matches = '^ok' }`,
    /// `{ json = { "/status" = "up", "/queue" = { at-most = 10 } } }`. Default: anything.
    pub body: Option<Body>,
    /// Follow redirects, ten at most, as long as they stay on this container and port. Default: `false`.
    pub follow_redirects: Option<bool>,
    /// How long to go on asking until the answer fits: `"20s"`. Default: `"10s"`.
    pub within: Option<Period>,
}

/// The method of a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names are HTTP's own")]
pub enum Method {
    #[default]
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
    Options,
}

impl Method {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Head => "HEAD",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
            Method::Options => "OPTIONS",
        }
    }
}

/// The answer's body: text in it, or a table that asks for something.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Body {
    /// Text that it must contain.
    Contains(Part),
    /// More exactly.
    Like(Box<BodyLike>),
}

/// What the answer's body must be like: all keys that are given hold.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct BodyLike {
    /// Values in a JSON body by their place, a JSON Pointer: `{ "/items/0/id" = 7, "/name" = { matches = '^a' } }`.
    pub json: Option<BTreeMap<String, Wanted<Literal>>>,
    /// It is exactly this text.
    pub equals: Option<String>,
    /// It contains this text.
    pub contains: Option<String>,
    /// This regular expression occurs in it.
    pub matches: Option<Pattern>,
    /// It begins with this text.
    pub prefix: Option<String>,
    /// It ends with this text.
    pub suffix: Option<String>,
    /// It does not contain this text, or is not like this table.
    pub not: Option<Wanted<Part>>,
    /// It is like one of these at least.
    pub any: Option<Vec<Wanted<Part>>>,
    /// It is like each of these.
    pub all: Option<Vec<Wanted<Part>>>,
}

impl Body {
    /// What is wanted of it as text.
    pub fn matchers(&self) -> Vec<Matcher> {
        match self {
            Body::Contains(part) => vec![Matcher::Contains(part.0.clone())],
            Body::Like(like) => like.text().matchers(),
        }
    }

    /// What is wanted of it as JSON.
    pub fn json(&self) -> Vec<JsonExpectation> {
        let Body::Like(like) = self else { return Vec::new() };
        let read = |(pointer, wanted): (&String, &Wanted<Literal>)| JsonExpectation {
            pointer: pointer.clone(),
            value: wanted.matcher(),
        };
        like.json.iter().flatten().map(read).collect()
    }
}

impl BodyLike {
    fn text(&self) -> Like<Part> {
        Like {
            equals: self.equals.clone().map(|text| Literal(text.into())),
            contains: self.contains.clone(),
            matches: self.matches.clone(),
            prefix: self.prefix.clone(),
            suffix: self.suffix.clone(),
            not: self.not.clone(),
            any: self.any.clone(),
            all: self.all.clone(),
            ..Like::default()
        }
    }
}

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let like: BodyLike = match shape::value_or_table(deserializer)? {
            Either::Value(part) => return Ok(Body::Contains(part)),
            Either::Table(like) => like,
        };
        if like.json.as_ref().is_none_or(BTreeMap::is_empty) {
            like.text().says_something().map_err(D::Error::custom)?;
        }
        Ok(Body::Like(Box::new(like)))
    }
}

impl JsonSchema for Body {
    fn schema_name() -> Cow<'static, str> {
        "Body".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let table = generator.subschema_for::<BodyLike>();
        json_schema!({ "anyOf": [{ "type": "string" }, table] })
    }
}
