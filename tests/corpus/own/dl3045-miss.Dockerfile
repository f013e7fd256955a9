# DL3045: near misses
FROM debian:12
COPY a /b
FROM debian:12
COPY a "/b"
FROM debian:12
COPY a $X
FROM debian:12
COPY a ${X}
FROM debian:12
COPY a ${X}/b
FROM debian:12
COPY a "$X/b"
FROM debian:12
COPY a $X/b
FROM debian:12
COPY ["a","/b"]
FROM debian:12
COPY a C:\\b
FROM debian:12
COPY a C:/b
FROM debian:12
COPY a "C:\\b"
FROM debian:12
COPY a c:
FROM debian:12
COPY a D:/x/
FROM debian:12
ADD a b
