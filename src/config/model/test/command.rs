//! Commands: in the container, in one of their own, or on this machine.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use crate::config::model::matcher::Wanted;
use crate::config::model::{Pattern, Period};

/// One command and how it must end.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Run {
    /// What reports call it: `"knows its version"`. Default: the command.
    pub name: Option<String>,
    /// The command: `["api", "--version"]`, or one string for the image's `/bin/sh`. Required.
    #[schemars(required)]
    pub cmd: Option<CommandLine>,
    /// Variables beside the container's own: `{ LANG = "C.UTF-8" }`.
    pub env: Option<BTreeMap<String, String>>,
    /// The exit code that it must end with. Default: `0`.
    pub exit: Option<u8>,
    /// A regular expression that must be found in its standard output: `'^api \d+'`; or a table of what that must be like:
    /// `{ contains = "ok", not = 'warn' }`. Default: anything.
    pub stdout: Option<Wanted<Pattern>>,
    /// The same of its standard error. Default: anything.
    pub stderr: Option<Wanted<Pattern>>,
    /// The longest that it may take: `"10s"`. Default: `"30s"`.
    pub within: Option<Period>,
    /// Run it in a new container of the image instead of the ready one, in place of its entrypoint and CMD. Default:
    /// `false`.
    pub fresh: Option<bool>,
}

/// A command on the machine that imgbuild runs on: the application's own tests, a scanner. It finds in its environment
/// `IMGBUILD_TEST_IMAGE`, `IMGBUILD_TEST_CONTAINER`, `IMGBUILD_TEST_ADDRESS`, and for each port that the image exposes
/// `IMGBUILD_TEST_PORT_8080` with `host:port`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Exec {
    /// What reports call it: `"integration tests"`. Default: the command.
    pub name: Option<String>,
    /// The command: `["pytest", "-q"]`, or one string for this machine's `/bin/sh`. Required.
    #[schemars(required)]
    pub cmd: Option<CommandLine>,
    /// Variables beside those of imgbuild itself: `{ BASE_PATH = "/v1" }`.
    pub env: Option<BTreeMap<String, String>>,
    /// The exit code that it must end with. Default: `0`.
    pub exit: Option<u8>,
    /// The longest that it may take; it and its children are killed then: `"90s"`. Default: `"5m"`.
    pub within: Option<Period>,
    /// The folder that it runs in, relative to this file and inside the repository: `"tests"`. Default: this file's.
    pub folder: Option<PathBuf>,
}

/// A command as it is written: a list of words, or one string for a shell. Never empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum CommandLine {
    /// The program and its arguments, passed as they are.
    Exec(Vec<String>),
    /// A line for `/bin/sh -c`.
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
            "description": "A list of words, or one string for /bin/sh.",
            "anyOf": [
                { "type": "string", "minLength": 1 },
                { "type": "array", "items": { "type": "string" }, "minItems": 1 },
            ],
        })
    }
}
