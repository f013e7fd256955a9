//! What the output looks like, decided once and purely from flags, terminals and variables.

use super::Surface;
use crate::environment::Environment;

/// Columns of a terminal that does not tell how many it has.
const DEFAULT_WIDTH: usize = 80;
/// Columns below which nothing sensible fits.
const MIN_WIDTH: usize = 20;
/// The width where there is no terminal: whoever reads the file or the CI's page wraps it.
pub const UNBOUNDED: usize = 4096;

/// What stdout carries. Progress and messages go to stderr in each case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// Text for people, where a command has any.
    #[default]
    Human,
    /// One document at the end: the run report.
    Json,
    /// One event a line, as it happens.
    Ndjson,
}

/// How progress is shown on stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// A view that is redrawn in place.
    Live,
    /// Lines that are appended.
    Plain,
    /// Nothing; errors are still printed.
    Quiet,
}

/// `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ColorChoice {
    /// From the environment and the terminal.
    #[default]
    Auto,
    /// In any case.
    Always,
    /// In no case.
    Never,
}

/// What was asked for on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OutputFlags {
    /// `--format`.
    pub format: Format,
    /// `--progress`; `None` is auto.
    pub progress: Option<Progress>,
    /// `--color`.
    pub color: ColorChoice,
    /// `--quiet`.
    pub quiet: bool,
    /// `--ci-output off`.
    pub no_ci_output: bool,
}

/// What is known of the surroundings, as plain values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Surroundings<'a> {
    /// Whether stdout is a terminal.
    pub stdout_tty: bool,
    /// Whether stderr is a terminal.
    pub stderr_tty: bool,
    /// Columns of stderr's terminal; zero counts as unknown.
    pub columns: Option<usize>,
    /// Whether a CI was detected.
    pub ci: bool,
    /// Whether that CI's log page renders colour: GitHub and GitLab do, Jenkins does not; `None` where nobody knows.
    pub ci_color: Option<bool>,
    /// What that CI's log page takes for commands.
    pub surface: Surface,
    /// `RUNNER_DEBUG` is 1, or `SYSTEM_DEBUG` true: the CI's own switch for a run that says more.
    pub debug: bool,
    /// `TERM`.
    pub term: Option<&'a str>,
    /// `NO_COLOR` is set and not empty.
    pub no_color: bool,
    /// `FORCE_COLOR` or `CLICOLOR_FORCE` is set, and not to `0` or `false`.
    pub force_color: bool,
    /// The locale of characters: `LC_ALL`, else `LC_CTYPE`, else `LANG`.
    pub locale: Option<&'a str>,
}

impl<'a> Surroundings<'a> {
    /// Takes the variables from `environment`; terminals and CI are left for the caller to fill in.
    pub fn from_environment(environment: &'a Environment) -> Self {
        Surroundings {
            term: environment.get("TERM"),
            no_color: environment.get_os("NO_COLOR").is_some(),
            debug: environment.is_true("RUNNER_DEBUG") || environment.is_true("SYSTEM_DEBUG"),
            force_color: environment.is_true("FORCE_COLOR") || environment.is_true("CLICOLOR_FORCE"),
            locale: ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|key| environment.get(key)),
            ..Surroundings::default()
        }
    }

    fn dumb(&self) -> bool {
        self.term.is_none_or(|term| term == "dumb")
    }

    fn unicode(&self) -> bool {
        // The kernel's own console has no glyph for a check mark, whatever the locale says.
        let console = self.term == Some("linux") && self.stderr_tty;
        let utf8 = self.locale.is_some_and(|locale| {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        });
        // CI containers seldom set a locale, and every CI's log page is UTF-8.
        !console && (utf8 || self.locale.is_none() && self.ci)
    }
}

/// How everything of a run is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutputMode {
    /// What stdout carries.
    pub format: Format,
    /// How progress is shown on stderr.
    pub progress: Progress,
    /// Whether stderr is coloured.
    pub color: bool,
    /// Whether stdout is coloured.
    pub stdout_color: bool,
    /// Whether glyphs beyond ASCII may be used for what imgbuild itself says.
    pub unicode: bool,
    /// Columns that text on stderr has to fit in; [`UNBOUNDED`] where it is no terminal.
    pub width: usize,
    /// Which commands there are for the CI's log page.
    pub surface: Surface,
    /// Whether progress tells what is left out else.
    pub verbose: bool,
}

impl OutputMode {
    /// The same for text that goes to stdout.
    #[must_use]
    pub fn of_stdout(&self) -> OutputMode {
        OutputMode { color: self.stdout_color, ..*self }
    }
}

