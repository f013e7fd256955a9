FROM a:1
FROM b:1
COPY --from=2 a b
