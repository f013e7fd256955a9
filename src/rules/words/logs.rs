//! Where a command writes its log.

use crate::dockerfile::shell::{Command, Redirect};

/// Options of many programs whose value is the file or the folder of a log, in lower case, with dashes between words.
const OPTIONS: [&str; 22] = [
    "log",
    "log-file",
    "logfile",
    "log-path",
    "logpath",
    "log-dir",
    "logto",
    "log-to",
    "log-output",
    "access-log",
    "access-logfile",
    "access-log-file",
    "error-log",
    "error-logfile",
    "error-log-file",
    "stdout-logfile",
    "stderr-logfile",
    "logging.file",
    "logging.file.name",
    "logging.file.path",
    "logging.path",
    "syslog-file",
];

/// The file that a command writes its log to: by a redirection, by `tee`, by an option; or the log that `tail -f` shows,
/// which then another process writes. The standard streams and `/dev/null` are none.
pub(in crate::rules) fn log_file(command: &Command) -> Option<String> {
    let command = command.unwrapped();
    redirected(&command.redirects)
        .or_else(|| {
            let follows = command.name() == "tail" && command.has_flag(&["f", "F", "follow"]);
            let passed = command.positional(&["n", "c", "lines", "pid", "s", "sleep-interval"]);
            let mut files = passed.into_iter().map(|word| word.text.as_str());
            let wanted = follows || command.name() == "tee";
            files.find(|file| wanted && is_log(file)).map(str::to_owned)
        })
        .or_else(|| optional(&command))
}

/// Where standard output or the errors go to a file.
fn redirected(redirects: &[Redirect]) -> Option<String> {
    let both = redirects.iter().any(|redirect| redirect.op == ">&" && redirect.target.text == "1");
    let to_file = redirects.iter().find(|redirect| {
        let target = redirect.target.text.as_str();
        let fd = redirect.fd.unwrap_or(1);
        let all = match redirect.op {
            ">" | ">>" | ">|" if fd <= 2 => fd == 2 || both,
            "&>" | "&>>" => true,
            ">&" if target.bytes().all(|b| b.is_ascii_digit() || b == b'-') => return false,
            ">&" => true,
            _ => return false,
        };
        // What a command prints can be the very file that it makes; both streams together are a log.
        is_log(target) || all && redirect.target.literal && is_file(target)
    });
    to_file.map(|redirect| redirect.target.text.clone())
}

/// `--log-file=x`, `-logfile x`, `logfile=x`, `-Dlogging.file=x`.
fn optional(command: &Command) -> Option<String> {
    let mut words = command.words.iter().map(|word| word.text.as_str()).peekable();
    while let Some(word) = words.next() {
        let bare = word.trim_start_matches('-');
        let (name, value) = bare.split_once('=').map_or((bare, None), |(name, value)| (name, Some(value)));
        let is_flag = word.starts_with('-');
        if name.len() > 32 || !is_flag && value.is_none() {
            continue;
        }
        let lower = name.to_ascii_lowercase().replace('_', "-");
        let known = lower.strip_prefix("dlogging").map_or(lower.clone(), |rest| format!("logging{rest}"));
        if !OPTIONS.contains(&known.as_str()) || known == "log" && !is_flag {
            continue;
        }
        let value = value.or_else(|| words.peek().copied()).unwrap_or_default();
        let is_path = value.contains('/') || has_log_ending(value);
        if is_path && is_file(value) && !value.starts_with('-') {
            return Some(value.to_owned());
        }
    }
    None
}

/// Whether a path is a file of the container, and no stream of a process, and no address.
fn is_file(path: &str) -> bool {
    !path.is_empty()
        && path != "-"
        && !["/dev/", "/proc/"].iter().any(|root| path.starts_with(root))
        && !path.contains("://")
}

/// Whether a path is that of a log by its ending or by a folder of it.
fn is_log(path: &str) -> bool {
    let named = path.split('/').any(|part| matches!(part, "log" | "logs"));
    is_file(path) && (named || has_log_ending(path))
}

fn has_log_ending(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    [".log", "_log", ".err", ".out"].iter().any(|ending| lower.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::shell::parse;

    #[test]
    fn logs_are_told_from_other_files() {
        for (text, want) in [
            ("app > app.log", Some("app.log")),
            ("exec app >>/var/log/app 2>&1", Some("/var/log/app")),
            ("app > /data/all 2>&1", Some("/data/all")),
            ("app &> x", Some("x")),
            ("app 2> /tmp/errors", Some("/tmp/errors")),
            ("app | tee", None),
            ("tee -a logs/app", Some("logs/app")),
            ("tail -n 5 -F /var/log/x", Some("/var/log/x")),
            ("tail -f /dev/null", None),
            ("tail /var/log/x", None),
            ("app > /dev/stdout 2>&1", None),
            ("app 2>&1", None),
            ("app 2> /proc/1/fd/2", None),
            ("envsubst < a > /etc/a.conf", None),
            ("app 3> x.log", None),
            ("app < x.log", None),
            ("app --log-file=/x", Some("/x")),
            ("app --log_file /x", Some("/x")),
            ("app -logfile x.log", Some("x.log")),
            ("gunicorn --access-logfile - --error-logfile /dev/stderr", None),
            ("uvicorn --access-log --port 80", None),
            ("java -Dlogging.file.name=/x/y -jar a", Some("/x/y")),
            ("app --log-level debug --log json", None),
            ("app --log-file=$LOG", None),
            ("app --log-to tcp://host/x", None),
            ("--log-file=/x", Some("/x")),
            ("tensorboard --logdir /logs", None),
            ("cat /var/log/x", None),
        ] {
            assert_eq!(log_file(&parse(text).commands[0]).as_deref(), want, "{text}");
        }
    }
}
