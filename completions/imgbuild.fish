# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_imgbuild_global_optspecs
    string join \n C/directory= config= format= progress= color= ci-output= q/quiet report= h/help V/version
end

function __fish_imgbuild_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_imgbuild_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_imgbuild_using_subcommand
    set -l cmd (__fish_imgbuild_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c imgbuild -n "__fish_imgbuild_needs_command" -s C -l directory -d 'Run as if started in this folder' -r -F
complete -c imgbuild -n "__fish_imgbuild_needs_command" -l config -d 'The configuration file, in place of the imgbuild.toml that is found' -r -F
complete -c imgbuild -n "__fish_imgbuild_needs_command" -l format -d 'What is printed to stdout: text, one JSON document, or one JSON event per line' -r -f -a "human\t'Text'
json\t'One JSON document, at the end'
ndjson\t'One JSON event per line, as it happens'
sarif\t'SARIF 2.1.0; only of check'
github\t'GitHub\'s annotations; only of check'
checkstyle\t'Checkstyle\'s XML; only of check'
gitlab\t'GitLab\'s Code Quality report; only of check'"
complete -c imgbuild -n "__fish_imgbuild_needs_command" -l progress -d 'How progress is shown on stderr' -r -f -a "auto\t'Live on a terminal outside CI, else lines'
live\t'A live view'
plain\t'Lines that are only ever appended'"
complete -c imgbuild -n "__fish_imgbuild_needs_command" -l color -d 'Whether to use colour' -r -f -a "auto\t'As NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE and the terminal say'
always\t'Always'
never\t'Never'"
complete -c imgbuild -n "__fish_imgbuild_needs_command" -l ci-output -d 'Whether to show the CI groups, annotations, outputs and a summary as it knows them' -r -f -a "auto\t'As the CI that is detected has it, unless IMGBUILD_CI_OUTPUT is off'
off\t'Lines of text alone'"
complete -c imgbuild -n "__fish_imgbuild_needs_command" -l report -d 'Write the run\'s report to this file, as versioned JSON' -r -F
complete -c imgbuild -n "__fish_imgbuild_needs_command" -s q -l quiet -d 'Say nothing but errors and results'
complete -c imgbuild -n "__fish_imgbuild_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c imgbuild -n "__fish_imgbuild_needs_command" -s V -l version -d 'Print version'
complete -c imgbuild -n "__fish_imgbuild_needs_command" -f -a "init" -d 'Write what a repository lacks: configuration, Dockerfile, pipeline. What is there stays as it is'
complete -c imgbuild -n "__fish_imgbuild_needs_command" -f -a "ci" -d 'Build the commit, test the image, then tag and push it'
complete -c imgbuild -n "__fish_imgbuild_needs_command" -f -a "build" -d 'Build a development image; its tag ends in -dev'
complete -c imgbuild -n "__fish_imgbuild_needs_command" -f -a "plan" -d 'Print what a run would do, and do nothing'
complete -c imgbuild -n "__fish_imgbuild_needs_command" -f -a "check" -d 'Judge Dockerfiles, the build context and images by the practices'
complete -c imgbuild -n "__fish_imgbuild_needs_command" -f -a "explain" -d 'Explain a rule; without one, list them all'
complete -c imgbuild -n "__fish_imgbuild_needs_command" -f -a "context" -d 'Show the build context: what would be sent'
complete -c imgbuild -n "__fish_imgbuild_needs_command" -f -a "publish" -d 'Take back what a run published: each tag becomes what it was before'
complete -c imgbuild -n "__fish_imgbuild_needs_command" -f -a "copy" -d 'Copy an image or index with its referrers by digest, to another repository or registry'
complete -c imgbuild -n "__fish_imgbuild_needs_command" -f -a "promote" -d 'Copy what was proven to the release registry by digest, and set its version and moving tags there'
complete -c imgbuild -n "__fish_imgbuild_needs_command" -f -a "tags" -d 'List the versions and moving tags of a repository, and what they resolve to'
complete -c imgbuild -n "__fish_imgbuild_needs_command" -f -a "verify" -d 'Check what is attached to a published image: signature, provenance, tests, SBOM, policy'
complete -c imgbuild -n "__fish_imgbuild_needs_command" -f -a "inspect" -d 'Show where a published image comes from, and what is attached to it'
complete -c imgbuild -n "__fish_imgbuild_needs_command" -f -a "drift" -d 'List published images whose base has moved on; exit 1 where there are any'
complete -c imgbuild -n "__fish_imgbuild_needs_command" -f -a "hook" -d 'Have git judge what is pushed, or put back what was there'
complete -c imgbuild -n "__fish_imgbuild_needs_command" -f -a "test" -d 'Run the configured tests on any image that the engine has or can pull'
complete -c imgbuild -n "__fish_imgbuild_needs_command" -f -a "deploy" -d 'Put an image in the place of the one that runs on a host; where it does not work, what ran before serves'
complete -c imgbuild -n "__fish_imgbuild_needs_command" -f -a "deployments" -d 'List what is deployed on a host'
complete -c imgbuild -n "__fish_imgbuild_needs_command" -f -a "rollback" -d 'Put back what ran before on a host'
complete -c imgbuild -n "__fish_imgbuild_needs_command" -f -a "clean" -d 'Remove what dead runs left, and images that are of no more use; says what it would do unless --yes is given'
complete -c imgbuild -n "__fish_imgbuild_needs_command" -f -a "config" -d 'Print the settings in force'
complete -c imgbuild -n "__fish_imgbuild_needs_command" -f -a "ci-info" -d 'Show what the CI says of this run, and where each value comes from'
complete -c imgbuild -n "__fish_imgbuild_needs_command" -f -a "doctor" -d 'Check git, CI, configuration, engine, registries and hooks, and say what to do'
complete -c imgbuild -n "__fish_imgbuild_needs_command" -f -a "completions" -d 'Print the completions for a shell'
complete -c imgbuild -n "__fish_imgbuild_needs_command" -f -a "man" -d 'Print the manual page of imgbuild'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand init" -l ci -d 'The CI to set up, in place of what is found' -r -f -a "github\t'GitHub Actions'
gitlab\t'GitLab CI'
jenkins\t'Jenkins'
buildkite\t'Buildkite'
tekton\t'Tekton'
none\t'None'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand init" -l image -d 'Where the image goes, as registry/name, in place of what the remote suggests' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand init" -s f -l dockerfile -d 'The Dockerfile that is meant, where there are several' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand init" -l language -d 'What the repository is written in, for a Dockerfile where there is none' -r -f -a "go\t'Go'
rust\t'Rust'
dotnet\t'.NET'
java\t'Java, with Maven'
python\t'Python'
node\t'Node.js, with npm'
static\t'A folder as a web site'
generic\t'A program that is in the repository'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand init" -l start -d 'What such a Dockerfile builds or starts: ./cmd/api, server.js, a module' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand init" -l port -d 'The port that the service listens on; 8080 where nothing says another' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand init" -l health-path -d 'The path that answers once the service works; /healthz where nothing says another' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand init" -l action -d 'The GitHub Action of imgbuild, as OWNER/imgbuild@COMMIT' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand init" -l imgbuild-image -d 'The image of imgbuild, for CIs that run jobs in one' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand init" -l credentials -d 'The id of Jenkins\' credentials for the registry; registry where nothing says another' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand init" -s C -l directory -d 'Run as if started in this folder' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand init" -l config -d 'The configuration file, in place of the imgbuild.toml that is found' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand init" -l format -d 'What is printed to stdout: text, one JSON document, or one JSON event per line' -r -f -a "human\t'Text'
json\t'One JSON document, at the end'
ndjson\t'One JSON event per line, as it happens'
sarif\t'SARIF 2.1.0; only of check'
github\t'GitHub\'s annotations; only of check'
checkstyle\t'Checkstyle\'s XML; only of check'
gitlab\t'GitLab\'s Code Quality report; only of check'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand init" -l progress -d 'How progress is shown on stderr' -r -f -a "auto\t'Live on a terminal outside CI, else lines'
live\t'A live view'
plain\t'Lines that are only ever appended'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand init" -l color -d 'Whether to use colour' -r -f -a "auto\t'As NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE and the terminal say'
always\t'Always'
never\t'Never'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand init" -l ci-output -d 'Whether to show the CI groups, annotations, outputs and a summary as it knows them' -r -f -a "auto\t'As the CI that is detected has it, unless IMGBUILD_CI_OUTPUT is off'
off\t'Lines of text alone'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand init" -l report -d 'Write the run\'s report to this file, as versioned JSON' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand init" -l yes -d 'Write without asking'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand init" -l dry-run -d 'Show what would be written, and write nothing'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand init" -l hooks -d 'Set up git\'s pre-push hook, too'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand init" -s q -l quiet -d 'Say nothing but errors and results'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand ci" -l repository -d 'The repository to tag and push to' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand ci" -l context -d 'The folder whose content is the build context' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand ci" -s f -l dockerfile -d 'The Dockerfile; it has to be inside the context' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand ci" -l target -d 'The stage to build' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand ci" -l platform -d 'The platform to build for, as os/arch' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand ci" -l tag -d 'A further tag, such as nightly or edge-{date}; may be given more than once' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand ci" -l build-arg -d 'A build argument, as NAME=VALUE; may be given more than once' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand ci" -l builder -d 'What builds: auto (BuildKit where the engine has it, else the classic builder), buildkit, classic, or the address of a BuildKit that is none of the engine\'s: tcp://HOST:PORT, unix:///PATH' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand ci" -l secret -d 'A secret for RUN --mount=type=secret, as id=ID,env=NAME or id=ID,src=FILE; may be given more than once' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand ci" -l ssh -d 'An ssh agent for RUN --mount=type=ssh, as id=ID or id=ID,src=SOCKET; may be given more than once' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand ci" -l build-context -d 'A further context by name, as NAME=docker-image://REFERENCE or NAME=URL; may be given more than once' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand ci" -l cache-from -d 'A cache to begin with, as type=registry,ref=REFERENCE; may be given more than once' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand ci" -l cache-to -d 'A cache to fill, by a run that pushes; may be given more than once' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand ci" -l network -d 'The network of RUN instructions: none, host, or a network of the engine\'s' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand ci" -l push -d 'Whether to push' -r -f -a "auto\t'`ci` pushes where a registry is known and the run may; `build` does not'
never\t'Never'
always\t'Push, or refuse before the build'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand ci" -l sign-key -d 'The private key that signs what is attached to a pushed image: a file of PEM, or env://NAME' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand ci" -l profile -d 'The profile of imgbuild.toml, in place of the detected one' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand ci" -l probes -d 'Which practices are looked at that only a running container shows' -r -f -a "off\t'None'
quick\t'Those that share one container; what build does by itself'
full\t'All; what ci and test do by themselves'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand ci" -l junit -d 'Write the tests\' results to this file, as JUnit XML' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand ci" -l report-dir -d 'Write the run\'s report into this folder in every form: report.html, report.json, junit.xml and others' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand ci" -s C -l directory -d 'Run as if started in this folder' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand ci" -l config -d 'The configuration file, in place of the imgbuild.toml that is found' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand ci" -l format -d 'What is printed to stdout: text, one JSON document, or one JSON event per line' -r -f -a "human\t'Text'
json\t'One JSON document, at the end'
ndjson\t'One JSON event per line, as it happens'
sarif\t'SARIF 2.1.0; only of check'
github\t'GitHub\'s annotations; only of check'
checkstyle\t'Checkstyle\'s XML; only of check'
gitlab\t'GitLab\'s Code Quality report; only of check'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand ci" -l progress -d 'How progress is shown on stderr' -r -f -a "auto\t'Live on a terminal outside CI, else lines'
live\t'A live view'
plain\t'Lines that are only ever appended'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand ci" -l color -d 'Whether to use colour' -r -f -a "auto\t'As NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE and the terminal say'
always\t'Always'
never\t'Never'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand ci" -l ci-output -d 'Whether to show the CI groups, annotations, outputs and a summary as it knows them' -r -f -a "auto\t'As the CI that is detected has it, unless IMGBUILD_CI_OUTPUT is off'
off\t'Lines of text alone'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand ci" -l report -d 'Write the run\'s report to this file, as versioned JSON' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand ci" -l no-cache -d 'Do not use the engine\'s build cache'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand ci" -l pull -d 'Pull base images even where the engine has them'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand ci" -l reproducible -d 'Leave out labels that differ from run to run'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand ci" -l hardened -d 'Hold the image to work hardened: read-only root, no capabilities, an unprivileged user'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand ci" -s q -l quiet -d 'Say nothing but errors and results'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand ci" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand build" -l repository -d 'The repository to tag and push to' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand build" -l context -d 'The folder whose content is the build context' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand build" -s f -l dockerfile -d 'The Dockerfile; it has to be inside the context' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand build" -l target -d 'The stage to build' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand build" -l platform -d 'The platform to build for, as os/arch' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand build" -l tag -d 'A further tag, such as nightly or edge-{date}; may be given more than once' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand build" -l build-arg -d 'A build argument, as NAME=VALUE; may be given more than once' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand build" -l builder -d 'What builds: auto (BuildKit where the engine has it, else the classic builder), buildkit, classic, or the address of a BuildKit that is none of the engine\'s: tcp://HOST:PORT, unix:///PATH' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand build" -l secret -d 'A secret for RUN --mount=type=secret, as id=ID,env=NAME or id=ID,src=FILE; may be given more than once' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand build" -l ssh -d 'An ssh agent for RUN --mount=type=ssh, as id=ID or id=ID,src=SOCKET; may be given more than once' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand build" -l build-context -d 'A further context by name, as NAME=docker-image://REFERENCE or NAME=URL; may be given more than once' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand build" -l cache-from -d 'A cache to begin with, as type=registry,ref=REFERENCE; may be given more than once' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand build" -l cache-to -d 'A cache to fill, by a run that pushes; may be given more than once' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand build" -l network -d 'The network of RUN instructions: none, host, or a network of the engine\'s' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand build" -l push -d 'Whether to push' -r -f -a "auto\t'`ci` pushes where a registry is known and the run may; `build` does not'
never\t'Never'
always\t'Push, or refuse before the build'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand build" -l sign-key -d 'The private key that signs what is attached to a pushed image: a file of PEM, or env://NAME' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand build" -l profile -d 'The profile of imgbuild.toml, in place of the detected one' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand build" -l probes -d 'Which practices are looked at that only a running container shows' -r -f -a "off\t'None'
quick\t'Those that share one container; what build does by itself'
full\t'All; what ci and test do by themselves'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand build" -l junit -d 'Write the tests\' results to this file, as JUnit XML' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand build" -l report-dir -d 'Write the run\'s report into this folder in every form: report.html, report.json, junit.xml and others' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand build" -s C -l directory -d 'Run as if started in this folder' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand build" -l config -d 'The configuration file, in place of the imgbuild.toml that is found' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand build" -l format -d 'What is printed to stdout: text, one JSON document, or one JSON event per line' -r -f -a "human\t'Text'
json\t'One JSON document, at the end'
ndjson\t'One JSON event per line, as it happens'
sarif\t'SARIF 2.1.0; only of check'
github\t'GitHub\'s annotations; only of check'
checkstyle\t'Checkstyle\'s XML; only of check'
gitlab\t'GitLab\'s Code Quality report; only of check'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand build" -l progress -d 'How progress is shown on stderr' -r -f -a "auto\t'Live on a terminal outside CI, else lines'
live\t'A live view'
plain\t'Lines that are only ever appended'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand build" -l color -d 'Whether to use colour' -r -f -a "auto\t'As NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE and the terminal say'
always\t'Always'
never\t'Never'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand build" -l ci-output -d 'Whether to show the CI groups, annotations, outputs and a summary as it knows them' -r -f -a "auto\t'As the CI that is detected has it, unless IMGBUILD_CI_OUTPUT is off'
off\t'Lines of text alone'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand build" -l report -d 'Write the run\'s report to this file, as versioned JSON' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand build" -l no-cache -d 'Do not use the engine\'s build cache'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand build" -l pull -d 'Pull base images even where the engine has them'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand build" -l reproducible -d 'Leave out labels that differ from run to run'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand build" -l hardened -d 'Hold the image to work hardened: read-only root, no capabilities, an unprivileged user'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand build" -s q -l quiet -d 'Say nothing but errors and results'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand build" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand plan" -l repository -d 'The repository to tag and push to' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand plan" -l context -d 'The folder whose content is the build context' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand plan" -s f -l dockerfile -d 'The Dockerfile; it has to be inside the context' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand plan" -l target -d 'The stage to build' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand plan" -l platform -d 'The platform to build for, as os/arch' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand plan" -l tag -d 'A further tag, such as nightly or edge-{date}; may be given more than once' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand plan" -l build-arg -d 'A build argument, as NAME=VALUE; may be given more than once' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand plan" -l builder -d 'What builds: auto (BuildKit where the engine has it, else the classic builder), buildkit, classic, or the address of a BuildKit that is none of the engine\'s: tcp://HOST:PORT, unix:///PATH' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand plan" -l secret -d 'A secret for RUN --mount=type=secret, as id=ID,env=NAME or id=ID,src=FILE; may be given more than once' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand plan" -l ssh -d 'An ssh agent for RUN --mount=type=ssh, as id=ID or id=ID,src=SOCKET; may be given more than once' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand plan" -l build-context -d 'A further context by name, as NAME=docker-image://REFERENCE or NAME=URL; may be given more than once' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand plan" -l cache-from -d 'A cache to begin with, as type=registry,ref=REFERENCE; may be given more than once' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand plan" -l cache-to -d 'A cache to fill, by a run that pushes; may be given more than once' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand plan" -l network -d 'The network of RUN instructions: none, host, or a network of the engine\'s' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand plan" -l push -d 'Whether to push' -r -f -a "auto\t'`ci` pushes where a registry is known and the run may; `build` does not'
never\t'Never'
always\t'Push, or refuse before the build'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand plan" -l sign-key -d 'The private key that signs what is attached to a pushed image: a file of PEM, or env://NAME' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand plan" -l profile -d 'The profile of imgbuild.toml, in place of the detected one' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand plan" -l probes -d 'Which practices are looked at that only a running container shows' -r -f -a "off\t'None'
quick\t'Those that share one container; what build does by itself'
full\t'All; what ci and test do by themselves'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand plan" -l junit -d 'Write the tests\' results to this file, as JUnit XML' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand plan" -l report-dir -d 'Write the run\'s report into this folder in every form: report.html, report.json, junit.xml and others' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand plan" -s C -l directory -d 'Run as if started in this folder' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand plan" -l config -d 'The configuration file, in place of the imgbuild.toml that is found' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand plan" -l format -d 'What is printed to stdout: text, one JSON document, or one JSON event per line' -r -f -a "human\t'Text'
json\t'One JSON document, at the end'
ndjson\t'One JSON event per line, as it happens'
sarif\t'SARIF 2.1.0; only of check'
github\t'GitHub\'s annotations; only of check'
checkstyle\t'Checkstyle\'s XML; only of check'
gitlab\t'GitLab\'s Code Quality report; only of check'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand plan" -l progress -d 'How progress is shown on stderr' -r -f -a "auto\t'Live on a terminal outside CI, else lines'
live\t'A live view'
plain\t'Lines that are only ever appended'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand plan" -l color -d 'Whether to use colour' -r -f -a "auto\t'As NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE and the terminal say'
always\t'Always'
never\t'Never'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand plan" -l ci-output -d 'Whether to show the CI groups, annotations, outputs and a summary as it knows them' -r -f -a "auto\t'As the CI that is detected has it, unless IMGBUILD_CI_OUTPUT is off'
off\t'Lines of text alone'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand plan" -l report -d 'Write the run\'s report to this file, as versioned JSON' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand plan" -l dev -d 'Plan `build` in place of `ci`'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand plan" -l no-cache -d 'Do not use the engine\'s build cache'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand plan" -l pull -d 'Pull base images even where the engine has them'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand plan" -l reproducible -d 'Leave out labels that differ from run to run'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand plan" -l hardened -d 'Hold the image to work hardened: read-only root, no capabilities, an unprivileged user'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand plan" -s q -l quiet -d 'Say nothing but errors and results'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand plan" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand check" -l image -d 'Judge this image of the engine\'s, too' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand check" -l fail-on -d 'The least level that fails, in place of the configured one' -r -f -a "info\t'Every finding'
warning\t'Warnings and errors'
error\t'Errors'
never\t'No finding'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand check" -l baseline -d 'Only findings that this file does not have count' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand check" -l write-baseline -d 'Write all findings to this file, as a baseline' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand check" -l report-dir -d 'Write the run\'s report into this folder in every form: report.html, report.json, junit.xml and others' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand check" -l context -d 'The folder whose content is the build context' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand check" -s f -l dockerfile -d 'The Dockerfile; it has to be inside the context' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand check" -l target -d 'The stage that is built' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand check" -s C -l directory -d 'Run as if started in this folder' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand check" -l config -d 'The configuration file, in place of the imgbuild.toml that is found' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand check" -l format -d 'What is printed to stdout: text, one JSON document, or one JSON event per line' -r -f -a "human\t'Text'
json\t'One JSON document, at the end'
ndjson\t'One JSON event per line, as it happens'
sarif\t'SARIF 2.1.0; only of check'
github\t'GitHub\'s annotations; only of check'
checkstyle\t'Checkstyle\'s XML; only of check'
gitlab\t'GitLab\'s Code Quality report; only of check'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand check" -l progress -d 'How progress is shown on stderr' -r -f -a "auto\t'Live on a terminal outside CI, else lines'
live\t'A live view'
plain\t'Lines that are only ever appended'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand check" -l color -d 'Whether to use colour' -r -f -a "auto\t'As NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE and the terminal say'
always\t'Always'
never\t'Never'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand check" -l ci-output -d 'Whether to show the CI groups, annotations, outputs and a summary as it knows them' -r -f -a "auto\t'As the CI that is detected has it, unless IMGBUILD_CI_OUTPUT is off'
off\t'Lines of text alone'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand check" -l report -d 'Write the run\'s report to this file, as versioned JSON' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand check" -l fix -d 'Mend what can be mended without a look'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand check" -l offline -d 'Ask no registry about base images'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand check" -l no-shellcheck -d 'Leave out ShellCheck, although it is on PATH'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand check" -s q -l quiet -d 'Say nothing but errors and results'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand explain" -s C -l directory -d 'Run as if started in this folder' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand explain" -l config -d 'The configuration file, in place of the imgbuild.toml that is found' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand explain" -l format -d 'What is printed to stdout: text, one JSON document, or one JSON event per line' -r -f -a "human\t'Text'
json\t'One JSON document, at the end'
ndjson\t'One JSON event per line, as it happens'
sarif\t'SARIF 2.1.0; only of check'
github\t'GitHub\'s annotations; only of check'
checkstyle\t'Checkstyle\'s XML; only of check'
gitlab\t'GitLab\'s Code Quality report; only of check'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand explain" -l progress -d 'How progress is shown on stderr' -r -f -a "auto\t'Live on a terminal outside CI, else lines'
live\t'A live view'
plain\t'Lines that are only ever appended'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand explain" -l color -d 'Whether to use colour' -r -f -a "auto\t'As NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE and the terminal say'
always\t'Always'
never\t'Never'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand explain" -l ci-output -d 'Whether to show the CI groups, annotations, outputs and a summary as it knows them' -r -f -a "auto\t'As the CI that is detected has it, unless IMGBUILD_CI_OUTPUT is off'
off\t'Lines of text alone'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand explain" -l report -d 'Write the run\'s report to this file, as versioned JSON' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand explain" -s q -l quiet -d 'Say nothing but errors and results'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand explain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand context" -l context -d 'The folder whose content is the build context' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand context" -s f -l dockerfile -d 'The Dockerfile; it has to be inside the context' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand context" -s C -l directory -d 'Run as if started in this folder' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand context" -l config -d 'The configuration file, in place of the imgbuild.toml that is found' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand context" -l format -d 'What is printed to stdout: text, one JSON document, or one JSON event per line' -r -f -a "human\t'Text'
json\t'One JSON document, at the end'
ndjson\t'One JSON event per line, as it happens'
sarif\t'SARIF 2.1.0; only of check'
github\t'GitHub\'s annotations; only of check'
checkstyle\t'Checkstyle\'s XML; only of check'
gitlab\t'GitLab\'s Code Quality report; only of check'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand context" -l progress -d 'How progress is shown on stderr' -r -f -a "auto\t'Live on a terminal outside CI, else lines'
live\t'A live view'
plain\t'Lines that are only ever appended'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand context" -l color -d 'Whether to use colour' -r -f -a "auto\t'As NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE and the terminal say'
always\t'Always'
never\t'Never'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand context" -l ci-output -d 'Whether to show the CI groups, annotations, outputs and a summary as it knows them' -r -f -a "auto\t'As the CI that is detected has it, unless IMGBUILD_CI_OUTPUT is off'
off\t'Lines of text alone'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand context" -l report -d 'Write the run\'s report to this file, as versioned JSON' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand context" -l list -d 'Print every entry'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand context" -l digest -d 'Print the context digest'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand context" -l tar -d 'Write the tar stream to stdout'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand context" -s q -l quiet -d 'Say nothing but errors and results'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand context" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand publish" -l undo -d 'The run\'s report, as --report wrote it' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand publish" -s C -l directory -d 'Run as if started in this folder' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand publish" -l config -d 'The configuration file, in place of the imgbuild.toml that is found' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand publish" -l format -d 'What is printed to stdout: text, one JSON document, or one JSON event per line' -r -f -a "human\t'Text'
json\t'One JSON document, at the end'
ndjson\t'One JSON event per line, as it happens'
sarif\t'SARIF 2.1.0; only of check'
github\t'GitHub\'s annotations; only of check'
checkstyle\t'Checkstyle\'s XML; only of check'
gitlab\t'GitLab\'s Code Quality report; only of check'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand publish" -l progress -d 'How progress is shown on stderr' -r -f -a "auto\t'Live on a terminal outside CI, else lines'
live\t'A live view'
plain\t'Lines that are only ever appended'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand publish" -l color -d 'Whether to use colour' -r -f -a "auto\t'As NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE and the terminal say'
always\t'Always'
never\t'Never'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand publish" -l ci-output -d 'Whether to show the CI groups, annotations, outputs and a summary as it knows them' -r -f -a "auto\t'As the CI that is detected has it, unless IMGBUILD_CI_OUTPUT is off'
off\t'Lines of text alone'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand publish" -l report -d 'Write the run\'s report to this file, as versioned JSON' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand publish" -s q -l quiet -d 'Say nothing but errors and results'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand publish" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand copy" -s C -l directory -d 'Run as if started in this folder' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand copy" -l config -d 'The configuration file, in place of the imgbuild.toml that is found' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand copy" -l format -d 'What is printed to stdout: text, one JSON document, or one JSON event per line' -r -f -a "human\t'Text'
json\t'One JSON document, at the end'
ndjson\t'One JSON event per line, as it happens'
sarif\t'SARIF 2.1.0; only of check'
github\t'GitHub\'s annotations; only of check'
checkstyle\t'Checkstyle\'s XML; only of check'
gitlab\t'GitLab\'s Code Quality report; only of check'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand copy" -l progress -d 'How progress is shown on stderr' -r -f -a "auto\t'Live on a terminal outside CI, else lines'
live\t'A live view'
plain\t'Lines that are only ever appended'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand copy" -l color -d 'Whether to use colour' -r -f -a "auto\t'As NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE and the terminal say'
always\t'Always'
never\t'Never'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand copy" -l ci-output -d 'Whether to show the CI groups, annotations, outputs and a summary as it knows them' -r -f -a "auto\t'As the CI that is detected has it, unless IMGBUILD_CI_OUTPUT is off'
off\t'Lines of text alone'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand copy" -l report -d 'Write the run\'s report to this file, as versioned JSON' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand copy" -s q -l quiet -d 'Say nothing but errors and results'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand copy" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand promote" -l to -d 'Where to' -r -f -a "release\t'That of registries.release'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand promote" -l as -d 'The version it becomes; a git tag at its commit has to name it. Default: the highest that such a tag names' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand promote" -l variant -d 'The suffix of its version tags' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand promote" -l key -d 'A public key, as PEM, whose signatures are believed; may be given more than once. Default: those of evidence.verify-keys' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand promote" -l sign-key -d 'The private key that signs the record of the promotion: a file of PEM, or env://NAME' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand promote" -s C -l directory -d 'Run as if started in this folder' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand promote" -l config -d 'The configuration file, in place of the imgbuild.toml that is found' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand promote" -l format -d 'What is printed to stdout: text, one JSON document, or one JSON event per line' -r -f -a "human\t'Text'
json\t'One JSON document, at the end'
ndjson\t'One JSON event per line, as it happens'
sarif\t'SARIF 2.1.0; only of check'
github\t'GitHub\'s annotations; only of check'
checkstyle\t'Checkstyle\'s XML; only of check'
gitlab\t'GitLab\'s Code Quality report; only of check'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand promote" -l progress -d 'How progress is shown on stderr' -r -f -a "auto\t'Live on a terminal outside CI, else lines'
live\t'A live view'
plain\t'Lines that are only ever appended'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand promote" -l color -d 'Whether to use colour' -r -f -a "auto\t'As NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE and the terminal say'
always\t'Always'
never\t'Never'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand promote" -l ci-output -d 'Whether to show the CI groups, annotations, outputs and a summary as it knows them' -r -f -a "auto\t'As the CI that is detected has it, unless IMGBUILD_CI_OUTPUT is off'
off\t'Lines of text alone'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand promote" -l report -d 'Write the run\'s report to this file, as versioned JSON' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand promote" -l tag-git -d 'Make the git tag where there is none, and push it before anything is published'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand promote" -l plan -d 'Print what would be done, and do nothing'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand promote" -s q -l quiet -d 'Say nothing but errors and results'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand promote" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand tags" -s C -l directory -d 'Run as if started in this folder' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand tags" -l config -d 'The configuration file, in place of the imgbuild.toml that is found' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand tags" -l format -d 'What is printed to stdout: text, one JSON document, or one JSON event per line' -r -f -a "human\t'Text'
json\t'One JSON document, at the end'
ndjson\t'One JSON event per line, as it happens'
sarif\t'SARIF 2.1.0; only of check'
github\t'GitHub\'s annotations; only of check'
checkstyle\t'Checkstyle\'s XML; only of check'
gitlab\t'GitLab\'s Code Quality report; only of check'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand tags" -l progress -d 'How progress is shown on stderr' -r -f -a "auto\t'Live on a terminal outside CI, else lines'
live\t'A live view'
plain\t'Lines that are only ever appended'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand tags" -l color -d 'Whether to use colour' -r -f -a "auto\t'As NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE and the terminal say'
always\t'Always'
never\t'Never'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand tags" -l ci-output -d 'Whether to show the CI groups, annotations, outputs and a summary as it knows them' -r -f -a "auto\t'As the CI that is detected has it, unless IMGBUILD_CI_OUTPUT is off'
off\t'Lines of text alone'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand tags" -l report -d 'Write the run\'s report to this file, as versioned JSON' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand tags" -l all -d 'Look up unique tags, too: there is one for each run'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand tags" -s q -l quiet -d 'Say nothing but errors and results'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand tags" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand verify" -l key -d 'A public key, as PEM, whose signatures are believed; may be given more than once. Default: those of evidence.verify-keys' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand verify" -l policy -d 'A configuration file whose `[evidence]` says what has to hold, in place of the repository\'s' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand verify" -s C -l directory -d 'Run as if started in this folder' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand verify" -l config -d 'The configuration file, in place of the imgbuild.toml that is found' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand verify" -l format -d 'What is printed to stdout: text, one JSON document, or one JSON event per line' -r -f -a "human\t'Text'
json\t'One JSON document, at the end'
ndjson\t'One JSON event per line, as it happens'
sarif\t'SARIF 2.1.0; only of check'
github\t'GitHub\'s annotations; only of check'
checkstyle\t'Checkstyle\'s XML; only of check'
gitlab\t'GitLab\'s Code Quality report; only of check'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand verify" -l progress -d 'How progress is shown on stderr' -r -f -a "auto\t'Live on a terminal outside CI, else lines'
live\t'A live view'
plain\t'Lines that are only ever appended'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand verify" -l color -d 'Whether to use colour' -r -f -a "auto\t'As NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE and the terminal say'
always\t'Always'
never\t'Never'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand verify" -l ci-output -d 'Whether to show the CI groups, annotations, outputs and a summary as it knows them' -r -f -a "auto\t'As the CI that is detected has it, unless IMGBUILD_CI_OUTPUT is off'
off\t'Lines of text alone'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand verify" -l report -d 'Write the run\'s report to this file, as versioned JSON' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand verify" -l skip-layers -d 'Leave the bytes of layers unread; whoever pulls them compares them'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand verify" -s q -l quiet -d 'Say nothing but errors and results'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand inspect" -l key -d 'A public key, as PEM, whose signatures are believed; may be given more than once' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand inspect" -s C -l directory -d 'Run as if started in this folder' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand inspect" -l config -d 'The configuration file, in place of the imgbuild.toml that is found' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand inspect" -l format -d 'What is printed to stdout: text, one JSON document, or one JSON event per line' -r -f -a "human\t'Text'
json\t'One JSON document, at the end'
ndjson\t'One JSON event per line, as it happens'
sarif\t'SARIF 2.1.0; only of check'
github\t'GitHub\'s annotations; only of check'
checkstyle\t'Checkstyle\'s XML; only of check'
gitlab\t'GitLab\'s Code Quality report; only of check'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand inspect" -l progress -d 'How progress is shown on stderr' -r -f -a "auto\t'Live on a terminal outside CI, else lines'
live\t'A live view'
plain\t'Lines that are only ever appended'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand inspect" -l color -d 'Whether to use colour' -r -f -a "auto\t'As NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE and the terminal say'
always\t'Always'
never\t'Never'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand inspect" -l ci-output -d 'Whether to show the CI groups, annotations, outputs and a summary as it knows them' -r -f -a "auto\t'As the CI that is detected has it, unless IMGBUILD_CI_OUTPUT is off'
off\t'Lines of text alone'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand inspect" -l report -d 'Write the run\'s report to this file, as versioned JSON' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand inspect" -s q -l quiet -d 'Say nothing but errors and results'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand inspect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand drift" -s C -l directory -d 'Run as if started in this folder' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand drift" -l config -d 'The configuration file, in place of the imgbuild.toml that is found' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand drift" -l format -d 'What is printed to stdout: text, one JSON document, or one JSON event per line' -r -f -a "human\t'Text'
json\t'One JSON document, at the end'
ndjson\t'One JSON event per line, as it happens'
sarif\t'SARIF 2.1.0; only of check'
github\t'GitHub\'s annotations; only of check'
checkstyle\t'Checkstyle\'s XML; only of check'
gitlab\t'GitLab\'s Code Quality report; only of check'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand drift" -l progress -d 'How progress is shown on stderr' -r -f -a "auto\t'Live on a terminal outside CI, else lines'
live\t'A live view'
plain\t'Lines that are only ever appended'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand drift" -l color -d 'Whether to use colour' -r -f -a "auto\t'As NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE and the terminal say'
always\t'Always'
never\t'Never'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand drift" -l ci-output -d 'Whether to show the CI groups, annotations, outputs and a summary as it knows them' -r -f -a "auto\t'As the CI that is detected has it, unless IMGBUILD_CI_OUTPUT is off'
off\t'Lines of text alone'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand drift" -l report -d 'Write the run\'s report to this file, as versioned JSON' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand drift" -s q -l quiet -d 'Say nothing but errors and results'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand drift" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall pre-push" -s C -l directory -d 'Run as if started in this folder' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall pre-push" -l config -d 'The configuration file, in place of the imgbuild.toml that is found' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall pre-push" -l format -d 'What is printed to stdout: text, one JSON document, or one JSON event per line' -r -f -a "human\t'Text'
json\t'One JSON document, at the end'
ndjson\t'One JSON event per line, as it happens'
sarif\t'SARIF 2.1.0; only of check'
github\t'GitHub\'s annotations; only of check'
checkstyle\t'Checkstyle\'s XML; only of check'
gitlab\t'GitLab\'s Code Quality report; only of check'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall pre-push" -l progress -d 'How progress is shown on stderr' -r -f -a "auto\t'Live on a terminal outside CI, else lines'
live\t'A live view'
plain\t'Lines that are only ever appended'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall pre-push" -l color -d 'Whether to use colour' -r -f -a "auto\t'As NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE and the terminal say'
always\t'Always'
never\t'Never'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall pre-push" -l ci-output -d 'Whether to show the CI groups, annotations, outputs and a summary as it knows them' -r -f -a "auto\t'As the CI that is detected has it, unless IMGBUILD_CI_OUTPUT is off'
off\t'Lines of text alone'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall pre-push" -l report -d 'Write the run\'s report to this file, as versioned JSON' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall pre-push" -s q -l quiet -d 'Say nothing but errors and results'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall pre-push" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall pre-push" -f -a "install" -d 'Set up the pre-push hook, beside husky, lefthook, pre-commit or a hook that is there'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall pre-push" -f -a "uninstall" -d 'Take it out again; what was there before comes back byte for byte'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand hook; and not __fish_seen_subcommand_from install uninstall pre-push" -f -a "pre-push" -d 'Be the hook: judge the commits that git is about to push. git says on stdin which'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand hook; and __fish_seen_subcommand_from install" -l manager -d 'What runs the hooks, in place of what is found' -r -f -a "git-config\t'Git 2.54 or later, by its configuration'
husky\t'husky'
lefthook\t'lefthook'
pre-commit\t'pre-commit'
plain\t'Git, by a file in its folder of hooks'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand hook; and __fish_seen_subcommand_from install" -s C -l directory -d 'Run as if started in this folder' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand hook; and __fish_seen_subcommand_from install" -l config -d 'The configuration file, in place of the imgbuild.toml that is found' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand hook; and __fish_seen_subcommand_from install" -l format -d 'What is printed to stdout: text, one JSON document, or one JSON event per line' -r -f -a "human\t'Text'
json\t'One JSON document, at the end'
ndjson\t'One JSON event per line, as it happens'
sarif\t'SARIF 2.1.0; only of check'
github\t'GitHub\'s annotations; only of check'
checkstyle\t'Checkstyle\'s XML; only of check'
gitlab\t'GitLab\'s Code Quality report; only of check'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand hook; and __fish_seen_subcommand_from install" -l progress -d 'How progress is shown on stderr' -r -f -a "auto\t'Live on a terminal outside CI, else lines'
live\t'A live view'
plain\t'Lines that are only ever appended'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand hook; and __fish_seen_subcommand_from install" -l color -d 'Whether to use colour' -r -f -a "auto\t'As NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE and the terminal say'
always\t'Always'
never\t'Never'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand hook; and __fish_seen_subcommand_from install" -l ci-output -d 'Whether to show the CI groups, annotations, outputs and a summary as it knows them' -r -f -a "auto\t'As the CI that is detected has it, unless IMGBUILD_CI_OUTPUT is off'
off\t'Lines of text alone'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand hook; and __fish_seen_subcommand_from install" -l report -d 'Write the run\'s report to this file, as versioned JSON' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand hook; and __fish_seen_subcommand_from install" -l yes -d 'Do not ask first; without a terminal nobody is asked'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand hook; and __fish_seen_subcommand_from install" -l dry-run -d 'Say what would change, and change nothing'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand hook; and __fish_seen_subcommand_from install" -s q -l quiet -d 'Say nothing but errors and results'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand hook; and __fish_seen_subcommand_from install" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -s C -l directory -d 'Run as if started in this folder' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -l config -d 'The configuration file, in place of the imgbuild.toml that is found' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -l format -d 'What is printed to stdout: text, one JSON document, or one JSON event per line' -r -f -a "human\t'Text'
json\t'One JSON document, at the end'
ndjson\t'One JSON event per line, as it happens'
sarif\t'SARIF 2.1.0; only of check'
github\t'GitHub\'s annotations; only of check'
checkstyle\t'Checkstyle\'s XML; only of check'
gitlab\t'GitLab\'s Code Quality report; only of check'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -l progress -d 'How progress is shown on stderr' -r -f -a "auto\t'Live on a terminal outside CI, else lines'
live\t'A live view'
plain\t'Lines that are only ever appended'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -l color -d 'Whether to use colour' -r -f -a "auto\t'As NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE and the terminal say'
always\t'Always'
never\t'Never'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -l ci-output -d 'Whether to show the CI groups, annotations, outputs and a summary as it knows them' -r -f -a "auto\t'As the CI that is detected has it, unless IMGBUILD_CI_OUTPUT is off'
off\t'Lines of text alone'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -l report -d 'Write the run\'s report to this file, as versioned JSON' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -l yes -d 'Do not ask first; without a terminal nobody is asked'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -l dry-run -d 'Say what would change, and change nothing'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -s q -l quiet -d 'Say nothing but errors and results'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand hook; and __fish_seen_subcommand_from uninstall" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand hook; and __fish_seen_subcommand_from pre-push" -s C -l directory -d 'Run as if started in this folder' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand hook; and __fish_seen_subcommand_from pre-push" -l config -d 'The configuration file, in place of the imgbuild.toml that is found' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand hook; and __fish_seen_subcommand_from pre-push" -l format -d 'What is printed to stdout: text, one JSON document, or one JSON event per line' -r -f -a "human\t'Text'
json\t'One JSON document, at the end'
ndjson\t'One JSON event per line, as it happens'
sarif\t'SARIF 2.1.0; only of check'
github\t'GitHub\'s annotations; only of check'
checkstyle\t'Checkstyle\'s XML; only of check'
gitlab\t'GitLab\'s Code Quality report; only of check'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand hook; and __fish_seen_subcommand_from pre-push" -l progress -d 'How progress is shown on stderr' -r -f -a "auto\t'Live on a terminal outside CI, else lines'
live\t'A live view'
plain\t'Lines that are only ever appended'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand hook; and __fish_seen_subcommand_from pre-push" -l color -d 'Whether to use colour' -r -f -a "auto\t'As NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE and the terminal say'
always\t'Always'
never\t'Never'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand hook; and __fish_seen_subcommand_from pre-push" -l ci-output -d 'Whether to show the CI groups, annotations, outputs and a summary as it knows them' -r -f -a "auto\t'As the CI that is detected has it, unless IMGBUILD_CI_OUTPUT is off'
off\t'Lines of text alone'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand hook; and __fish_seen_subcommand_from pre-push" -l report -d 'Write the run\'s report to this file, as versioned JSON' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand hook; and __fish_seen_subcommand_from pre-push" -s q -l quiet -d 'Say nothing but errors and results'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand hook; and __fish_seen_subcommand_from pre-push" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand test" -l structure-test -d 'Put the tests of this file of container-structure-test as well; may be given more than once' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand test" -l goss -d 'Put the tests of this file of goss as well; may be given more than once' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand test" -l kind -d 'What the image is for, in place of what is configured or guessed' -r -f -a "service\t'It runs until it is stopped'
job\t'It does its work and ends'
base\t'Others are built from it'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand test" -l probes -d 'Which practices are looked at that only a running container shows' -r -f -a "off\t'None'
quick\t'Those that share one container; what build does by itself'
full\t'All; what ci and test do by themselves'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand test" -l junit -d 'Write the tests\' results to this file, as JUnit XML' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand test" -l report-dir -d 'Write the run\'s report into this folder in every form: report.html, report.json, junit.xml and others' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand test" -s C -l directory -d 'Run as if started in this folder' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand test" -l config -d 'The configuration file, in place of the imgbuild.toml that is found' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand test" -l format -d 'What is printed to stdout: text, one JSON document, or one JSON event per line' -r -f -a "human\t'Text'
json\t'One JSON document, at the end'
ndjson\t'One JSON event per line, as it happens'
sarif\t'SARIF 2.1.0; only of check'
github\t'GitHub\'s annotations; only of check'
checkstyle\t'Checkstyle\'s XML; only of check'
gitlab\t'GitLab\'s Code Quality report; only of check'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand test" -l progress -d 'How progress is shown on stderr' -r -f -a "auto\t'Live on a terminal outside CI, else lines'
live\t'A live view'
plain\t'Lines that are only ever appended'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand test" -l color -d 'Whether to use colour' -r -f -a "auto\t'As NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE and the terminal say'
always\t'Always'
never\t'Never'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand test" -l ci-output -d 'Whether to show the CI groups, annotations, outputs and a summary as it knows them' -r -f -a "auto\t'As the CI that is detected has it, unless IMGBUILD_CI_OUTPUT is off'
off\t'Lines of text alone'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand test" -l report -d 'Write the run\'s report to this file, as versioned JSON' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand test" -l hardened -d 'Hold the image to work hardened: read-only root, no capabilities, an unprivileged user'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand test" -s q -l quiet -d 'Say nothing but errors and results'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand test" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand deploy" -l host -d 'The host\'s engine, as ssh://USER@HOST, tcp://HOST:PORT or unix:///PATH, in place of the environment\'s' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand deploy" -s C -l directory -d 'Run as if started in this folder' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand deploy" -l config -d 'The configuration file, in place of the imgbuild.toml that is found' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand deploy" -l format -d 'What is printed to stdout: text, one JSON document, or one JSON event per line' -r -f -a "human\t'Text'
json\t'One JSON document, at the end'
ndjson\t'One JSON event per line, as it happens'
sarif\t'SARIF 2.1.0; only of check'
github\t'GitHub\'s annotations; only of check'
checkstyle\t'Checkstyle\'s XML; only of check'
gitlab\t'GitLab\'s Code Quality report; only of check'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand deploy" -l progress -d 'How progress is shown on stderr' -r -f -a "auto\t'Live on a terminal outside CI, else lines'
live\t'A live view'
plain\t'Lines that are only ever appended'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand deploy" -l color -d 'Whether to use colour' -r -f -a "auto\t'As NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE and the terminal say'
always\t'Always'
never\t'Never'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand deploy" -l ci-output -d 'Whether to show the CI groups, annotations, outputs and a summary as it knows them' -r -f -a "auto\t'As the CI that is detected has it, unless IMGBUILD_CI_OUTPUT is off'
off\t'Lines of text alone'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand deploy" -l report -d 'Write the run\'s report to this file, as versioned JSON' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand deploy" -l adopt -d 'Replace a container of this name that imgbuild did not make'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand deploy" -l break-lock -d 'Take the deployment\'s lock from whoever holds it'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand deploy" -s q -l quiet -d 'Say nothing but errors and results'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand deploy" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand deployments" -l host -d 'The host\'s engine, as ssh://USER@HOST, tcp://HOST:PORT or unix:///PATH, in place of the environment\'s' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand deployments" -s C -l directory -d 'Run as if started in this folder' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand deployments" -l config -d 'The configuration file, in place of the imgbuild.toml that is found' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand deployments" -l format -d 'What is printed to stdout: text, one JSON document, or one JSON event per line' -r -f -a "human\t'Text'
json\t'One JSON document, at the end'
ndjson\t'One JSON event per line, as it happens'
sarif\t'SARIF 2.1.0; only of check'
github\t'GitHub\'s annotations; only of check'
checkstyle\t'Checkstyle\'s XML; only of check'
gitlab\t'GitLab\'s Code Quality report; only of check'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand deployments" -l progress -d 'How progress is shown on stderr' -r -f -a "auto\t'Live on a terminal outside CI, else lines'
live\t'A live view'
plain\t'Lines that are only ever appended'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand deployments" -l color -d 'Whether to use colour' -r -f -a "auto\t'As NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE and the terminal say'
always\t'Always'
never\t'Never'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand deployments" -l ci-output -d 'Whether to show the CI groups, annotations, outputs and a summary as it knows them' -r -f -a "auto\t'As the CI that is detected has it, unless IMGBUILD_CI_OUTPUT is off'
off\t'Lines of text alone'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand deployments" -l report -d 'Write the run\'s report to this file, as versioned JSON' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand deployments" -s q -l quiet -d 'Say nothing but errors and results'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand deployments" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand rollback" -l to -d 'The image to go back to, by its digest or tag; without it, the one before the one that runs' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand rollback" -l host -d 'The host\'s engine, as ssh://USER@HOST, tcp://HOST:PORT or unix:///PATH, in place of the environment\'s' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand rollback" -s C -l directory -d 'Run as if started in this folder' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand rollback" -l config -d 'The configuration file, in place of the imgbuild.toml that is found' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand rollback" -l format -d 'What is printed to stdout: text, one JSON document, or one JSON event per line' -r -f -a "human\t'Text'
json\t'One JSON document, at the end'
ndjson\t'One JSON event per line, as it happens'
sarif\t'SARIF 2.1.0; only of check'
github\t'GitHub\'s annotations; only of check'
checkstyle\t'Checkstyle\'s XML; only of check'
gitlab\t'GitLab\'s Code Quality report; only of check'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand rollback" -l progress -d 'How progress is shown on stderr' -r -f -a "auto\t'Live on a terminal outside CI, else lines'
live\t'A live view'
plain\t'Lines that are only ever appended'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand rollback" -l color -d 'Whether to use colour' -r -f -a "auto\t'As NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE and the terminal say'
always\t'Always'
never\t'Never'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand rollback" -l ci-output -d 'Whether to show the CI groups, annotations, outputs and a summary as it knows them' -r -f -a "auto\t'As the CI that is detected has it, unless IMGBUILD_CI_OUTPUT is off'
off\t'Lines of text alone'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand rollback" -l report -d 'Write the run\'s report to this file, as versioned JSON' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand rollback" -l list -d 'List what the host has kept, and do nothing'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand rollback" -l break-lock -d 'Take the deployment\'s lock from whoever holds it'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand rollback" -s q -l quiet -d 'Say nothing but errors and results'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand rollback" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand clean" -l dev-older-than -d 'Remove development images that are older, too, as 36h or 7d' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand clean" -l cache-max -d 'Make the engine\'s build cache no larger than this, as 10GB' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand clean" -l registry -d 'Clean up this repository of a registry, in place of the engine' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand clean" -l keep -d 'A tag, in which * stands for anything, or a digest that stays in the registry; may be given more than once' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand clean" -s C -l directory -d 'Run as if started in this folder' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand clean" -l config -d 'The configuration file, in place of the imgbuild.toml that is found' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand clean" -l format -d 'What is printed to stdout: text, one JSON document, or one JSON event per line' -r -f -a "human\t'Text'
json\t'One JSON document, at the end'
ndjson\t'One JSON event per line, as it happens'
sarif\t'SARIF 2.1.0; only of check'
github\t'GitHub\'s annotations; only of check'
checkstyle\t'Checkstyle\'s XML; only of check'
gitlab\t'GitLab\'s Code Quality report; only of check'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand clean" -l progress -d 'How progress is shown on stderr' -r -f -a "auto\t'Live on a terminal outside CI, else lines'
live\t'A live view'
plain\t'Lines that are only ever appended'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand clean" -l color -d 'Whether to use colour' -r -f -a "auto\t'As NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE and the terminal say'
always\t'Always'
never\t'Never'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand clean" -l ci-output -d 'Whether to show the CI groups, annotations, outputs and a summary as it knows them' -r -f -a "auto\t'As the CI that is detected has it, unless IMGBUILD_CI_OUTPUT is off'
off\t'Lines of text alone'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand clean" -l report -d 'Write the run\'s report to this file, as versioned JSON' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand clean" -l yes -d 'Remove, rather than list'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand clean" -l all-dangling -d 'Remove any image without a name and any container that ended, whosever they are'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand clean" -l gone-deployments -d 'Remove images that deployments keep which have no container here any more, whosever they were'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand clean" -s q -l quiet -d 'Say nothing but errors and results'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand clean" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand config" -l repository -d 'The repository to tag and push to' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand config" -l context -d 'The folder whose content is the build context' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand config" -s f -l dockerfile -d 'The Dockerfile; it has to be inside the context' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand config" -l target -d 'The stage to build' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand config" -l platform -d 'The platform to build for, as os/arch' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand config" -l tag -d 'A further tag, such as nightly or edge-{date}; may be given more than once' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand config" -l build-arg -d 'A build argument, as NAME=VALUE; may be given more than once' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand config" -l builder -d 'What builds: auto (BuildKit where the engine has it, else the classic builder), buildkit, classic, or the address of a BuildKit that is none of the engine\'s: tcp://HOST:PORT, unix:///PATH' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand config" -l secret -d 'A secret for RUN --mount=type=secret, as id=ID,env=NAME or id=ID,src=FILE; may be given more than once' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand config" -l ssh -d 'An ssh agent for RUN --mount=type=ssh, as id=ID or id=ID,src=SOCKET; may be given more than once' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand config" -l build-context -d 'A further context by name, as NAME=docker-image://REFERENCE or NAME=URL; may be given more than once' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand config" -l cache-from -d 'A cache to begin with, as type=registry,ref=REFERENCE; may be given more than once' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand config" -l cache-to -d 'A cache to fill, by a run that pushes; may be given more than once' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand config" -l network -d 'The network of RUN instructions: none, host, or a network of the engine\'s' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand config" -l push -d 'Whether to push' -r -f -a "auto\t'`ci` pushes where a registry is known and the run may; `build` does not'
never\t'Never'
always\t'Push, or refuse before the build'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand config" -l sign-key -d 'The private key that signs what is attached to a pushed image: a file of PEM, or env://NAME' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand config" -l profile -d 'The profile of imgbuild.toml, in place of the detected one' -r
complete -c imgbuild -n "__fish_imgbuild_using_subcommand config" -l probes -d 'Which practices are looked at that only a running container shows' -r -f -a "off\t'None'
quick\t'Those that share one container; what build does by itself'
full\t'All; what ci and test do by themselves'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand config" -l junit -d 'Write the tests\' results to this file, as JUnit XML' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand config" -l report-dir -d 'Write the run\'s report into this folder in every form: report.html, report.json, junit.xml and others' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand config" -s C -l directory -d 'Run as if started in this folder' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand config" -l config -d 'The configuration file, in place of the imgbuild.toml that is found' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand config" -l format -d 'What is printed to stdout: text, one JSON document, or one JSON event per line' -r -f -a "human\t'Text'
json\t'One JSON document, at the end'
ndjson\t'One JSON event per line, as it happens'
sarif\t'SARIF 2.1.0; only of check'
github\t'GitHub\'s annotations; only of check'
checkstyle\t'Checkstyle\'s XML; only of check'
gitlab\t'GitLab\'s Code Quality report; only of check'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand config" -l progress -d 'How progress is shown on stderr' -r -f -a "auto\t'Live on a terminal outside CI, else lines'
live\t'A live view'
plain\t'Lines that are only ever appended'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand config" -l color -d 'Whether to use colour' -r -f -a "auto\t'As NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE and the terminal say'
always\t'Always'
never\t'Never'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand config" -l ci-output -d 'Whether to show the CI groups, annotations, outputs and a summary as it knows them' -r -f -a "auto\t'As the CI that is detected has it, unless IMGBUILD_CI_OUTPUT is off'
off\t'Lines of text alone'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand config" -l report -d 'Write the run\'s report to this file, as versioned JSON' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand config" -l origin -d 'Print where each value comes from'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand config" -l no-cache -d 'Do not use the engine\'s build cache'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand config" -l pull -d 'Pull base images even where the engine has them'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand config" -l reproducible -d 'Leave out labels that differ from run to run'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand config" -l hardened -d 'Hold the image to work hardened: read-only root, no capabilities, an unprivileged user'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand config" -s q -l quiet -d 'Say nothing but errors and results'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand config" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand ci-info" -s C -l directory -d 'Run as if started in this folder' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand ci-info" -l config -d 'The configuration file, in place of the imgbuild.toml that is found' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand ci-info" -l format -d 'What is printed to stdout: text, one JSON document, or one JSON event per line' -r -f -a "human\t'Text'
json\t'One JSON document, at the end'
ndjson\t'One JSON event per line, as it happens'
sarif\t'SARIF 2.1.0; only of check'
github\t'GitHub\'s annotations; only of check'
checkstyle\t'Checkstyle\'s XML; only of check'
gitlab\t'GitLab\'s Code Quality report; only of check'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand ci-info" -l progress -d 'How progress is shown on stderr' -r -f -a "auto\t'Live on a terminal outside CI, else lines'
live\t'A live view'
plain\t'Lines that are only ever appended'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand ci-info" -l color -d 'Whether to use colour' -r -f -a "auto\t'As NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE and the terminal say'
always\t'Always'
never\t'Never'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand ci-info" -l ci-output -d 'Whether to show the CI groups, annotations, outputs and a summary as it knows them' -r -f -a "auto\t'As the CI that is detected has it, unless IMGBUILD_CI_OUTPUT is off'
off\t'Lines of text alone'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand ci-info" -l report -d 'Write the run\'s report to this file, as versioned JSON' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand ci-info" -s q -l quiet -d 'Say nothing but errors and results'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand ci-info" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand doctor" -s C -l directory -d 'Run as if started in this folder' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand doctor" -l config -d 'The configuration file, in place of the imgbuild.toml that is found' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand doctor" -l format -d 'What is printed to stdout: text, one JSON document, or one JSON event per line' -r -f -a "human\t'Text'
json\t'One JSON document, at the end'
ndjson\t'One JSON event per line, as it happens'
sarif\t'SARIF 2.1.0; only of check'
github\t'GitHub\'s annotations; only of check'
checkstyle\t'Checkstyle\'s XML; only of check'
gitlab\t'GitLab\'s Code Quality report; only of check'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand doctor" -l progress -d 'How progress is shown on stderr' -r -f -a "auto\t'Live on a terminal outside CI, else lines'
live\t'A live view'
plain\t'Lines that are only ever appended'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand doctor" -l color -d 'Whether to use colour' -r -f -a "auto\t'As NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE and the terminal say'
always\t'Always'
never\t'Never'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand doctor" -l ci-output -d 'Whether to show the CI groups, annotations, outputs and a summary as it knows them' -r -f -a "auto\t'As the CI that is detected has it, unless IMGBUILD_CI_OUTPUT is off'
off\t'Lines of text alone'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand doctor" -l report -d 'Write the run\'s report to this file, as versioned JSON' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand doctor" -s q -l quiet -d 'Say nothing but errors and results'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand completions" -s C -l directory -d 'Run as if started in this folder' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand completions" -l config -d 'The configuration file, in place of the imgbuild.toml that is found' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand completions" -l format -d 'What is printed to stdout: text, one JSON document, or one JSON event per line' -r -f -a "human\t'Text'
json\t'One JSON document, at the end'
ndjson\t'One JSON event per line, as it happens'
sarif\t'SARIF 2.1.0; only of check'
github\t'GitHub\'s annotations; only of check'
checkstyle\t'Checkstyle\'s XML; only of check'
gitlab\t'GitLab\'s Code Quality report; only of check'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand completions" -l progress -d 'How progress is shown on stderr' -r -f -a "auto\t'Live on a terminal outside CI, else lines'
live\t'A live view'
plain\t'Lines that are only ever appended'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand completions" -l color -d 'Whether to use colour' -r -f -a "auto\t'As NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE and the terminal say'
always\t'Always'
never\t'Never'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand completions" -l ci-output -d 'Whether to show the CI groups, annotations, outputs and a summary as it knows them' -r -f -a "auto\t'As the CI that is detected has it, unless IMGBUILD_CI_OUTPUT is off'
off\t'Lines of text alone'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand completions" -l report -d 'Write the run\'s report to this file, as versioned JSON' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand completions" -s q -l quiet -d 'Say nothing but errors and results'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand man" -l dir -d 'Write the pages of all commands into this folder instead' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand man" -s C -l directory -d 'Run as if started in this folder' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand man" -l config -d 'The configuration file, in place of the imgbuild.toml that is found' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand man" -l format -d 'What is printed to stdout: text, one JSON document, or one JSON event per line' -r -f -a "human\t'Text'
json\t'One JSON document, at the end'
ndjson\t'One JSON event per line, as it happens'
sarif\t'SARIF 2.1.0; only of check'
github\t'GitHub\'s annotations; only of check'
checkstyle\t'Checkstyle\'s XML; only of check'
gitlab\t'GitLab\'s Code Quality report; only of check'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand man" -l progress -d 'How progress is shown on stderr' -r -f -a "auto\t'Live on a terminal outside CI, else lines'
live\t'A live view'
plain\t'Lines that are only ever appended'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand man" -l color -d 'Whether to use colour' -r -f -a "auto\t'As NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE and the terminal say'
always\t'Always'
never\t'Never'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand man" -l ci-output -d 'Whether to show the CI groups, annotations, outputs and a summary as it knows them' -r -f -a "auto\t'As the CI that is detected has it, unless IMGBUILD_CI_OUTPUT is off'
off\t'Lines of text alone'"
complete -c imgbuild -n "__fish_imgbuild_using_subcommand man" -l report -d 'Write the run\'s report to this file, as versioned JSON' -r -F
complete -c imgbuild -n "__fish_imgbuild_using_subcommand man" -s q -l quiet -d 'Say nothing but errors and results'
complete -c imgbuild -n "__fish_imgbuild_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
