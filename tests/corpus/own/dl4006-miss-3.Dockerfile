FROM debian:12
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
RUN a | b
