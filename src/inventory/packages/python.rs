//! What an installed Python distribution says of itself: `METADATA` of a `*.dist-info`, `PKG-INFO` of an `*.egg-info`.

use super::found::{Found, short};
use crate::inventory::package::Ecosystem;

/// The distribution; `None` where the text is of none.
pub(in crate::inventory) fn metadata(text: &str) -> Option<Found> {
    let (mut name, mut version, mut license, mut expression) = ("", "", None, None);
    // Behind the first empty line is a description.
    for line in text.lines().map(str::trim_end).take_while(|line| !line.is_empty()) {
        let Some((key, value)) = line.split_once(':').filter(|_| !line.starts_with([' ', '\t'])) else {
            continue;
        };
        let value = value.trim();
        match key.to_ascii_lowercase().as_str() {
            "name" if name.is_empty() => name = value,
            "version" if version.is_empty() => version = value,
            "license" => license = Some(value),
            "license-expression" => expression = Some(value),
            _ => {}
        }
    }
    if name.is_empty() || version.is_empty() {
        return None;
    }
    let mut found = Found::new(Ecosystem::Python, name, version);
    let license = expression.or(license).filter(|text| !text.is_empty() && *text != "UNKNOWN");
    found.license = license.map(short);
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_alone_counts() {
        let text = "Metadata-Version: 2.4\nName: Flask\nVersion: 3.0.1\nLicense: BSD\nLicense-Expression: BSD-3-Clause\n\
                    Classifier: a\n  Version: 9\n\nName: other\n";
        let found = metadata(text).unwrap();
        assert_eq!((found.name.as_str(), found.version.as_str()), ("Flask", "3.0.1"));
        assert_eq!(found.license.as_deref(), Some("BSD-3-Clause"));
        let old = metadata("Name: x\r\nVersion: 1\r\nLicense: UNKNOWN\r\n").unwrap();
        assert_eq!(old.license, None);
        assert_eq!(metadata("Name: x\n\nVersion: 1"), None);
        assert_eq!(metadata(""), None);
    }
}
