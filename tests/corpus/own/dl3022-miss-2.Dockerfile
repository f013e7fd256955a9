FROM a:1
FROM b:1
COPY --from=0 a b
