use super::*;

#[test]
fn a_line_is_read_with_what_it_continues() {
    for (before, line, hushed) in [
        ("", "ENV TOKEN=hunter2", true),
        ("ENV TOKEN=hunter2\n", "RUN a", false),
        ("RUN useradd \\\n", "  -p hunter2 bob", true),
        ("RUN useradd \\\n# a remark\n\n", "  -p hunter2 bob", true),
        ("ENV TOKEN=hunter2 \\\n", "  A=b", false),
        ("ENV TOKEN='a \\\n", "  hunter2'", true),
        ("ENV A \"-----BEGIN PRIVATE KEY-----\\n\\\n", "hunter2\\", true),
        ("COPY <<EOF /k\n-----BEGIN PRIVATE KEY-----\nabc\n", "hunter2==", true),
        ("-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\nEOF\n", "RUN a", false),
        ("RUN mysql\n", "RUN mkdir -pv /x", false),
    ] {
        assert_eq!(is_hushed(before.as_bytes(), line), hushed, "{before}{line}");
    }
}
