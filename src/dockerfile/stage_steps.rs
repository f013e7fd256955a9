//! How the builders that count by stage count the steps: BuildKit, and podman.

use super::keyword::Keyword;
use super::syntax::{Dockerfile, Instruction, Stage};

/// Characters from which on what is told of an instruction may have been cut.
const LONG: usize = 400;

/// The line of BuildKit's `[stage index/total] instruction`, numbers 1-based.
///
/// It calls a stage by its name, `stage-1` where it has none (from 0), and nothing where the file has that one stage alone.
/// It counts what makes a layer or may: `RUN`, `COPY`, `ADD` and `WORKDIR`. Before these come the `FROM`, save of `scratch` and
/// of another stage, and what an `ONBUILD` of the base adds. So places are counted from the end. A `FROM` that is counted and
/// not told of, as where a further context takes its place, leaves the last number free: which of the two it is, the
/// instruction's text says.
///
/// `None` where keyword and text are none of the file's there, or more than one line's.
pub fn stage_step_line(
    file: &Dockerfile,
    stage: &str,
    index: u32,
    total: u32,
    instruction: &str,
) -> Option<u32> {
    let mut lines = named(file, stage).filter_map(|stage| line_in(file, stage, index, total, instruction));
    let line = lines.next()?;
    lines.all(|other| other == line).then_some(line)
}

fn line_in(file: &Dockerfile, stage: &Stage, index: u32, total: u32, told: &str) -> Option<u32> {
    let all = file.instructions.get(stage.instructions.clone())?;
    if word(told) == Keyword::From {
        return all
            .first()
            .filter(|first| first.keyword == Keyword::From && index == 1)
            .map(|first| first.line);
    }
    let steps: Vec<&Instruction> = all.iter().filter(|one| counts(one)).collect();
    let (behind, total) = (usize::try_from(total.checked_sub(index)?).ok()?, usize::try_from(total).ok()?);
    // One that counts otherwise is none that is known here.
    let before = total.checked_sub(steps.len())?;
    let at = |behind: usize| steps.get(steps.len().checked_sub(behind.checked_add(1)?)?).copied();
    let silent = || behind.checked_sub(1).filter(|_| before > 0).and_then(at);
    let fits = |step: &&Instruction| step.keyword == word(told) && says(told, &step.arguments);
    at(behind).filter(fits).or_else(|| silent().filter(fits)).map(|step| step.line)
}

/// Whether what is told of an instruction may be one with these arguments: their variables have values in it, quotes are
/// gone, and what is long is cut.
fn says(told: &str, arguments: &str) -> bool {
    let solid = |text: &str| text.split_whitespace().collect::<String>();
    let plain = arguments.find(['$', '\\', '`', '"', '\'', '<', '[']).unwrap_or(arguments.len());
    // Flags may stand before.
    let fits = solid(told).contains(&solid(arguments.get(..plain).unwrap_or_default()));
    fits || told.chars().count() >= LONG
}

/// The line of podman's `[stage/stages] STEP index/total: instruction`, numbers 1-based. It counts every instruction of the
/// stage, the `FROM` too; labels given through the API follow and have no line. `None` where the keyword is not the file's.
pub fn numbered_stage_line(file: &Dockerfile, stage: u32, index: u32, instruction: &str) -> Option<u32> {
    let place = |number: u32| usize::try_from(number).ok()?.checked_sub(1);
    let stage = file.stages.get(place(stage)?)?;
    line_of(file.instructions.get(stage.instructions.clone())?.get(place(index)?)?, instruction)
}

/// Its line, where it is of the kind that the builder says.
fn line_of(found: &Instruction, instruction: &str) -> Option<u32> {
    (word(instruction) == found.keyword).then_some(found.line)
}

fn word(instruction: &str) -> Keyword {
    Keyword::of(instruction.split_whitespace().next().unwrap_or_default())
}

/// The stages that may be called so.
fn named<'a>(file: &'a Dockerfile, name: &str) -> impl Iterator<Item = &'a Stage> {
    let stages = file.stages.as_slice();
    let only = stages.first().filter(|_| name.is_empty() && stages.len() == 1);
    let number = name.strip_prefix("stage-").and_then(|number| number.parse::<usize>().ok());
    let unnamed = number.and_then(|number| stages.get(number)).filter(|stage| stage.name.is_none());
    let name = name.to_ascii_lowercase();
    let named = stages.iter().filter(move |stage| stage.name.as_deref() == Some(name.as_str()));
    named.chain(unnamed).chain(only)
}

