FROM a:1 AS x
RUN apt-get update
FROM b:1
COPY --from=x a b
