FROM a:1 AS X
FROM b:1
COPY --from=x a b
