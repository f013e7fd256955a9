//! `commandTests`.

use super::read::{self, COMMAND};
use crate::expect::{Matcher, Pattern, RunCheck, Where};
use crate::yaml::{Fields, Node, Problem};

/// One test and its name. `outside` are the variables of `containerRunOptions`, which win over the test's own.
pub(super) fn command(test: &Node, outside: &[(String, String)]) -> Result<(String, RunCheck), Problem> {
    let mut fields = test.fields("commandTests")?;
    let name = read::name(&mut fields, test)?;
    let command = read::filled(&mut fields, "command", test, "a command test needs a `command`")?;
    let mut argv = vec![command];
    argv.extend(fields.texts("args")?);
    let mut run = RunCheck::new(argv, Where::Fresh, COMMAND);
    run.expand = true;
    run.setup = commands(&mut fields, "setup")?;
    run.teardown = commands(&mut fields, "teardown")?;
    run.env = super::options::variables(&mut fields, "envVars")?;
    if let Some((name, _)) = run.env.iter().find(|(_, value)| value.is_empty()) {
        return Err(test.problem(format!("the variable `{name}` in `envVars` needs a value")));
    }
    run.env.extend(outside.iter().cloned());
    run.exit = Matcher::Equals(fields.integer("exitCode")?.unwrap_or(0).into());
    run.stdout = outputs(&mut fields, "expectedOutput", "excludedOutput")?;
    run.stderr = outputs(&mut fields, "expectedError", "excludedError")?;
    fields.finish("a command test")?;
    Ok((name, run))
}

fn commands(fields: &mut Fields<'_>, key: &'static str) -> Result<Vec<Vec<String>>, Problem> {
    fields
        .list(key)?
        .iter()
        .map(|command| {
            let words = command.texts(key)?;
            match words.first().is_none_or(String::is_empty) {
                true => Err(command.problem(format!("a command in `{key}` is empty"))),
                false => Ok(words),
            }
        })
        .collect()
}

/// Patterns that must occur, and such that must not.
pub(super) fn outputs(
    fields: &mut Fields<'_>,
    expected: &'static str,
    excluded: &'static str,
) -> Result<Vec<Matcher>, Problem> {
    let mut matchers = Vec::new();
    for node in fields.list(expected)? {
        matchers.push(pattern(node, expected)?);
    }
    for node in fields.list(excluded)? {
        matchers.push(Matcher::Not(Box::new(pattern(node, excluded)?)));
    }
    Ok(matchers)
}

/// A regular expression in Go's syntax that occurs anywhere.
pub(super) fn pattern(node: &Node, key: &str) -> Result<Matcher, Problem> {
    let text = node.text_or_nothing(key)?;
    Pattern::go(&text).map(Matcher::Matches).map_err(|why| node.problem(format!("`{key}`: {why}")))
}
