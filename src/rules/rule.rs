//! What a rule is: its names, its level, its documentation and the function that judges.

use super::analysis::Analysis;
use super::facts::{BaseFacts, ContextFacts, GitFacts, ImageFacts, LayerFacts, RuntimeFacts};
use super::found::Found;
use super::{Fact, Item, Level};

/// A rule. Each is a `static` in a file of its own, made by `rule!`.
#[derive(Debug)]
pub struct Rule {
    /// `IMG` and three digits; never used again for another rule.
    pub code: &'static str,
    /// The pattern that is flagged, in kebab case: "allow NAME" reads right.
    pub name: &'static str,
    /// The level where nobody sets another.
    pub level: Level,
    /// The practices that it serves.
    pub items: &'static [Item],
    /// What other tools call the same finding (`DL3008`, `JSONArgsRecommended`, `CIS-DI-0001`, `DS-0002`,
    /// `CKV_DOCKER_2`); accepted wherever a rule is named.
    pub aliases: &'static [&'static str],
    /// What to do about a finding, in one line.
    pub remedy: &'static str,
    /// The doc comment as Markdown; see [`documentation`](super::documentation()).
    pub documentation: &'static str,
    /// How it judges, and by that, what it has to know.
    pub check: Check,
}

/// The function of a rule, by what it judges. One whose facts are missing is skipped, with the reason.
#[derive(Debug, Clone, Copy)]
pub enum Check {
    /// Each Dockerfile, by its text.
    Text(fn(&Analysis<'_>, &mut Found<'_>)),
    /// The build context as it will be sent.
    Context(fn(&ContextFacts, &mut Found<'_>)),
    /// The same by what git says of it; skipped where there is no repository.
    Git(fn(&ContextFacts, &GitFacts, &mut Found<'_>)),
    /// The images that a Dockerfile starts from, as the registry knows them.
    Base(fn(&Analysis<'_>, &BaseFacts, &mut Found<'_>)),
    /// The image that was built, by its configuration and its history.
    Image(fn(&ImageFacts, &mut Found<'_>)),
    /// The image that was built, by the files in its layers.
    Layers(fn(&LayerFacts, &mut Found<'_>)),
    /// What running containers of the image showed; `Missing` where what this rule needs was not seen.
    Running(fn(&RuntimeFacts, &mut Found<'_>) -> Fact<()>),
    /// Said by the builder while it builds.
    Builder,
    /// Reported while files, waivers and configuration are read, and by no function.
    Reading,
}

/// Makes the `static RULE` of a rule's file; the doc comment is the rule's documentation.
macro_rules! rule {
    (
        $(#[doc = $line:literal])+
        $code:ident $name:literal {
            level: $level:ident,
            items: [$($item:ident),* $(,)?],
            aliases: [$($alias:literal),* $(,)?],
            remedy: $remedy:literal,
            check: $kind:ident $(($check:path))? $(,)?
        }
    ) => {
        $(#[doc = $line])+
        pub static RULE: $crate::rules::Rule = $crate::rules::Rule {
            code: stringify!($code),
            name: $name,
            level: $crate::rules::Level::$level,
            items: &[$($crate::rules::Item::$item),*],
            aliases: &[$($alias),*],
            remedy: $remedy,
            documentation: concat!($($line, "\n"),+),
            check: $crate::rules::Check::$kind $(($check))?,
        };
    };
}
pub(super) use rule;

impl PartialEq for Rule {
    fn eq(&self, other: &Rule) -> bool {
        self.code == other.code
    }
}

impl Eq for Rule {}

impl Rule {
    /// Whether `id` means this rule: its code, its name, or what another tool calls it; in any case of letters.
    pub fn answers_to(&self, id: &str) -> bool {
        let mut own = [self.code, self.name].into_iter().chain(self.aliases.iter().copied());
        own.any(|name| name.eq_ignore_ascii_case(id))
    }

    /// Whether it judges an image, so that its findings name one and no file of the repository.
    pub fn is_of_image(&self) -> bool {
        matches!(self.check, Check::Image(_) | Check::Layers(_) | Check::Running(_))
    }
}
