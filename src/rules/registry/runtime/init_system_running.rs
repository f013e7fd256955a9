//! `init-system-running`.

use crate::rules::facts::RuntimeFacts;
use crate::rules::words::{manager, said, shown};
use crate::rules::{Fact, Found, Place, rule};

rule! {
    /// ## What it does
    /// Reports a container in which an init system or a process manager runs: systemd, an init of System V or busybox,
    /// supervisord, runit, s6, monit, pm2 and others. Programs that only pass signals on and reap processes (tini,
    /// dumb-init) are fine. The setting `checks.allow-services` names those that are wanted.
    ///
    /// ## Why is this bad?
    /// The manager stays up while the service behind it crashes again and again, so the container looks well. Its log, its
    /// exit code and its restarts are hidden from whoever runs it.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// CMD ["supervisord", "-n", "-c", "/etc/supervisord.conf"]
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// ENTRYPOINT ["tini", "--"]
    /// CMD ["server"]
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/engine/containers/multi-service_container/>
    IMG906 "init-system-running" {
        level: Warning,
        items: [OneService],
        aliases: [],
        remedy: "start the service itself; allow the manager by checks.allow-services where it is meant",
        check: Running(check),
    }
}

fn check(seen: &RuntimeFacts, found: &mut Found<'_>) -> Fact<()> {
    seen.of_either(&seen.processes, |processes| {
        let is_allowed = |program: &str, title: &str| {
            let companions = processes.companions.iter();
            let mut all = seen.expectations.allow_services.iter().chain(companions);
            all.any(|name| [program, title].iter().any(|known| name.eq_ignore_ascii_case(known)))
        };
        let mut managers = processes.samples.iter().flatten().filter_map(|process| {
            let (program, title) = manager(process)?;
            (!is_allowed(program, title)).then_some((process, program))
        });
        if let Some((process, program)) = managers.next() {
            found
                .add(
                    Place::file(&seen.reference),
                    format!("{} runs in its container, and services of its own behind it", shown(program)),
                )
                .evidence(said(&process.args));
        }
    })
}
