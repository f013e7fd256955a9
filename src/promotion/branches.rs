//! Patterns of branches.

/// Whether the branch `name` fits `pattern`: `*` stands for anything but `/`, `**` for anything.
pub fn matches(pattern: &str, name: &str) -> bool {
    let name: Vec<char> = name.chars().collect();
    // Which beginnings of the name what was read of the pattern stands for; a pattern of a thousand stars costs no more
    // than its length times the name's.
    let mut fits = vec![false; name.len() + 1];
    if let Some(first) = fits.first_mut() {
        *first = true;
    }
    let mut pattern = pattern.chars().peekable();
    while let Some(part) = pattern.next() {
        let crosses = part == '*' && pattern.next_if_eq(&'*').is_some();
        let mut next = Vec::with_capacity(fits.len());
        // What a star began before goes on as long as it may.
        let mut open = false;
        for (at, fitted) in fits.iter().enumerate() {
            let before = at.checked_sub(1).and_then(|at| Some((name.get(at)?, fits.get(at)?)));
            next.push(match (part, before) {
                ('*', _) => {
                    let goes_on = before.is_some_and(|(char, _)| crosses || *char != '/');
                    open = *fitted || (open && goes_on);
                    open
                }
                (literal, Some((char, fitted))) => *char == literal && *fitted,
                (_, None) => false,
            });
        }
        fits = next;
    }
    fits.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stays_within_a_part_of_the_name() {
        for (pattern, name, fits) in [
            ("main", "main", true),
            ("main", "main2", false),
            ("main", "mai", false),
            ("main", "", false),
            ("release/*", "release/1.4", true),
            ("release/*", "release/", true),
            ("release/*", "release/1/x", false),
            ("release/*", "release", false),
            ("release/*", "old/release/1", false),
            ("release/**", "release/1/x", true),
            ("**", "a/b/c", true),
            ("*", "a/b", false),
            ("*-stable", "3-4-stable", true),
            ("*-stable", "3/4-stable", false),
            ("v*.*", "v1.2", true),
            ("v*.*", "v12", false),
            ("a*b*c", "abbbcbc", true),
            ("a*b*c", "abbbcb", false),
            ("**/main", "team/main", true),
            ("ma?n", "main", false),
            ("[main]", "m", false),
            ("größe/*", "größe/ä", true),
        ] {
            assert_eq!(matches(pattern, name), fits, "{pattern} {name}");
        }
    }

    #[test]
    fn a_pattern_made_to_harm_costs_little() {
        assert!(!matches(&"*a".repeat(100), &"a".repeat(99)));
        assert!(matches(&"*a".repeat(100), &"a".repeat(5000)));
    }
}
