//! Platforms, as `--platform` and images name them.

/// Whether an image for `offered` runs where `wanted` is asked for; both `os/architecture[/variant]`, the names as people
/// write them. What is left out fits anything.
pub(in crate::rules) fn serves(offered: &str, wanted: &str) -> bool {
    let (offered, wanted) = (parts(offered), parts(wanted));
    let fits = |offered: &str, wanted: &str| offered.is_empty() || wanted.is_empty() || offered == wanted;
    if !fits(&offered.0, &wanted.0) || !fits(&offered.1, &wanted.1) {
        return false;
    }
    // Every ARM runs what older ones do; of other architectures a variant is no reason to refuse.
    offered.1 != "arm" || arm(&offered.2) <= arm(&wanted.2)
}

fn parts(platform: &str) -> (String, String, String) {
    let lower = platform.to_ascii_lowercase();
    let mut parts = lower.splitn(3, '/');
    let mut next = || parts.next().unwrap_or_default().to_owned();
    let (first, second, variant) = (next(), next(), next());
    let is_os = ["linux", "windows", "darwin", "freebsd", "wasi"].contains(&first.as_str());
    let (os, arch) = if second.is_empty() && !is_os { (String::new(), first) } else { (first, second) };
    let (arch, variant) = match arch.as_str() {
        "x86_64" | "x86-64" => ("amd64", variant),
        "aarch64" => ("arm64", variant),
        "i386" | "i686" => ("386", variant),
        "armhf" => ("arm", "v7".to_owned()),
        "armel" => ("arm", "v6".to_owned()),
        _ => return (os, arch, variant),
    };
    (os, arch.to_owned(), variant)
}

/// `arm` alone means the seventh.
fn arm(variant: &str) -> u32 {
    variant.trim_start_matches('v').parse().unwrap_or(7)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_where() {
        for (offered, wanted, fits) in [
            ("linux/amd64", "linux/amd64", true),
            ("linux/amd64", "linux/x86_64", true),
            ("linux/amd64", "linux", true),
            ("linux/amd64", "amd64", true),
            ("linux/amd64", "arm64", false),
            ("linux/arm64/v8", "linux/aarch64", true),
            ("linux/arm64", "linux/arm64/v8", true),
            ("linux/arm/v6", "linux/arm/v7", true),
            ("linux/arm/v7", "linux/arm/v6", false),
            ("linux/arm/v7", "linux/arm", true),
            ("linux/arm/v5", "linux/armhf", true),
            ("windows/amd64", "linux/amd64", false),
        ] {
            assert_eq!(serves(offered, wanted), fits, "{offered} for {wanted}");
        }
    }
}
