use console::measure_text_width;
use proptest::prelude::*;

use super::*;
use crate::report::sample::mode;
use crate::report::{OutputMode, UNBOUNDED, escape};

/// Compares with `tests/vectors/findings/NAME`.
fn golden(name: &str, made: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/findings").join(name);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, made).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(made, expected, "{name}: UPDATE=1 writes it anew");
}

type Made = fn(&Results<'_>) -> String;

const FORMATS: [(&str, Made); 7] = [
    ("human.txt", |results| human(results, &mode(80))),
    ("json.json", json),
    ("sarif.json", sarif),
    ("github.txt", github),
    ("checkstyle.xml", checkstyle),
    ("gitlab.json", gitlab),
    ("ndjson.json", ndjson),
];

#[test]
fn every_format_is_as_it_was() {
    for (name, made) in FORMATS {
        golden(name, &sample::usual().with(|results| made(&results)));
    }
    let ascii = OutputMode { unicode: false, ..mode(50) };
    golden("human-ascii.txt", &sample::usual().with(|results| human(&results, &ascii)));
    golden("hostile-github.txt", &sample::hostile().with(|results| github(&results)));
    golden("hostile-checkstyle.xml", &sample::hostile().with(|results| checkstyle(&results)));
    golden("hostile-human.txt", &sample::hostile().with(|results| human(&results, &mode(80))));
}

/// GitHub, GitLab and Jenkins know files by their paths in the repository, whatever folder the command was started in; a
/// person at a terminal, and whoever reads the JSON, goes by that folder.
#[test]
fn platforms_get_the_paths_of_the_repository() {
    let sample = sample::usual().in_folder("svc/api");
    let of = |made: Made| sample.with(|results| made(&results));
    assert!(of(sarif).contains("\"uri\": \"svc/api/Dockerfile\"") && !of(sarif).contains("\"Dockerfile\""));
    assert!(
        of(gitlab).contains("\"path\": \"svc/api/Dockerfile\"") && !of(gitlab).contains("\"Dockerfile\"")
    );
    assert!(
        of(github).contains("::warning file=svc/api/Dockerfile,") && !of(github).contains("file=Dockerfile")
    );
    assert!(of(checkstyle).contains("<file name=\"svc/api/Dockerfile\">"));
    assert!(!of(checkstyle).contains("name=\"Dockerfile\""));
    assert!(of(json).contains("\"path\": \"Dockerfile\"") && !of(json).contains("svc/api"));
    assert!(of(|results| human(results, &mode(80))).contains(" Dockerfile:1"));
}

/// Services of one repository may break the same rule by the same line of their Dockerfiles.
#[test]
fn gitlab_tells_the_services_of_a_repository_apart() {
    let prints = |folder: &'static str| {
        let text = sample::usual().in_folder(folder).with(|results| gitlab(&results));
        let issues: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
        issues.iter().map(|issue| issue["fingerprint"].to_string()).collect::<Vec<_>>()
    };
    let (root, api, web) = (prints(""), prints("svc/api"), prints("svc/web"));
    assert!(!root.is_empty() && api == prints("svc/api"));
    for (root, (api, web)) in root.iter().zip(api.iter().zip(&web)) {
        assert!(root != api && api != web && root != web, "{root} {api} {web}");
    }
}

#[test]
fn what_is_wrong_with_an_image_is_shown_on_its_dockerfile() {
    let sample = sample::of_image().in_folder("svc");
    let of = |made: Made| sample.with(|results| made(&results));
    assert!(of(gitlab).contains("\"path\": \"svc/Dockerfile\""), "{}", of(gitlab));
    assert!(of(gitlab).contains("Config.User: ghcr.io/acme/api: the image runs as root"), "{}", of(gitlab));
    assert!(of(sarif).contains("\"uri\": \"svc/Dockerfile\""), "{}", of(sarif));
    assert!(of(checkstyle).contains("name=\"svc/Dockerfile\""), "{}", of(checkstyle));
    // GitHub shows a mark without a file on the page of the run.
    assert!(
        of(github).starts_with("::warning title=") && of(github).contains("ghcr.io/acme/api"),
        "{}",
        of(github)
    );
}

/// One of each shape; `rules` knows more.
const SECRETS: &[&str] = crate::rules::SECRET_LINES;

#[test]
fn no_format_says_a_secret() {
    for (name, made) in FORMATS {
        let text = sample::usual().with(|results| made(&results));
        assert!(!text.contains("hunter2"), "{name}: {text}");
        for line in SECRETS {
            let text = sample::secret(line).with(|results| made(&results));
            let kept = line.split_once("hunter2").map_or(*line, |_| "hunter2");
            assert!(!text.contains(kept), "{name}: {text}");
            assert!(name != "human.txt" || text.contains("may hold a secret"), "{line}: {text}");
        }
    }
}

