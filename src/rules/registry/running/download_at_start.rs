//! `download-at-start`.

use crate::rules::analysis::Analysis;
use crate::rules::words::{downloads_at_start, may_download_at_start};
use crate::rules::{Found, Level, rule};

rule! {
    /// ## What it does
    /// Reports a `CMD` or an `ENTRYPOINT` of the image that is built that installs packages, fetches sources or downloads
    /// files. It is only a remark for programs that download what is missing (`npx`).
    ///
    /// ## Why is this bad?
    /// Two containers of one image can run different code, and no test has seen the one that runs tomorrow. The start is
    /// slow, and fails when the other server does.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM node:22
    /// CMD npm install && npm start
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM node:22
    /// COPY package.json package-lock.json ./
    /// RUN npm ci
    /// CMD ["npm", "start"]
    /// ```
    ///
    /// ## References
    /// - <https://12factor.net/build-release-run>
    /// - <https://docs.docker.com/build/building/best-practices/>
    IMG509 "download-at-start" {
        level: Warning,
        items: [NoDownloads],
        aliases: [],
        remedy: "install and download in a RUN of the build, and start only what is there",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    for step in file.starters() {
        let script = file.started(step);
        let name = step.instruction.keyword.name();
        let sure = script.commands.iter().find_map(|c| Some((c, downloads_at_start(c)?, None)));
        let remark =
            || script.commands.iter().find_map(|c| Some((c, may_download_at_start(c)?, Some(Level::Info))));
        let Some((command, what, level)) = sure.or_else(remark) else { continue };
        let place = file.place_at(step, file.started_span(step, command));
        let finding = found.add(place, format!("when the container starts, {what} ({name})"));
        if let Some(level) = level {
            finding.level(level);
        }
    }
}
