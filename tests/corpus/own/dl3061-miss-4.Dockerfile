# c
FROM a:1
