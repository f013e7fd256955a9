//! What files hold that nobody else should have, told from their names and how they begin. A value never leaves here.

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sign {
    /// A private key.
    PrivateKey {
        /// Whether a passphrase guards it.
        encrypted: bool,
    },
    /// A login of a cloud, a cluster or a registry of images: which.
    CloudCredentials(&'static str),
    /// A login of a package registry or a host: which.
    RegistryToken(&'static str),
    /// A login in the configuration of a git repository.
    GitCredentials,
}

/// Whether a file has a name that secrets are kept under: `Some(0)` where it is the usual one, more where it only may be.
/// Others are not worth a look.
pub fn may_hold_secret(path: &str) -> Option<u8> {
    let lower = path.to_ascii_lowercase();
    let name = lower.rsplit('/').next().unwrap_or(&lower);
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    if holder(&lower).is_some() || is_git_config(&lower) {
        return Some(0);
    }
    let is_key_name = ["id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "ssh_host_", "identity"];
    if is_key_name.iter().any(|start| name.starts_with(start)) && extension != "pub" {
        return Some(0);
    }
    match extension {
        "pem" | "key" | "p8" | "pk8" | "ppk" | "agekey" | "priv" | "private" | "asc" => Some(1),
        "json" if !matches!(name, "package.json" | "package-lock.json" | "tsconfig.json") => Some(2),
        "txt" if name.contains("key") => Some(2),
        "crt" | "cert" | "cer" => Some(2),
        _ if name.ends_with("_rsa") || name.ends_with("_ed25519") || name.contains("kubeconfig") => Some(1),
        _ => None,
    }
}

/// What a file holds, by its path and its first bytes.
pub fn signs(path: &str, bytes: &[u8]) -> Vec<Sign> {
    let text = String::from_utf8_lossy(bytes);
    let lower = path.to_ascii_lowercase();
    let mut found = Vec::new();
    found.extend(private_key(&text));
    found.extend(service_account(&text));
    if is_git_config(&lower) && git_credentials(&text) {
        found.push(Sign::GitCredentials);
    }
    if let Some(holder) = holder(&lower)
        && (holder.needs.is_empty() || holder.needs.iter().any(|word| text.contains(word)))
        && text.lines().any(holder.shows)
    {
        found.push(holder.sign);
    }
    found.sort_unstable();
    found.dedup();
    found
}

fn private_key(text: &str) -> Option<Sign> {
    let header = |line: &str| {
        let label = line.strip_prefix("-----BEGIN ")?.strip_suffix("-----")?;
        (label.ends_with("PRIVATE KEY") || label == "PGP PRIVATE KEY BLOCK").then(|| label.starts_with("ENC"))
    };
    for line in text.lines().map(str::trim) {
        if let Some(encrypted) = header(line) {
            let encrypted = encrypted || text.contains("Proc-Type: 4,ENCRYPTED");
            return Some(Sign::PrivateKey { encrypted });
        }
        if line.starts_with("PuTTY-User-Key-File-") {
            let encrypted = !text.contains("Encryption: none");
            return Some(Sign::PrivateKey { encrypted });
        }
        if line.starts_with("AGE-SECRET-KEY-1") {
            return Some(Sign::PrivateKey { encrypted: false });
        }
    }
    None
}

/// A key of Google Cloud, whatever the file is called.
fn service_account(text: &str) -> Option<Sign> {
    let is_one = text.contains("\"service_account\"") && text.contains("\"private_key\"");
    let is_user = text.contains("\"authorized_user\"") && text.contains("\"refresh_token\"");
    (is_one || is_user).then_some(Sign::CloudCredentials("Google Cloud"))
}

/// A kind of file that logins are kept in.
struct Holder {
    /// The file's name, or the end of its path from a `/` on.
    names: &'static [&'static str],
    /// Words of which the text holds one, where others use such a name, too; none where the name says enough.
    needs: &'static [&'static str],
    sign: Sign,
    /// Whether a line holds one.
    shows: fn(&str) -> bool,
}

fn holder(lower: &str) -> Option<&'static Holder> {
    let is =
        |name: &&str| lower.strip_suffix(*name).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'));
    HOLDERS.iter().find(|holder| holder.names.iter().any(is))
}

