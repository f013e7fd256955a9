FROM a:1
COPY --from=0 a b
