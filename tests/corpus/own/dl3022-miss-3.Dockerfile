FROM a:1
FROM b:1
COPY --from=1 a b
