//! `docs/reference/config.md`: every table and key of `imgbuild.toml`, made from its JSON Schema, and so from the types that
//! read it.

use std::collections::{BTreeSet, VecDeque};
use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::{VARIABLES, json_schema};

/// No type of the schema nests deeper than this.
const DEEPEST: usize = 8;

/// The page in Markdown.
pub fn reference() -> String {
    let schema: Value = serde_json::from_str(&json_schema()).unwrap_or_default();
    let mut book = Book { schema: &schema, queue: VecDeque::new(), known: BTreeSet::new() };
    let mut page = "# imgbuild.toml\n\n\
        Every table and key, made from the types that read them. Editors take the same from \
        [imgbuild.schema.json](../../imgbuild.schema.json).\n\
        Every key is optional but where it says required; `imgbuild config --origin` prints the values in force and where \
        each comes from.\n"
        .to_owned();
    book.table(&mut page, "The file", &schema);
    while let Some(name) = book.queue.pop_front() {
        let definition = book.definition(&name).cloned().unwrap_or_default();
        book.table(&mut page, &name, &definition);
    }
    page.push_str(
        "\n## Variables\n\nA variable goes before the file, and a flag before both. What a CI does not say of a run is said by \
        the variables of\n[docs/ci.md](../ci.md).\n\n| variable | value | what it says |\n|---|---|---|\n",
    );
    for variable in VARIABLES {
        let _ = writeln!(page, "| `{}` | `{}` | {} |", variable.name, cell(variable.value), variable.about);
    }
    page
}

/// A schema, and which of its tables are still to be written.
struct Book<'a> {
    schema: &'a Value,
    queue: VecDeque<String>,
    known: BTreeSet<String>,
}

impl Book<'_> {
    fn definition(&self, name: &str) -> Option<&Value> {
        self.schema.get("definitions")?.get(name)
    }

    /// A table with its keys, and after it those that it leads to.
    fn table(&mut self, page: &mut String, name: &str, schema: &Value) {
        let _ = write!(page, "\n## {name}\n");
        if let Some(text) = text(schema) {
            let _ = write!(page, "\n{text}\n");
        }
        let required: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        page.push_str("\n| key | type | default | what it says |\n|---|---|---|---|\n");
        for (key, value) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let kind = self.kind(value, 0);
            let (description, default) = split(&text(value).unwrap_or_default());
            let default = if required.contains(&key.as_str()) { "required".to_owned() } else { default };
            let _ =
                writeln!(page, "| `{key}` | {} | {} | {} |", cell(&kind), cell(&default), cell(&description));
        }
    }

    /// The type for people; tables are linked, and written later.
    fn kind(&mut self, schema: &Value, depth: usize) -> String {
        if depth > DEEPEST {
            return "value".to_owned();
        }
        if let Some(name) =
            schema.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next())
        {
            let definition = self.definition(name).cloned().unwrap_or_default();
            if definition.get("properties").is_none() {
                return self.kind(&definition, depth + 1);
            }
            if self.known.insert(name.to_owned()) {
                self.queue.push_back(name.to_owned());
            }
            return format!("table [{name}](#{})", name.to_ascii_lowercase());
        }
        if let Some(constant) = schema.get("const") {
            return format!("`{constant}`");
        }
        for choice in ["allOf", "anyOf", "oneOf", "enum"] {
            let Some(choices) = schema.get(choice).and_then(Value::as_array) else { continue };
            let kinds: Vec<String> = choices
                .iter()
                .map(|one| if choice == "enum" { format!("`{one}`") } else { self.kind(one, depth + 1) })
                .collect();
            return kinds.join(" or ");
        }
        match schema.get("type") {
            Some(Value::String(kind)) => self.simple(kind, schema, depth),
            Some(Value::Array(_)) | None => "any value".to_owned(),
            Some(other) => other.to_string(),
        }
    }

    fn simple(&mut self, kind: &str, schema: &Value, depth: usize) -> String {
        let inner = |key: &str| schema.get(key).filter(|inner| inner.is_object());
        match kind {
            "array" => match inner("items") {
                Some(items) => format!("list of {}", grouped(self.kind(items, depth + 1))),
                None => "list".to_owned(),
            },
            "object" => match inner("additionalProperties") {
                Some(values) => format!("map to {}", grouped(self.kind(values, depth + 1))),
                None => "table".to_owned(),
            },
            "string" if schema.get("format").is_some_and(|format| format == "date") => "date".to_owned(),
            "string" => "string".to_owned(),
            "integer" | "number" => kind.to_owned() + &bounds(schema.as_object()),
            other => other.to_owned(),
        }
    }
}

