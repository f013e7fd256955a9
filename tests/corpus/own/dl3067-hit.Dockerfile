# DL3067: flagged, one way or another
FROM debian:12
COPY --from=x / /
COPY --from=x /a / /
