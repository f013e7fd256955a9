//! Which of several layers counts.

use super::making::{Made, inventory, names};
use crate::inventory::Ecosystem;
use crate::rules::facts::{Leftover, SetuidFile, Sign};

const STATUS: &str = "/var/lib/dpkg/status";

fn status(names: &[&str]) -> String {
    names
        .iter()
        .map(|name| format!("Package: {name}\nStatus: install ok installed\nVersion: 1\n\n"))
        .collect()
}

fn python(name: &str) -> (String, String) {
    (format!("usr/lib/python3/{name}-1.dist-info/METADATA"), format!("Name: {name}\nVersion: 1\n"))
}

#[test]
fn the_highest_list_of_the_system_counts() {
    let layers = [
        Made::new().folder("var/").file("var/lib/dpkg/status", status(&["a", "b"])),
        Made::new().file("etc/x", "y"),
        Made::new().file("./var/lib/dpkg/status", status(&["a", "c"])),
    ];
    let found = inventory(&layers);
    assert_eq!(names(&found), ["a 1", "c 1"]);
    let package = &found.packages[0];
    assert_eq!((package.ecosystem, package.found_in.as_str(), package.layer), (Ecosystem::Deb, STATUS, 2));
    assert_eq!(found.files.layers, ["sha256:0", "sha256:1", "sha256:2"]);
    let gone = [layers.into_iter().next().unwrap(), Made::new().file("var/lib/.wh.dpkg", "")];
    assert_eq!(names(&inventory(&gone)), Vec::<String>::new());
}

#[test]
fn lists_of_one_package_each() {
    let layers = [
        Made::new()
            .file("var/lib/dpkg/status.d/a", "Package: a\nVersion: 1\n")
            .file("var/lib/dpkg/status.d/a.md5sums", "0 x\n")
            .file("var/lib/dpkg/status.d/b", "Package: b\nVersion: 1\n"),
        Made::new()
            .file("var/lib/dpkg/status.d/.wh.b", "")
            .file("var/lib/dpkg/status.d/c", "Package: c\nVersion: 2\n"),
    ];
    assert_eq!(names(&inventory(&layers)), ["a 1", "c 2"]);
}

#[test]
fn what_a_later_layer_hides_in_any_way_is_gone() {
    let (path, text) = python("a");
    let base = || Made::new().file(&path, &text);
    for (what, above) in [
        ("the file is deleted", Made::new().file(&path.replace("METADATA", ".wh.METADATA"), "")),
        ("its folder is deleted", Made::new().file("usr/lib/.wh.python3", "")),
        ("a folder above is opaque", Made::new().file("usr/.wh..wh..opq", "")),
        ("everything is opaque", Made::new().file(".wh..wh..opq", "")),
        ("a link takes the place of a folder", Made::new().link("usr/lib", "/lib")),
        ("a file takes the place of a folder", Made::new().file("usr/lib/python3", "")),
        ("a folder takes the place of the file", Made::new().folder(&format!("{path}/"))),
        ("an empty file takes its place", Made::new().file(&path, "")),
    ] {
        assert_eq!(names(&inventory(&[base(), above])), Vec::<String>::new(), "{what}");
    }
    for (what, above) in [
        ("another name is deleted", Made::new().file("usr/lib/.wh.python", "")),
        ("its folder is there again", Made::new().folder("usr/lib/python3/")),
        ("a note of the file system", Made::new().file("usr/lib/.wh..wh.plnk", "")),
    ] {
        assert_eq!(names(&inventory(&[base(), above])), ["a 1"], "{what}");
    }
    // Below an opaque folder of its own layer it stays.
    let opaque = Made::new().file("usr/.wh..wh..opq", "").file(&path, &text);
    assert_eq!(names(&inventory(&[base(), opaque])), ["a 1"]);
}

