#!/usr/bin/env bash
# Runs imgbuild for the action, with the inputs as arguments, and ends with its
# exit code. What came of it becomes the action's outputs, of a run that failed as well.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=action/lib.sh
. "$here/lib.sh"

command=${INPUT_COMMAND:-ci}
case $command in
none) exit 0 ;;
*[!a-z-]* | -*) die "command is '$command': give ci, build, plan, check or another command of imgbuild, and its arguments as args" ;;
esac

arguments=("$command")
add_pair() { [ -z "$2" ] || arguments+=("$1=$2"); }
case ${INPUT_PUSH:-} in
'' | auto | always | never) ;;
*) die "push is '$INPUT_PUSH': give auto, always or never" ;;
esac
case $command in
ci | build | plan) add_pair --push "${INPUT_PUSH:-}" ;;
*) [ -z "${INPUT_PUSH:-}" ] || die "push is given, and '$command' does not push" ;;
esac
add_pair --config "${INPUT_CONFIG:-}"
add_pair --directory "${INPUT_WORKING_DIRECTORY:-}"
while IFS= read -r argument || [ -n "$argument" ]; do
    argument=${argument%$'\r'}
    case $argument in
    --report | --report=* | --report-dir | --report-dir=*)
        die "the action writes the report itself: its output 'report' is the file, and 'reports' the folder"
        ;;
    esac
    [ -z "$argument" ] || arguments+=("$argument")
done <<<"${INPUT_ARGS:-}"
[ -n "${GITHUB_TOKEN:-}" ] || unset GITHUB_TOKEN
# No business of what a Dockerfile's or a test's command may print.
unset INPUT_ARGS INPUT_COMMAND INPUT_CONFIG INPUT_PUSH INPUT_WORKING_DIRECTORY

work=$(folder)
reports=$work/reports
report=$reports/report.json
status=0
mkdir -p "$reports"
case $command in
plan) "$IMGBUILD" "${arguments[@]}" --format json >"$report" || status=$? ;;
ci | build | test | check) "$IMGBUILD" "${arguments[@]}" --report-dir "$reports" || status=$? ;;
*) "$IMGBUILD" "${arguments[@]}" || status=$? ;;
esac

if [ -s "$report" ]; then
    output report "$report"
    output reports "$reports"
    case $command in ci | build | plan) bash "$here/outputs.sh" "$report" "$work" ;; esac
fi
exit "$status"
