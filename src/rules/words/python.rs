//! `pip`, however it is called.

use crate::dockerfile::shell::{Command, Word};

/// The arguments of `pip install`, where the command is one: `pip3.12 install`, `python -m pip install`. With what stands
/// between `pip` and `install`.
pub(in crate::rules) fn pip_install(command: &Command) -> Option<&[Word]> {
    let name = command.name();
    let args = command.args();
    let rest = if is_version(name.strip_prefix("pip")) {
        args
    } else if is_version(name.strip_prefix("python")) {
        let at =
            args.windows(2).position(|pair| matches!(pair, [m, pip] if m.text == "-m" && pip.text == "pip"));
        args.get(at? + 2..)?
    } else {
        return None;
    };
    rest.iter().any(|word| word.text == "install").then_some(rest)
}

fn is_version(rest: Option<&str>) -> bool {
    rest.is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit() || b == b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::shell::parse;

    #[test]
    fn all_forms_of_pip() {
        for (text, want) in [
            ("pip install a", true),
            ("/venv/bin/pip3.12 install a", true),
            ("pip --no-cache-dir install a", true),
            ("python3.9 -u -m pip install a", true),
            ("python -m pipx install a", false),
            ("python install pip", false),
            ("pip download a", false),
            ("pipx install a", false),
            ("pipenv install", false),
            ("uv pip install a", false),
        ] {
            assert_eq!(pip_install(&parse(text).commands[0]).is_some(), want, "{text}");
        }
    }
}
