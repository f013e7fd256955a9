//! `environment-specific-arg`.

use std::collections::BTreeSet;

use crate::dockerfile::Keyword;
use crate::rules::analysis::{Analysis, Step};
use crate::rules::words::mentions_variable;
use crate::rules::{Found, rule};

/// Names that say where a container is going to run.
const NAMES: [&str; 21] = [
    "ENV",
    "ENVIRONMENT",
    "STAGE",
    "APP_ENV",
    "APP_ENVIRONMENT",
    "NODE_ENV",
    "RAILS_ENV",
    "RACK_ENV",
    "DJANGO_SETTINGS_MODULE",
    "DJANGO_ENV",
    "FLASK_ENV",
    "SYMFONY_ENV",
    "MIX_ENV",
    "DEPLOY_ENV",
    "DEPLOYMENT_ENVIRONMENT",
    "TARGET_ENV",
    "BUILD_ENV",
    "ASPNETCORE_ENVIRONMENT",
    "DOTNET_ENVIRONMENT",
    "SPRING_PROFILES_ACTIVE",
    "REACT_APP_ENV",
];

rule! {
    /// ## What it does
    /// Reports an `ARG` that names an environment (`ENVIRONMENT`, `NODE_ENV`, `APP_ENV` and the like) and that
    /// `FROM`, `COPY`, `ADD` or `RUN` of its scope use.
    ///
    /// ## Why is this bad?
    /// Each environment then has an image of its own, and what was tested is not what runs in production. One
    /// image for all takes what differs from variables, files and secrets when a container starts.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM nginx:1.27
    /// ARG ENVIRONMENT=production
    /// COPY config/${ENVIRONMENT}.conf /etc/nginx/conf.d/default.conf
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM nginx:1.27
    /// COPY default.conf.template /etc/nginx/templates/
    /// ```
    ///
    /// ## References
    /// - <https://12factor.net/config>
    /// - <https://12factor.net/dev-prod-parity>
    IMG417 "environment-specific-arg" {
        level: Warning,
        items: [OneImage],
        aliases: [],
        remedy: "build one image, and let what differs come from the container's environment or from mounted files",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    let mut seen = BTreeSet::new();
    for step in file.of(Keyword::Arg).filter(|step| !step.onbuild) {
        for pair in step.instruction.pairs(file.file.directives.escape).unwrap_or_default() {
            let known = NAMES.iter().any(|name| pair.name == *name || pair.name == name.to_ascii_lowercase());
            if !known || !seen.insert((step.stage, pair.name.clone())) {
                continue;
            }
            let scope = file.steps.iter().skip(step.index + 1);
            let mut scope = scope.take_while(|later| step.stage.is_none() || later.stage == step.stage);
            let user = scope.find(|later| uses(step, later, &pair.name));
            if let Some(user) = user {
                let (keyword, line) = (user.instruction.keyword.name(), user.instruction.line);
                found.add(
                    file.place_at(step, step.instruction.place(pair.range.clone())),
                    format!(
                        "{} makes another image for each environment: see {keyword} of line {line}",
                        pair.name
                    ),
                );
                break;
            }
        }
    }
}

/// Whether `later` uses the ARG of `step`: a `FROM` one above the first, else an instruction of the same stage.
fn uses(step: &Step<'_>, later: &Step<'_>, name: &str) -> bool {
    let instruction = later.instruction;
    let in_scope = match instruction.keyword {
        Keyword::From => step.stage.is_none(),
        Keyword::Run | Keyword::Copy | Keyword::Add => step.stage.is_some(),
        _ => false,
    };
    in_scope
        && (mentions_variable(&instruction.arguments, name)
            || later.bodies.iter().any(|body| mentions_variable(&body.text, name))
            || instruction
                .flags
                .iter()
                .any(|flag| flag.value.as_deref().is_some_and(|value| mentions_variable(value, name))))
}
