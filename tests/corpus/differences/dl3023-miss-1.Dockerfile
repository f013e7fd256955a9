FROM a:1 AS x
COPY --from=X a b
