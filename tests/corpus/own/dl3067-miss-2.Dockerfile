FROM a:1 AS x
COPY . .
FROM b:1
