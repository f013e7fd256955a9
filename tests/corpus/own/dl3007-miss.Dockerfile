# DL3007: near misses
FROM debian:12
RUN from a
