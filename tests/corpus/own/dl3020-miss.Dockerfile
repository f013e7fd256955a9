# DL3020: near misses
FROM debian:12
ADD http://x/a b
ADD https://x/a b
ADD https://github.com/x/y.git b
ADD a.tar b
ADD a.tar.gz b
ADD a.tgz b
ADD a.tar.bz2 b
ADD a.tbz2 b
ADD a.tbz b
ADD a.tb2 b
ADD a.tar.xz b
ADD a.txz b
ADD a.xz b
ADD a.gz b
ADD a.bz2 b
ADD a.lz b
ADD a.lzma b
ADD a.tlz b
ADD a.tar.lz b
ADD a.tar.Z b
ADD a.Z b
ADD a.tpz b
ADD a.tar b.tar
ADD ${X}.tar.gz b
