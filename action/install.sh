#!/usr/bin/env bash
# Installs imgbuild for the action: the archive of the release that this commit of
# the action belongs to, once its SHA-256 sum is that of checksums.txt beside this
# file. Whoever pins the action by its commit has pinned these bytes.
#
# An archive that the tool cache has is used only if its sum is the right one, too:
# on a runner of one's own, other jobs write there.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=action/lib.sh
. "$here/lib.sh"

# Which of the release's archives is for this runner.
target() {
    case ${RUNNER_OS:-$(uname -s)}/${RUNNER_ARCH:-$(uname -m)} in
    Linux/X64 | Linux/x86_64) echo x86_64-unknown-linux-musl ;;
    Linux/ARM64 | Linux/aarch64) echo aarch64-unknown-linux-musl ;;
    macOS/X64 | Darwin/x86_64) echo x86_64-apple-darwin ;;
    macOS/ARM64 | Darwin/arm64) echo aarch64-apple-darwin ;;
    Windows/X64) echo x86_64-pc-windows-msvc ;;
    *) die "there is no imgbuild for this runner (${RUNNER_OS:-$(uname -s)}, ${RUNNER_ARCH:-$(uname -m)}): build one, and give version: path:FILE" ;;
    esac
}

sum_of() {
    if command -v sha256sum >/dev/null; then
        sha256sum <"$1" | cut -d ' ' -f 1
    else
        shasum -a 256 <"$1" | cut -d ' ' -f 1
    fi
}

fetch() { # URL FILE
    if command -v curl >/dev/null; then
        curl -sSfL --retry 5 --connect-timeout 20 -o "$2" -- "$1"
    else
        wget -q -T 60 -O "$2" -- "$1"
    fi
}

# release: the release's binary, in a folder of this job's.
release() {
    local sums=$here/checksums.txt target line sum='' name='' base cache archive work
    target=$(target)
    base=${INPUT_DOWNLOAD_URL:-}
    while IFS= read -r line || [ -n "$line" ]; do
        line=${line%$'\r'}
        case $line in
        '#'* | '') ;;
        'from '*) [ -n "$base" ] || base=${line#from } ;;
        *"-$target.tar.gz") sum=${line%% *} name=${line##* } ;;
        esac
    done <"$sums"
    if [ -z "$name" ]; then
        if grep -q '^from ' "$sums"; then
            die "this release of imgbuild has no binary for $target: build one, and give version: path:FILE"
        fi
        die "this commit of the action belongs to no release of imgbuild: pin the action to the commit of a release, or give version: path:FILE"
    fi
    if [ "${#sum}" -ne 64 ] || [ -z "$base" ] || [ "$name" != "${name##*/}" ]; then
        die "the action's checksums.txt is damaged at: $name"
    fi

    work=$(folder)
    archive=$work/$name
    cache=${RUNNER_TOOL_CACHE:+$RUNNER_TOOL_CACHE/imgbuild/$sum}
    if [ -n "$cache" ] && [ -f "$cache/$name" ] && cp -- "$cache/$name" "$archive" && [ "$(sum_of "$archive")" = "$sum" ]; then
        cache=''
    else
        fetch "${base%/}/$name" "$archive" ||
            die "could not download ${base%/}/$name: is the host reachable from this runner? A mirror is named by download-url"
    fi
    # The copy in this job's own folder is what is checked, and what is unpacked.
    local got
    got=$(sum_of "$archive")
    [ "$got" = "$sum" ] ||
        die "${base%/}/$name is not what the action was released with: its SHA-256 sum is $got, not $sum. Nothing of it was run"
    if [ -n "$cache" ]; then
        # A cache that cannot be written costs a download the next time.
        { mkdir -p -- "$cache" && cp -- "$archive" "$cache/$name.$$" && mv -- "$cache/$name.$$" "$cache/$name"; } 2>/dev/null || true
    fi
    # From stdin: tar takes C:\… for the name of a host.
    (cd "$work" && tar -xzf - <"$name") || die "could not unpack $name"
    path=$work/${name%.tar.gz}/imgbuild
    [ ! -f "$path.exe" ] || path=$path.exe
}

path=''
case ${INPUT_VERSION:-} in
'') release ;;
path:?*)
    path=${INPUT_VERSION#path:}
    [ -f "$path" ] || die "version names a file that is not there: $path (seen from $PWD)"
    path=$(cd "$(dirname "$path")" && pwd)/$(basename "$path")
    ;;
*) die "version is '${INPUT_VERSION}': leave it out, and pin the action to the commit of the release that you want, whose binary it then installs; or give path:FILE" ;;
esac
[ -x "$path" ] || die "not a program that may be run: $path"
version=$("$path" --version) || die "$path does not run on this machine"
case $version in
'imgbuild '*) ;;
*) die "$path is not imgbuild: it says $version" ;;
esac
printf '%s (%s)\n' "$version" "$path"
output path "$path"
# Later steps of the job say `imgbuild`.
if [ -n "${GITHUB_PATH:-}" ] && [ "${path##*/}" = imgbuild ]; then
    dirname "$path" >>"$GITHUB_PATH"
fi
