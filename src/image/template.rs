//! Templates of tags: text with placeholders from a closed set, such as `edge-{date}`.

use std::fmt;
use std::str::FromStr;

use super::MAX_TAG;
use super::slug::{Reserved, reserved};

/// What a run can put into a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Placeholder {
    /// `{branch}`: the slug of the branch.
    Branch,
    /// `{tag}`: the slug of the git tag. Unlike a branch's, it may look like a version, or be `latest`.
    Tag,
    /// `{pr}`: the number of the pull request.
    Pr,
    /// `{sha}`: the first 7 digits of the commit's id.
    Sha,
    /// `{commit}`: the commit's whole id.
    Commit,
    /// `{version}`: `1.2.3`.
    Version,
    /// `{minor}`: `1.2`.
    Minor,
    /// `{major}`: `1`.
    Major,
    /// `{date}`: the UTC day of the run's start, `20260131`.
    Date,
    /// `{time}`: the run's start in unix seconds.
    Time,
}

impl Placeholder {
    /// All of them.
    pub const ALL: [Placeholder; 10] = [
        Placeholder::Branch,
        Placeholder::Tag,
        Placeholder::Pr,
        Placeholder::Sha,
        Placeholder::Commit,
        Placeholder::Version,
        Placeholder::Minor,
        Placeholder::Major,
        Placeholder::Date,
        Placeholder::Time,
    ];

    /// The word between the braces.
    pub const fn as_str(self) -> &'static str {
        match self {
            Placeholder::Branch => "branch",
            Placeholder::Tag => "tag",
            Placeholder::Pr => "pr",
            Placeholder::Sha => "sha",
            Placeholder::Commit => "commit",
            Placeholder::Version => "version",
            Placeholder::Minor => "minor",
            Placeholder::Major => "major",
            Placeholder::Date => "date",
            Placeholder::Time => "time",
        }
    }

    /// A value as a run may have it, of the form that most runs have.
    const fn sample(self) -> &'static str {
        match self {
            Placeholder::Branch | Placeholder::Tag => "x",
            Placeholder::Pr => "12",
            Placeholder::Sha => "abcdef0",
            Placeholder::Commit => "abcdef0123456789abcdef0123456789abcdef01",
            Placeholder::Version => "1.2.3",
            Placeholder::Minor => "1.2",
            Placeholder::Major => "1",
            Placeholder::Date => "20260131",
            Placeholder::Time => "1769817600",
        }
    }

    const fn is_version(self) -> bool {
        matches!(self, Placeholder::Version | Placeholder::Minor | Placeholder::Major)
    }
}

/// A tag with placeholders in it, or without: `{branch}`, `nightly`, `v{version}`.
///
/// What its own text says can become a tag that nobody else sets. What comes out of [`expand`](TagTemplate::expand) is
/// still to be parsed as a [`Tag`](super::Tag): values may be too long.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TagTemplate {
    text: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Part {
    Literal(String),
    Placeholder(Placeholder),
}

/// Why a text is no [`TagTemplate`]; one line without control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidTemplate(String);

impl fmt::Display for InvalidTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InvalidTemplate {}

impl TagTemplate {
    /// The placeholders in their order, each as often as it stands there.
    pub fn placeholders(&self) -> impl Iterator<Item = Placeholder> + '_ {
        self.parts.iter().filter_map(|part| match part {
            Part::Placeholder(placeholder) => Some(*placeholder),
            Part::Literal(_) => None,
        })
    }

    /// The whole text, where it has no placeholder.
    pub fn literal(&self) -> Option<&str> {
        self.placeholders().next().is_none().then_some(self.text.as_str())
    }

    /// The text with each placeholder's value in its place; `None` where one of them has no value in this run.
    pub fn expand(&self, value: &dyn Fn(Placeholder) -> Option<String>) -> Option<String> {
        self.parts
            .iter()
            .map(|part| match part {
                Part::Literal(text) => Some(text.clone()),
                Part::Placeholder(placeholder) => value(*placeholder),
            })
            .collect()
    }

    /// What every run that has the values would make of it, where that is not its to set.
    fn check_reserved(&self) -> Result<(), InvalidTemplate> {
        let sample = self.expand(&|placeholder| Some(placeholder.sample().to_owned())).unwrap_or_default();
        match reserved(&sample, &[]) {
            None => Ok(()),
            Some(Reserved::Version) if self.placeholders().any(Placeholder::is_version) => Ok(()),
            Some(form) if self.literal().is_some() => Err(InvalidTemplate(format!("`{sample}` {form}"))),
            Some(form) => Err(InvalidTemplate(format!("`{self}` makes tags like `{sample}`, which {form}"))),
        }
    }
}

