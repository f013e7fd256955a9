FROM a:latest AS b