/// No line but our own commands begins one, nothing hidden is left, and markers of commands are broken.
#[test]
fn hostile_texts_stay_texts() {
    for (name, made) in FORMATS {
        let text = sample::hostile().with(|results| made(&results));
        assert!(!text.chars().any(|c| escape::is_hidden(c) && c != '\n'), "{name}: {text:?}");
        for line in text.lines() {
            let lower = line.to_lowercase();
            assert!(
                !["##[", "##vso", "##teamcity"].iter().any(|marker| lower.contains(marker)),
                "{name}: {line}"
            );
            let own = name == "github.txt" && line.starts_with("::warning file=");
            assert!(own || !line.trim_start().starts_with("::"), "{name}: {line}");
        }
        if name == "checkstyle.xml" {
            let values: Vec<&str> = text.split('"').skip(1).step_by(2).collect();
            assert!(values.iter().all(|value| !value.contains(['<', '>', '\''])), "{text}");
        }
    }
}

/// A command's properties end where its message begins, whatever is in them.
#[test]
fn nothing_breaks_out_of_a_command() {
    let text = sample::hostile().with(|results| github(&results));
    let commands: Vec<&str> = text.lines().filter(|line| line.starts_with("::")).collect();
    assert_eq!(commands.len(), 2 * sample::HOSTILE.len());
    for command in commands {
        let (properties, _) = command["::".len()..].split_once("::").unwrap();
        let names: Vec<&str> =
            properties["warning ".len()..].split(',').map(|p| p.split('=').next().unwrap()).collect();
        let known = ["file", "line", "endLine", "col", "endColumn", "title"];
        assert!(names.iter().all(|name| known.contains(name)), "{command}");
        assert_eq!(names.first(), Some(&"file"));
        assert_eq!(names.last(), Some(&"title"));
    }
}

#[test]
fn json_comes_back_as_it_was() {
    let text = sample::hostile().with(|results| json(&results));
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    for (finding, word) in document["findings"].as_array().unwrap().iter().step_by(2).zip(sample::HOSTILE) {
        assert_eq!(finding["path"], word);
        assert_eq!(finding["message"], word);
    }
    assert_eq!(document["excused"].as_array().map(Vec::len), Some(sample::HOSTILE.len()));
}

#[test]
fn nothing_is_a_result_too() {
    let of = |made: Made| sample::empty().with(|results| made(&results));
    assert!(of(|results| human(results, &mode(80))).starts_with("no findings in 0 files\n\n"));
    assert_eq!(of(github), "no findings in 0 files\n");
    assert_eq!(of(gitlab), "[]\n");
    assert!(of(checkstyle).ends_with("<checkstyle version=\"4.3\">\n</checkstyle>\n"));
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&of(json)).unwrap()["findings"],
        serde_json::json!([])
    );
}

#[test]
fn a_thousand_findings_are_all_shown() {
    let many = sample::many(1_000);
    let count = |made: Made, word: &str| many.with(|results| made(&results)).matches(word).count();
    assert_eq!(count(|results| human(results, &mode(80)), " ^"), 1_000);
    assert_eq!(count(json, "\"rule\": \"IMG102\""), 1_000);
    assert_eq!(count(sarif, "\"ruleId\": \"IMG102\""), 1_000);
    assert_eq!(count(github, "::warning file=Dockerfile,line="), 1_000);
    assert_eq!(count(checkstyle, "<error "), 1_000);
    assert_eq!(count(gitlab, "\"check_name\": \"IMG102\""), 1_000);
}

#[test]
fn text_for_people_fits() {
    for sample in [sample::usual(), sample::hostile(), sample::many(20)] {
        for width in [40, 80, 200, UNBOUNDED] {
            for (unicode, color) in [(true, true), (false, false)] {
                let mode = OutputMode { unicode, stdout_color: color, ..mode(width) };
                let text = sample.with(|results| human(&results, &mode));
                for line in text.lines() {
                    assert!(measure_text_width(line) <= width, "{width}: {line}");
                }
                assert_eq!(text.contains('\u{1b}'), color);
            }
        }
    }
}

proptest! {
    #[test]
    fn any_text_fits(text in any::<String>(), start in 0usize..60, length in 0usize..60) {
        let made = sample::of_text(&text, start, length).with(|results| human(&results, &mode(80)));
        for line in made.lines() {
            prop_assert!(measure_text_width(line) <= 80, "{line:?}");
            prop_assert!(!line.trim_start().starts_with("::") && !line.contains("##["), "{line:?}");
        }
    }
}
