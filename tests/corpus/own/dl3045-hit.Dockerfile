# DL3045: flagged, one way or another
FROM debian:12
COPY a b
FROM debian:12
COPY a ./b
FROM debian:12
COPY a .
FROM debian:12
COPY a ./
FROM debian:12
COPY a b/
FROM debian:12
COPY . .
FROM debian:12
COPY a "b"
FROM debian:12
COPY ["a","b"]
FROM debian:12
COPY ["a","."]
FROM debian:12
COPY --from=x a b
FROM debian:12
COPY --chown=1 a b
FROM debian:12
COPY a \\b
FROM debian:12
COPY a b c/
FROM debian:12
COPY a ~
