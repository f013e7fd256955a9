//! A composite action as GitHub's runner runs it: each step a script for the named shell, with the same environment files.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::yaml::Yaml;

/// A job on a runner of its own.
pub(crate) struct Runner {
    folder: PathBuf,
    workspace: PathBuf,
    environment: Vec<(OsString, OsString)>,
}

/// What came of an action.
#[derive(Debug)]
pub(crate) struct Acted {
    /// The exit code of the step that failed, else 0.
    pub(crate) code: i32,
    /// What its steps printed.
    pub(crate) log: String,
    pub(crate) outputs: BTreeMap<String, String>,
    /// What its steps added to PATH, and to the environment of later steps.
    pub(crate) paths: Vec<String>,
    pub(crate) variables: BTreeMap<String, String>,
}

impl Acted {
    /// Fails unless it ended with `code`.
    pub(crate) fn expect(self, code: i32) -> Acted {
        assert_eq!(self.code, code, "{}", self.log);
        self
    }

    /// Fails unless it printed `text`.
    pub(crate) fn says(self, text: &str) -> Acted {
        assert!(self.log.contains(text), "{text:?} is not in:\n{}", self.log);
        self
    }

    pub(crate) fn output(&self, name: &str) -> &str {
        self.outputs.get(name).unwrap_or_else(|| panic!("no output {name}: {:?}", self.outputs))
    }
}

impl Runner {
    /// A runner with its folders in `folder`, for a job whose repository is in `workspace`. Steps have `environment`, and
    /// what GitHub says of a push to `main`.
    pub(crate) fn new(folder: &Path, workspace: &Path, environment: Vec<(OsString, OsString)>) -> Runner {
        for name in ["temp", "tools", "commands"] {
            fs::create_dir_all(folder.join(name)).expect("runner");
        }
        Runner { folder: folder.to_owned(), workspace: workspace.to_owned(), environment }
            .env("CI", "true")
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_EVENT_NAME", "push")
            .env("GITHUB_REF", "refs/heads/main")
            .env("GITHUB_REF_TYPE", "branch")
            .env("GITHUB_REPOSITORY", "acme/hello")
            .env("GITHUB_SERVER_URL", "https://github.com")
            .env("GITHUB_RUN_ID", "7")
            .env("GITHUB_WORKSPACE", workspace)
            .env("RUNNER_TEMP", folder.join("temp"))
            .env("RUNNER_TOOL_CACHE", folder.join("tools"))
    }

    pub(crate) fn env(mut self, name: &str, value: impl Into<OsString>) -> Runner {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Runs the action in `action`, with the inputs of a `with:`.
    pub(crate) fn run(&self, action: &Path, with: &[(&str, &str)]) -> Acted {
        let text = fs::read_to_string(action.join("action.yml")).expect("action.yml");
        let file = Yaml::parse(&text);
        let mut context = BTreeMap::from([
            ("github.action_path".to_owned(), action.to_str().expect("UTF-8").to_owned()),
            ("github.token".to_owned(), "ghs_the_token_of_the_job".to_owned()),
            ("runner.os".to_owned(), "Linux".to_owned()),
            (
                "runner.arch".to_owned(),
                if cfg!(target_arch = "aarch64") { "ARM64" } else { "X64" }.to_owned(),
            ),
        ]);
        for (name, input) in file.at("inputs").pairs() {
            let default = evaluated(input.get("default").map_or("", Yaml::text), &context);
            context.insert(format!("inputs.{name}"), default);
        }
        for (name, value) in with {
            let known = context.insert(format!("inputs.{name}"), (*value).to_owned());
            assert!(known.is_some(), "no input {name}");
        }
        let mut acted = Acted {
            code: 0,
            log: String::new(),
            outputs: BTreeMap::new(),
            paths: Vec::new(),
            variables: BTreeMap::new(),
        };
        assert_eq!(file.at("runs").at("using").text(), "composite");
        for step in file.at("runs").at("steps").items() {
            self.step(step, &mut context, &mut acted);
            if acted.code != 0 {
                break;
            }
        }
        for (name, output) in file.at("outputs").pairs() {
            acted.outputs.insert(name.clone(), evaluated(output.at("value").text(), &context));
        }
        acted
    }

    fn step(&self, step: &Yaml, context: &mut BTreeMap<String, String>, acted: &mut Acted) {
        const KNOWN: [&str; 5] = ["name", "id", "shell", "run", "env"];
        assert!(step.pairs().iter().all(|(key, _)| KNOWN.contains(&key.as_str())), "{step:?}");
        assert_eq!(step.at("shell").text(), "bash");
        let commands = tempfile::tempdir_in(self.folder.join("commands")).expect("commands");
        let file = |name: &str| commands.path().join(name);
        for name in ["GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STEP_SUMMARY"] {
            fs::write(file(name), "").expect("command file");
        }
        fs::write(file("step.sh"), evaluated(step.at("run").text(), context)).expect("script");
        let mut command = Command::new("bash");
        command.args(["--noprofile", "--norc", "-eo", "pipefail"]).arg(file("step.sh"));
        command.env_clear().envs(self.environment.iter().cloned()).envs(&acted.variables);
        for name in ["GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STEP_SUMMARY"] {
            command.env(name, file(name));
        }
        for (name, value) in step.get("env").map_or(&[][..], Yaml::pairs) {
            command.env(name, evaluated(value.text(), context));
        }
        let output = command.current_dir(&self.workspace).stdin(Stdio::null()).output().expect("bash");
        acted.log += &String::from_utf8_lossy(&output.stdout);
        acted.log += &String::from_utf8_lossy(&output.stderr);
        acted.code = output.status.code().expect("an exit code");
        let read = |name: &str| fs::read_to_string(file(name)).expect(name);
        let id = step.at("id").text();
        for (name, value) in pairs(&read("GITHUB_OUTPUT")) {
            context.insert(format!("steps.{id}.outputs.{name}"), value);
        }
        acted.variables.extend(pairs(&read("GITHUB_ENV")));
        acted.paths.extend(read("GITHUB_PATH").lines().map(str::to_owned));
    }
}

/// The pairs of an environment file: `name=value`, or `name<<END`, lines, `END`.
pub(crate) fn pairs(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let equals = line.find('=').unwrap_or(usize::MAX);
        if let Some((name, end)) = line.split_once("<<").filter(|(name, _)| name.len() < equals) {
            let value: Vec<&str> = lines.by_ref().take_while(|line| *line != end).collect();
            found.push((name.to_owned(), value.join("\n")));
        } else {
            let (name, value) = line.split_once('=').unwrap_or_else(|| panic!("not a pair: {line:?}"));
            found.push((name.to_owned(), value.to_owned()));
        }
    }
    found
}

/// A text with its expressions, each the name of one value. What is not known is empty, as on GitHub.
fn evaluated(text: &str, context: &BTreeMap<String, String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${{") {
        let (expression, behind) = after.split_once("}}").expect("an expression that ends");
        out += before;
        out += context.get(expression.trim()).map_or("", String::as_str);
        rest = behind;
    }
    out + rest
}
