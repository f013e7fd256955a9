//! Commands that start services, and what supervises several of them.

use crate::dockerfile::shell::Command;

/// Init systems and process managers: the program and what it belongs to.
pub(super) const SUPERVISORS: [(&str, &str); 30] = [
    ("systemd", "systemd"),
    ("upstart", "upstart"),
    ("openrc", "openrc"),
    ("openrc-init", "openrc"),
    ("supervisord", "supervisord"),
    ("runit", "runit"),
    ("runit-init", "runit"),
    ("runsvdir", "runit"),
    ("runsvdir-start", "runit"),
    ("runsvinit", "runit"),
    ("my_init", "my_init"),
    ("s6-svscan", "s6"),
    ("s6-init", "s6"),
    ("s6-linux-init", "s6"),
    ("svscan", "daemontools"),
    ("svscanboot", "daemontools"),
    ("dinit", "dinit"),
    ("monit", "monit"),
    ("circusd", "circus"),
    ("god", "god"),
    ("pm2", "pm2"),
    ("pm2-runtime", "pm2"),
    ("pm2-docker", "pm2"),
    ("forego", "forego"),
    ("foreman", "foreman"),
    ("goreman", "goreman"),
    ("honcho", "honcho"),
    ("overmind", "overmind"),
    ("hivemind", "hivemind"),
    ("process-compose", "process-compose"),
];

/// Servers that run for as long as the container does, and put themselves into the background where nobody forbids it.
const DAEMONS: [&str; 58] = [
    "nginx",
    "httpd",
    "apache2",
    "apachectl",
    "apache2ctl",
    "apache2-foreground",
    "php-fpm",
    "lighttpd",
    "haproxy",
    "varnishd",
    "squid",
    "caddy",
    "sshd",
    "dropbear",
    "cron",
    "crond",
    "fcron",
    "anacron",
    "supercronic",
    "rsyslogd",
    "syslogd",
    "syslog-ng",
    "dbus-daemon",
    "avahi-daemon",
    "mysqld",
    "mysqld_safe",
    "mariadbd",
    "mariadbd-safe",
    "postgres",
    "redis-server",
    "memcached",
    "mongod",
    "rabbitmq-server",
    "slapd",
    "postfix",
    "exim4",
    "dovecot",
    "named",
    "dnsmasq",
    "unbound",
    "smbd",
    "nmbd",
    "vsftpd",
    "proftpd",
    "ntpd",
    "chronyd",
    "xinetd",
    "inetd",
    "fail2ban-server",
    "dockerd",
    "containerd",
    "Xvfb",
    "x11vnc",
    "vncserver",
    "filebeat",
    "td-agent",
    "zabbix_agentd",
    "snmpd",
];

/// The init system or process manager that the command is, by the program's name and by its own: `runsvdir`, `runit`.
pub(in crate::rules) fn supervisor(command: &Command) -> Option<(&str, &'static str)> {
    match command.raw_name() {
        "/init" => return Some(("/init", "s6")),
        "init" | "/sbin/init" | "/bin/init" | "/usr/sbin/init" => return Some(("init", "systemd")),
        _ => {}
    }
    let name = command.name();
    if name == "busybox" && command.subcommand() == "init" {
        return Some(("busybox init", "init"));
    }
    if is_informed(command) {
        return None;
    }
    let name = match passes_on(name) {
        true => passed(command).unwrap_or(name),
        false => name,
    };
    SUPERVISORS.iter().find(|(program, _)| *program == name).map(|(_, title)| (name, *title))
}

/// Whether a program starts the one that its arguments name; beyond those that [`Command::unwrapped`] looks behind.
fn passes_on(name: &str) -> bool {
    let known = ["bundle", "catatonit", "docker-init", "with-contenv", "xvfb-run", "poetry", "pipenv"]
        .contains(&name);
    known || name.starts_with("python") || name.contains("entrypoint")
}

/// The program behind one that passes on: `foreman` of `bundle exec foreman`, `supervisord` of
/// `python -m supervisor.supervisord`.
fn passed(command: &Command) -> Option<&str> {
    let mut words = command.positional(&[]).into_iter().map(|word| word.text.as_str());
    let program = words.find(|word| !matches!(*word, "exec" | "run"))?;
    let program = program.rsplit('/').next().unwrap_or(program);
    Some(program.strip_prefix("supervisor.").unwrap_or(program))
}