#[test]
fn links_are_followed_in_what_is_seen_in_the_end() {
    let list = status(&["a"]);
    for (what, layers) in [
        ("a link", vec![Made::new().file("opt/list", &list).link("var/lib/dpkg/status", "/opt/list")]),
        (
            "a relative one",
            vec![Made::new().file("var/list", &list).link("var/lib/dpkg/status", "../../list")],
        ),
        (
            "out of the root",
            vec![Made::new().file("opt/l", &list).link("var/lib/dpkg/status", "../../../../../opt/l")],
        ),
        (
            "a hard link",
            vec![Made::new().file("opt/list", &list).hard_link("var/lib/dpkg/status", "opt/list")],
        ),
        (
            "a folder",
            vec![Made::new().file("usr/var/lib/dpkg/status", &list), Made::new().link("var", "usr/var")],
        ),
        (
            "of two layers",
            vec![
                Made::new().link("var/lib/dpkg", "/opt/x"),
                Made::new().link("opt/x", "y").file("opt/y/status", &list),
            ],
        ),
    ] {
        let found = inventory(&layers);
        assert_eq!(names(&found), ["a 1"], "{what}");
        assert_eq!(found.packages[0].found_in, STATUS);
    }
    let lost = Made::new().link("var/lib/dpkg/status", "/nowhere");
    let circle = Made::new().link("var", "/lib").link("lib", "/var");
    let taken =
        Made::new().file("opt/list", &list).link("var/lib/dpkg/status", "/opt/list").file("opt/list", "");
    for layer in [lost, circle, taken] {
        assert_eq!(names(&inventory(&[layer])), Vec::<String>::new());
    }
}

#[test]
fn the_rights_of_others() {
    let below = Made::new()
        .program("usr/bin/su", 0o4755)
        .program("usr/bin/wall", 0o2755)
        .program("usr/bin/gone", 0o6755)
        .program("usr/bin/tame", 0o4755)
        .raw("srv/shared/", tar::EntryType::Directory, 0o2775, "", b"")
        .program("not-executable", 0o4644);
    let above = Made::new().program("usr/bin/tame", 0o755).file("usr/bin/.wh.gone", "");
    let found = inventory(&[below, above]).files.setuid;
    let file = |path: &str, setuid| SetuidFile { path: path.into(), setuid, setgid: !setuid, uid: 0, gid: 0 };
    assert_eq!(found, [file("/usr/bin/su", true), file("/usr/bin/wall", false)]);
}

#[test]
fn a_deleted_secret_is_still_in_its_layer() {
    let key = "-----BEGIN OPENSSH PRIVATE KEY-----\nx\n-----END OPENSSH PRIVATE KEY-----\n";
    let layers = [
        Made::new().file("root/.ssh/id_ed25519", key).file("app/key", key),
        Made::new().file("root/.ssh/.wh.id_ed25519", ""),
    ];
    let found = inventory(&layers).files.secrets;
    let told: Vec<_> = found.iter().map(|one| (one.path.as_str(), one.layer, one.hidden)).collect();
    assert_eq!(told, [("/app/key", 0, false), ("/root/.ssh/id_ed25519", 0, true)]);
    assert_eq!(found[0].signs, [Sign::PrivateKey { encrypted: false }]);
}

#[test]
fn what_package_managers_left_behind() {
    let lists = "var/lib/apt/lists";
    let layers = [
        Made::new()
            .file(&format!("{lists}/a"), "1234")
            .file(&format!("{lists}/b"), "12")
            .file(&format!("{lists}/lock"), ""),
        Made::new().file(&format!("{lists}/.wh.a"), "").file("root/.cache/pip/http/x", "123"),
    ];
    let found = inventory(&layers).files.leftovers;
    let apt = Leftover {
        path: format!("/{lists}"),
        what: "package lists of apt",
        layer: 0,
        hidden: 1,
        files: 2,
        bytes: 6,
    };
    assert_eq!(found.len(), 2);
    assert_eq!(found[1], apt);
    assert_eq!((found[0].path.as_str(), found[0].bytes, found[0].layer), ("/root/.cache/pip", 3, 1));
}

#[test]
fn distribution_and_accounts() {
    let layers = [
        Made::new()
            .file("usr/lib/os-release", "ID=debian\nVERSION_ID=12\n")
            .link("etc/os-release", "../usr/lib/os-release"),
        Made::new()
            .file("etc/shadow", "root:*:1::::::\nme::1::::::\n")
            .file("etc/passwd", "me:x:1:1::/:/bin/sh\n"),
    ];
    let found = inventory(&layers);
    assert_eq!(found.os.unwrap().distro(), "debian-12");
    let open = &found.files.open_accounts;
    assert_eq!(
        open.iter().map(|one| (one.file.as_str(), one.name.as_str())).collect::<Vec<_>>(),
        [("/etc/shadow", "me")]
    );
}
