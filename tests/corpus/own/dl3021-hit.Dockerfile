# DL3021: flagged, one way or another
FROM debian:12
COPY a b /c
COPY a b .
COPY a b ..
COPY a b c
COPY a b $X
COPY a b ${X}
COPY ["a","b","c"]
COPY a b "/c"
COPY --from=x a b c
COPY --chown=1 a b c
COPY a b "c:\\x\\"
COPY a b ./.
COPY <<A <<B /c
x
A
y
B

COPY a \
 b \
 /c
COPY a b c
COPY a b c
COPY a b ~
COPY a b /.
COPY --link a b c
COPY a b "${X}"
COPY a b c d
COPY a* b* c
COPY "a" "b" c
