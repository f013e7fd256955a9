# shellcheck shell=bash
# What fetch-engines and fetch-peers share: packages of Debian's newest suite,
# from the mirror that this machine's apt uses, unpacked and not installed.
# Sourced instead of lib.sh, never run.
#
# Who sources it sets WHAT, a name for the lot, and PACKAGES, defines `works DIR`
# and `take`, and calls `fetch DIR "$@"`. DIR then holds commands, and the file
# `versions`, a package and its version a line.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

SUITE=sid
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
: "${WHAT:?}" "${PACKAGES:?}"

cannot() { die "CANNOT FETCH $WHAT from Debian $SUITE: $*"; }

is_debian() {
    # shellcheck disable=SC1091 # a file of the system
    [ "$(. /etc/os-release && printf %s "${ID:-}")" = debian ]
}

# The mirror of Debian itself among the sources of this machine's apt; those of
# others (of docker, of node) have no component main for the system's codename.
mirror() {
    if [ -n "${IMGBUILD_DEBIAN_MIRROR:-}" ]; then
        printf '%s\n' "$IMGBUILD_DEBIAN_MIRROR"
        return
    fi
    is_debian || cannot "this machine is no Debian, so its apt names no mirror of it.
Set IMGBUILD_DEBIAN_MIRROR to the URL of one, and run this again."
    local codename site
    # shellcheck disable=SC1091 # a file of the system
    codename=$(. /etc/os-release && printf %s "${VERSION_CODENAME:-$SUITE}")
    # shellcheck disable=SC2016 # apt fills these in
    site=$(apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
        awk -v codename="$codename" '$2 == "main" &&
            ($1 == codename || $1 ~ /^(sid|unstable|testing|stable|oldstable)$/) { print $3; exit }')
    [ -n "$site" ] || cannot "no apt source of this machine is Debian $codename, component main.
Set IMGBUILD_DEBIAN_MIRROR to the URL of a mirror, and run this again."
    printf '%s\n' "$site"
}

# apt with sources, lists and cache of its own: the machine's are not touched.
apt() {
    apt-get -q -o "Dir::Etc::sourcelist=$WORK/sources.list" -o Dir::Etc::sourceparts=- \
        -o "Dir::State::lists=$WORK/lists" -o "Dir::Cache=$WORK/cache" \
        -o Acquire::Languages=none -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false \
        -o Acquire::Retries=3 -o APT::Update::Error-Mode=any -o APT::Sandbox::User=root "$@" </dev/null >"$WORK/log" 2>&1
}

# unpack: the packages, into $WORK/new.
unpack() {
    local site deb
    [ -e "$KEYRING" ] || as_root bash "$ROOT/scripts/install" debian-archive-keyring ||
        cannot "without the package debian-archive-keyring its signatures cannot be checked"
    site=$(mirror)
    mkdir -p "$WORK"/{lists,cache,new,debs}
    printf 'deb [signed-by=%s] %s %s main\n' "$KEYRING" "$site" "$SUITE" >"$WORK/sources.list"
    tried() {
        tail -n 10 -- "$WORK/log" >&2
        cannot "$1 (from $site)"
    }
    say "fetching with apt from Debian $SUITE: ${PACKAGES[*]}"
    # A suite that could not be reached is a warning to apt, and exit 0.
    apt update || tried "its list of packages could not be read"
    (cd "$WORK/debs" && apt download "${PACKAGES[@]}") || tried "a package could not be downloaded"
    for deb in "$WORK"/debs/*.deb; do
        dpkg-deb --show "$deb" | tr '\t' ' ' >>"$WORK/bin/versions"
        dpkg -x "$deb" "$WORK/new" || cannot "${deb##*/} could not be unpacked"
    done
}

# pick COMMAND…: each of them from what was unpacked, into $WORK/bin.
pick() {
    local command found
    for command; do
        found=$(find "$WORK/new/usr" -name "$command" -type f -perm -u+x -print -quit)
        [ -n "$found" ] || cannot "its packages hold no $command"
        mv -- "$found" "$WORK/bin/"
    done
}

# fetch DIR [--again]: fill DIR unless it is there and `works`, and print it.
# `take` makes $WORK/bin out of $WORK/new; that becomes DIR when it works.
fetch() {
    local dir=$1 lock
    mkdir -p -- "$(dirname -- "$dir")"
    exec {lock}<"$(dirname -- "$dir")"
    flock "$lock"
    if [ "${2:-}" = --again ] || ! works "$dir" 2>/dev/null; then
        WORK=$(mktemp -d -- "$dir.XXXXXX")
        trap 'rm -rf -- "$WORK"' EXIT
        mkdir "$WORK/bin"
        unpack
        take
        works "$WORK/bin" || cannot "what it has does not run on this machine"
        cat "$WORK/bin/versions" >&2
        rm -rf -- "$dir"
        mv -- "$WORK/bin" "$dir"
    fi
    printf '%s\n' "$dir"
}

case $#:${1:-} in
0: | 1:--again) ;;
*)
    sed -n '2,/^\. /{/^#/s/^# \{0,1\}//p}' "$0" >&2
    exit 2
    ;;
esac
on_debian || cannot "there is no apt on this machine"
need flock=util-linux
