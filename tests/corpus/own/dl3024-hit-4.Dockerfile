FROM a:1 AS x
FROM b:1 AS y
FROM c:1 AS y
FROM d:1 AS x
