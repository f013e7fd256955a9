//! `imgbuild.toml`: the template's pieces, and between them what is known of this repository.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::template::{self, CONFIG};
use crate::config::{toml_key, toml_string};
use crate::error::{Error, Kind, Result};

/// What the first test waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ready {
    /// The answer that the Dockerfile of the templates is made for.
    Answer {
        /// The path.
        path: String,
        /// The port.
        port: u16,
        /// The folder of the image to which the Dockerfile copies files of the repository.
        folder: Option<&'static str>,
    },
    /// The image's own HEALTHCHECK.
    Healthcheck,
    /// A port that listens.
    Port(u16),
}

/// What the file says.
#[derive(Debug, Default)]
pub(super) struct ConfigFile<'a> {
    /// Where its keys are documented.
    pub(super) project: Option<&'a str>,
    pub(super) repository: Option<&'a str>,
    pub(super) context: Option<&'a str>,
    pub(super) dockerfile: Option<&'a str>,
    pub(super) target: Option<&'a str>,
    pub(super) platform: Option<&'a str>,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) structure_tests: Vec<String>,
    pub(super) goss: Vec<String>,
    pub(super) args: BTreeMap<String, String>,
    pub(super) network: Option<&'a str>,
    pub(super) pull: bool,
    pub(super) no_cache: bool,
    pub(super) ready: Option<Ready>,
}

impl ConfigFile<'_> {
    /// The file's text. Every value is quoted as TOML has it.
    pub(super) fn text(&self) -> Result<String> {
        let pieces: Vec<&str> = CONFIG.split("\n\n").collect();
        let [header, _, answers, no_secrets] = pieces.as_slice() else {
            return Err(Error::new(
                Kind::Internal,
                "the template of imgbuild.toml has other parts than expected",
            ));
        };
        let mut text = String::new();
        for line in header.lines().filter(|line| self.project.is_some() || !line.contains("{{project}}")) {
            text.push_str(&template::filled(line, &[("project", self.project.unwrap_or_default())])?);
            text.push('\n');
        }
        text.push_str("\n[image]\n");
        for (key, value) in [
            ("repository", self.repository),
            ("context", self.context),
            ("dockerfile", self.dockerfile),
            ("target", self.target),
            ("platform", self.platform),
        ] {
            if let Some(value) = value {
                let _ = writeln!(text, "{key} = {}", toml_string(value));
            }
        }
        for (key, files) in [("structure-tests", &self.structure_tests), ("goss", &self.goss)] {
            if !files.is_empty() {
                let files: Vec<String> = files.iter().map(|file| toml_string(file)).collect();
                let _ = writeln!(text, "{key} = [{}]", files.join(", "));
            }
        }
        if !self.labels.is_empty() {
            let _ = writeln!(text, "labels = {}", table(&self.labels));
        }
        text.push_str(&self.build());
        match &self.ready {
            None => {}
            Some(Ready::Answer { path, port, folder }) => {
                let port = port.to_string();
                let values = [("health-path", path.as_str()), ("port", port.as_str())];
                let answers = template::filled(answers, &values)?;
                let _ = write!(text, "\n{answers}\n");
                if let Some(folder) = folder {
                    let no_secrets = template::filled(no_secrets.trim_end(), &[("folder", folder)])?;
                    let _ = write!(text, "\n{no_secrets}\n");
                }
            }
            Some(Ready::Healthcheck) => text.push_str(
                "\n[[image.test]]\nname  = \"starts\"\nready = { healthcheck = true, within = \"30s\" }\n",
            ),
            Some(Ready::Port(port)) => {
                let _ = write!(
                    text,
                    "\n[[image.test]]\nname  = \"listens\"\nready = {{ port = {port}, within = \"30s\" }}\n"
                );
            }
        }
        Ok(text)
    }

    fn build(&self) -> String {
        let mut text = String::new();
        if !self.args.is_empty() {
            let _ = writeln!(text, "args = {}", table(&self.args));
        }
        if let Some(network) = self.network {
            let _ = writeln!(text, "network = {}", toml_string(network));
        }
        for (key, is_set) in [("pull", self.pull), ("no-cache", self.no_cache)] {
            if is_set {
                let _ = writeln!(text, "{key} = true");
            }
        }
        if text.is_empty() { text } else { format!("\n[image.build]\n{text}") }
    }
}

fn table(map: &BTreeMap<String, String>) -> String {
    let pairs: Vec<String> =
        map.iter().map(|(key, value)| format!("{} = {}", toml_key(key), toml_string(value))).collect();
    format!("{{ {} }}", pairs.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use proptest::prelude::*;

    #[test]
    fn with_a_dockerfile_of_the_templates_it_is_the_template() {
        let file = ConfigFile {
            project: Some("acme/imgbuild"),
            repository: Some("ghcr.io/acme/hello"),
            ready: Some(Ready::Answer { path: "/healthz".to_owned(), port: 8080, folder: Some("/app") }),
            ..ConfigFile::default()
        };
        let values = [
            ("project", "acme/imgbuild"),
            ("repository", "ghcr.io/acme/hello"),
            ("health-path", "/healthz"),
            ("port", "8080"),
            ("folder", "/app"),
        ];
        assert_eq!(file.text().unwrap(), template::filled(CONFIG, &values).unwrap());
    }

    #[test]
    fn everything_that_is_known_is_read_back() {
        let file = ConfigFile {
            repository: Some("ghcr.io/acme/api"),
            context: Some("services/api"),
            dockerfile: Some("services/api/Dockerfile.prod"),
            target: Some("runtime"),
            platform: Some("linux/amd64"),
            labels: BTreeMap::from([("com.acme.team".to_owned(), "pay \"ments\"".to_owned())]),
            structure_tests: vec!["tests/structure-test.yaml".to_owned()],
            goss: vec!["goss.yaml".to_owned()],
            args: BTreeMap::from([("GO".to_owned(), "1.10".to_owned())]),
            network: Some("host"),
            pull: true,
            no_cache: true,
            ready: Some(Ready::Port(8080)),
            project: None,
        };
        let text = file.text().unwrap();
        assert!(!text.contains("{{") && !text.contains("schema.json"), "{text}");
        config::parse("imgbuild.toml", text.as_bytes()).unwrap();
    }

    proptest! {
        #[test]
        fn names_of_files_are_quoted(name in "(?s).{1,30}") {
            prop_assume!(!name.contains('\0'));
            let file = ConfigFile { dockerfile: Some(&name), goss: vec![name.clone()], ..ConfigFile::default() };
            let table: toml::Table = file.text().unwrap().parse().unwrap();
            prop_assert_eq!(table["image"]["dockerfile"].as_str(), Some(name.as_str()));
        }
    }
}
