FROM a:1 AS x
COPY --from=x a b
