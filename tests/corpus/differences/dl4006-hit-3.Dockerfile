FROM debian:12
SHELL ["/bin/sh", "-o", "pipefail", "-c"]
RUN a | b
