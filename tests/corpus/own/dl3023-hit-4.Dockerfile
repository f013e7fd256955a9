FROM a:1 as x
COPY --chown=1 --from=x a b
