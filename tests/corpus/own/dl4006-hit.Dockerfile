# DL4006: flagged, one way or another
FROM debian:12
RUN a | b
RUN a|b
RUN set +o pipefail; a | b
RUN a | b && set -o pipefail
RUN a |& b
RUN (a | b)
RUN $(a | b)
RUN X=$(a | b)
RUN "$(a | b)"
RUN if a | b; then c; fi
RUN while read x; do a | b; done
RUN a | b | c
RUN a | b && c | d
RUN ["a", "|", "b"]
RUN ["sh", "-c", "a | b"]
RUN yes | apt-get install foo
RUN a > >(b | c)
RUN case x in a) a | b;; esac
