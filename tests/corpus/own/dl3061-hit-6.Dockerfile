#x
RUN a
FROM a:1
