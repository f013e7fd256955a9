//! `dependencies-after-source`.

use crate::dockerfile::Keyword;
use crate::dockerfile::shell::Command;
use crate::rules::analysis::Step;
use crate::rules::words::commands::has_verb;
use crate::rules::words::node::{is_other_install, is_yarn_install, npm_install};
use crate::rules::words::python::pip_install;
use crate::rules::{Analysis, Found, rule};

rule! {
    /// ## What it does
    /// Reports an install of dependencies (`npm ci`, `pip install -r`, `go mod download`, `bundle install`
    /// and their kind) behind a `COPY` of the whole context in the same stage. One with a cache mount, and
    /// a second one of the same tool, are left alone.
    ///
    /// ## Why is this bad?
    /// The builder runs a line again when a file changes that was copied above it. Each change of the
    /// source then installs all dependencies again.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM node:22
    /// WORKDIR /app
    /// COPY . .
    /// RUN npm ci
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM node:22
    /// WORKDIR /app
    /// COPY package.json package-lock.json ./
    /// RUN npm ci
    /// COPY . .
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/build/cache/optimize/#order-your-layers>
    /// - <https://docs.docker.com/build/cache/optimize/#use-cache-mounts>
    IMG327 "dependencies-after-source" {
        level: Info,
        items: [BestPractice],
        aliases: [],
        remedy: "copy the lock files alone, install, and copy the rest behind that; or mount a cache for the install",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    let mut stage = None;
    let mut copied = false;
    // Each tool is told of once; what it installed above the copy is in a layer that stays.
    let mut done: Vec<&str> = Vec::new();
    for step in &file.steps {
        if step.stage != stage {
            stage = step.stage;
            copied = false;
            done.clear();
        }
        copied |= copies_context(file, step);
        if step.instruction.keyword != Keyword::Run || step.onbuild {
            continue;
        }
        let mut late = None;
        for (body, command) in step.commands() {
            let Some(tool) = installs(&command.unwrapped()) else { continue };
            if !done.contains(&tool) {
                done.push(tool);
                late.get_or_insert((body, command, tool));
            }
        }
        if let Some((body, command, tool)) = late.filter(|_| copied && !step.has_scratch_mount(&[""])) {
            let place = file.place_at(step, step.span(body, command.range.clone()));
            let message =
                format!("{tool} installs dependencies again whenever any file of the context changes");
            found.add(place, message);
        }
    }
}

fn copies_context(file: &Analysis<'_>, step: &Step<'_>) -> bool {
    let instruction = step.instruction;
    let copies = matches!(instruction.keyword, Keyword::Copy | Keyword::Add) && !step.onbuild;
    if !copies || instruction.flags.iter().any(|flag| flag.name == "from") {
        return false;
    }
    let sources = file.transfer(step).map(|transfer| transfer.sources).unwrap_or_default();
    sources.iter().any(|source| matches!(source.text.as_str(), "." | "./" | "/" | "*" | "./*"))
}

/// The tool that installs the dependencies of a project, where the command does so.
fn installs(command: &Command) -> Option<&'static str> {
    let has = |verbs: &[&str]| has_verb(command, verbs);
    let lists = |args: &[crate::dockerfile::shell::Word]| {
        args.iter().any(|word| word.text.starts_with("-r") || word.text.starts_with("--requirement"))
    };
    let all_of_npm = || npm_install(command).is_some_and(|packages| packages.is_empty());
    let tool = match command.name() {
        "npm" if has(&["ci", "clean-install"]) || all_of_npm() && !command.has_flag(&["g", "global"]) => {
            "npm"
        }
        "yarn" if is_yarn_install(command) => "yarn",
        "pnpm" if is_other_install(command) || command.subcommand() == "fetch" => "pnpm",
        "bun" if is_other_install(command) => "bun",
        "go" if has(&["mod"]) && has(&["download"]) => "go mod download",
        "bundle" | "bundler" if command.subcommand() == "install" => "bundle",
        "cargo" if command.subcommand() == "fetch" => "cargo fetch",
        "composer" if command.subcommand() == "install" => "composer",
        "mvn" | "mvnw" if has(&["dependency:go-offline", "dependency:resolve"]) => "mvn",
        "dotnet" if command.subcommand() == "restore" => "dotnet restore",
        "mix" if command.subcommand() == "deps.get" => "mix deps.get",
        "poetry" if command.subcommand() == "install" && command.has_flag(&["no-root"]) => "poetry",
        "pipenv" if matches!(command.subcommand(), "install" | "sync") => "pipenv",
        "uv" if has(&["pip"]) && has(&["install"]) && lists(command.args()) => "uv",
        "uv" if command.subcommand() == "sync" && command.has_flag(&["no-install-project"]) => "uv",
        _ if pip_install(command).is_some_and(lists) => "pip",
        _ => return None,
    };
    Some(tool)
}
