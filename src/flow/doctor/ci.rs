//! The CI: whether it was recognised, and what it does not say.

use crate::flow::ci_info;
use crate::report::{Check, Health};
use crate::source::CiContext;

const SUBJECT: &str = "ci";

pub(super) fn checks(ci: &CiContext) -> Vec<Check> {
    let provider = match ci.provider {
        Some(provider) => provider.title(),
        None => "none: this is a run on somebody's own machine",
    };
    let mut checks = vec![Check::new(SUBJECT, "provider", Health::Ok, provider)];
    let push = ci_info::push(ci);
    let why = push.why.unwrap_or_default();
    checks.push(match push.may {
        "yes" => Check::new(SUBJECT, "may push", Health::Ok, "a run may push by itself"),
        "never" => Check::new(SUBJECT, "may push", Health::Warning, format!("never: {why}")),
        _ if !ci.is_ci() => {
            Check::new(SUBJECT, "may push", Health::Ok, format!("only with --push always: {why}"))
        }
        _ => Check::new(SUBJECT, "may push", Health::Warning, format!("only with --push always: {why}"))
            .remedy("imgbuild ci-info shows what the CI says, docs/ci.md which variables say the rest"),
    });
    let missing = ci_info::untold(ci).into_iter().map(str::to_owned);
    let ignored = ci.ignored.iter().map(|name| format!("{name} makes no sense as it is"));
    checks.extend(missing.chain(ignored).map(|text| Check::new(SUBJECT, "variables", Health::Warning, text)));
    checks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Provider;

    fn seen(ci: &CiContext) -> Vec<(&'static str, Health)> {
        checks(ci).into_iter().map(|check| (check.name, check.health)).collect()
    }

    #[test]
    fn what_a_ci_does_not_say_is_told() {
        assert_eq!(seen(&CiContext::default()), [("provider", Health::Ok), ("may push", Health::Ok)]);
        let fork = CiContext { provider: Some(Provider::GitHub), fork: true, ..CiContext::default() };
        assert_eq!(seen(&fork)[1], ("may push", Health::Warning));
        let silent = CiContext { provider: Some(Provider::CloudBuild), ..CiContext::default() };
        assert!(seen(&silent).contains(&("variables", Health::Warning)));
    }
}