/// The service that the command tells an init script or an init system to start in the background: `nginx` of
/// `service nginx start`.
pub(in crate::rules) fn starts_service(command: &Command) -> Option<String> {
    let command = command.unwrapped();
    let words = command.positional(&[]);
    let word = |at: usize| words.get(at).map_or("", |word| word.text.as_str());
    let is_start = |verb: &str| matches!(verb, "start" | "restart");
    let raw = command.raw_name();
    let service = match command.name() {
        "service" | "rc-service" | "invoke-rc.d" if is_start(word(1)) => word(0),
        "systemctl" if is_start(word(0)) => word(1),
        "pg_ctl" | "pg_ctlcluster" if words.iter().any(|word| is_start(&word.text)) => "postgres",
        name if raw.starts_with("/etc/init.d/") && is_start(word(0)) => name,
        _ => "",
    };
    (!service.is_empty()).then(|| service.to_owned())
}

/// The server that the command is by its name, where it is not only asked for its version or to test its configuration.
pub(in crate::rules) fn daemon(command: &Command) -> Option<&str> {
    let name = command.name();
    // php-fpm8.2, php-fpm7.
    let versioned = name
        .strip_prefix("php-fpm")
        .is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit() || b == b'.'));
    let known = versioned || DAEMONS.contains(&name);
    let once = command.args().iter().any(|word| {
        let text = word.text.as_str();
        matches!(text, "-t" | "-T" | "--test" | "configtest" | "stop" | "-s" | "graceful-stop")
            || text.starts_with("--initialize")
            || text.starts_with("--bootstrap")
            || text.starts_with("--install")
    });
    (known && !once && !is_informed(command)).then_some(name)
}

/// Whether the command only tells about itself.
fn is_informed(command: &Command) -> bool {
    command.args().iter().any(|word| {
        matches!(word.text.as_str(), "-v" | "-V" | "--version" | "-version" | "--help" | "version")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::shell::parse;

    #[test]
    fn what_starts_services() {
        for (text, want) in [
            ("service nginx start", Some("nginx")),
            ("sudo service --full-restart cron restart", Some("cron")),
            ("/etc/init.d/ssh start", Some("ssh")),
            ("systemctl start docker", Some("docker")),
            ("systemctl enable docker", None),
            ("rc-service x stop", None),
            ("service", None),
            ("pg_ctl -D /data start", Some("postgres")),
            ("./service nginx.conf", None),
        ] {
            assert_eq!(starts_service(&parse(text).commands[0]).as_deref(), want, "{text}");
        }
    }

    #[test]
    fn what_runs_until_it_is_stopped() {
        for (text, want) in [
            ("nginx -g 'daemon off;'", Some("nginx")),
            ("/usr/sbin/php-fpm8.2 -D", Some("php-fpm8.2")),
            ("php-fpm-exporter", None),
            ("nginx -t", None),
            ("mysqld --initialize-insecure", None),
            ("crond -V", None),
        ] {
            assert_eq!(daemon(&parse(text).commands[0]), want, "{text}");
        }
        for (text, want) in [
            ("/sbin/init", Some("systemd")),
            ("/init", Some("s6")),
            ("./init", None),
            ("/app/init", None),
            ("/lib/systemd/systemd --system", Some("systemd")),
            ("supervisord -n", Some("supervisord")),
            ("supervisord --version", None),
            ("busybox init", Some("init")),
            ("bundle exec foreman start", Some("foreman")),
            ("python3 -m supervisor.supervisord", Some("supervisord")),
            ("/docker-entrypoint.sh supervisord -n", Some("supervisord")),
            ("catatonit -- /usr/bin/monit", Some("monit")),
            ("bundle exec rails monit", None),
            ("dumb-init", None),
        ] {
            let command = &parse(text).commands[0];
            assert_eq!(supervisor(command).map(|(_, title)| title), want, "{text}");
        }
    }
}