impl FromStr for TagTemplate {
    type Err = InvalidTemplate;

    fn from_str(text: &str) -> Result<Self, InvalidTemplate> {
        let parts = parse(text).map_err(InvalidTemplate)?;
        let template = TagTemplate { text: text.to_owned(), parts };
        template.check_reserved().map(|()| template)
    }
}

impl fmt::Display for TagTemplate {
    /// As written.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn parse(text: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut rest = text;
    // Characters, for people count those.
    let mut at = 1_usize;
    // Of the shortest tag that can come of it: no value is empty.
    let mut length = 0_usize;
    while !rest.is_empty() {
        let (literal, after) = rest.split_at(rest.find(['{', '}']).unwrap_or(rest.len()));
        if !literal.is_empty() {
            check_literal(literal, at)?;
            length += literal.len();
            at += literal.chars().count();
            parts.push(Part::Literal(literal.to_owned()));
        }
        rest = after;
        if let Some(after) = rest.strip_prefix('{') {
            let end = after.find(['{', '}']).filter(|end| after[*end..].starts_with('}'));
            let Some(end) = end else { return Err(format!("the `{{` at character {at} is not closed")) };
            let name = &after[..end];
            parts.push(Part::Placeholder(named(name).ok_or_else(|| unknown(name, at))?));
            length += 1;
            at += name.chars().count() + 2;
            rest = &after[end + 1..];
        } else if rest.starts_with('}') {
            return Err(format!("the `}}` at character {at} closes nothing"));
        }
        if length > MAX_TAG {
            return Err(format!("is longer than the {MAX_TAG} characters of a tag"));
        }
    }
    if parts.is_empty() { Err("must not be empty".to_owned()) } else { Ok(parts) }
}

/// `at` is the place of its first character in the template.
fn check_literal(literal: &str, at: usize) -> Result<(), String> {
    let odd = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'));
    if let Some((nth, c)) = literal.chars().enumerate().find(|(_, c)| odd(*c)) {
        return Err(format!(
            "`{}` at character {} cannot be in a tag: use letters, digits, `_`, `.` and `-`",
            c.escape_debug(),
            at + nth
        ));
    }
    match literal.chars().next() {
        Some(c @ ('.' | '-')) if at == 1 => Err(format!("a tag cannot begin with `{c}`")),
        _ => Ok(()),
    }
}

fn named(name: &str) -> Option<Placeholder> {
    Placeholder::ALL.into_iter().find(|placeholder| placeholder.as_str() == name)
}

fn unknown(name: &str, at: usize) -> String {
    let shown: String = name.chars().take(30).flat_map(char::escape_debug).collect();
    let meant = match nearest(name) {
        Some(placeholder) => format!("did you mean `{{{}}}`?", placeholder.as_str()),
        None => {
            let known = Placeholder::ALL.map(|placeholder| format!("{{{}}}", placeholder.as_str()));
            format!("known are {}", known.join(" "))
        }
    };
    format!("there is no placeholder `{{{shown}}}` (character {at}): {meant}")
}

