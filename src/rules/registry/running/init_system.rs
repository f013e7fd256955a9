//! `init-system`.

use crate::dockerfile::Keyword;
use crate::rules::analysis::Analysis;
use crate::rules::words::{inside, shown, supervisor};
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports a `CMD` or an `ENTRYPOINT` of the image that is built that starts an init system or a process manager
    /// (systemd, supervisord, runit, s6, monit, pm2, foreman and others), and a `RUN` that enables units of systemd.
    /// Programs that only pass signals on and reap processes (tini, dumb-init) are fine. `checks.allow-services` names
    /// those that are wanted.
    ///
    /// ## Why is this bad?
    /// The engine watches process 1. When that is a manager, a service can crash again and again while the container looks
    /// well; its log, its exit code and its restarts are hidden from whoever runs the container. One service in each
    /// container can be scaled, updated and limited by itself.
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
    /// CMD ["serve"]
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/engine/containers/multi-service_container/>
    /// - <https://docs.docker.com/build/building/best-practices/#decouple-applications>
    IMG506 "init-system" {
        level: Warning,
        items: [OneService],
        aliases: [],
        remedy: "start one service, and make an image for each other one; allow the manager by checks.allow-services where it is meant",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    let allowed = |names: [&str; 2]| {
        let mut services = file.expectations.allow_services.iter();
        services.any(|service| names.iter().any(|name| service.eq_ignore_ascii_case(name)))
    };
    for step in file.starters() {
        for command in &file.started(step).commands {
            let bare = command.unwrapped();
            let Some((program, title)) = supervisor(&bare) else { continue };
            if !allowed([program, title]) {
                let place = file.place_at(step, file.started_span(step, command));
                let name = step.instruction.keyword.name();
                found.add(place, format!("{name} starts {}, which runs services of its own", shown(program)));
                break;
            }
        }
    }
    let stages = file.target().map(|target| file.graph.chain(target)).unwrap_or_default();
    if allowed(["systemctl", "systemd"]) {
        return;
    }
    for step in stages.iter().flat_map(|stage| file.of_stage(*stage)) {
        if step.instruction.keyword != Keyword::Run {
            continue;
        }
        let enables = step.bodies.iter().find_map(|body| {
            let script = inside(body);
            let command = script.commands.iter().find(|command| {
                let bare = command.unwrapped();
                bare.name() == "systemctl" && bare.positional(&[]).first().is_some_and(|w| w.text == "enable")
            })?;
            Some(step.span(body, command.range.clone()))
        });
        if let Some(span) = enables {
            found.add(file.place_at(step, span), "RUN enables a unit of systemd, which has to run for it");
        }
    }
}
