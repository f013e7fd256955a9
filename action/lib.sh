# shellcheck shell=bash
# What the action's scripts share. They run on whatever bash a runner has, that of macOS among them: 3.2.

set -euo pipefail

# escaped TEXT: as GitHub's workflow commands want a message.
escaped() {
    local text=$1
    text=${text//%/%25}
    text=${text//$'\r'/%0D}
    text=${text//$'\n'/%0A}
    printf '%s' "$text"
}

# On stderr, which the runner reads for commands, too: stdout may be somebody's value.
die() {
    printf '::error title=imgbuild::%s\n' "$(escaped "$*")" >&2
    exit 1
}

# output NAME VALUE: with a delimiter that no value can know.
output() {
    local end
    end=ghadelimiter_$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    printf '%s<<%s\n%s\n%s\n' "$1" "$end" "$2" "$end" >>"$GITHUB_OUTPUT"
}

# folder: a new one that goes with the job.
folder() { mktemp -d "${RUNNER_TEMP:-${TMPDIR:-/tmp}}/imgbuild.XXXXXX"; }
