//! Files that are generated, and committed.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Fails unless `folder` holds what was `made`, by name, and nothing else but the files `besides`. With UPDATE set, it is
/// written first. `target` is the test program that does it.
pub(crate) fn compare(folder: &Path, made: &BTreeMap<String, String>, besides: &[&str], target: &str) {
    if std::env::var_os("UPDATE").is_some() {
        fs::create_dir_all(folder).expect("folder");
        for (name, text) in made {
            fs::write(folder.join(name), text).expect("write");
        }
    }
    let committed: BTreeMap<String, String> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .map(|entry| entry.expect("entry").path())
        .map(|path| {
            let name = path.file_name().and_then(|name| name.to_str()).expect("name").to_owned();
            (name, fs::read_to_string(path).expect("read"))
        })
        .filter(|(name, _)| !besides.contains(&name.as_str()))
        .collect();
    let differing =
        made.iter().filter(|(name, text)| committed.get(*name) != Some(text)).map(|(name, _)| name);
    let stale = committed.keys().filter(|name| !made.contains_key(*name));
    let wrong: Vec<&String> = differing.chain(stale).collect();
    assert!(
        wrong.is_empty(),
        "{} is out of date: {wrong:?}: run UPDATE=1 cargo test --test {target}, and remove what nothing makes any more",
        folder.display()
    );
}
