# DL3021: near misses
FROM debian:12
COPY a b
COPY a b /c/
COPY a b ./
COPY a b c/
COPY a b $X/
COPY a* b
COPY a* /b
COPY *.x /b
COPY ["a","b","c/"]
COPY a b "/c/"
COPY a b 'c/'
ADD a b c
ADD a b c/
COPY a b C:/x/
ONBUILD COPY a b c
COPY a b /
COPY a b "${X}/"
COPY a ./
