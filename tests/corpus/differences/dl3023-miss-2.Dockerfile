FROM a:1 AS X
COPY --from=x a b
