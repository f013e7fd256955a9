//! What the Dockerfile of a template is filled in with, by language: the program's name, and what is built or started.

use std::path::Path;

use super::language::Language;
use super::look::Look;
use super::template::is_plain;

/// The values, and what of the template does not fit this repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Program {
    pub(super) name: String,
    pub(super) start: String,
    /// Texts of the template, and what stands in their place.
    pub(super) changes: Vec<(&'static str, &'static str)>,
}

/// Finds them. `name` is that of the repository, `start` what was asked for. The error says what is missing, and what to do.
pub(super) fn find(
    look: &Look,
    language: Language,
    name: &str,
    start: Option<&str>,
) -> Result<Program, String> {
    let mut program = Program { name: name.to_owned(), start: String::new(), changes: Vec::new() };
    let given = |found: &dyn Fn() -> Option<String>, wanted: &str| {
        let start = start.map(str::to_owned).or_else(found);
        let start = start.ok_or_else(|| format!("{wanted}; --start says it"))?;
        match is_plain(&start) {
            true => Ok(start),
            false => {
                Err(format!("{start:?} cannot stand in a Dockerfile as it is; --start says another one"))
            }
        }
    };
    let needs = |file: &str, how: &str| match look.real_file(file) {
        Some(_) => Ok(()),
        None => Err(format!("the Dockerfile for {} needs {file}: {how}", language.name())),
    };
    match language {
        Language::Go => {
            program.start = given(&|| go(look, name), "there is no one folder with a package main")?;
            if look.real_file("go.sum").is_none() {
                // Without dependencies there is none.
                program.changes.push(("COPY go.mod go.sum ./", "COPY go.mod ./"));
            }
        }
        Language::Rust => {
            needs("Cargo.lock", "cargo generate-lockfile writes it")?;
            needs(
                "src/main.rs",
                "a workspace or a library has no one program, so write a Dockerfile for it",
            )?;
            let binary = look.text("Cargo.toml").and_then(|text| rust(&text));
            let binary = binary.filter(|name| is_plain(name) && !name.contains(['/', '.']));
            program.name = binary.ok_or("Cargo.toml names no package, or one that no program can have")?;
            program.start = "src/main.rs".to_owned();
        }
        Language::Node => {
            needs(
                "package-lock.json",
                "npm install --package-lock-only writes it; with another package manager, write a Dockerfile",
            )?;
            program.start = given(&|| node(look), "package.json does not say which file node starts")?;
        }
        Language::Python => {
            needs("requirements.txt", "pip freeze, uv export or poetry export write it")?;
            program.start = given(
                &|| python(look, name),
                "there is no one module with a __main__.py, no app.py and no main.py",
            )?;
        }
        Language::Java => {
            needs("pom.xml", "for Gradle, write a Dockerfile")?;
            let jar = || java(&look.text("pom.xml")?);
            program.start = given(&jar, "pom.xml does not say plainly which archive it makes")?;
        }
        Language::Dotnet => {
            needs("packages.lock.json", "dotnet restore --use-lock-file writes it")?;
            program.start = given(&|| Language::Dotnet.manifest(look), "there is no project")?;
        }
        Language::Static => {
            let folder = || Some(Language::Static.manifest(look)?.split('/').next()?.to_owned());
            program.start = given(&folder, "there is no folder with an index.html")?;
        }
        Language::Generic => {
            program.start = given(&|| None, "nothing says which program of the repository is started")?;
            if look.real_file(&program.start).is_none() {
                return Err(format!("there is no file {}", program.start));
            }
        }
    }
    Ok(program)
}

