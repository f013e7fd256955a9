//! The fifteen practices that the rules serve.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A practice of the checklist, in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each variant is explained by its title")]
pub enum Item {
    BestPractice,
    OneService,
    Configuration,
    OneImage,
    Logs,
    Tags,
    Latest,
    Repeatable,
    NoDownloads,
    SourceControl,
    Labels,
    Healthcheck,
    Tests,
    Data,
    Automated,
}

impl Item {
    /// Every item, in the checklist's order.
    pub const ALL: [Item; 15] = [
        Item::BestPractice,
        Item::OneService,
        Item::Configuration,
        Item::OneImage,
        Item::Logs,
        Item::Tags,
        Item::Latest,
        Item::Repeatable,
        Item::NoDownloads,
        Item::SourceControl,
        Item::Labels,
        Item::Healthcheck,
        Item::Tests,
        Item::Data,
        Item::Automated,
    ];

    /// The place in the checklist, from 1.
    pub fn number(self) -> usize {
        Item::ALL.iter().position(|item| *item == self).map_or(0, |at| at + 1)
    }

    /// The practice in a few words.
    pub const fn title(self) -> &'static str {
        match self {
            Item::BestPractice => "Dockerfile best practice and twelve-factor",
            Item::OneService => "one service, no init system",
            Item::Configuration => "configuration from environment or mounts",
            Item::OneImage => "one image for all environments",
            Item::Logs => "logs to stdout and stderr",
            Item::Tags => "unique immutable tag, version tags",
            Item::Latest => "latest is the newest stable release",
            Item::Repeatable => "repeatable from source control",
            Item::NoDownloads => "no downloads at run time",
            Item::SourceControl => "everything in source control, commit to image",
            Item::Labels => "labels",
            Item::Healthcheck => "HEALTHCHECK",
            Item::Tests => "tests on the image and on a running container",
            Item::Data => "data in volumes",
            Item::Automated => "automated builds, manual ones marked",
        }
    }
}
