//! What holds for every word that is expanded.

use imgbuild::dockerfile::expand;

/// Panics where a promise of the expansion is broken for `bytes`.
pub(crate) fn holds(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let lookup = |name: &str| (name.len() % 2 == 1).then(|| format!("<{name}>"));
    for escape in ['\\', '`'] {
        let Ok(expanded) = expand(&text, escape, &lookup) else { continue };
        assert!(expanded.matched.is_disjoint(&expanded.unmatched));
        assert!(expanded.matched.iter().all(|name| lookup(name).is_some()));
        assert!(expanded.words.iter().map(String::len).sum::<usize>() <= expanded.text.len());
        // What holds nothing to expand stays as it is.
        if !text.contains(['$', '\'', '"', escape, '\u{feff}']) {
            assert_eq!(expanded.text, text);
        }
    }
}
