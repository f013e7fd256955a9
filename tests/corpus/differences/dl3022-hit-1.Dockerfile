FROM a:1 AS x
FROM b:1
COPY --from=X a b
