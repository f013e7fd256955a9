//! `development-server`.

use crate::dockerfile::shell::Command;
use crate::rules::analysis::Analysis;
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports a `CMD` or an `ENTRYPOINT` of the image that is built that starts a server for development (`flask run`,
    /// `manage.py runserver`, `vite`, `npm run dev`), one that reloads changed code (`nodemon`, `--reload`), or a debugger.
    ///
    /// ## Why is this bad?
    /// Such servers are slow, show their inside to visitors, and are not made for attackers. An image that only
    /// developers can use makes a second one necessary for everybody else: what is tested is not what runs.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM python:3.13
    /// CMD ["flask", "run", "--host=0.0.0.0"]
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM python:3.13
    /// CMD ["gunicorn", "--bind=0.0.0.0:8000", "app:app"]
    /// ```
    ///
    /// ## References
    /// - <https://12factor.net/dev-prod-parity>
    /// - <https://flask.palletsprojects.com/en/stable/deploying/>
    IMG510 "development-server" {
        level: Info,
        items: [OneImage],
        aliases: [],
        remedy: "start the server that production runs; a developer's container can be given another command",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    for step in file.starters() {
        let script = file.started(step);
        let Some((command, what)) = script.commands.iter().find_map(|c| Some((c, development(c)?))) else {
            continue;
        };
        let place = file.place_at(step, file.started_span(step, command));
        found.add(place, format!("{} starts {what}", step.instruction.keyword.name()));
    }
}

/// What of development the command starts.
fn development(command: &Command) -> Option<&'static str> {
    const SERVER: &str = "a server for development";
    const RELOADS: &str = "a program that reloads changed code";
    const DEBUGGER: &str = "a debugger";
    let command = command.unwrapped();
    let texts: Vec<&str> = command.words.iter().map(|word| word.text.as_str()).collect();
    let (Some(first), name) = (texts.first(), command.name()) else { return None };
    let rest = texts.get(1..).unwrap_or_default();
    let has = |word: &str| rest.contains(&word);
    let sub = rest.iter().find(|word| !word.starts_with('-')).copied().unwrap_or_default();
    let is_script = |script: &str| {
        let parts: Vec<&str> = script.split([':', '-']).collect();
        matches!(
            parts.as_slice(),
            ["dev" | "develop" | "development" | "watch", ..] | ["start" | "serve", "dev" | "debug"]
        )
    };
    let python = name.starts_with("python");
    // The program behind an interpreter: `python manage.py`, `python -m flask`.
    let program = match python || matches!(name, "npx" | "yarn" | "pnpm" | "uv" | "poetry" | "pipenv") {
        true => rest.iter().position(|word| !word.starts_with('-') && *word != "run" && *word != "exec"),
        false => None,
    };
    let (program, args) = match program {
        Some(at) => (rest.get(at).copied().unwrap_or(first), rest.get(at + 1..).unwrap_or_default()),
        None => (name, rest),
    };
    let program = program.rsplit('/').next().unwrap_or(program);
    let follows = |word: &str| args.contains(&word);
    match program {
        "nodemon" | "ts-node-dev" | "node-dev" | "watchexec" | "CompileDaemon" => return Some(RELOADS),
        "webpack-dev-server" => return Some(SERVER),
        "vite" if !follows("build") && !follows("preview") => return Some(SERVER),
        "next" | "nuxt" | "nuxi" | "astro" if follows("dev") => return Some(SERVER),
        "ng" | "vue-cli-service" | "webpack" if follows("serve") => return Some(SERVER),
        "react-scripts" if follows("start") => return Some(SERVER),
        "gatsby" if follows("develop") => return Some(SERVER),
        "flask" if follows("run") => return Some(SERVER),
        "manage.py" | "django-admin" if follows("runserver") => return Some(SERVER),
        "fastapi" if follows("dev") => return Some(SERVER),
        "uvicorn" | "gunicorn" | "hypercorn" if follows("--reload") => return Some(RELOADS),
        "debugpy" | "dlv" => return Some(DEBUGGER),
        _ => {}
    }
    match name {
        "npm" | "yarn" | "pnpm" | "bun" => {
            let script = match sub {
                "run" | "run-script" => {
                    rest.iter().skip_while(|word| **word != sub).nth(1).copied().unwrap_or_default()
                }
                "install" | "add" => "",
                _ if name == "npm" => "",
                _ => sub,
            };
            is_script(script).then_some("the project's script for development")
        }
        "php" if has("artisan") && has("serve") || has("-S") => Some(SERVER),
        "dotnet" if sub == "watch" => Some(RELOADS),
        "cargo" if sub == "watch" => Some(RELOADS),
        "node" if rest.iter().any(|word| word.starts_with("--inspect")) => Some(DEBUGGER),
        "node" if has("--watch") => Some(RELOADS),
        "java"
            if rest
                .iter()
                .any(|word| word.starts_with("-agentlib:jdwp") || word.starts_with("-Xrunjdwp")) =>
        {
            Some(DEBUGGER)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::shell::parse;

    #[test]
    fn development_is_told_from_production() {
        for (text, want) in [
            ("flask run", true),
            ("python -m flask run", true),
            ("python3 manage.py runserver 0:80", true),
            ("python ./manage.py migrate", false),
            ("uvicorn a:b --reload", true),
            ("uvicorn a:b", false),
            ("poetry run uvicorn a:b --reload", true),
            ("npm run dev", true),
            ("npm run start:dev -- --port 80", true),
            ("npm run build", false),
            ("npm start", false),
            ("yarn dev", true),
            ("yarn start", false),
            ("npx vite", true),
            ("vite preview", false),
            ("node --inspect=0.0.0.0 a.js", true),
            ("node dev.js", false),
            ("java -agentlib:jdwp=transport=dt_socket -jar a.jar", true),
            ("php -S 0.0.0.0:80", true),
            ("next start", false),
            ("nodemon", true),
            ("", false),
        ] {
            let found = parse(text).commands.first().and_then(development);
            assert_eq!(found.is_some(), want, "{text}");
        }
    }
}
