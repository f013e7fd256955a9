# DL3002: flagged, one way or another
FROM debian:12
USER root
FROM debian:12
USER 0
FROM debian:12
USER 0:0
FROM debian:12
USER root:root
FROM debian:12
USER root:foo
FROM debian:12
USER 0:1
