//! `image-starts-init-system`.

use crate::rules::facts::ImageFacts;
use crate::rules::words::{shown, starts_init_system};
use crate::rules::{Found, Place, rule};

rule! {
    /// ## What it does
    /// Reports an image whose `ENTRYPOINT` or `CMD` starts an init system or a process manager, such as
    /// systemd, supervisord, runit, s6 or monit. The setting `checks.allow-services` names those that may be
    /// started. Small programs that only pass signals on and reap children, such as tini, are fine.
    ///
    /// ## Why is this bad?
    /// An engine watches one process. Behind an init system a service may die and the container still counts
    /// as running, its log is not the container's, and none of the services can be updated or scaled alone.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// CMD ["/usr/bin/supervisord", "-n"]
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// CMD ["/usr/local/bin/server"]
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/engine/containers/multi-service_container/>
    /// - <https://docs.docker.com/build/building/best-practices/#decouple-applications>
    IMG811 "image-starts-init-system" {
        level: Warning,
        items: [OneService],
        aliases: [],
        remedy: "start the service itself, and run each other one in a container of its own",
        check: Image(check),
    }
}

fn check(image: &ImageFacts, found: &mut Found<'_>) {
    // A script in ENTRYPOINT runs CMD in the end; a wrapper there may have the program in CMD.
    let all: Vec<String> = image.entrypoint.iter().chain(&image.cmd).cloned().collect();
    let fields = [("Config.Entrypoint", &image.entrypoint), ("Config.Cmd", &image.cmd), ("Config.Cmd", &all)];
    let started = fields.into_iter().find_map(|(field, words)| Some((field, starts_init_system(words)?)));
    let Some((field, name)) = started else { return };
    if image.expectations.allow_services.contains(&name) {
        return;
    }
    found.add(Place::field(&image.reference, field), format!("the image starts {}", shown(&name)));
}
