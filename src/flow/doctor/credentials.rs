//! Docker's configuration: whether it can be read, and whether the helpers that it names are there.

use crate::flow::registries;
use crate::flow::session::Session;
use crate::registry::CredentialStore;
use crate::report::{Check, Health};

const SUBJECT: &str = "logins";

/// The checks, and what holds the logins. No helper is run.
pub(super) fn look(session: &Session) -> (Vec<Check>, Option<CredentialStore>) {
    let store = match registries::store(session) {
        Ok(store) => store,
        Err(error) => return (vec![Check::failed(SUBJECT, "docker", &error)], None),
    };
    let (path, count) = store.docker_file();
    let text = match count {
        _ if path.is_empty() => "no docker configuration: there is no home folder".to_owned(),
        0 => format!("{path} holds no login"),
        1 => format!("{path} has an entry for 1 registry"),
        count => format!("{path} has entries for {count} registries"),
    };
    let mut checks = vec![Check::new(SUBJECT, "docker", Health::Ok, text)];
    for (registry, program) in store.helpers() {
        let whose = registry.unwrap_or("all other registries");
        checks.push(match session.environment.program(&program) {
            Some(path) => Check::new(SUBJECT, "helper", Health::Ok, format!("{whose}: {}", path.display())),
            None => {
                Check::new(SUBJECT, "helper", Health::Warning, format!("{whose}: {program} is not on PATH"))
                    .remedy(format!("install {program}, or take it out of {path}"))
            }
        });
    }
    (checks, Some(store))
}
