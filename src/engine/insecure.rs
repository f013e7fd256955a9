//! The registries that an engine itself declares insecure: `insecure-registries` in its configuration.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use serde::Deserialize;

/// `RegistryConfig` of the engine's information.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct RegistryConfig {
    #[serde(rename = "InsecureRegistryCIDRs")]
    networks: Option<Vec<String>>,
    #[serde(rename = "IndexConfigs")]
    registries: Option<BTreeMap<String, Option<IndexConfig>>>,
}

#[derive(Deserialize)]
#[serde(default)]
struct IndexConfig {
    #[serde(rename = "Secure")]
    secure: bool,
}

impl Default for IndexConfig {
    /// What is not said is not insecure.
    fn default() -> Self {
        IndexConfig { secure: true }
    }
}

impl RegistryConfig {
    /// Hosts as spelled in references, and networks in CIDR form. Loopback is left out: every engine has it.
    pub(super) fn insecure(self) -> Vec<String> {
        let registries = self.registries.into_iter().flatten();
        let hosts = registries
            .filter(|(_, config)| config.as_ref().is_some_and(|config| !config.secure))
            .map(|(host, _)| host)
            .filter(|host| {
                host_only(host) != "localhost" && !address(host).is_some_and(|ip| ip.is_loopback())
            });
        let networks =
            self.networks.into_iter().flatten().filter(|network| {
                network.parse().is_ok_and(|network: IpNet| !network.network().is_loopback())
            });
        hosts.chain(networks).collect()
    }
}

/// Whether `host`, as spelled in a reference, is in `insecure`: by its name and port, or by its address. A name is not
/// resolved, as the engine would do: whoever answers for names does not decide what goes without TLS.
pub(super) fn declares(insecure: &[String], host: &str) -> bool {
    let within =
        |network: &str, ip: IpAddr| network.parse().is_ok_and(|network: IpNet| network.contains(&ip));
    insecure.iter().any(|entry| entry == host || address(host).is_some_and(|ip| within(entry, ip)))
}

/// `host` without its port and brackets.
fn host_only(host: &str) -> &str {
    match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    }
}

fn address(host: &str) -> Option<IpAddr> {
    host_only(host).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn insecure(json: &str) -> Vec<String> {
        serde_json::from_str::<RegistryConfig>(json).unwrap().insecure()
    }

    #[test]
    fn what_engines_say() {
        // 20.10, and 28 with its second network and mirrors.
        let old = r#"{
            "AllowNondistributableArtifactsCIDRs": [], "AllowNondistributableArtifactsHostnames": [],
            "InsecureRegistryCIDRs": ["10.1.0.0/16", "127.0.0.0/8"],
            "IndexConfigs": {
                "docker.io": {"Name": "docker.io", "Mirrors": [], "Secure": true, "Official": true},
                "r.example:5000": {"Name": "r.example:5000", "Mirrors": [], "Secure": false, "Official": false},
                "localhost:5001": {"Name": "localhost:5001", "Mirrors": null, "Secure": false}
            }, "Mirrors": []}"#;
        assert_eq!(insecure(old), ["r.example:5000", "10.1.0.0/16"]);
        let new = r#"{
            "InsecureRegistryCIDRs": ["::1/128", "127.0.0.0/8", "2001:db8::/32"],
            "IndexConfigs": {
                "docker.io": {"Mirrors": ["https://m.example/"], "Name": "docker.io", "Official": true, "Secure": true},
                "r.example": {"Mirrors": [], "Name": "r.example", "Official": false, "Secure": false},
                "[::1]:5000": {"Secure": false}, "127.0.0.1:5000": {"Secure": false}
            }, "Mirrors": ["https://m.example/"]}"#;
        assert_eq!(insecure(new), ["r.example", "2001:db8::/32"]);
        for nothing in [
            "{}",
            r#"{"IndexConfigs": null, "InsecureRegistryCIDRs": null}"#,
            r#"{"IndexConfigs": {"a": null, "b": {}}, "InsecureRegistryCIDRs": ["rubbish"]}"#,
        ] {
            assert_eq!(insecure(nothing), Vec::<String>::new(), "{nothing}");
        }
    }

    #[test]
    fn names_match_whole_and_addresses_by_network() {
        let list = ["r.example:5000", "10.1.0.0/16", "2001:db8::/32"].map(str::to_owned);
        for (host, expected) in [
            ("r.example:5000", true),
            ("r.example", false),
            ("r.example:5001", false),
            ("a.r.example:5000", false),
            ("10.1.2.3:5000", true),
            ("10.1.2.3", true),
            ("10.2.2.3", false),
            ("[2001:db8::1]:5000", true),
            ("[2001:db9::1]", false),
            ("10.1.0.0.example", false),
            ("10.1.0.0/16.example", false),
            ("", false),
        ] {
            assert_eq!(declares(&list, host), expected, "{host}");
        }
    }
}
