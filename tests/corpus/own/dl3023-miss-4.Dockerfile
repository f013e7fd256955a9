FROM a:1
COPY --from=a a b
