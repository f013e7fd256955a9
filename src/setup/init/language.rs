//! What a repository is written in, by the files at its root.

use super::look::Look;

/// A language, or rather a way to build, for which there is a Dockerfile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Go, with `go.mod`.
    Go,
    /// Rust, with `Cargo.toml`.
    Rust,
    /// .NET, with a `.csproj`.
    Dotnet,
    /// Java, with `pom.xml`.
    Java,
    /// Python, with `requirements.txt` or `pyproject.toml`.
    Python,
    /// Node.js, with `package.json`.
    Node,
    /// A folder as a web site.
    Static,
    /// A program that is in the repository.
    Generic,
}

impl Language {
    /// Those that are looked for, in that order: a web front end beside a service is part of it.
    const LOOKED_FOR: [Language; 7] = [
        Language::Go,
        Language::Rust,
        Language::Dotnet,
        Language::Java,
        Language::Python,
        Language::Node,
        Language::Static,
    ];

    /// Its name for people.
    pub const fn name(self) -> &'static str {
        match self {
            Language::Go => "Go",
            Language::Rust => "Rust",
            Language::Dotnet => ".NET",
            Language::Java => "Java",
            Language::Python => "Python",
            Language::Node => "Node.js",
            Language::Static => "a web site",
            Language::Generic => "a program as it is",
        }
    }

    /// Its Dockerfile, with placeholders.
    pub(super) const fn template(self) -> &'static str {
        match self {
            Language::Go => include_str!("../../../templates/dockerfile/go.Dockerfile"),
            Language::Rust => include_str!("../../../templates/dockerfile/rust.Dockerfile"),
            Language::Dotnet => include_str!("../../../templates/dockerfile/dotnet.Dockerfile"),
            Language::Java => include_str!("../../../templates/dockerfile/java.Dockerfile"),
            Language::Python => include_str!("../../../templates/dockerfile/python.Dockerfile"),
            Language::Node => include_str!("../../../templates/dockerfile/node.Dockerfile"),
            Language::Static => include_str!("../../../templates/dockerfile/static.Dockerfile"),
            Language::Generic => include_str!("../../../templates/dockerfile/generic.Dockerfile"),
        }
    }

    /// The folder of the image to which its Dockerfile copies files of the repository; none where it copies what was made of
    /// them.
    pub(super) const fn folder(self) -> Option<&'static str> {
        match self {
            Language::Python | Language::Node | Language::Generic => Some("/app"),
            Language::Static => Some("/srv/www"),
            Language::Go | Language::Rust | Language::Dotnet | Language::Java => None,
        }
    }

    /// The file by which a repository is known to be written in it.
    pub(super) fn manifest(self, look: &Look) -> Option<String> {
        let names: &[&str] = match self {
            Language::Go => &["go.mod"],
            Language::Rust => &["Cargo.toml"],
            Language::Java => &["pom.xml", "build.gradle", "build.gradle.kts"],
            Language::Python => &["requirements.txt", "pyproject.toml", "setup.py", "Pipfile"],
            Language::Node => &["package.json"],
            Language::Static => &["public/index.html", "site/index.html", "www/index.html"],
            Language::Dotnet => {
                let is_project = |path: &&String| !path.contains('/') && path.ends_with(".csproj");
                return look.files.iter().find(is_project).cloned();
            }
            Language::Generic => &[],
        };
        names.iter().find(|name| look.real_file(name).is_some()).map(|name| (*name).to_owned())
    }

    /// Those that the repository seems to be written in, each with the file that says so.
    pub(super) fn of(look: &Look) -> Vec<(Language, String)> {
        Language::LOOKED_FOR
            .iter()
            .filter_map(|language| Some((*language, language.manifest(look)?)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_the_repository_are_where_the_dockerfile_copies_them() {
        for language in Language::LOOKED_FOR.into_iter().chain([Language::Generic]) {
            let template = language.template();
            let (_, last) = template.rsplit_once("FROM ").unwrap();
            let copies = last.lines().filter(|line| line.starts_with("COPY ") && !line.contains("--from="));
            let targets: Vec<&str> = copies.filter_map(|line| line.split(' ').next_back()).collect();
            let working = last.lines().find_map(|line| line.strip_prefix("WORKDIR "));
            let folder = targets.last().map(|target| if *target == "." { working.unwrap() } else { *target });
            assert_eq!(language.folder(), folder, "{}: {targets:?}", language.name());
        }
    }
}
