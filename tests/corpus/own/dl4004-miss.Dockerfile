# DL4004: near misses
FROM debian:12
CMD a
FROM debian:12
ENTRYPOINT a
