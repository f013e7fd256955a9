//! What is known of a target before its build.

use super::super::parse;
use super::*;

fn args(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

fn of(text: &str, target: Option<&str>, build_args: &[(&str, &str)]) -> Facts {
    facts(&parse(text.as_bytes()), target, &args(build_args)).unwrap()
}

fn image(reference: &str) -> BaseImage {
    BaseImage::Image(reference.to_owned())
}

#[test]
fn only_used_stages_count() {
    let text = "FROM a AS one\nFROM b AS two\nRUN --mount=type=bind,from=four,target=/x true\nFROM c AS three\n\
                FROM d AS four\nFROM one\nCOPY --from=two / /\nCOPY --from=busybox:1 / /\nCOPY --from=0 / /\n";
    let facts = of(text, None, &[]);
    assert_eq!((facts.target, facts.stages), (4, vec![0, 1, 3, 4]));
    assert_eq!(facts.bases, [image("a"), image("b"), image("d"), BaseImage::Stage(0)]);
    assert_eq!(facts.images.iter().map(String::as_str).collect::<Vec<_>>(), ["a", "b", "busybox:1", "d"]);
    assert_eq!(facts.final_base.as_deref(), Some("a"));
    let three = of(text, Some("THREE"), &[]);
    assert_eq!((three.stages, three.final_base.as_deref()), (vec![2], Some("c")));
    assert_eq!(of(text, Some("1"), &[]).target, 1);
}

#[test]
fn from_sees_global_args_only() {
    let text = "ARG TAG=1\nARG IMG=a:${TAG}\nFROM ${IMG:-x} AS b\nARG TAG=2\nFROM ${BASE:-debian}:$TAG\nARG TAG\nARG OWN=3\n";
    let facts = of(text, None, &[]);
    assert_eq!(facts.final_base.as_deref(), Some("debian:1"));
    assert_eq!(facts.declared_args.iter().map(String::as_str).collect::<Vec<_>>(), ["IMG", "OWN", "TAG"]);
    assert_eq!(of(text, None, &[("TAG", "9")]).final_base.as_deref(), Some("debian:9"));
    // BASE is declared nowhere: giving it changes nothing.
    assert_eq!(of(text, None, &[("BASE", "x")]).final_base.as_deref(), Some("debian:1"));
    assert_eq!(of(text, Some("b"), &[("TAG", "9")]).final_base.as_deref(), Some("a:9"));
}

#[test]
fn what_only_the_build_knows_stays_unresolved() {
    let base = |text: &str, given: &[(&str, &str)]| of(text, None, given).bases.remove(0);
    let unresolved = |text: &str| BaseImage::Unresolved(text.to_owned());
    assert_eq!(base("FROM a-$TARGETARCH", &[]), unresolved("a-$TARGETARCH"));
    assert_eq!(base("FROM a-$TARGETARCH", &[("TARGETARCH", "arm64")]), image("a-arm64"));
    assert_eq!(base("ARG T\nFROM a:$T", &[]), unresolved("a:$T"));
    assert_eq!(base("ARG T\nFROM a:${T:-1}", &[]), image("a:1"));
    assert_eq!(base("ARG A=$TARGETOS\nFROM a:$A", &[]), unresolved("a:$A"));
    assert_eq!(base("FROM ${X?no}", &[]), unresolved("${X?no}"));
    assert_eq!(base("FROM Scratch", &[]), image("Scratch"));
    assert_eq!(base("FROM scratch", &[]), BaseImage::Scratch);
    assert_eq!(base("FROM \"a:1\"", &[]), image("a:1"));
}

#[test]
fn a_stage_refers_to_earlier_ones_only() {
    let facts = of("FROM b AS a\nFROM a AS b\nFROM B", None, &[]);
    assert_eq!(facts.bases, [image("b"), BaseImage::Stage(0), BaseImage::Stage(1)]);
    assert_eq!(facts.final_base.as_deref(), Some("b"));
    let own = of("FROM a AS a\nCOPY --from=a / /\n", None, &[]);
    assert_eq!(own.bases, [image("a")]);
}

#[test]
fn healthcheck_and_ports_follow_the_stages() {
    let base = "FROM a AS b\nHEALTHCHECK CMD x\nENV P=80\nEXPOSE $P/tcp 53/udp\nFROM b\n";
    let facts = of(base, None, &[]);
    assert!(facts.healthcheck);
    assert_eq!(facts.exposed_ports.iter().map(String::as_str).collect::<Vec<_>>(), ["53/udp", "80/tcp"]);
    assert!(!of(&format!("{base}HEALTHCHECK none\n"), None, &[]).healthcheck);
    assert!(!of("FROM a AS b\nHEALTHCHECK CMD x\nFROM a\n", None, &[]).healthcheck);
    let args = "ARG G=1\nFROM a\nARG G\nARG H=2\nENV H=3\nEXPOSE $G $H ${FROM_BASE}\n";
    let ports = of(args, None, &[("G", "7")]).exposed_ports;
    assert_eq!(ports.iter().map(String::as_str).collect::<Vec<_>>(), ["${FROM_BASE}", "3", "7"]);
}

#[test]
fn what_the_classic_builder_cannot_build() {
    let needs = |text: &str| of(text, Some("t"), &[]).needs_buildkit;
    assert_eq!(
        needs("FROM --platform=linux/amd64 a AS t\nCOPY --from=x --chown=1 a b\nADD --chown=1 a b\n"),
        None
    );
    for (text, line, why) in [
        ("FROM a AS t\nRUN <<EOF\nx\nEOF\n", 2, "here-documents"),
        ("FROM a AS t\nRUN --mount=type=cache,target=/c x", 2, "RUN --mount"),
        ("FROM a AS t\n\nCOPY --chmod=755 a b", 3, "COPY --chmod"),
        ("FROM a AS unused\nCOPY --link a b\nFROM a AS t", 2, "COPY --link"),
        ("FROM --platform=$BUILDPLATFORM a AS t", 1, "$BUILDPLATFORM in FROM"),
        ("FROM a-${TARGETARCH:-x} AS t", 1, "$TARGETARCH in FROM"),
        ("FROM a AS t\nHEALTHCHECK --start-interval=1s CMD x", 2, "HEALTHCHECK --start-interval"),
        ("FROM a AS t\nONBUILD RUN --mount=type=tmpfs,target=/x x", 2, "RUN --mount"),
    ] {
        assert_eq!(needs(text), Some((line, why.to_owned())), "{text}");
    }
    assert_eq!(needs("FROM a AS t\nFROM a\nRUN --mount=type=tmpfs,target=/x x"), None);
}

#[test]
fn steps_are_counted_from_the_top() {
    let file = parse(b"# c\nARG A\nFROM a\n\nRUN x \\\n y\nFROM b\nONBUILD RUN z\n");
    let lines: Vec<_> = (0..=6).map(|step| step_line(&file, step)).collect();
    assert_eq!(lines, [None, Some(2), Some(3), Some(5), Some(7), Some(8), None]);
}

#[test]
fn errors_name_what_is_wrong() {
    let error = |text: &str, target| facts(&parse(text.as_bytes()), target, &BTreeMap::new()).unwrap_err();
    let unknown = error("FROM a AS one", Some("two"));
    assert_eq!(unknown.kind(), Kind::Config);
    assert_eq!(
        (unknown.message(), unknown.hints()),
        ("the Dockerfile has no stage \"two\"", &["its stages are: one".to_owned()][..])
    );
    assert!(error("FROM a\nRUNN x", None).message().contains("line 2, column 1: unknown instruction"));
    assert!(error("", None).message().contains("no instruction"));
    assert_eq!(error("FROM a", Some("1")).kind(), Kind::Config);
}

#[test]
fn arguments_cannot_grow_without_end() {
    let mut text = "ARG A=xxxxxxxxxxxxxxxx\n".to_owned();
    for _ in 0..200 {
        text.push_str("ARG A=$A$A\nARG B=$A$A\n");
    }
    text.push_str("FROM a:$A\nENV C=$A$B\nEXPOSE $C\n");
    assert!(matches!(of(&text, None, &[]).bases[0], BaseImage::Unresolved(_)));
}

#[test]
fn labels_of_the_target_and_what_it_continues() {
    let text = "FROM a AS one\nLABEL x=1 \"y z\"=2\nFROM b AS two\nLABEL other=1\nFROM one\nARG K=k\nLABEL $K=1\n\
                LABEL old form\nLABEL $BASE.x=1\nLABEL x=3\n";
    let labels = of(text, None, &[]).labels;
    let found: Vec<(&str, u32)> = labels.iter().map(|(key, line)| (key.as_str(), *line)).collect();
    assert_eq!(found, [("$BASE.x", 9), ("k", 7), ("old", 8), ("x", 10), ("y z", 2)]);
}