/// Decides how everything is shown.
///
/// Progress, from the first row that holds:
///
/// | `--quiet` | `--progress` | stderr is a terminal | `TERM` | CI  | progress |
/// |-----------|--------------|----------------------|--------|-----|----------|
/// | yes       | any          | any                  | any    | any | quiet    |
/// | no        | quiet        | any                  | any    | any | quiet    |
/// | no        | plain        | any                  | any    | any | plain    |
/// | no        | any          | no                   | any    | any | plain    |
/// | no        | any          | yes                  | dumb   | any | plain    |
/// | no        | live         | yes                  | smart  | any | live     |
/// | no        | auto         | yes                  | smart  | yes | plain    |
/// | no        | auto         | yes                  | smart  | no  | live     |
///
/// Colour, from the first row that holds, for each of stderr and stdout:
///
/// | `--color` | `NO_COLOR` | `FORCE_COLOR`, `CLICOLOR_FORCE` | the CI renders colour  | terminal, not dumb | colour |
/// |-----------|------------|---------------------------------|------------------------|--------------------|--------|
/// | always    | any        | any                             | any                    | any                | on     |
/// | never     | any        | any                             | any                    | any                | off    |
/// | auto      | set        | any                             | any                    | any                | off    |
/// | auto      | unset      | set, not `0` or `false`         | any                    | any                | on     |
/// | auto      | unset      | unset                           | yes                    | any                | on     |
/// | auto      | unset      | unset                           | no                     | any                | off    |
/// | auto      | unset      | unset                           | unknown, or no CI      | as it is           | same   |
///
/// A machine format never colours stdout. `TERM` unset counts as dumb.
pub fn resolve(flags: &OutputFlags, around: &Surroundings<'_>) -> OutputMode {
    let smart = around.stderr_tty && !around.dumb();
    let progress = match flags.progress {
        _ if flags.quiet => Progress::Quiet,
        Some(Progress::Quiet) => Progress::Quiet,
        Some(Progress::Live) if smart => Progress::Live,
        // Some CIs pretend to be terminals.
        None if smart && !around.ci => Progress::Live,
        _ => Progress::Plain,
    };
    let color = |tty: bool| match flags.color {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto if around.no_color => false,
        ColorChoice::Auto if around.force_color => true,
        ColorChoice::Auto => around.ci_color.filter(|_| around.ci).unwrap_or(tty && !around.dumb()),
    };
    let width = match around.columns {
        _ if !around.stderr_tty => UNBOUNDED,
        None | Some(0) => DEFAULT_WIDTH,
        Some(columns) => columns.clamp(MIN_WIDTH, UNBOUNDED),
    };
    OutputMode {
        format: flags.format,
        progress,
        color: color(around.stderr_tty),
        stdout_color: flags.format == Format::Human && color(around.stdout_tty),
        unicode: around.unicode(),
        width,
        surface: match around.surface {
            // What is redrawn has no lines.
            _ if flags.no_ci_output || progress == Progress::Live => Surface::Lines,
            // Stdout is somebody's document, or with `--quiet` the one line that a script reads.
            surface
                if surface.is_on_stdout()
                    && (flags.format != Format::Human || progress == Progress::Quiet) =>
            {
                Surface::Lines
            }
            surface => surface,
        },
        verbose: around.ci && around.debug,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMART: Surroundings<'static> = Surroundings {
        stdout_tty: true,
        stderr_tty: true,
        columns: Some(100),
        ci: false,
        ci_color: None,
        surface: Surface::Lines,
        debug: false,
        term: Some("xterm-256color"),
        no_color: false,
        force_color: false,
        locale: Some("en_US.UTF-8"),
    };

    #[test]
    fn progress_follows_the_table() {
        use Progress::{Live, Plain, Quiet};
        let (yes, no) = (true, false);
        let (dumb, smart) = (Some("dumb"), Some("xterm"));
        // quiet, --progress, stderr_tty, TERM, ci => progress
        let table = [
            (yes, Some(Live), yes, smart, no, Quiet),
            (no, Some(Quiet), yes, smart, no, Quiet),
            (no, Some(Plain), yes, smart, no, Plain),
            (no, Some(Live), no, smart, no, Plain),
            (no, None, no, smart, no, Plain),
            (no, None, yes, dumb, no, Plain),
            (no, None, yes, None, no, Plain),
            (no, Some(Live), yes, dumb, no, Plain),
            (no, Some(Live), yes, smart, yes, Live),
            (no, None, yes, smart, yes, Plain),
            (no, None, yes, smart, no, Live),
        ];
        for (quiet, progress, stderr_tty, term, ci, expected) in table {
            let flags = OutputFlags { progress, quiet, ..OutputFlags::default() };
            let around = Surroundings { stderr_tty, term, ci, ..SMART };
            assert_eq!(resolve(&flags, &around).progress, expected, "{flags:?} {around:?}");
        }
    }

    #[test]
    fn colour_follows_the_table() {
        use ColorChoice::{Always, Auto, Never};
        let (yes, no) = (true, false);
        let (renders, not, unknown) = (Some(true), Some(false), None);
        // --color, NO_COLOR, forced, CI renders, terminal => colour
        let table = [
            (Always, yes, no, not, no, true),
            (Never, no, yes, renders, yes, false),
            (Auto, yes, yes, renders, yes, false),
            (Auto, no, yes, not, no, true),
            (Auto, no, no, renders, no, true),
            (Auto, no, no, not, yes, false),
            (Auto, no, no, unknown, yes, true),
            (Auto, no, no, unknown, no, false),
        ];
        for (color, no_color, force_color, ci_color, tty, expected) in table {
            let flags = OutputFlags { color, ..OutputFlags::default() };
            let around = Surroundings {
                no_color,
                force_color,
                ci: ci_color.is_some(),
                ci_color,
                stderr_tty: tty,
                stdout_tty: tty,
                ..SMART
            };
            let mode = resolve(&flags, &around);
            assert_eq!((mode.color, mode.stdout_color), (expected, expected), "{flags:?} {around:?}");
        }
        let dumb = Surroundings { term: None, ..SMART };
        assert!(!resolve(&OutputFlags::default(), &dumb).color);
    }

    #[test]
    fn machine_formats_never_colour_stdout() {
        for format in [Format::Json, Format::Ndjson] {
            let flags = OutputFlags { format, color: ColorChoice::Always, ..OutputFlags::default() };
            let mode = resolve(&flags, &SMART);
            assert_eq!((mode.format, mode.color, mode.stdout_color), (format, true, false));
            assert_eq!(mode.progress, Progress::Live, "progress goes to stderr as ever");
        }
    }

    #[test]
    fn commands_for_a_ci_are_among_lines_alone() {
        let surface = |flags: OutputFlags, surface| {
            resolve(&flags, &Surroundings { ci: true, surface, ..SMART }).surface
        };
        let auto = OutputFlags::default();
        let json = OutputFlags { format: Format::Json, ..auto };
        for known in [Surface::GitHub, Surface::TeamCity] {
            assert_eq!(surface(auto, known), known);
            assert_eq!(surface(OutputFlags { no_ci_output: true, ..auto }, known), Surface::Lines);
            let live = OutputFlags { progress: Some(Progress::Live), ..auto };
            assert_eq!(surface(live, known), Surface::Lines);
        }
        let quiet = OutputFlags { quiet: true, ..auto };
        assert_eq!(surface(quiet, Surface::GitHub), Surface::GitHub, "what failed is marked");
        assert_eq!(surface(quiet, Surface::TeamCity), Surface::Lines, "stdout has the result alone");
        assert_eq!(surface(json, Surface::GitHub), Surface::GitHub, "on stderr");
        assert_eq!(surface(json, Surface::TeamCity), Surface::Lines, "stdout is the document's");
        let debug = |ci| resolve(&auto, &Surroundings { ci, debug: true, ..SMART }).verbose;
        assert_eq!((debug(true), debug(false)), (true, false));
    }

    #[test]
    fn the_width_is_the_terminals_or_none() {
        let width = |stderr_tty, columns| {
            resolve(&OutputFlags::default(), &Surroundings { stderr_tty, columns, ..SMART }).width
        };
        assert_eq!(width(true, Some(100)), 100);
        assert_eq!(width(true, Some(0)), 80);
        assert_eq!(width(true, None), 80);
        assert_eq!(width(true, Some(3)), 20);
        assert_eq!(width(false, Some(100)), UNBOUNDED);
    }

    #[test]
    fn glyphs_need_a_utf8_locale_or_a_ci() {
        let unicode = |locale, ci, term| {
            resolve(&OutputFlags::default(), &Surroundings { locale, ci, term, ..SMART }).unicode
        };
        assert!(unicode(Some("de_DE.utf8"), false, Some("xterm")));
        assert!(!unicode(Some("C"), false, Some("xterm")));
        assert!(!unicode(Some("C"), true, Some("xterm")));
        assert!(!unicode(None, false, Some("xterm")));
        assert!(unicode(None, true, Some("xterm")));
        assert!(!unicode(Some("C.UTF-8"), false, Some("linux")));
    }

    #[test]
    fn variables_are_read_as_their_conventions_say() {
        let environment = |pairs: &[(&'static str, &'static str)]| Environment::from_pairs(pairs.to_vec());
        let forced =
            environment(&[("FORCE_COLOR", "1"), ("NO_COLOR", "1"), ("LANG", "C"), ("LC_ALL", "C.UTF-8")]);
        let around = Surroundings::from_environment(&forced);
        assert!(around.no_color && around.force_color && around.unicode());
        let off = environment(&[("FORCE_COLOR", "0"), ("CLICOLOR_FORCE", "false"), ("NO_COLOR", "")]);
        let around = Surroundings::from_environment(&off);
        assert!(!around.no_color && !around.force_color && around.dumb());
    }
}
