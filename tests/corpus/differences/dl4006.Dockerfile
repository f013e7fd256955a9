FROM debian:12
RUN set -o pipefail && a | b
RUN set -o pipefail; a | b
RUN set -eo pipefail && a | b
RUN set -exo pipefail && a | b
RUN set -e -o pipefail && a | b
RUN set -euxo pipefail; a | b