static HOLDERS: [Holder; 17] = [
    Holder {
        names: &[".aws/credentials", ".aws/config", "aws_credentials", ".boto", ".s3cfg"],
        needs: &[],
        sign: Sign::CloudCredentials("AWS"),
        shows: |line| value(line, "aws_secret_access_key").is_some() || value(line, "secret_key").is_some(),
    },
    Holder {
        names: &[
            ".azure/accesstokens.json",
            ".azure/msal_token_cache.json",
            ".azure/service_principal_entries.json",
        ],
        needs: &[],
        sign: Sign::CloudCredentials("Azure"),
        shows: |line| {
            ["accessToken", "refreshToken", "\"secret\"", "client_secret"]
                .iter()
                .any(|key| line.contains(key))
        },
    },
    Holder {
        names: &[
            ".kube/config",
            "kubeconfig",
            "kubeconfig.yaml",
            "kubeconfig.yml",
            "kube.config",
            "admin.conf",
        ],
        needs: &["users", "clusters"],
        sign: Sign::CloudCredentials("Kubernetes"),
        shows: |line| ["client-key-data", "token", "password"].iter().any(|key| value(line, key).is_some()),
    },
    Holder {
        names: &[".docker/config.json", ".dockercfg", ".dockerconfigjson"],
        needs: &[],
        sign: Sign::CloudCredentials("a container registry"),
        shows: |line| json_value(line, "auth") || json_value(line, "identitytoken"),
    },
    Holder {
        names: &[".terraform.d/credentials.tfrc.json", ".terraformrc", "credentials.tfrc.json"],
        needs: &[],
        sign: Sign::CloudCredentials("Terraform"),
        shows: |line| json_value(line, "token") || value(line, "token").is_some(),
    },
    Holder {
        names: &[".config/doctl/config.yaml", ".config/hcloud/cli.toml", ".fly/config.yml"],
        needs: &[],
        sign: Sign::CloudCredentials("a cloud"),
        shows: |line| {
            value(line, "access-token").or(value(line, "token")).or(value(line, "access_token")).is_some()
        },
    },
    Holder {
        names: &[".npmrc"],
        needs: &[],
        sign: Sign::RegistryToken("npm"),
        shows: |line| ["_authToken", "_auth", "_password"].iter().any(|key| ends_with_key(line, key)),
    },
    Holder {
        names: &[".yarnrc.yml"],
        needs: &[],
        sign: Sign::RegistryToken("Yarn"),
        shows: |line| value(line, "npmAuthToken").or(value(line, "npmAuthIdent")).is_some(),
    },
    Holder {
        names: &[".netrc", "_netrc"],
        needs: &[],
        sign: Sign::RegistryToken("a host"),
        shows: |line| {
            let mut words = line.split_whitespace();
            words.any(|word| word == "password") && words.next().is_some_and(is_literal)
        },
    },
    Holder {
        names: &[".pypirc"],
        needs: &[],
        sign: Sign::RegistryToken("PyPI"),
        shows: |line| value(line, "password").is_some(),
    },
    Holder {
        names: &["pip.conf", "pip.ini"],
        needs: &[],
        sign: Sign::RegistryToken("a Python package index"),
        shows: has_login,
    },
    Holder {
        names: &[".gem/credentials"],
        needs: &[],
        sign: Sign::RegistryToken("RubyGems"),
        shows: |line| {
            value(line.trim_start_matches(':'), "rubygems_api_key").is_some() || line.contains("_api_key: ")
        },
    },
    Holder {
        names: &[".cargo/credentials", ".cargo/credentials.toml"],
        needs: &[],
        sign: Sign::RegistryToken("a Cargo registry"),
        shows: |line| value(line, "token").is_some(),
    },
    Holder {
        names: &["nuget.config"],
        needs: &[],
        sign: Sign::RegistryToken("NuGet"),
        shows: |line| {
            let lower = line.to_ascii_lowercase();
            lower.contains("cleartextpassword") && xml_attribute(line, "value").is_some_and(is_literal)
        },
    },
    Holder {
        names: &["settings.xml", ".m2/settings.xml"],
        needs: &["<server>"],
        sign: Sign::RegistryToken("Maven"),
        shows: |line| {
            xml_element(line, "password").or(xml_element(line, "passphrase")).is_some_and(is_literal)
        },
    },
    Holder {
        names: &["auth.json"],
        needs: &["http-basic", "github-oauth", "gitlab-token", "gitlab-oauth", "bearer"],
        sign: Sign::RegistryToken("Composer"),
        shows: |line| {
            json_value(line, "password") || json_value(line, "github.com") || json_value(line, "gitlab.com")
        },
    },
    Holder { names: &[".git-credentials"], needs: &[], sign: Sign::RegistryToken("git"), shows: has_login },
];

