//! `pip-cache-left-behind`.

use crate::dockerfile::Keyword;
use crate::dockerfile::shell::Command;
use crate::rules::analysis::Step;
use crate::rules::words::commands::{report_mended, with_flag};
use crate::rules::words::python::pip_install;
use crate::rules::{Analysis, Found, rule};

rule! {
    /// ## What it does
    /// Reports `pip install` without `--no-cache-dir`, where neither `PIP_NO_CACHE_DIR` nor a cache mount
    /// on `.cache/pip` does the same.
    ///
    /// ## Why is this bad?
    /// pip keeps what it downloads for a next install, which an image does not have: the files only make it
    /// larger.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM python:3.12
    /// RUN pip install flask==3.0.3
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM python:3.12
    /// RUN pip install --no-cache-dir flask==3.0.3
    /// ```
    ///
    /// ## References
    /// - <https://pip.pypa.io/en/stable/topics/caching/>
    /// - <https://docs.docker.com/build/cache/optimize/#use-cache-mounts>
    IMG309 "pip-cache-left-behind" {
        level: Warning,
        items: [BestPractice],
        aliases: ["DL3042"],
        remedy: "add --no-cache-dir, set PIP_NO_CACHE_DIR=1 by ENV, or mount a cache on /root/.cache/pip",
        check: Text(check),
    }
}

const VARIABLE: &str = "PIP_NO_CACHE_DIR";

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    // What holds for a whole step is asked once for it, and not for each of its commands.
    let steps = file.of(Keyword::Run).filter(|step| is_off(file, step)).map(|step| step.index);
    let off: std::collections::BTreeSet<usize> = steps.collect();
    let judge = |step: &Step<'_>, command: &Command| {
        let args = pip_install(command)?;
        let has_flag = args.iter().any(|word| word.text.split('=').next() == Some("--no-cache-dir"));
        (!has_flag && !off.contains(&step.index))
            .then(|| "pip install keeps its downloads in the image".to_owned())
    };
    report_mended(file, found, "Add --no-cache-dir", judge, |command| {
        with_flag(command, &["install"], "--no-cache-dir")
    });
}

/// Whether pip has no cache in the step, or one that stays out of the image.
fn is_off(file: &Analysis<'_>, step: &Step<'_>) -> bool {
    let variable = file.scopes.at(step.index).get(VARIABLE);
    variable.and_then(|variable| variable.value).is_some_and(is_true)
        || step.has_scratch_mount(&[".cache/pip"])
        || step.commands().any(|(_, command)| sets_variable(command))
}

fn sets_variable(command: &Command) -> bool {
    let command = command.unwrapped();
    let assigned = command.assignments.iter().any(|a| a.name == VARIABLE && is_true(&a.value.text));
    let exported = || {
        command.args().iter().any(|word| {
            word.text.split_once('=').is_some_and(|(name, value)| name == VARIABLE && is_true(value))
        })
    };
    assigned || command.name() == "export" && exported()
}

fn is_true(value: &str) -> bool {
    ["1", "on", "true", "yes", "y", "t"].iter().any(|yes| value.eq_ignore_ascii_case(yes))
}
