//! What the classic builder of Engine 20.10 cannot build.

use super::scopes::PLATFORM_ARGS;
use super::{Dockerfile, Instruction, Keyword};

/// The first line that needs BuildKit, and why. The classic builder reads the stages up to the target, used or not.
pub(super) fn needs_buildkit(file: &Dockerfile, target: usize) -> Option<(u32, String)> {
    let end = file.stages.get(target).map_or(0, |stage| stage.instructions.end);
    file.instructions.iter().take(end).find_map(|i| {
        let inner = i.trigger.as_deref().unwrap_or(i);
        reason(inner).map(|why| (i.line, why))
    })
}

fn reason(instruction: &Instruction) -> Option<String> {
    if !instruction.heredocs.is_empty() {
        return Some("here-documents".to_owned());
    }
    let known: &[&str] = match instruction.keyword {
        Keyword::From => &["platform"],
        Keyword::Copy => &["from", "chown"],
        Keyword::Add => &["chown"],
        Keyword::Healthcheck => &["interval", "timeout", "start-period", "retries"],
        _ => &[],
    };
    if let Some(flag) = instruction.flags.iter().find(|f| !known.contains(&f.name.as_str())) {
        let name: String = flag.name.chars().take(40).collect();
        return Some(format!("{} --{name}", instruction.keyword.name()));
    }
    if instruction.keyword == Keyword::From {
        let text = [instruction.flag("platform").unwrap_or_default(), &instruction.arguments].join(" ");
        let used = PLATFORM_ARGS.into_iter().find(|name| mentions(&text, name))?;
        return Some(format!("${used} in FROM"));
    }
    None
}

/// Whether `text` holds `$name` or `${name`, and not merely a longer name.
fn mentions(text: &str, name: &str) -> bool {
    text.split('$').skip(1).any(|part| {
        let part = part.strip_prefix('{').unwrap_or(part);
        part.strip_prefix(name)
            .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_'))
    })
}
