# shellcheck shell=bash
# What puts images that are made by hand into a registry, with nothing but curl.
# Sourced instead of lib.sh, never run.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need curl=curl

# shellcheck disable=SC2034 # for those who source this
OCI=application/vnd.oci.image
# shellcheck disable=SC2034
DOCKER_TYPE=application/vnd.docker

digest() { printf 'sha256:%s' "$(sha256sum "$1" | cut -d ' ' -f 1)"; }
size() { stat -c %s "$1"; }

# into HOST:PORT REPOSITORY: where the rest of this file puts things.
into() {
    REGISTRY=$1
    BASE=http://$REGISTRY/v2/$2
}

call() { curl -sS -m 60 --fail-with-body "$@" || die "$BASE: the registry refused: $*"; }

blob() { # FILE: push it, unless it is there
    local d location
    d=$(digest "$1")
    curl -sf -m 60 -o /dev/null --head "$BASE/blobs/$d" && return
    location=$(call -X POST -H 'Content-Length: 0' -o /dev/null -D - "$BASE/blobs/uploads/" |
        tr -d '\r' | sed -n 's/^[Ll]ocation: *//p')
    case $location in
    /*) location=http://$REGISTRY$location ;;
    esac
    case $location in
    *\?*) location+="&digest=$d" ;;
    *) location+="?digest=$d" ;;
    esac
    call -X PUT -H 'Content-Type: application/octet-stream' --data-binary "@$1" \
        -o /dev/null "$location"
}

manifest() { # FILE TYPE TAG: put it there; without a tag, by its digest
    call -X PUT -H "Content-Type: $2" --data-binary "@$1" -o /dev/null \
        "$BASE/manifests/${3:-$(digest "$1")}"
}

descriptor() { # FILE TYPE: as JSON, without the closing brace
    printf '{"mediaType": "%s", "size": %s, "digest": "%s"' "$2" "$(size "$1")" "$(digest "$1")"
}