fn counts(instruction: &Instruction) -> bool {
    matches!(instruction.keyword, Keyword::Run | Keyword::Copy | Keyword::Add | Keyword::Workdir)
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    #[test]
    fn steps_by_stage() {
        let file = parse(
            b"ARG V=1\nFROM base AS Builder\nENV A=b\nRUN make\nWORKDIR /x\nFROM scratch\nCOPY --from=builder /a /b\nLABEL a=b\nCOPY c d\n",
        );
        let line = |stage, index, total, text| stage_step_line(&file, stage, index, total, text);
        assert_eq!(line("builder", 1, 3, "FROM docker.io/library/base"), Some(2));
        assert_eq!(line("builder", 2, 3, "RUN make"), Some(4));
        assert_eq!(line("builder", 3, 3, "WORKDIR /x"), Some(5));
        assert_eq!(line("stage-1", 1, 2, "COPY --from=builder /a /b"), Some(7));
        assert_eq!(line("stage-1", 2, 2, "COPY c d"), Some(9));
        // Two triggers of the base.
        assert_eq!(line("builder", 2, 5, "RUN trigger"), None);
        assert_eq!(line("builder", 4, 5, "RUN make"), Some(4));
        for (stage, index, total, text) in [
            ("", 1, 3, "FROM base"),
            ("other", 1, 3, "FROM base"),
            ("builder", 2, 3, "COPY a b"),
            ("builder", 1, 1, "RUN make"),
            ("builder", 9, 3, "RUN make"),
            ("builder", 2, 3, "RUN other"),
        ] {
            assert_eq!(line(stage, index, total, text), None, "{stage} {index}/{total} {text}");
        }
        let one = parse(b"FROM base\nRUN a\n");
        assert_eq!(stage_step_line(&one, "", 2, 2, "RUN a"), Some(2));
    }

    /// A stage that another one begins with is no step.
    #[test]
    fn steps_of_a_stage_of_a_stage() {
        let file = parse(b"FROM base AS a\nRUN x\nFROM a AS b\nRUN y\nFROM b\nENV C=d\nRUN z\nRUN z\n");
        let line = |stage, index, total, text| stage_step_line(&file, stage, index, total, text);
        assert_eq!(line("a", 2, 2, "RUN x"), Some(2));
        assert_eq!(line("b", 1, 1, "RUN y"), Some(4));
        assert_eq!((line("stage-2", 1, 2, "RUN z"), line("stage-2", 2, 2, "RUN z")), (Some(7), Some(8)));
        // What begins with a variable may be one, too.
        let file = parse(b"ARG B=a\nFROM base AS a\nFROM $B\nRUN y\n");
        assert_eq!(stage_step_line(&file, "stage-1", 1, 1, "RUN y"), Some(4));
        assert_eq!(stage_step_line(&file, "stage-1", 2, 2, "RUN y"), Some(4));
    }

    /// It is counted, and no step of its own.
    #[test]
    fn steps_behind_a_base_that_was_replaced() {
        let file = parse(b"FROM base\nRUN one\nCOPY two /\nRUN three\n");
        let line = |index, text| stage_step_line(&file, "", index, 4, text);
        assert_eq!([line(1, "RUN one"), line(2, "COPY two /"), line(3, "RUN three")], [2, 3, 4].map(Some));
        assert_eq!([line(2, "RUN one"), line(3, "COPY two /"), line(4, "RUN three")], [2, 3, 4].map(Some));
    }

    #[test]
    fn what_is_told_of_an_instruction() {
        for (told, arguments, expected) in [
            ("RUN --mount=type=cache,target=/c make   all", "make all", true),
            ("RUN make b", "make $TARGET", true),
            ("RUN echo a b", "echo \"a b\"", true),
            ("RUN <<EOF (echo one...)", "<<EOF", true),
            ("RUN make", "test", false),
            ("COPY a b", "a c", false),
        ] {
            assert_eq!(says(told, arguments), expected, "{told} {arguments}");
        }
        let long = "x".repeat(1000);
        assert!(says(&format!("RUN {}", &long[..496]), &format!("{long} y")));
    }

    #[test]
    fn two_stages_of_one_name_are_told_apart_or_not_at_all() {
        let file =
            parse(b"FROM a AS x\nRUN one\nFROM b AS x\nRUN two\nRUN three\nFROM c AS stage-1\nRUN four\n");
        let line = |stage, index, total, text| stage_step_line(&file, stage, index, total, text);
        assert_eq!((line("x", 2, 2, "RUN one"), line("x", 3, 3, "RUN three")), (Some(2), Some(5)));
        assert_eq!(line("x", 1, 2, "FROM a"), None);
        assert_eq!(line("stage-1", 2, 2, "RUN four"), Some(7));
    }

    #[test]
    fn steps_of_podman() {
        let file = parse(b"ARG X\nFROM a\nENV x=y\nRUN a\n\nFROM b\nRUN c\n");
        let line = |stage, index, text| numbered_stage_line(&file, stage, index, text);
        assert_eq!(line(1, 1, "FROM a"), Some(2));
        assert_eq!(line(1, 3, "RUN a"), Some(4));
        assert_eq!(line(2, 2, "RUN c"), Some(7));
        for (stage, index, text) in
            [(0, 1, "FROM a"), (1, 0, "FROM a"), (1, 3, "COPY a b"), (2, 3, "LABEL a=b"), (3, 1, "FROM c")]
        {
            assert_eq!(line(stage, index, text), None, "[{stage}] {index} {text}");
        }
    }
}