/// The folder of the one program: the root, the one below `cmd`, or that of the repository's name.
fn go(look: &Look, name: &str) -> Option<String> {
    let is_main = |path: &str| {
        let is_source = path.ends_with(".go") && !path.ends_with("_test.go");
        is_source
            && look.text(path).is_some_and(|text| text.lines().any(|line| line.trim_end() == "package main"))
    };
    let mut found: Vec<&str> = Vec::new();
    // Deeper ones are tools.
    for path in look.files.iter().filter(|path| !path.contains('/') || path.starts_with("cmd/")) {
        let folder = path.rsplit_once('/').map_or(".", |(folder, _)| folder);
        if !found.contains(&folder) && is_main(path) {
            found.push(folder);
        }
    }
    let of_name = format!("cmd/{name}");
    let folder = match found.as_slice() {
        [one] => one,
        several => several
            .iter()
            .find(|folder| **folder == of_name)
            .or_else(|| several.iter().find(|f| **f == "."))?,
    };
    Some(if *folder == "." { ".".to_owned() } else { format!("./{folder}") })
}

/// The name of the program of `src/main.rs`.
fn rust(manifest: &str) -> Option<String> {
    let table: toml::Table = manifest.parse().ok()?;
    let name = |table: &toml::Table| table.get("name").and_then(|name| name.as_str()).map(str::to_owned);
    let bins = table.get("bin").and_then(|bins| bins.as_array()).into_iter().flatten();
    let named = bins
        .filter_map(|bin| bin.as_table())
        .find(|bin| bin.get("path").and_then(|path| path.as_str()) == Some("src/main.rs"));
    named
        .and_then(name)
        .or_else(|| table.get("package").and_then(|package| package.as_table()).and_then(name))
}

fn node(look: &Look) -> Option<String> {
    let manifest: serde_json::Value = serde_json::from_slice(&look.read("package.json")?).ok()?;
    let script = manifest["scripts"]["start"].as_str().and_then(|start| {
        let mut words = start.split_whitespace();
        (words.next() == Some("node")).then(|| words.next()).flatten().filter(|_| words.next().is_none())
    });
    let is_there = |path: &&str| is_plain(path) && look.real_file(path).is_some();
    let named = script.or_else(|| manifest["main"].as_str()).map(|path| path.trim_start_matches("./"));
    named
        .filter(is_there)
        .or_else(|| {
            ["server.js", "index.js", "app.js", "src/index.js", "src/server.js"].into_iter().find(is_there)
        })
        .map(str::to_owned)
}

fn python(look: &Look, name: &str) -> Option<String> {
    let modules: Vec<&str> = look
        .files
        .iter()
        .filter_map(|path| path.strip_suffix("/__main__.py"))
        .filter(|path| !path.contains('/'))
        .collect();
    let of_name = name.replace('-', "_");
    let file = |name: &&str| look.real_file(&format!("{name}.py")).is_some();
    match modules.as_slice() {
        [one] => Some((*one).to_owned()),
        several => several
            .iter()
            .copied()
            .find(|module| *module == of_name)
            .or_else(|| ["app", "main", "server"].into_iter().find(file))
            .map(str::to_owned),
    }
}

/// `target/ARTIFACT-VERSION.jar`, or as `finalName` says.
fn java(pom: &str) -> Option<String> {
    let mut path: Vec<&str> = Vec::new();
    let (mut artifact, mut version, mut name) = (None, None, None);
    let mut rest = pom;
    while let Some((before, after)) = rest.split_once('<') {
        let text = before.trim();
        match path.join("/").as_str() {
            "project/artifactId" if !text.is_empty() => artifact = Some(text),
            "project/version" if !text.is_empty() => version = Some(text),
            "project/build/finalName" if !text.is_empty() => name = Some(text),
            _ => {}
        }
        if let Some(comment) = after.strip_prefix("!--") {
            rest = comment.split_once("-->")?.1;
            continue;
        }
        let (tag, behind) = after.split_once('>')?;
        rest = behind;
        if tag.starts_with(['?', '!']) || tag.ends_with('/') {
            continue;
        }
        match tag.strip_prefix('/') {
            Some(_) => drop(path.pop()),
            None => path.push(tag.split_whitespace().next()?),
        }
        // Nobody nests that deep.
        if path.len() > 64 {
            return None;
        }
    }
    let jar = match name {
        Some(name) => format!("target/{name}.jar"),
        None => format!("target/{}-{}.jar", artifact?, version?),
    };
    Some(jar).filter(|jar| is_plain(jar) && Path::new(jar).components().count() == 2)
}

#[cfg(test)]
mod tests;
