//! Durations as Go writes them: `1h30m`, `1.5s`.

/// The shortest duration that engines take, in nanoseconds.
const MINIMUM: f64 = 1e6;
/// The longest that fits the engine's 64 bits, in nanoseconds.
const MAXIMUM: f64 = 9.223_372_036_854_775e18;

/// What is wrong with the duration `text`; nothing where it is empty or zero, which stand for the default.
pub(super) fn wrong(text: &str) -> Option<String> {
    if text.is_empty() {
        return None;
    }
    match nanoseconds(text) {
        Err(why) => Some(why.to_owned()),
        Ok(0.0) => None,
        Ok(value) if value < MINIMUM => Some("a duration is at least 1ms".to_owned()),
        Ok(value) if value > MAXIMUM => Some("the duration is too long".to_owned()),
        Ok(_) => None,
    }
}

fn nanoseconds(text: &str) -> Result<f64, &'static str> {
    const FORM: &str = "a duration is written like 30s, 1m30s or 500ms";
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(0.0);
    }
    if rest.is_empty() {
        return Err(FORM);
    }
    let mut total = 0.0;
    let mut rest = rest;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, tail) = rest.split_at_checked(end).ok_or(FORM)?;
        let digits = number.bytes().filter(u8::is_ascii_digit).count();
        if digits == 0 || digits + 1 < number.len() {
            return Err(FORM);
        }
        let number: f64 = number.parse().map_err(|_| FORM)?;
        let end = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at_checked(end).ok_or(FORM)?;
        let unit = match unit {
            "ns" => 1.0,
            "us" => 1e3,
            "ms" => 1e6,
            "s" => 1e9,
            "m" => 6e10,
            "h" => 3.6e12,
            "" => return Err("the unit is missing: write 30s or 5m"),
            _ => return Err("the units are ns, us, ms, s, m and h"),
        };
        total += number * unit;
        rest = tail;
    }
    Ok(sign * total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_of_go() {
        for good in ["", "0", "0s", "1ms", "1.5h2m", ".5s", "5.s", "+3s", "1h1m1s1ms", "-0"] {
            assert_eq!(wrong(good), None, "{good}");
        }
        for bad in [
            "3", "-1s", "1us", "1d", "s", ".s", "1..2s", "$I", "9999999h", "-", "1s ", "3µs", "1e3s", "0.9ms",
        ] {
            assert!(wrong(bad).is_some(), "{bad}");
        }
    }
}
