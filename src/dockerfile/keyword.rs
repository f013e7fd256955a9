//! The names of instructions.

/// What an instruction does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each variant is the keyword it is named after")]
pub enum Keyword {
    Add,
    Arg,
    Cmd,
    Copy,
    Entrypoint,
    Env,
    Expose,
    From,
    Healthcheck,
    Label,
    Maintainer,
    Onbuild,
    Run,
    Shell,
    Stopsignal,
    User,
    Volume,
    Workdir,
    /// None of the above; the word as written is where the instruction's span begins.
    Unknown,
}

impl Keyword {
    /// Every keyword, by name; without [`Unknown`](Keyword::Unknown).
    pub const ALL: [Keyword; 18] = [
        Keyword::Add,
        Keyword::Arg,
        Keyword::Cmd,
        Keyword::Copy,
        Keyword::Entrypoint,
        Keyword::Env,
        Keyword::Expose,
        Keyword::From,
        Keyword::Healthcheck,
        Keyword::Label,
        Keyword::Maintainer,
        Keyword::Onbuild,
        Keyword::Run,
        Keyword::Shell,
        Keyword::Stopsignal,
        Keyword::User,
        Keyword::Volume,
        Keyword::Workdir,
    ];

    /// The keyword in capitals; `?` for [`Unknown`](Keyword::Unknown).
    pub const fn name(self) -> &'static str {
        match self {
            Keyword::Add => "ADD",
            Keyword::Arg => "ARG",
            Keyword::Cmd => "CMD",
            Keyword::Copy => "COPY",
            Keyword::Entrypoint => "ENTRYPOINT",
            Keyword::Env => "ENV",
            Keyword::Expose => "EXPOSE",
            Keyword::From => "FROM",
            Keyword::Healthcheck => "HEALTHCHECK",
            Keyword::Label => "LABEL",
            Keyword::Maintainer => "MAINTAINER",
            Keyword::Onbuild => "ONBUILD",
            Keyword::Run => "RUN",
            Keyword::Shell => "SHELL",
            Keyword::Stopsignal => "STOPSIGNAL",
            Keyword::User => "USER",
            Keyword::Volume => "VOLUME",
            Keyword::Workdir => "WORKDIR",
            Keyword::Unknown => "?",
        }
    }

    /// The keyword that `word` is, in any case.
    pub fn of(word: &str) -> Keyword {
        Keyword::ALL.into_iter().find(|k| k.name().eq_ignore_ascii_case(word)).unwrap_or(Keyword::Unknown)
    }

    /// The keyword that somebody who wrote `word` probably meant.
    pub fn nearest(word: &str) -> Option<Keyword> {
        // Nobody means a keyword by a word of twice its length; the distance of long words is expensive.
        if word.len() > 24 {
            return None;
        }
        let upper = word.to_ascii_uppercase();
        Keyword::ALL
            .into_iter()
            .map(|k| (strsim::osa_distance(k.name(), &upper), k))
            .min_by_key(|(distance, _)| *distance)
            .filter(|(distance, k)| *distance <= if k.name().len() <= 5 { 1 } else { 2 })
            .map(|(_, k)| k)
    }

    /// Whether its line may open here-documents.
    pub const fn takes_heredocs(self) -> bool {
        matches!(self, Keyword::Run | Keyword::Copy | Keyword::Add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_no_case_and_typos_have_a_neighbour() {
        assert_eq!(Keyword::of("fRoM"), Keyword::From);
        assert_eq!(Keyword::of("FORM"), Keyword::Unknown);
        assert_eq!(Keyword::nearest("FORM"), Some(Keyword::From));
        assert_eq!(Keyword::nearest("entrypiont"), Some(Keyword::Entrypoint));
        assert_eq!(Keyword::nearest("hello"), None);
        assert_eq!(Keyword::nearest(&"R".repeat(1 << 20)), None);
    }
}
