//! The values of `RUN --mount` and `RUN --device`: fields between commas.

use super::flags::near;
use crate::dockerfile::words::shown;

const KEYS: [&str; 19] = [
    "type",
    "from",
    "source",
    "src",
    "target",
    "dst",
    "destination",
    "readonly",
    "ro",
    "readwrite",
    "rw",
    "required",
    "size",
    "id",
    "sharing",
    "mode",
    "uid",
    "gid",
    "env",
];
const TYPES: [&str; 5] = ["bind", "cache", "tmpfs", "secret", "ssh"];
const SHARING: [&str; 3] = ["shared", "private", "locked"];
/// Nobody writes more.
const MAX_FIELDS: usize = 1_000;

/// The fields of `value`. A field in double quotes may hold commas; `None` where the quotes do not fit.
fn fields(value: &str) -> Option<Vec<String>> {
    let mut fields = Vec::new();
    let mut rest = value;
    loop {
        let field;
        if let Some(quoted) = rest.strip_prefix('"') {
            let mut text = String::new();
            let mut tail = quoted;
            loop {
                let (head, behind) = tail.split_once('"')?;
                text.push_str(head);
                tail = behind;
                match tail.strip_prefix('"') {
                    Some(behind) => {
                        text.push('"');
                        tail = behind;
                    }
                    None => break,
                }
            }
            field = text;
            rest = tail;
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            let (head, tail) = rest.split_at_checked(end)?;
            if head.contains('"') {
                return None;
            }
            field = head.to_owned();
            rest = tail;
        }
        fields.push(field);
        match rest.strip_prefix(',') {
            Some(tail) if fields.len() < MAX_FIELDS => rest = tail,
            None if rest.is_empty() => return Some(fields),
            _ => return None,
        }
    }
}

/// A switch as Go reads it.
fn is_bool(value: &str) -> bool {
    ["1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"].contains(&value)
}

/// What is known of a mount; a value that holds a variable counts as given and good.
#[derive(Default)]
struct Mount {
    kind: Option<String>,
    from: bool,
    sharing: bool,
    source: bool,
    target: bool,
    id: bool,
    owner: Option<&'static str>,
    environment: bool,
}

/// Tells what is wrong with a mount. The type is `bind` where none is given, and no target is demanded.
pub(super) fn check(value: &str, foreign: bool, tell: &mut dyn FnMut(String)) {
    let Some(fields) = fields(value).filter(|_| !value.is_empty()) else {
        return tell(format!("{} is no list of key=value", shown(value)));
    };
    let mut mount = Mount::default();
    // The type decides what other keys mean, wherever it stands.
    for field in &fields {
        if let Some((key, kind)) = field.split_once('=')
            && key.eq_ignore_ascii_case("type")
        {
            mount.kind = Some(kind.to_ascii_lowercase());
        }
    }
    for field in &fields {
        if let Err(why) = mount.take(field, foreign) {
            return tell(why);
        }
    }
    if let Some(why) = mount.contradiction() {
        tell(why.to_owned());
    }
}

impl Mount {
    fn is(&self, kinds: &[&str]) -> bool {
        let kind = self.kind.as_deref().unwrap_or("bind");
        kinds.contains(&kind) || kind.contains('$')
    }

