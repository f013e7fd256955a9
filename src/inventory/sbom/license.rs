//! What a package says of its licence, as the formats take it.

use spdx::Expression;

/// The licence as an SPDX expression, where it is one. Texts of distributions mostly are none.
pub(super) fn expression(license: &str) -> Option<String> {
    Expression::parse(license.trim()).ok().map(|expression| expression.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_an_expression_counts_as_one() {
        assert_eq!(expression(" MIT OR Apache-2.0 ").as_deref(), Some("MIT OR Apache-2.0"));
        assert_eq!(
            expression("GPL-2.0-or-later AND BSD-3-Clause").as_deref(),
            Some("GPL-2.0-or-later AND BSD-3-Clause")
        );
        for text in ["", "BSD", "GPLv2+", "MIT License", "MIT/X11", "see LICENSE", "MIT AND"] {
            assert_eq!(expression(text), None, "{text}");
        }
    }
}
