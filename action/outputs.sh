#!/usr/bin/env bash
# Writes those of the action's outputs that imgbuild does not write itself, out of a
# report, or of what `plan` printed. Their names are those of docker/metadata-action,
# so that steps which read that one's can read these.
#
#   outputs.sh REPORT DIR       the bake files go to DIR
#
# Needs bash and what every runner has, and no JSON parser: imgbuild prints its
# documents with one value a line, two spaces a level, and no string spans lines.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=action/lib.sh
. "$here/lib.sh"
report=$1 work=$2

# section KEY: the lines inside the top level's list or map of that name.
section() { sed -n "/^  \"$1\": [[{]\$/,/^  []}],*\$/{/^   /p;}" "$report"; }

# token KEY INDENT: the string of that key, as JSON without its quotes, a line each.
token() { sed -n "s/^$2\"$1\": \"\\(.*\\)\",*\$/\\1/p"; }

# text: JSON strings as what they mean, a line each. Control characters become
# spaces: a value with a line break would be two values.
text() {
    sed -e 's/\\\\/'$'\001''/g' -e 's/\\u0023/#/g' -e 's/\\u[0-9a-f]\{4\}/ /g' -e 's/\\[nrtbf]/ /g' -e 's/\\"/"/g' \
        -e 's/'$'\001''/\\/g'
}

# joined SEPARATOR: lines as one.
joined() {
    local first='' line
    while IFS= read -r line; do
        printf '%s%s' "$first" "$line"
        first=$1
    done
}

quoted() { sed -e 's/.*/"&"/'; }

repository=$(token repository '  ' <"$report" | head -n 1)
references=$(section tags | token reference '      ')
# A plan names tags alone.
[ -n "$references" ] || references=$(section tags | token tag '      ' | sed -e "s|^|$repository:|")
names=$(printf '%s\n' "$references" | sed -e 's/.*://')
labels=$(section labels | sed -e 's/,$//' -e 's/^ *//')
# key=value. A key of a label holds no quote: imgbuild refuses others.
pairs=$(printf '%s\n' "$labels" | sed -e 's/^"\([^"]*\)": "\(.*\)"$/\1=\2/')
annotations=$(printf '%s\n' "$pairs" | sed -n -e 's/^org\.opencontainers\.image\./manifest:&/p')

# The same as JSON: strings are still as the report has them.
tags_json=$(printf '%s\n' "$references" | sed -e '/^$/d' | quoted | joined ,)
labels_json=$(printf '%s\n' "$labels" | joined ,)
annotations_json=$(printf '%s\n' "$annotations" | sed -e '/^$/d' | quoted | joined ,)

# bake NAME BODY: a bake file for the target that workflows with metadata-action inherit.
bake() {
    printf '{"target":{"docker-metadata-action":{%s}}}\n' "$2" >"$work/$1.json"
    output "$1" "$work/$1.json"
}

output tag-names "$names"
output annotations "$(printf '%s\n' "$annotations" | text)"
bake bake-file-tags "\"tags\":[$tags_json]"
bake bake-file-labels "\"labels\":{$labels_json}"
bake bake-file-annotations "\"annotations\":[$annotations_json]"
bake bake-file "\"tags\":[$tags_json],\"labels\":{$labels_json}"
