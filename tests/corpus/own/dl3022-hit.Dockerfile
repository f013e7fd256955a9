# DL3022: flagged, one way or another
FROM debian:12
COPY --from=x a b
