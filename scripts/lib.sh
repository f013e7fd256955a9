# shellcheck shell=bash
# What the scripts beside this file share. Sourced, never run.
#
# State (data, logs) lives in $IMGBUILD_STATE, by default target/state, which
# git ignores. Sockets live in /run/imgbuild-HASH, since the path of a unix
# socket ends at 107 bytes; HASH is that of the state's path, so that two
# clones, or two states of one clone, never meet.

set -euo pipefail
umask 022
# What an engine needs lies in sbin, which a user's PATH may lack.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
STATE=$(realpath -m -- "${IMGBUILD_STATE:-$ROOT/target/state}")
HASH=$(printf %s "$STATE" | sha256sum | cut -c1-8)
RUN=/run/imgbuild-$HASH
# Whom a script that became root works for: uid:gid.
CALLER=${IMGBUILD_CALLER:-$(id -u):$(id -g)}

say() { printf '%s\n' "$*" >&2; }

die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# have COMMAND…: whether each of them is there.
have() {
    local c
    for c; do command -v -- "$c" >/dev/null 2>&1 || return 1; done
}

# A name becomes part of paths, namespaces and control groups.
check_name() {
    [[ $1 =~ ^[a-z0-9][a-z0-9-]{0,31}$ ]] ||
        die "not a name: '$1' (a-z, 0-9 and -, at most 32)"
}

# ── root ───────────────────────────────────────────────────────────────────

# How to become root, into the array SUDO; empty for root itself.
find_sudo() {
    SUDO=()
    [ "$EUID" -eq 0 ] && return
    have sudo || die "needs root, and there is no sudo: run it as root"
    if sudo -n true 2>/dev/null; then
        SUDO=(sudo -n)
    elif [ -t 0 ] && [ -t 2 ]; then
        SUDO=(sudo) # asks by itself, on the terminal
    else
        die "needs root: run it as root, or let sudo work without a password"
    fi
}

as_root() {
    find_sudo
    "${SUDO[@]}" "$@"
}

# need_root "$@": start this script again as root, for the user who called.
need_root() {
    [ "$EUID" -eq 0 ] && return
    find_sudo
    exec "${SUDO[@]}" env "PATH=$PATH" "IMGBUILD_STATE=$STATE" \
        "IMGBUILD_CALLER=$CALLER" bash "$0" "$@"
}

# make_state DIR: a folder under the state that the caller, too, may use.
make_state() {
    mkdir -p -- "$STATE" "$1"
    if [ "$EUID" -eq 0 ] && [ "${CALLER%%:*}" != 0 ]; then
        local d=$STATE
        while [ "$(stat -c %u -- "$d")" = 0 ] && [ "${#d}" -gt "${#ROOT}" ]; do
            chown -- "$CALLER" "$d"
            d=$(dirname -- "$d")
        done
    fi
}

# ── packages ───────────────────────────────────────────────────────────────

on_debian() {
    have apt-get dpkg || return 1
    (
        # shellcheck disable=SC1091 # a file of the system
        . /etc/os-release
        case " ${ID:-} ${ID_LIKE:-} " in
        *" debian "* | *" ubuntu "*) ;;
        *) exit 1 ;;
        esac
    ) 2>/dev/null
}

