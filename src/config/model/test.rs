//! `[[image.test]]`: what an image must do before it is pushed.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};

use super::{Pattern, Period, Port, Status};

/// `[[image.test]]`: one container that is started, waited for, asked, and removed.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Test {
    /// What reports call it. Default: `"test-1"` for the first, and so on.
    pub name: Option<String>,
    /// When the container counts as started.
    #[serde(default, deserialize_with = "super::shape::table")]
    pub ready: Option<Ready>,
    /// Requests that the ready container must answer: `[{ path = "/healthz", port = 8080 }]`.
    #[serde(default, deserialize_with = "super::shape::tables")]
    pub http: Option<Vec<Http>>,
    /// Commands that are run in the ready container: `[{ cmd = ["api", "--version"] }]`.
    #[serde(default, deserialize_with = "super::shape::tables")]
    pub run: Option<Vec<Run>>,
    /// The container's environment, added to the image's own: `{ DATABASE_URL = "sqlite::memory:" }`.
    pub env: Option<BTreeMap<String, String>>,
    /// Replaces the image's CMD: `["serve", "--port", "8080"]`. Default: the image's own.
    pub cmd: Option<CommandLine>,
    /// The container does its work and ends with exit code 0, instead of staying up. Default: `false`.
    pub job: Option<bool>,
    /// The longest that the whole test may take, a job's run included: `"90s"`. Default: `"5m"`.
    pub within: Option<Period>,
}

/// `ready = { … }`: when a container counts as started.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Ready {
    /// `true`: it must be reported healthy, and an image without HEALTHCHECK fails. `false`: its HEALTHCHECK does not
    /// matter. Default: healthy where the image has a HEALTHCHECK, else still running after `settle`.
    pub healthcheck: Option<bool>,
    /// The longest to wait for that: `"30s"`. Default: `"60s"`.
    pub within: Option<Period>,
    /// How long a container without HEALTHCHECK must stay up: `"5s"`. Default: `"3s"`.
    pub settle: Option<Period>,
}

/// One HTTP request and what must come back.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Http {
    /// Path and query: `"/healthz"`. Default: `"/"`.
    pub path: Option<String>,
    /// The port inside the container: `8080`. Required.
    #[schemars(required)]
    pub port: Option<Port>,
    /// The status that must come back. Default: `200`.
    pub status: Option<Status>,
    /// Text that the answer's body must contain. Default: anything.
    pub body: Option<String>,
    /// The request's method. Default: `"GET"`.
    pub method: Option<Method>,
    /// How long to go on asking until the answer fits: `"20s"`. Default: `"10s"`.
    pub within: Option<Period>,
}

/// The method of a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
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

/// One command and how it must end.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Run {
    /// The command: `["api", "--version"]`, or one string for the image's `/bin/sh`. Required.
    #[schemars(required)]
    pub cmd: Option<CommandLine>,
    /// The exit code that it must end with. Default: `0`.
    pub exit: Option<u8>,
    /// Must be found in its standard output: `'^api \d+'`. Default: anything.
    pub stdout: Option<Pattern>,
    /// Must be found in its standard error. Default: anything.
    pub stderr: Option<Pattern>,
    /// The longest that it may take: `"10s"`. Default: `"30s"`.
    pub within: Option<Period>,
    /// Run it in a new container of the image instead of the ready one. Default: `false`.
    pub fresh: Option<bool>,
}

/// A command as it is written: a list of words, or one string for a shell. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommandLine {
    /// The program and its arguments, passed as they are.
    Exec(Vec<String>),
    /// A line for the image's `/bin/sh -c`.
    Shell(String),
}

impl CommandLine {
    /// The words that the engine is given.
    pub fn argv(&self) -> Vec<String> {
        match self {
            CommandLine::Exec(words) => words.clone(),
            CommandLine::Shell(line) => vec!["/bin/sh".to_owned(), "-c".to_owned(), line.clone()],
        }
    }
}

impl<'de> Deserialize<'de> for CommandLine {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListOrString;
        impl<'de> Visitor<'de> for ListOrString {
            type Value = CommandLine;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of strings, or one string for a shell")
            }
            fn visit_str<E: de::Error>(self, line: &str) -> Result<CommandLine, E> {
                if line.trim().is_empty() {
                    return Err(E::custom("a command must not be empty"));
                }
                Ok(CommandLine::Shell(line.to_owned()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<CommandLine, A::Error> {
                let mut words: Vec<String> = Vec::new();
                while let Some(word) = list.next_element()? {
                    words.push(word);
                }
                if words.first().is_none_or(String::is_empty) {
                    return Err(de::Error::custom("a command must not be empty"));
                }
                Ok(CommandLine::Exec(words))
            }
        }
        deserializer.deserialize_any(ListOrString)
    }
}

impl JsonSchema for CommandLine {
    fn schema_name() -> Cow<'static, str> {
        "CommandLine".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A list of words, or one string for the image's /bin/sh.",
            "anyOf": [
                { "type": "string", "minLength": 1 },
                { "type": "array", "items": { "type": "string" }, "minItems": 1 },
            ],
        })
    }
}
