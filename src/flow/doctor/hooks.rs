//! The pre-push hook: whether it is there, and who runs it.

use crate::error::{Kind, Result};
use crate::flow::session::{Session, blocking};
use crate::report::{Check, Health};
use crate::setup::hooks::{self, Manager};
use crate::source::{CiContext, HookPlace};

const SUBJECT: &str = "hooks";
const NAME: &str = "pre-push";

pub(super) async fn look(session: &Session, ci: &CiContext) -> Vec<Check> {
    if ci.is_ci() {
        return vec![Check::new(SUBJECT, NAME, Health::NotChecked, "nobody pushes from a CI's checkout")];
    }
    let (directory, environment) = (session.directory.clone(), session.environment.clone());
    let has_program = session.environment.program("imgbuild").is_some();
    let found: Result<(Manager, bool)> = blocking(move || {
        let place = HookPlace::find(&directory, &environment)?;
        let is_there = !hooks::uninstall(&place)?.steps.is_empty();
        Ok((Manager::of(&place), is_there))
    })
    .await;
    vec![match found {
        Ok((manager, true)) if has_program || manager == Manager::Plain => {
            Check::new(SUBJECT, NAME, Health::Ok, format!("installed, by {manager}"))
        }
        Ok((manager, true)) => {
            let text = format!("installed, by {manager}, which finds no imgbuild on PATH");
            Check::new(SUBJECT, NAME, Health::Warning, text).remedy("put imgbuild into a folder of PATH")
        }
        Ok((manager, false)) => {
            Check::new(SUBJECT, NAME, Health::Ok, format!("not installed; it would go by {manager}"))
                .remedy("imgbuild hook install has git judge what is pushed")
        }
        Err(error) if error.kind() == Kind::Refused => {
            Check::new(SUBJECT, NAME, Health::NotChecked, error.to_string())
        }
        Err(error) => Check::failed(SUBJECT, NAME, &error),
    }]
}