# need COMMAND=PACKAGE…: install the packages whose command is not there.
need() {
    local pair packages=() commands=()
    for pair; do
        have "${pair%%=*}" && continue
        commands+=("${pair%%=*}")
        packages+=("${pair#*=}")
    done
    [ ${#commands[@]} -eq 0 ] && return
    if ! on_debian; then
        die "not on this machine: ${commands[*]}.
These scripts install packages on Debian and Ubuntu alone. Elsewhere, install
what gives these commands by your system's own means, then run this again."
    fi
    as_root env "PATH=$PATH" bash "$ROOT/scripts/install" "${packages[@]}"
    hash -r
    for pair in "${commands[@]}"; do
        have "$pair" || die "'$pair' is still missing after: apt-get install ${packages[*]}"
    done
}

# need_docker: a docker client that suits the engine, into DOCKER. That of the
# distribution first, as the engine is; it is a package of its own on newer
# systems.
need_docker() {
    [ -x /usr/bin/docker ] || have docker || need docker=docker-cli
    DOCKER=/usr/bin/docker
    [ -x "$DOCKER" ] || DOCKER=$(command -v docker)
}

# target_dir: where cargo puts what it builds.
target_dir() {
    cargo metadata --locked --no-deps --format-version 1 | json_string target_directory
}

# ── processes ──────────────────────────────────────────────────────────────

# The start of a process in ticks since boot: with the pid, its identity.
start_of() {
    local stat
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    # The name in field 2 may hold anything, so count from its last ")".
    # shellcheck disable=SC2086 # the fields are wanted
    set -- ${stat##*) }
    [ "$1" != Z ] && [ "$1" != X ] && printf '%s\n' "${20}"
}

# pid_of FILE: the process that FILE names, if it is still that one.
pid_of() {
    local pid start
    read -r pid start 2>/dev/null <"$1" || return 1
    [ "$(start_of "$pid")" = "$start" ] && printf '%s\n' "$pid"
}

# launch FILE LOG COMMAND…: start a daemon that outlives this script and its
# terminal, in a session of its own, with nothing of ours open, and note it.
launch() {
    local file=$1 log=$2 pid
    shift 2
    (
        for fd in /proc/self/fd/*; do
            fd=${fd##*/}
            [ "$fd" -gt 2 ] && eval "exec $fd>&-"
        done
        exec env -i "PATH=$PATH" LANG=C HOME=/ setsid "$@"
    ) </dev/null >>"$log" 2>&1 &
    pid=$!
    printf '%s %s\n' "$pid" "$(start_of "$pid" || echo 0)" >"$file"
    disown "$pid"
}

# end FILE SECONDS: ask the process of FILE to end, insist after SECONDS.
end() {
    local pid i
    if pid=$(pid_of "$1"); then
        kill -TERM "$pid" 2>/dev/null || true
        for ((i = 0; i < $2 * 20; i++)); do
            pid_of "$1" >/dev/null || break
            sleep 0.05
        done
        if pid_of "$1" >/dev/null; then
            say "${1##*/}: did not end within $2 s, killed"
            kill -KILL "$pid" 2>/dev/null || true
            for ((i = 0; i < 100; i++)); do
                pid_of "$1" >/dev/null || break
                sleep 0.05
            done
        fi
    fi
    rm -f -- "$1"
}

# await WHAT FILE LOG SECONDS COMMAND…: until COMMAND succeeds. Fails at once
# when the process of FILE has ended, and shows the end of its log.
await() {
    local what=$1 file=$2 log=$3 i n=$(($4 * 20)) why="no answer within $4 s"
    shift 4
    for ((i = 0; i < n; i++)); do
        "$@" && return
        pid_of "$file" >/dev/null || {
            why="it ended"
            break
        }
        sleep 0.05
    done
    say "$what did not start: $why. The end of $log:"
    tail -n 15 -- "$log" >&2 || true
    return 1
}

# ── a run with an end ──────────────────────────────────────────────────────

# at_end FUNCTION: call it on every way out of this script, with the signal as
# its argument if there was one. What `supervise` runs has ended before that.
CHILD='' AT_END=''
at_end() {
    AT_END=$1
    trap finish EXIT
    trap 'finish INT' INT
    trap 'finish TERM' TERM
    trap 'finish HUP' HUP
}

# shellcheck disable=SC2317 # called by the traps
finish() {
    local status=$?
    trap '' INT TERM HUP
    trap - EXIT
    if [ -n "$CHILD" ]; then
        # With sudo in between, the group is root's.
        as_root kill -s "${1:-TERM}" -- "-$CHILD" 2>/dev/null || true
        wait "$CHILD" 2>/dev/null || true
    fi
    "$AT_END" "${1:-}" || status=1
    case ${1:-} in
    INT) exit 130 ;;
    TERM) exit 143 ;;
    HUP) exit 129 ;;
    esac
    exit "$status"
}