/// The least and the most, where somebody chose them.
fn bounds(schema: Option<&Map<String, Value>>) -> String {
    let bound = |key: &str| schema.and_then(|schema| schema.get(key)).and_then(Value::as_u64);
    match (bound("minimum"), bound("maximum")) {
        (Some(least), Some(most)) if least == most => format!(" {least}"),
        (Some(least), Some(most)) => format!(" {least}-{most}"),
        _ => String::new(),
    }
}

/// What follows "list of": several types are held together.
fn grouped(kind: String) -> String {
    if kind.contains(" or ") { format!("({kind})") } else { kind }
}

fn text(schema: &Value) -> Option<String> {
    schema.get("description").and_then(Value::as_str).map(|text| text.replace('\n', " "))
}

/// A description without the sentence that names the default, and what that says.
fn split(text: &str) -> (String, String) {
    let Some((before, after)) = text.split_once("Default: ").or_else(|| text.split_once("Default:")) else {
        return (text.replace(" Required.", "").replace("Required.", "").trim().to_owned(), String::new());
    };
    let (mut code, mut end) = (false, after.len());
    for (at, c) in after.char_indices() {
        code ^= c == '`';
        let rest = after.get(at + 1..).unwrap_or_default();
        if c == '.' && !code && (rest.is_empty() || rest.starts_with(' ')) {
            end = at;
            break;
        }
    }
    let (default, rest) = after.split_at_checked(end).unwrap_or((after, ""));
    let rest = rest.trim_start_matches('.').trim();
    let description = format!("{} {rest}", before.trim());
    (description.trim().to_owned(), default.to_owned())
}

/// Text for a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_default_is_told_apart_from_the_rest() {
        let table = [
            ("Ids: `[\"a\"]`. Default: none.", ("Ids: `[\"a\"]`.", "none")),
            (
                "What. Default: `\"a. b\"`. On a pull request not.",
                ("What. On a pull request not.", "`\"a. b\"`"),
            ),
            ("The name. Required.", ("The name.", "")),
            ("Only this", ("Only this", "")),
        ];
        for (text, (description, default)) in table {
            assert_eq!(split(text), (description.to_owned(), default.to_owned()), "{text}");
        }
    }

    #[test]
    fn every_key_of_the_schema_stands_in_it_with_what_it_says() {
        let (page, schema) = (reference(), serde_json::from_str::<Value>(&json_schema()).unwrap());
        let tables = schema["definitions"].as_object().unwrap();
        let mut keys = 0;
        for (name, table) in tables.iter().chain([(&"The file".to_owned(), &schema)]) {
            for (key, value) in table["properties"].as_object().into_iter().flatten() {
                let section = page.split(&format!("\n## {name}\n")).nth(1).expect(name);
                let section = section.split("\n## ").next().unwrap();
                let row = section.lines().find(|line| line.starts_with(&format!("| `{key}` |")));
                let row = row.unwrap_or_else(|| panic!("{name}.{key}"));
                assert!(!row.ends_with("|  |"), "{name}.{key} says nothing of itself: {row}");
                assert!(value["description"].is_string(), "{name}.{key}");
                keys += 1;
            }
        }
        assert!(keys > 100, "{keys}");
    }
}
