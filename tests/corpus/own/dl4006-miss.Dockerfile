# DL4006: near misses
FROM debian:12
RUN a || b
RUN echo "a | b"
RUN echo a \| b
RUN bash -c "a | b"
RUN bash -o pipefail -c "a | b"
ONBUILD RUN a | b
RUN a # | b
