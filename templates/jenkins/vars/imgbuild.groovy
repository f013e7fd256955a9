// A step for a shared library. In a Jenkinsfile:
//
//     @Library('your-library') _
//     node('docker') { checkout scm; imgbuild credentials: 'registry', args: ['--probes=quick'] }
//
// command: what imgbuild does; ci unless given. args: its further arguments. credentials: the id of a user name with
// password for the registry. reports: the folder for the report. Returns the path of the report.
def call(Map options = [:]) {
    def reports = options.get('reports', 'imgbuild-report')
    // By the environment, so that no shell reads a value as a script.
    def values = [
        "STEP_COMMAND=${options.get('command', 'ci')}",
        "STEP_ARGS=${options.get('args', []).join('\n')}",
        "STEP_REPORTS=${reports}"
    ]
    def run = {
        withEnv(values) {
            sh '''
                set --
                while IFS= read -r argument; do
                    [ -z "$argument" ] || set -- "$@" "$argument"
                done <<END
$STEP_ARGS
END
                imgbuild "$STEP_COMMAND" --report-dir "$STEP_REPORTS" "$@"
            '''
        }
    }
    try {
        if (options.credentials) {
            withCredentials([usernamePassword(
                credentialsId: options.credentials,
                usernameVariable: 'IMGBUILD_REGISTRY_USERNAME',
                passwordVariable: 'IMGBUILD_REGISTRY_PASSWORD'
            )]) { run() }
        } else {
            run()
        }
    } finally {
        junit testResults: "${reports}/junit.xml", allowEmptyResults: true
        archiveArtifacts artifacts: "${reports}/*", allowEmptyArchive: true
    }
    return "${reports}/report.json"
}