    fn take(&mut self, field: &str, foreign: bool) -> Result<(), String> {
        let (key, value) = match field.split_once('=') {
            Some((key, value)) => (key.to_ascii_lowercase(), Some(value)),
            None => (field.to_ascii_lowercase(), None),
        };
        let Some(value) = value else {
            return match key.as_str() {
                "readonly" | "ro" | "readwrite" | "rw" => Ok(()),
                "required" => self.only(&["secret", "ssh"], "required"),
                // The reference looks at these only when the step runs; a blank behind a comma is as common as wrong.
                _ => Err(format!("{} has no value: fields have the form key=value", shown(field))),
            };
        };
        let variable = value.contains('$');
        let choice = |known: &'static [&'static str]| {
            if variable || known.contains(&value.to_ascii_lowercase().as_str()) {
                return Ok(());
            }
            let near = near(value, known.iter().copied()).map(|near| format!(" (did you mean {near}?)"));
            Err(format!("{key} is {}, not {}{}", known.join(" or "), shown(value), near.unwrap_or_default()))
        };
        let number = |radix| {
            let digits = variable || u32::from_str_radix(value, radix).is_ok() && !value.starts_with('+');
            if digits { Ok(()) } else { Err(format!("{key} is a number, not {}", shown(value))) }
        };
        let switch = || {
            if variable || is_bool(value) {
                Ok(())
            } else {
                Err(format!("{key} is true or false, not {}", shown(value)))
            }
        };
        match key.as_str() {
            "type" if foreign => Ok(()),
            "type" => choice(&TYPES),
            "from" => {
                self.from = true;
                let expands = value.find('$').is_some_and(|at| at + 1 < value.len());
                if expands {
                    return Err("from takes no variable: give the image a stage of its own".to_owned());
                }
                Ok(())
            }
            "source" | "src" => {
                self.source = !value.is_empty();
                Ok(())
            }
            "target" | "dst" | "destination" => {
                self.target = !value.is_empty();
                Ok(())
            }
            "id" => {
                self.id = !value.is_empty();
                Ok(())
            }
            "env" => {
                self.environment = true;
                Ok(())
            }
            "readonly" | "ro" | "readwrite" | "rw" => switch(),
            "required" => self.only(&["secret", "ssh"], "required").and_then(|()| switch()),
            "size" => self.only(&["tmpfs"], "size").and_then(|()| {
                let digits = variable || value.starts_with(|c: char| c.is_ascii_digit() || c == '.');
                if digits { Ok(()) } else { Err(format!("size is a number of bytes, not {}", shown(value))) }
            }),
            "sharing" => {
                self.sharing = true;
                choice(&SHARING)
            }
            "mode" => {
                self.owner = Some("mode");
                number(8)
            }
            "uid" => {
                self.owner = Some("uid");
                number(10)
            }
            "gid" => {
                self.owner = Some("gid");
                number(10)
            }
            _ if foreign => Ok(()),
            _ => {
                let near = near(&key, KEYS.into_iter()).map(|near| format!(" (did you mean {near}?)"));
                Err(format!("unknown key {}{}", shown(&key), near.unwrap_or_default()))
            }
        }
    }

    fn only(&self, kinds: &[&str], key: &str) -> Result<(), String> {
        if self.is(kinds) {
            Ok(())
        } else {
            Err(format!("{key} is for mounts of type {} only", kinds.join(" or ")))
        }
    }

    fn contradiction(&self) -> Option<&'static str> {
        if self.owner.is_some() && !self.is(&["secret", "ssh", "cache"]) {
            return Some("mode, uid and gid are for mounts of type secret, ssh or cache only");
        }
        if self.sharing && !self.is(&["cache"]) {
            return Some("sharing is for mounts of type cache only");
        }
        if self.kind.as_deref() != Some("secret") {
            return None;
        }
        if self.from {
            return Some("a secret comes from nowhere else: it takes no from");
        }
        if self.source && self.id {
            return Some("id and source of a secret are the same thing: give one of them");
        }
        let named = self.source || self.target || self.id || self.environment;
        (!named).then_some("a secret needs an id or a target")
    }
}

/// Tells what is wrong with a device: `NAME`, `name=NAME`, `required`.
pub(super) fn device(value: &str, tell: &mut dyn FnMut(String)) {
    let Some(fields) = fields(value).filter(|_| !value.is_empty()) else {
        return tell(format!("{} is no list of fields", shown(value)));
    };
    let mut named = false;
    for field in fields {
        let why = match field.split_once('=') {
            None if field.eq_ignore_ascii_case("required") => continue,
            Some((key, value)) if key.eq_ignore_ascii_case("required") && !is_bool(value) => {
                format!("required is true or false, not {}", shown(value))
            }
            Some((key, _)) if key.eq_ignore_ascii_case("required") => continue,
            Some((key, _)) if key.eq_ignore_ascii_case("name") && named => {
                "the name is given twice".to_owned()
            }
            _ if !named => {
                named = true;
                continue;
            }
            _ => format!("{} is neither name=NAME nor required", shown(&field)),
        };
        return tell(why);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(value: &str) -> Option<String> {
        let mut found = None;
        check(value, false, &mut |why| found = Some(why));
        found
    }

    #[test]
    fn mounts_that_builders_take() {
        for good in [
            "type=bind",
            "target=/x",
            "from=a,target=/x",
            "type=cache,target=/a,sharing=LOCKED,mode=0755,uid=1,gid=1",
            "TYPE=CACHE,dst=/a,id=x,ro",
            "type=secret,id=a,env=B,required",
            "type=secret,id=a,target=/a,required=true",
            "type=tmpfs,size=3g,target=/a",
            "type=$T,sharing=$S,uid=$U,target=$X",
            "type=ssh",
            "type=cache,\"target=/a,b\"",
        ] {
            assert_eq!(wrong(good), None, "{good}");
        }
    }

    #[test]
    fn mounts_that_they_refuse() {
        for (bad, part) in [
            ("", "list"),
            ("type=foo", "bind or cache"),
            ("type=cahe", "did you mean cache"),
            ("foo=bar", "unknown key"),
            ("typ=bind", "did you mean type"),
            ("type=cache,target", "has no value"),
            ("type=cache,sharing=x", "sharing is"),
            ("sharing=shared", "cache only"),
            ("mode=0755", "secret, ssh or cache"),
            ("type=cache,mode=9", "number"),
            ("type=cache,uid=x", "number"),
            ("required", "secret or ssh"),
            ("size=3", "tmpfs"),
            ("type=tmpfs,size=x", "bytes"),
            ("type=cache,ro=maybe", "true or false"),
            ("type=secret", "id or a target"),
            ("type=secret,id=a,from=b", "no from"),
            ("type=secret,id=a,src=b", "same thing"),
            ("from=$X,target=/a", "no variable"),
            ("type=\"a", "list"),
        ] {
            assert!(wrong(bad).is_some_and(|why| why.contains(part)), "{bad}: {:?}", wrong(bad));
        }
    }
}
