FROM a:1 AS x
FROM x AS x
