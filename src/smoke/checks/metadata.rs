//! What the image's configuration says.

use serde_json::Value;

use crate::engine::Image;
use crate::expect::{ImageCheck, Misfit};

/// Compares `image` with what it must say; what does not fit.
pub(super) fn check(image: &Image, spec: &ImageCheck) -> Vec<Misfit> {
    let mut misfits = Vec::new();
    for (name, matcher) in &spec.env {
        misfits.extend(matcher.value(&format!("variable {name}"), &text(variable(image, name))).err());
    }
    for name in &spec.unset_env {
        if variable(image, name).is_some() {
            // Whoever forbids one may do so for what it holds.
            misfits.push(Misfit::new(format!("variable {name}"), "not set", "a value"));
        }
    }
    for (name, matcher) in &spec.labels {
        let value = text(image.labels.get(name).map(String::as_str));
        misfits.extend(matcher.value(&format!("label {name}"), &value).err());
    }
    for (what, wanted, words) in
        [("ENTRYPOINT", &spec.entrypoint, &image.entrypoint), ("CMD", &spec.cmd, &image.command)]
    {
        if let Some(wanted) = wanted
            && wanted != words
        {
            misfits.push(Misfit::new(what, list(wanted), list(words)));
        }
    }
    misfits.extend(lists(image, spec));
    let values = [
        ("WORKDIR", &spec.workdir, image.workdir.as_str().into()),
        ("USER", &spec.user, image.user.as_str().into()),
        ("size of the image", &spec.size, image.size.into()),
    ];
    for (what, matcher, value) in &values {
        misfits.extend(matcher.as_ref().and_then(|matcher| matcher.value(what, value).err()));
    }
    misfits
}

/// Ports and volumes that must be there, or must not.
fn lists(image: &Image, spec: &ImageCheck) -> Vec<Misfit> {
    let exposes = |port: &String| image.exposed.iter().any(|exposed| same_port(port, exposed));
    let declares = |volume: &String| image.volumes.contains(volume);
    let mut misfits = Vec::new();
    for port in spec.exposed.iter().filter(|port| !exposes(port)) {
        misfits.push(Misfit::new(format!("port {port}"), "exposed", list(&image.exposed)));
    }
    for port in spec.unexposed.iter().filter(|port| exposes(port)) {
        misfits.push(Misfit::new(format!("port {port}"), "not exposed", list(&image.exposed)));
    }
    for volume in spec.volumes.iter().filter(|volume| !declares(volume)) {
        misfits.push(Misfit::new(format!("volume {volume}"), "declared", list(&image.volumes)));
    }
    for volume in spec.no_volumes.iter().filter(|volume| declares(volume)) {
        misfits.push(Misfit::new(format!("volume {volume}"), "not declared", list(&image.volumes)));
    }
    misfits
}

/// Where `wanted` has no protocol, any will do.
fn same_port(wanted: &str, exposed: &str) -> bool {
    match wanted.contains('/') {
        true => wanted == exposed,
        false => exposed.split('/').next() == Some(wanted),
    }
}

fn variable<'a>(image: &'a Image, name: &str) -> Option<&'a str> {
    let pairs = image.env.iter().rev().map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.filter(|(key, _)| *key == name).map(|(_, value)| value).next()
}

fn text(value: Option<&str>) -> Value {
    value.map_or(Value::Null, Value::from)
}

/// As a Dockerfile has it: `["a", "b"]`.
fn list(words: &[String]) -> String {
    if words.is_empty() { "none".to_owned() } else { format!("{words:?}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expect::Matcher;

    fn image() -> Image {
        let list = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        Image {
            labels: [("a".to_owned(), "1".to_owned())].into(),
            env: list(&["PATH=/bin", "OPTS=a=b", "EMPTY="]),
            command: list(&["-x"]),
            user: "app".to_owned(),
            workdir: "/srv".to_owned(),
            exposed: list(&["80/tcp", "53/udp", "53/tcp"]),
            volumes: list(&["/data"]),
            size: 1000,
            ..Image::default()
        }
    }

    fn said(spec: &ImageCheck) -> Vec<String> {
        check(&image(), spec).iter().map(Misfit::sentence).collect()
    }

    #[test]
    fn what_fits_is_not_told() {
        let equals = |value: &str| Matcher::Equals(value.into());
        let spec = ImageCheck {
            env: vec![
                ("OPTS".into(), equals("a=b")),
                ("EMPTY".into(), equals("")),
                ("NONE".into(), Matcher::Equals(Value::Null)),
            ],
            unset_env: vec!["PAT".into(), "A".into()],
            labels: vec![("a".into(), equals("1"))],
            entrypoint: Some(Vec::new()),
            cmd: Some(vec!["-x".into()]),
            exposed: vec!["80".into(), "53/udp".into(), "53".into()],
            unexposed: vec!["8".into(), "80/udp".into()],
            volumes: vec!["/data".into()],
            no_volumes: vec!["/dat".into()],
            workdir: Some(equals("/srv")),
            user: Some(equals("app")),
            size: Some(Matcher::AtMost(1000.0)),
        };
        assert_eq!(said(&spec), Vec::<String>::new());
    }

    #[test]
    fn what_does_not_fit_is_told_in_words() {
        let spec = ImageCheck {
            unset_env: vec!["EMPTY".into(), "PATH".into()],
            labels: vec![("b".into(), Matcher::Equals("2".into()))],
            entrypoint: Some(vec!["/app".into()]),
            cmd: Some(Vec::new()),
            exposed: vec!["443".into()],
            unexposed: vec!["80".into(), "53/tcp".into()],
            volumes: vec!["/var".into()],
            no_volumes: vec!["/data".into()],
            user: Some(Matcher::Not(Box::new(Matcher::Equals("app".into())))),
            size: Some(Matcher::Less(1000.0)),
            ..ImageCheck::default()
        };
        let ports = r#"["80/tcp", "53/udp", "53/tcp"]"#;
        assert_eq!(
            said(&spec),
            [
                "variable EMPTY: expected not set, got a value".to_owned(),
                "variable PATH: expected not set, got a value".to_owned(),
                "label b: expected 2, got nothing".to_owned(),
                r#"ENTRYPOINT: expected ["/app"], got none"#.to_owned(),
                r#"CMD: expected none, got ["-x"]"#.to_owned(),
                format!("port 443: expected exposed, got {ports}"),
                format!("port 80: expected not exposed, got {ports}"),
                format!("port 53/tcp: expected not exposed, got {ports}"),
                r#"volume /var: expected declared, got ["/data"]"#.to_owned(),
                r#"volume /data: expected not declared, got ["/data"]"#.to_owned(),
                "USER: expected anything but app, got app".to_owned(),
                "size of the image: expected less than 1000, got 1000".to_owned(),
            ]
        );
    }
}
