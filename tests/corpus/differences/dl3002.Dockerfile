FROM debian:12
USER root
USER 0
USER 0:0
USER root:root
USER root:foo