fn nearest(name: &str) -> Option<Placeholder> {
    // Comparing is quadratic in the length, and what is that long is no slip of the pen.
    if name.len() > 64 {
        return None;
    }
    let plain = name.trim().to_lowercase();
    let likeness = |to: Placeholder| strsim::normalized_damerau_levenshtein(&plain, to.as_str());
    Placeholder::ALL
        .into_iter()
        .map(|placeholder| (likeness(placeholder), placeholder))
        .filter(|(likeness, _)| *likeness >= 0.6)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, placeholder)| placeholder)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn template(text: &str) -> TagTemplate {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    fn why(text: &str) -> String {
        text.parse::<TagTemplate>().expect_err(text).to_string()
    }

    #[test]
    fn values_stand_where_the_placeholders_stood() {
        let value = |placeholder: Placeholder| match placeholder {
            Placeholder::Branch => Some("main".to_owned()),
            Placeholder::Sha => Some("abc1234".to_owned()),
            _ => None,
        };
        for (text, tag) in [
            ("{branch}", Some("main")),
            ("nightly", Some("nightly")),
            ("a-{branch}_{sha}.{sha}-z", Some("a-main_abc1234.abc1234-z")),
            ("{branch}{sha}", Some("mainabc1234")),
            ("{branch}-{date}", None),
            ("v{version}", None),
        ] {
            assert_eq!(template(text).expand(&value).as_deref(), tag, "{text}");
        }
    }

    #[test]
    fn a_template_knows_its_placeholders() {
        let of = |text: &str| template(text).placeholders().collect::<Vec<_>>();
        assert_eq!(of("{sha}-x{date}{sha}"), [Placeholder::Sha, Placeholder::Date, Placeholder::Sha]);
        for placeholder in Placeholder::ALL {
            assert_eq!(of(&format!("x{{{}}}x", placeholder.as_str())), [placeholder]);
        }
        assert_eq!(template("nightly").literal(), Some("nightly"));
        assert_eq!(template("x{sha}").literal(), None);
    }

    #[test]
    fn other_braces_are_told_with_their_place() {
        for (text, expected) in [
            ("{brnch}", "there is no placeholder `{brnch}` (character 1): did you mean `{branch}`?"),
            ("x-{Sha}", "there is no placeholder `{Sha}` (character 3): did you mean `{sha}`?"),
            ("{sha}-{ date }", "there is no placeholder `{ date }` (character 7): did you mean `{date}`?"),
            (
                "{}",
                "there is no placeholder `{}` (character 1): known are {branch} {tag} {pr} {sha} {commit} {version} \
                 {minor} {major} {date} {time}",
            ),
            ("{sha", "the `{` at character 1 is not closed"),
            ("a{sha{date}", "the `{` at character 2 is not closed"),
            ("{{sha}}", "the `{` at character 1 is not closed"),
            ("sha}", "the `}` at character 4 closes nothing"),
            ("{sha}}", "the `}` at character 6 closes nothing"),
        ] {
            assert_eq!(why(text), expected, "{text}");
        }
        let hostile = why("{\u{1b}[2J\u{202e}}");
        assert!(hostile.contains("`{\\u{1b}[2J\\u{202e}}`"), "{hostile}");
        assert!(why(&format!("{{{}}}", "branch".repeat(10_000))).len() < 300);
    }

    #[test]
    fn text_that_can_never_be_a_tag() {
        for (text, expected) in [
            ("", "must not be empty"),
            ("-{sha}", "a tag cannot begin with `-`"),
            (".x", "a tag cannot begin with `.`"),
            ("{sha}/x", "`/` at character 6 cannot be in a tag: use letters, digits, `_`, `.` and `-`"),
            ("aä", "`ä` at character 2 cannot be in a tag: use letters, digits, `_`, `.` and `-`"),
            ("a\n", "`\\n` at character 2 cannot be in a tag: use letters, digits, `_`, `.` and `-`"),
            ("v1:x", "`:` at character 3 cannot be in a tag: use letters, digits, `_`, `.` and `-`"),
        ] {
            assert_eq!(why(text), expected, "{text:?}");
        }
        assert!(template("_-").literal().is_some() && template("{sha}.-_").literal().is_none());
        assert_eq!(template(&"x".repeat(MAX_TAG)).to_string().len(), MAX_TAG);
        assert_eq!(why(&"x".repeat(MAX_TAG + 1)), "is longer than the 128 characters of a tag");
        assert!(why(&format!("{}{{pr}}", "x".repeat(MAX_TAG))).contains("longer"));
        assert!(why(&"{sha}".repeat(100_000)).contains("longer"));
    }

    #[test]
    fn what_somebody_else_sets_is_refused_with_who_does() {
        for (text, expected) in [
            ("latest", "`latest` is set by releases alone"),
            ("LATEST", "`LATEST` is set by releases alone"),
            ("1.2", "`1.2` looks like a version: releases alone set those"),
            ("v1.2.3-rc.1", "`v1.2.3-rc.1` looks like a version: releases alone set those"),
            ("pr-1", "`pr-1` is set by pull requests alone"),
            ("tag-x", "`tag-x` begins like the unique tag of a git tag"),
            ("x-dev", "`x-dev` ends like the tag of a development build"),
            ("detached", "`detached` stands for a commit without a branch"),
            ("main-abc1234-1700000000", "`main-abc1234-1700000000` looks like the unique tag of a run"),
            ("pr-{pr}", "`pr-{pr}` makes tags like `pr-12`, which is set by pull requests alone"),
            ("{pr}", "`{pr}` makes tags like `12`, which looks like a version: releases alone set those"),
            (
                "{date}",
                "`{date}` makes tags like `20260131`, which looks like a version: releases alone set those",
            ),
            (
                "{branch}-dev",
                "`{branch}-dev` makes tags like `x-dev`, which ends like the tag of a development build",
            ),
            (
                "{version}-dev",
                "`{version}-dev` makes tags like `1.2.3-dev`, which ends like the tag of a development build",
            ),
            (
                "{branch}-{sha}-{time}",
                "`{branch}-{sha}-{time}` makes tags like `x-abcdef0-1769817600`, which looks like the unique tag of a run",
            ),
        ] {
            assert_eq!(why(text), expected, "{text}");
        }
        for free in [
            "nightly",
            "edge-{date}",
            "{branch}",
            "{tag}",
            "{sha}",
            "{commit}",
            "v{version}",
            "{minor}",
            "v{major}",
            "{branch}-{sha}",
            "{branch}-{date}",
            "latest-{branch}",
            "prs-{pr}",
            "{version}-{date}",
        ] {
            template(free);
        }
    }

    /// Templates of valid pieces, each with the pieces it was made of.
    fn pieces() -> impl Strategy<Value = Vec<Result<String, Placeholder>>> {
        let literal = "[a-z0-9_.-]{1,6}".prop_map(Ok);
        let placeholder = prop::sample::select(Placeholder::ALL.to_vec()).prop_map(Err);
        prop::collection::vec(prop_oneof![literal, placeholder], 1..8)
    }

    proptest! {
        #[test]
        fn any_text_is_judged(text in "(?s).{0,40}") {
            if let Ok(template) = text.parse::<TagTemplate>() {
                prop_assert_eq!(template.to_string(), text);
            } else {
                let why = why(&text);
                prop_assert!(!why.contains(|c: char| c.is_control()), "{}", why);
            }
        }

        #[test]
        fn almost_any_template_is_judged(text in "[{}a-z.-]{0,12}(\\{(sha|branch|pr)\\}){0,2}[{}a-z.-]{0,5}") {
            if let Ok(template) = text.parse::<TagTemplate>() {
                prop_assert_eq!(template.to_string(), text);
            }
        }

        #[test]
        fn expanding_is_concatenation(pieces in pieces(), values in prop::collection::vec(prop::option::of("(?s).{0,9}"), 10)) {
            let text: String = pieces.iter().map(|piece| match piece {
                Ok(literal) => literal.clone(),
                Err(placeholder) => format!("{{{}}}", placeholder.as_str()),
            }).collect();
            let value = |placeholder: Placeholder| {
                let nth = Placeholder::ALL.iter().position(|other| *other == placeholder).unwrap();
                values[nth].clone()
            };
            if let Ok(template) = text.parse::<TagTemplate>() {
                prop_assert_eq!(&template.to_string().parse::<TagTemplate>().unwrap(), &template);
                let expected: Option<String> = pieces.iter().map(|piece| match piece {
                    Ok(literal) => Some(literal.clone()),
                    Err(placeholder) => value(*placeholder),
                }).collect();
                prop_assert_eq!(template.expand(&value), expected);
                let without: Vec<Placeholder> = pieces.iter().filter_map(|piece| piece.clone().err()).collect();
                prop_assert_eq!(template.placeholders().collect::<Vec<_>>(), without);
            }
        }

        #[test]
        fn a_template_without_placeholders_is_a_tag_that_is_free(text in "[a-zA-Z0-9_.-]{1,130}") {
            if let Ok(template) = text.parse::<TagTemplate>() {
                prop_assert_eq!(template.literal(), Some(text.as_str()));
                prop_assert!(text.parse::<super::super::Tag>().is_ok() && reserved(&text, &[]).is_none());
            }
        }
    }
}
