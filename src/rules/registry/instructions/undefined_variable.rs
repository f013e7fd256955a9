//! `undefined-variable`.

use std::collections::BTreeSet;

use crate::dockerfile::{BaseImage, Form, Keyword};
use crate::rules::Level;
use crate::rules::analysis::Analysis;
use crate::rules::analysis::Step;
use crate::rules::words::{listed, shown};
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports a variable that an instruction uses and that neither `ARG` nor `ENV` defines in its stage. What
    /// well-known base images set, such as `PATH` and `JAVA_HOME`, counts as defined; another base may set more, so that
    /// this is a warning only where there is no base, or where an `ARG` above the first `FROM` has the name.
    ///
    /// ## Why is this bad?
    /// The variable is empty, and the builder says nothing. Most often it is misspelt, or an `ARG` above the first
    /// `FROM` that the stage does not repeat.
    ///
    /// ## Example
    /// ```dockerfile
    /// ARG VERSION=1.2
    /// FROM debian:12
    /// COPY app-$VERSION.conf /etc/
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// ARG VERSION=1.2
    /// FROM debian:12
    /// ARG VERSION
    /// COPY app-$VERSION.conf /etc/
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/build-checks/undefined-var/>
    /// - <https://docs.docker.com/reference/dockerfile/#environment-replacement>
    /// - <https://docs.docker.com/reference/dockerfile/#understand-how-arg-and-from-interact>
    IMG213 "undefined-variable" {
        level: Warning,
        items: [BestPractice],
        aliases: ["UndefinedVar"],
        remedy: "declare it with ARG or ENV in this stage, above its use",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    let mut is_empty: Vec<bool> = Vec::new();
    for (index, _) in file.stages() {
        let from_nothing = match file.graph.bases.get(index) {
            Some(BaseImage::Scratch) => true,
            Some(BaseImage::Stage(parent)) => is_empty.get(*parent).copied().unwrap_or_default(),
            _ => false,
        };
        is_empty.push(from_nothing);
        for step in file.of_stage(index).filter(|step| !step.onbuild) {
            let scope = file.scopes.at(step.index);
            let unset =
                texts(file, step).into_iter().filter_map(|text| scope.expand(&text)).flat_map(|r| r.unset);
            let mut undefined: BTreeSet<String> = unset.filter(|name| scope.get(name).is_none()).collect();
            if step.instruction.keyword == Keyword::Arg {
                // Of several, each sees those before it.
                let pairs = step.instruction.pairs(file.escape()).unwrap_or_default();
                undefined.retain(|name| pairs.iter().all(|pair| pair.name != *name));
            }
            undefined.retain(|name| from_nothing || !OF_BASES.contains(&name.as_str()));
            let Some(first) = undefined.first().cloned() else { continue };
            let is_global = file.scopes.global().get(&first).is_some();
            let names: Vec<String> = undefined.into_iter().collect();
            let finding = found.add(
                file.place(step),
                format!(
                    "{} uses {}, which nothing above defines",
                    step.instruction.keyword.name(),
                    listed(&names)
                ),
            );
            if !is_global && !from_nothing {
                // The base may set it, which nobody knows before it is pulled.
                finding.level(Level::Info);
            }
            if is_global {
                finding.remedy(format!(
                    "repeat ARG {} in this stage: what stands above FROM is for FROM",
                    shown(&first)
                ));
            }
        }
    }
}

/// What widely used base images set.
const OF_BASES: [&str; 23] = [
    "PATH",
    "LANG",
    "JAVA_HOME",
    "JAVA_VERSION",
    "GOPATH",
    "GOLANG_VERSION",
    "NODE_VERSION",
    "YARN_VERSION",
    "PYTHON_VERSION",
    "PHP_VERSION",
    "PHP_INI_DIR",
    "RUBY_VERSION",
    "GEM_HOME",
    "RUST_VERSION",
    "CARGO_HOME",
    "RUSTUP_HOME",
    "PGDATA",
    "PG_MAJOR",
    "NGINX_VERSION",
    "CATALINA_HOME",
    "MAVEN_HOME",
    "CONDA_DIR",
    "SPARK_HOME",
];

/// The texts of an instruction in which the builder replaces variables.
fn texts(file: &Analysis<'_>, step: &Step<'_>) -> Vec<String> {
    let instruction = step.instruction;
    let flags = |names: &[&str]| -> Vec<String> {
        let flags = instruction.flags.iter().filter(|flag| names.contains(&flag.name.as_str()));
        flags.filter_map(|flag| flag.value.clone()).collect()
    };
    match instruction.keyword {
        Keyword::Run => flags(&["mount"]),
        Keyword::Add | Keyword::Copy => {
            let mut texts = flags(&["chown", "chmod"]);
            match instruction.form() {
                Form::Exec(words) => texts.extend(words),
                _ => texts.push(instruction.arguments.clone()),
            }
            let bodies = instruction.heredocs.iter().filter(|heredoc| heredoc.expand);
            // Quotes mean nothing there.
            texts.extend(bodies.map(|heredoc| {
                String::from_utf8_lossy(heredoc.body.of(file.bytes)).replace(['"', '\''], " ")
            }));
            texts
        }
        Keyword::Arg
        | Keyword::Env
        | Keyword::Label
        | Keyword::Stopsignal
        | Keyword::User
        | Keyword::Volume
        | Keyword::Workdir => vec![instruction.arguments.clone()],
        _ => Vec::new(),
    }
}
