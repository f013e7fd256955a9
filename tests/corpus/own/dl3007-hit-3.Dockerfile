FROM a:1 AS b
FROM b:latest
