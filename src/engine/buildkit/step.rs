//! The builder's names for what it does: `[builder 2/5] RUN make`, `[internal] load build context`, `exporting to image`.

/// Instructions are shown in one line; a heredoc of a megabyte is not.
const MOST: usize = 500;

/// A step of a Dockerfile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    /// The stage's name, or `stage-1` for one without; empty where the file has one stage that has none.
    pub(super) stage: String,
    /// Within its stage, from 1. The `FROM` is one, but for that of `scratch`.
    pub(super) index: u32,
    /// How many the stage has.
    pub(super) total: u32,
    /// The instruction with its variables replaced, capped.
    pub(super) instruction: String,
}

impl Step {
    /// The step that a name tells of; `None` for what is none of a Dockerfile.
    pub(super) fn of(name: &str) -> Option<Step> {
        let (head, instruction) = name.strip_prefix('[')?.split_once("] ")?;
        let (before, count) = head.rsplit_once(' ').unwrap_or(("", head));
        let (index, total) = count.split_once('/')?;
        let (index, total) = (index.parse().ok()?, total.parse().ok()?);
        // Where several platforms are built, the platform stands first. Of ten steps or more, the index of the first nine is
        // padded with a blank.
        let stage = before.trim_end().rsplit(' ').next().unwrap_or_default().to_owned();
        let instruction = instruction.trim().chars().take(MOST).collect();
        (1..=total).contains(&index).then_some(Step { stage, index, total, instruction })
    }

    /// Whether it is a `FROM`.
    pub(super) fn is_from(&self) -> bool {
        self.instruction.get(..5).is_some_and(|word| word.eq_ignore_ascii_case("from "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_steps() {
        let step = |stage: &str, index, total, instruction: &str| {
            Some(Step { stage: stage.to_owned(), index, total, instruction: instruction.to_owned() })
        };
        assert_eq!(Step::of("[2/5] RUN make"), step("", 2, 5, "RUN make"));
        assert_eq!(Step::of("[builder 1/2] FROM a@sha256:0"), step("builder", 1, 2, "FROM a@sha256:0"));
        assert_eq!(Step::of("[linux/arm64 stage-1 2/2] COPY [a] b"), step("stage-1", 2, 2, "COPY [a] b"));
        assert_eq!(Step::of("[builder  2/12] RUN make"), step("builder", 2, 12, "RUN make"));
        assert_eq!(Step::of("[ 2/12] RUN make"), step("", 2, 12, "RUN make"));
        assert_eq!(Step::of("[linux/arm64 builder   2/100] RUN a"), step("builder", 2, 100, "RUN a"));
        for other in [
            "[internal] load build context",
            "exporting to image",
            "[auth] a:pull token for b",
            "[context x] load metadata for y",
            "[3/2] RUN x",
            "[0/2] RUN x",
            "[a/b] RUN x",
            "[2/5]",
            "",
        ] {
            assert_eq!(Step::of(other), None, "{other}");
        }
        assert!(Step::of("[1/1] FROM x").unwrap().is_from() && !Step::of("[1/1] RUN x").unwrap().is_from());
    }
}
