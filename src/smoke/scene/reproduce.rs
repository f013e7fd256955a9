//! A command for a shell that starts the same container by hand.

use crate::engine::ContainerSpec;
use crate::shell;

/// The command for `spec`, of the image that people know as `image`. `network` is told where it outlives the test.
///
/// Values of variables are left out, since they may be secrets: docker takes each from the environment.
pub(in crate::smoke) fn command(spec: &ContainerSpec, image: &str, network: Option<&str>) -> String {
    let mut words: Vec<String> = ["docker", "run", "--rm"].map(str::to_owned).to_vec();
    let mut flag = |name: &str, value: &str| {
        words.push(name.to_owned());
        if !value.is_empty() {
            words.push(value.to_owned());
        }
    };
    if spec.tty {
        flag("-t", "");
    }
    if let Some(network) = network {
        flag("--network", network);
    }
    spec.publish.iter().for_each(|port| flag("-p", &format!("127.0.0.1::{port}")));
    for port in &spec.ports {
        let address = port.address.as_ref().map(|address| format!("{address}:")).unwrap_or_default();
        let protocol = if port.udp { "/udp" } else { "" };
        flag("-p", &format!("{address}{}:{}{protocol}", port.host, port.container));
    }
    for mount in &spec.mounts {
        let read_only = if mount.read_only { ":ro" } else { "" };
        flag("-v", &format!("{}:{}{read_only}", mount.source, mount.target));
    }
    spec.env.keys().for_each(|name| flag("-e", name));
    if let Some(user) = &spec.user {
        flag("--user", user);
    }
    spec.binds.iter().for_each(|bind| flag("-v", bind));
    for (path, options) in &spec.tmpfs {
        let colon = if options.is_empty() { "" } else { ":" };
        flag("--tmpfs", &format!("{path}{colon}{options}"));
    }
    if spec.read_only {
        flag("--read-only", "");
    }
    if spec.privileged {
        flag("--privileged", "");
    }
    if spec.limits.drop_capabilities {
        flag("--cap-drop", "ALL");
    }
    spec.cap_add.iter().for_each(|capability| flag("--cap-add", capability));
    if spec.limits.memory_bytes > 0 {
        flag("--memory", &spec.limits.memory_bytes.to_string());
    }
    if spec.limits.pids > 0 {
        flag("--pids-limit", &spec.limits.pids.to_string());
    }
    if spec.limits.no_new_privileges && !spec.privileged {
        flag("--security-opt", "no-new-privileges");
    }
    let mut arguments = spec.command.clone().unwrap_or_default();
    if let Some(entrypoint) = &spec.entrypoint {
        let mut parts = entrypoint.iter();
        // docker takes one word here; the others are arguments of it.
        words.extend(["--entrypoint".to_owned(), parts.next().cloned().unwrap_or_default()]);
        arguments.splice(0..0, parts.cloned());
    }
    words.push(image.to_owned());
    words.extend(arguments);
    words.iter().map(|word| shell::word(word)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Limits;

    #[test]
    fn options_are_told_and_values_are_not() {
        let spec = ContainerSpec {
            env: [("TOKEN".to_owned(), "hush".to_owned())].into(),
            user: Some("1000:1000".into()),
            binds: vec!["/a b:/c:ro".into()],
            tmpfs: [("/tmp".to_owned(), "size=4m".to_owned()), ("/run".to_owned(), String::new())].into(),
            read_only: true,
            publish: vec![8080],
            limits: Limits { memory_bytes: 64, pids: 512, no_new_privileges: true, ..Limits::default() },
            command: Some(vec!["-c".into(), "echo $X 'y'".into()]),
            entrypoint: Some(vec!["sh".into(), "-e".into()]),
            ..ContainerSpec::default()
        };
        assert_eq!(
            command(&spec, "api:dev", Some("host")),
            "docker run --rm --network host -p 127.0.0.1::8080 -e TOKEN --user 1000:1000 -v '/a b:/c:ro' --tmpfs /run \
             --tmpfs /tmp:size=4m --read-only --memory 64 --pids-limit 512 --security-opt no-new-privileges \
             --entrypoint sh api:dev -e -c 'echo $X '\\''y'\\'''"
        );
    }

    #[test]
    fn an_entrypoint_that_is_taken_away_stays_away() {
        let spec = ContainerSpec { entrypoint: Some(Vec::new()), ..ContainerSpec::default() };
        assert_eq!(command(&spec, "i", None), "docker run --rm --entrypoint '' i");
    }
}
