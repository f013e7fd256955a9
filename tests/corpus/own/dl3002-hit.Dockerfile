# DL3002: flagged, one way or another
FROM debian:12
FROM debian:12
FROM debian:12
FROM debian:12
FROM debian:12
FROM debian:12
USER 0:1