# supervise COMMAND…: run it in a process group of its own, so that a signal to
# this script alone reaches it too. With job control, since a plain `&` would
# have it, and all that it starts, ignore SIGINT.
supervise() {
    local status=0
    set -m
    "$@" </dev/null &
    CHILD=$!
    set +m
    wait "$CHILD" || status=$?
    CHILD=
    return "$status"
}

# ── the engine's API ───────────────────────────────────────────────────────

# api HOST PATH [CURL OPTION…]: one request to the engine at HOST, a URL as in
# DOCKER_HOST. Any machine has curl; not every one has a docker client.
api() {
    local host=$1 path=$2
    shift 2
    case $host in
    unix://*) curl -sS --unix-socket "${host#unix://}" "$@" "http://engine$path" ;;
    tcp://*) curl -sS "$@" "http://${host#tcp://}$path" ;;
    *) return 1 ;;
    esac
}

# json_string KEY: the last string value of KEY in the JSON on stdin.
json_string() { { tr -d '\n'; echo; } | sed -n "s/.*\"$1\" *: *\"\(\([^\"\\\\]\|\\\\.\)*\)\".*/\1/p"; }

# ── network namespaces ─────────────────────────────────────────────────────

# The namespace called main is the default one; host is the machine's own.
netns_of() { printf 'imgbuild-%s-%s\n' "$HASH" "$1"; }

# in_net NET COMMAND…: run COMMAND there, as root. Not `ip netns exec`: that
# mounts /sys anew, and an engine then finds no control groups.
in_net() {
    local net=$1
    shift
    if [ "$net" = host ]; then
        "$@"
    else
        nsenter --net="/var/run/netns/$(netns_of "$net")" -- "$@"
    fi
}

net_exists() { [ "$1" = host ] || [ -e "/var/run/netns/$(netns_of "$1")" ]; }

# make_net NET: the namespace, with loopback up. Forwarding is on before any
# engine looks, so that none of them sets the policy of FORWARD to DROP.
make_net() {
    [ "$1" = host ] && return
    local ns
    ns=$(netns_of "$1")
    # A file without a namespace behind it is what a crash or a copy leaves.
    if [ -e "/var/run/netns/$ns" ] && ! in_net "$1" true 2>/dev/null; then
        umount "/var/run/netns/$ns" 2>/dev/null || true
        rm -f -- "/var/run/netns/$ns"
    fi
    [ -e "/var/run/netns/$ns" ] || ip netns add "$ns"
    in_net "$1" ip link set lo up
    in_net "$1" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward' 2>/dev/null || true
}

# drop_net NET: take the namespace away when nothing of ours uses it.
drop_net() {
    [ "$1" = host ] && return
    local f
    for f in "$RUN"/*/net "$STATE"/registry-*/net; do
        [ -e "$f" ] && [ "$(cat "$f")" = "$1" ] && return
    done
    net_exists "$1" || return 0
    ip netns del "$(netns_of "$1")" 2>/dev/null || true
}

# locked NAME COMMAND…: one at a time, over all that share this state.
locked() {
    local lock=$RUN/$1.lock fd
    shift
    while :; do
        mkdir -p -- "$RUN"
        chmod 711 "$RUN"
        exec {fd}>"$lock"
        flock "$fd"
        # Whoever held it may have taken the file away with the folder.
        [ "$lock" -ef "/proc/self/fd/$fd" ] && break
        exec {fd}>&-
    done
    "$@"
    exec {fd}>&-
}

# drop_run: the last one out takes the folder with it, locks and all.
drop_run() {
    local rest
    for rest in "$RUN"/*; do
        case $rest in *.lock) ;; *) return 0 ;; esac
    done
    rm -rf -- "$RUN"
}