/// What stands behind `key =` or `key:`; `None` where it is another key, empty, or a variable.
fn value<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let rest = line.trim_start().trim_start_matches(['"', '-', ' ']).strip_prefix(key)?;
    let rest = rest.trim_start_matches('"').trim_start().strip_prefix(['=', ':'])?;
    let value = rest.trim().trim_matches(['"', '\'', ',']);
    is_literal(value).then_some(value)
}

/// `//host/:_authToken=value`, `_auth=value`.
fn ends_with_key(line: &str, key: &str) -> bool {
    let Some((left, right)) = line.split_once('=') else { return false };
    let left = left.trim();
    let is_key = left.strip_suffix(key).is_some_and(|rest| rest.is_empty() || rest.ends_with(':'));
    is_key && !left.starts_with(['#', ';']) && is_literal(right.trim().trim_matches('"'))
}

fn json_value(line: &str, key: &str) -> bool {
    line.match_indices(&format!("\"{key}\"")).any(|(at, found)| {
        let rest = line.get(at + found.len()..).unwrap_or_default().trim_start();
        let value = rest.strip_prefix(':').map(str::trim_start).and_then(|rest| rest.strip_prefix('"'));
        value.and_then(|value| value.split('"').next()).is_some_and(is_literal)
    })
}

fn xml_element<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(&format!("<{name}>"))?;
    rest.split('<').next().map(str::trim)
}

fn xml_attribute<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(&format!("{name}=\""))?;
    rest.split('"').next()
}

/// Neither empty nor a variable that is filled in elsewhere (`${X}`, `$X`, `%X%`, `{{ x }}`, `<token>`).
fn is_literal(value: &str) -> bool {
    !value.is_empty() && !value.starts_with(['$', '%', '<', '{', '*']) && !value.eq_ignore_ascii_case("null")
}

/// A URL with a name and a password, or a token alone.
fn has_login(line: &str) -> bool {
    line.match_indices("://").any(|(at, found)| {
        let rest = line.get(at + found.len()..).unwrap_or_default();
        let authority = rest.split(['/', '?', '#', '"', '\'', ' ', '\t']).next().unwrap_or_default();
        let Some((login, _)) = authority.rsplit_once('@') else { return false };
        match login.split_once(':') {
            Some((_, password)) => is_literal(password),
            // A name alone is long where it is a token.
            None => login.len() >= 20 && is_literal(login),
        }
    })
}

fn is_git_config(lower: &str) -> bool {
    lower == ".git/config" || lower.ends_with("/.git/config")
}

