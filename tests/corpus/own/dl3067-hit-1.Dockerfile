FROM a:1 AS x
FROM scratch
COPY --from=x / /
