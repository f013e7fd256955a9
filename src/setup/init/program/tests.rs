use super::super::testing::repository;
use super::*;

fn found(files: &[(&str, &str)], language: Language, start: Option<&str>) -> Result<Program, String> {
    let (_folder, root) = repository(files);
    find(&Look::at(&root), language, "hello-api", start)
}

fn start(files: &[(&str, &str)], language: Language) -> Result<String, String> {
    found(files, language, None).map(|program| program.start)
}

const MAIN: &str = "// x\npackage main\n";

#[test]
fn go_has_one_program() {
    let go = |files: &[(&str, &str)]| start(files, Language::Go);
    assert_eq!(go(&[("main.go", MAIN)]).unwrap(), ".");
    assert_eq!(
        go(&[("cmd/x/main.go", MAIN), ("lib.go", "package lib\n"), ("tools/t.go", MAIN)]).unwrap(),
        "./cmd/x"
    );
    assert_eq!(go(&[("cmd/a/m.go", MAIN), ("cmd/hello-api/m.go", MAIN)]).unwrap(), "./cmd/hello-api");
    for files in [&[][..], &[("cmd/a/m.go", MAIN), ("cmd/b/m.go", MAIN)], &[("x_test.go", MAIN)]] {
        assert!(go(files).unwrap_err().contains("--start"), "{files:?}");
    }
    assert!(go(&[("cmd/a b/m.go", MAIN)]).unwrap_err().contains("cannot stand in a Dockerfile"));
    assert_eq!(found(&[("main.go", MAIN)], Language::Go, None).unwrap().changes.len(), 1);
    assert!(found(&[("main.go", MAIN), ("go.sum", "")], Language::Go, None).unwrap().changes.is_empty());
}

#[test]
fn rust_has_the_program_of_its_package() {
    let rust = |manifest: &str| {
        let files = [("Cargo.toml", manifest), ("Cargo.lock", ""), ("src/main.rs", "")];
        found(&files, Language::Rust, None).map(|program| program.name)
    };
    assert_eq!(rust("[package]\nname = \"hello\"\n").unwrap(), "hello");
    assert_eq!(
        rust("[package]\nname = \"x\"\n[[bin]]\nname = \"hi\"\npath = \"src/main.rs\"\n").unwrap(),
        "hi"
    );
    for wrong in [
        "[workspace]\n",
        "[package]\nname = \"a b\"\n",
        "[package]\nname = \"../x\"\n",
        "x",
        "[package]\nname = 1\n",
    ] {
        assert!(rust(wrong).unwrap_err().contains("no package"), "{wrong}");
    }
    let error = start(&[("Cargo.toml", "")], Language::Rust).unwrap_err();
    assert!(error.contains("cargo generate-lockfile"), "{error}");
}

#[test]
fn node_has_the_file_that_it_starts() {
    let node = |manifest: &str, file: &str| {
        start(&[("package.json", manifest), ("package-lock.json", "{}"), (file, "")], Language::Node)
    };
    assert_eq!(
        node(r#"{"scripts": {"start": "node src/x.js"}, "main": "y.js"}"#, "src/x.js").unwrap(),
        "src/x.js"
    );
    assert_eq!(node(r#"{"main": "./y.js"}"#, "y.js").unwrap(), "y.js");
    assert_eq!(node(r#"{"scripts": {"start": "next start"}}"#, "server.js").unwrap(), "server.js");
    for manifest in ["{}", "[", r#"{"main": "a b.js"}"#, r#"{"main": 1}"#, &"[".repeat(10_000)] {
        assert!(node(manifest, "other.js").is_err(), "{manifest:.40}");
    }
    assert!(
        start(&[("package.json", "{}"), ("yarn.lock", "")], Language::Node)
            .unwrap_err()
            .contains("package-lock.json")
    );
}

#[test]
fn python_has_a_module() {
    let python = |file: &str| start(&[("requirements.txt", ""), (file, "")], Language::Python);
    assert_eq!(python("svc/__main__.py").unwrap(), "svc");
    assert_eq!(python("app.py").unwrap(), "app");
    assert!(python("other.py").unwrap_err().contains("--start"));
    assert!(start(&[("pyproject.toml", "")], Language::Python).unwrap_err().contains("uv export"));
}

#[test]
fn java_has_the_archive_of_its_pom() {
    let pom = |body: &str| {
        java(&format!("<?xml version=\"1.0\"?>\n<!-- <a> -->\n<project xmlns=\"x\">{body}</project>"))
    };
    let parent = "<parent><artifactId>p</artifactId><version>9</version></parent>";
    let own = "<artifactId>hello</artifactId><version>1.0</version>";
    assert_eq!(pom(&format!("{parent}{own}<x/>")).as_deref(), Some("target/hello-1.0.jar"));
    assert_eq!(
        pom(&format!("{own}<build><finalName>app</finalName></build>")).as_deref(),
        Some("target/app.jar")
    );
    for body in [
        "",
        parent,
        "<artifactId>a</artifactId><version>${v}</version>",
        "<artifactId>../a</artifactId><version>1</version>",
        &"<a>".repeat(1000),
    ] {
        assert_eq!(pom(body), None, "{body:.60}");
    }
    assert!(start(&[("build.gradle", "")], Language::Java).unwrap_err().contains("Gradle"));
}

#[test]
fn the_rest_by_its_files() {
    assert_eq!(start(&[("site/index.html", "")], Language::Static).unwrap(), "site");
    let dotnet = [("Hello.csproj", ""), ("packages.lock.json", "")];
    assert_eq!(start(&dotnet, Language::Dotnet).unwrap(), "Hello.csproj");
    assert!(start(&dotnet[..1], Language::Dotnet).unwrap_err().contains("--use-lock-file"));
    assert_eq!(found(&[("bin/serve", "")], Language::Generic, Some("bin/serve")).unwrap().start, "bin/serve");
    for wrong in [None, Some("missing"), Some("../x"), Some("a'b"), Some("/bin/sh")] {
        assert!(found(&[], Language::Generic, wrong).is_err(), "{wrong:?}");
    }
}
