//! How the builders that count by stage count the steps: BuildKit, and podman.

use super::keyword::Keyword;
use super::syntax::{Dockerfile, Instruction, Stage};

/// The line of BuildKit's `[stage index/total] instruction`, numbers 1-based.
///
/// It calls a stage by its name, `stage-1` where it has none (from 0), and nothing where the file has that one stage alone.
/// It counts the `FROM`, save that of `scratch`, and what makes a layer or may: `RUN`, `COPY`, `ADD` and `WORKDIR`; what an
/// `ONBUILD` of the base adds comes first. `None` where the count or the keyword is another than the file's.
pub fn stage_step_line(
    file: &Dockerfile,
    stage: &str,
    index: u32,
    total: u32,
    instruction: &str,
) -> Option<u32> {
    let stage = find(file, stage)?;
    let all = file.instructions.get(stage.instructions.clone())?;
    let steps: Vec<&Instruction> = all.iter().filter(|one| counts(one, stage)).collect();
    let (index, total) = (usize::try_from(index).ok()?, usize::try_from(total).ok()?);
    // Steps of triggers stand behind the FROM, and have no line here.
    let triggered = total.checked_sub(steps.len())?;
    let place = match index.checked_sub(1)? {
        0 => 0,
        later => later.checked_sub(triggered)?,
    };
    line_of(steps.get(place)?, instruction)
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
    let word = instruction.split_whitespace().next().unwrap_or_default();
    (Keyword::of(word) == found.keyword).then_some(found.line)
}

fn find<'a>(file: &'a Dockerfile, name: &str) -> Option<&'a Stage> {
    if name.is_empty() {
        let [only] = file.stages.as_slice() else { return None };
        return Some(only);
    }
    let named = file
        .stages
        .iter()
        .find(|stage| stage.name.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(name)));
    named.or_else(|| file.stages.get(name.strip_prefix("stage-")?.parse::<usize>().ok()?))
}

fn counts(instruction: &Instruction, stage: &Stage) -> bool {
    match instruction.keyword {
        Keyword::From => !stage.base.eq_ignore_ascii_case("scratch"),
        Keyword::Run | Keyword::Copy | Keyword::Add | Keyword::Workdir => true,
        _ => false,
    }
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
            ("builder", 1, 2, "FROM base"),
            ("builder", 9, 3, "RUN make"),
        ] {
            assert_eq!(line(stage, index, total, text), None, "{stage} {index}/{total} {text}");
        }
        let one = parse(b"FROM base\nRUN a\n");
        assert_eq!(stage_step_line(&one, "", 2, 2, "RUN a"), Some(2));
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
