# DL3020: flagged, one way or another
FROM debian:12
ADD a b
ADD . .
ADD ftp://x/a b
ADD a.zip b
ADD a.tzst b
ADD a.tar.lzo b
ADD a.jar b
ADD a.7z b
ADD a.TAR.GZ b
ADD a b.tar
ADD a.tar x b/
ADD http://x/a x b/
ADD $X b
ADD ${X} b
ADD $X/a b
ADD "a" b
ADD ["a","b"]
ADD --chown=1 a b
ADD --link a b
ADD a.tar* b
ADD a/ b
ADD HTTP://x b