fn git_credentials(text: &str) -> bool {
    text.lines().any(|line| {
        let lower = line.trim_start().to_ascii_lowercase();
        lower.starts_with("extraheader") && lower.contains("authorization") || has_login(line)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_contents_say() {
        const KEY: Sign = Sign::PrivateKey { encrypted: false };
        const LOCKED: Sign = Sign::PrivateKey { encrypted: true };
        let table: &[(&str, &str, &[Sign])] = &[
            ("a.pem", "-----BEGIN RSA PRIVATE KEY-----\nx", &[KEY]),
            (
                "a.pem",
                "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----",
                &[KEY],
            ),
            ("a.pem", "-----BEGIN CERTIFICATE-----\nx", &[]),
            ("a.pem", "-----BEGIN PUBLIC KEY-----\nx", &[]),
            ("a.pem", "-----BEGIN ENCRYPTED PRIVATE KEY-----", &[LOCKED]),
            ("a.pem", "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED", &[LOCKED]),
            ("id_rsa", "-----BEGIN OPENSSH PRIVATE KEY-----", &[KEY]),
            ("a.ppk", "PuTTY-User-Key-File-2: ssh-rsa\nEncryption: none", &[KEY]),
            ("keys.txt", "# created\nAGE-SECRET-KEY-1QQ", &[KEY]),
            ("x.asc", "-----BEGIN PGP PRIVATE KEY BLOCK-----", &[KEY]),
            ("README", "write -----BEGIN PRIVATE KEY----- here", &[]),
            (".npmrc", "//r.test/:_authToken=abc", &[Sign::RegistryToken("npm")]),
            (".npmrc", "//r.test/:_authToken=${NPM_TOKEN}\n# _auth=abc", &[]),
            ("a/.npmrc", "registry=https://r.test", &[]),
            (".netrc", "machine x login y password z", &[Sign::RegistryToken("a host")]),
            (".netrc", "machine x login y", &[]),
            (".pypirc", "[pypi]\nusername = __token__\npassword = pypi-x", &[Sign::RegistryToken("PyPI")]),
            (
                "pip.conf",
                "index-url = https://u:p@r.test/simple",
                &[Sign::RegistryToken("a Python package index")],
            ),
            ("pip.conf", "index-url = https://u:${P}@r.test/simple", &[]),
            (
                ".cargo/credentials.toml",
                "[registry]\ntoken = \"x\"",
                &[Sign::RegistryToken("a Cargo registry")],
            ),
            (
                "NuGet.Config",
                "<add key=\"ClearTextPassword\" value=\"x\" />",
                &[Sign::RegistryToken("NuGet")],
            ),
            ("nuget.config", "<add key=\"ClearTextPassword\" value=\"%P%\" />", &[]),
            ("settings.xml", "<server>\n<password>x</password>", &[Sign::RegistryToken("Maven")]),
            ("settings.xml", "<server>\n<password>${env.P}</password>", &[]),
            ("en/settings.xml", "<password>Passwort</password>", &[]),
            ("en/auth.json", r#"{"password": "Passwort"}"#, &[]),
            (
                "auth.json",
                r#"{"http-basic": {"r.test": {"username": "u", "password": "x"}}}"#,
                &[Sign::RegistryToken("Composer")],
            ),
            (".aws/credentials", "aws_secret_access_key = x", &[Sign::CloudCredentials("AWS")]),
            (".aws/config", "region = x", &[]),
            (
                "sa.json",
                r#"{"type": "service_account", "private_key": "x"}"#,
                &[Sign::CloudCredentials("Google Cloud")],
            ),
            (".kube/config", "users:\n- user:\n    token: x", &[Sign::CloudCredentials("Kubernetes")]),
            (".kube/config", "    certificate-authority-data: x", &[]),
            (
                ".docker/config.json",
                r#"{"auths": {"r": {"auth": "eDp5"}}}"#,
                &[Sign::CloudCredentials("a container registry")],
            ),
            (".docker/config.json", r#"{"auths": {"r": {}}, "credsStore": "pass"}"#, &[]),
            (".git/config", "  url = https://u:p@h.test/r", &[Sign::GitCredentials]),
            (".git/config", "  extraheader = AUTHORIZATION: basic x", &[Sign::GitCredentials]),
            (".git/config", "  url = git@h.test:r\n  url = https://h.test/r", &[]),
        ];
        for (path, text, expected) in table {
            assert_eq!(signs(path, text.as_bytes()), *expected, "{path} {text}");
            assert!(expected.is_empty() || may_hold_secret(path).is_some(), "{path}");
        }
    }

    #[test]
    fn most_files_are_not_worth_a_look() {
        for path in ["src/main.rs", "package.json", "id_rsa.pub", "a/b.js", "Dockerfile"] {
            assert_eq!(may_hold_secret(path), None, "{path}");
        }
    }
}
