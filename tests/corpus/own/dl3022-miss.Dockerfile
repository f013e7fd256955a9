# DL3022: near misses
FROM debian:12
COPY --from=0 a b
