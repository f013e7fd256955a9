//! A registry of one test's own: with a login, with TLS, at an address of its own.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use imgbuild::image::Digest;

use super::lab::setting;

/// A registry that nobody else uses; it is stopped and deleted when the value goes.
pub(crate) struct PrivateRegistry {
    name: String,
    /// `HOST:PORT`.
    pub(crate) host: String,
    /// User and password, where it demands a login.
    pub(crate) login: Option<(String, String)>,
    /// The file of the CA that its certificate is from, where it speaks TLS.
    pub(crate) ca: Option<PathBuf>,
}

fn script(arguments: &[&str]) -> String {
    let path = PathBuf::from(setting("IMGBUILD_TEST_SCRIPTS")).join("registry");
    let output = Command::new(path).args(arguments).stdin(Stdio::null()).output().expect("scripts/registry");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "scripts/registry {arguments:?}: {error}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

impl PrivateRegistry {
    /// Starts one; `options` are further ones of `scripts/registry start`.
    pub(crate) fn start(name: &str, options: &[&str]) -> PrivateRegistry {
        let name = format!("{name}-{}", std::process::id());
        script(&[&["start", "--name", &name], options].concat());
        let told = script(&["env", "--name", &name]);
        let value = |variable: &str| {
            let value = told.lines().find_map(|line| line.strip_prefix(&format!("export {variable}=")))?;
            Some(value.replace('\\', ""))
        };
        PrivateRegistry {
            host: value("IMGBUILD_REGISTRY").unwrap_or_else(|| panic!("no address in {told}")),
            login: value("IMGBUILD_REGISTRY_LOGIN").map(|login| {
                let (user, password) = login.split_once(':').expect("user:password");
                (user.to_owned(), password.to_owned())
            }),
            ca: value("IMGBUILD_REGISTRY_CA").map(PathBuf::from),
            name,
        }
    }

    /// Flips a bit of a blob where the registry keeps it.
    pub(crate) fn flip(&self, blob: &Digest) {
        self.flip_at(blob, |_| 0);
    }

    /// The same in the first digest that it names, so that it stays JSON and a digest; done twice, it is what it was.
    pub(crate) fn flip_number(&self, document: &Digest) {
        self.flip_at(document, |bytes| {
            let hex = bytes.windows(7).position(|window| window == b"sha256:").expect("a digest") + 7;
            hex + bytes[hex..].iter().position(u8::is_ascii_digit).expect("a number")
        });
    }

    fn flip_at(&self, blob: &Digest, place: impl Fn(&[u8]) -> usize) {
        let hex = blob.hex();
        let folder = PathBuf::from(setting("IMGBUILD_STATE")).join(format!("registry-{}/data", self.name));
        let file = folder.join(format!("docker/registry/v2/blobs/sha256/{}/{hex}/data", &hex[..2]));
        let mut bytes = std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let at = place(&bytes);
        bytes[at] ^= 1;
        std::fs::write(&file, bytes).expect("write");
    }
}

impl Drop for PrivateRegistry {
    fn drop(&mut self) {
        let path = PathBuf::from(setting("IMGBUILD_TEST_SCRIPTS")).join("registry");
        let _ =
            Command::new(path).args(["stop", "--name", &self.name, "--purge"]).stdin(Stdio::null()).output();
    }
}
