# DL3015: flagged, one way or another
FROM debian:12
RUN apt-get install foo
RUN apt-get install -y foo
RUN apt-get install -y foo=1
RUN apt-get install -y foo=1.*
RUN apt-get install -y foo=$V
RUN apt-get install -y foo=
RUN apt-get install -y foo/bookworm
RUN apt-get install -y foo/bookworm bar=1
RUN apt-get install -y foo-
RUN apt-get install -y foo:amd64
RUN apt-get install -y foo:amd64=1
RUN apt-get install -y "foo=1"
RUN apt-get install -y "foo"
RUN apt-get install -y $PKG
RUN apt-get install -y ${PKG}
RUN apt-get install -y "$PKG"
RUN apt-get install -y $(cat x)
RUN apt-get install -y `cat x`
RUN apt-get install -y linux-headers-$(uname -r)
RUN apt-get install -y linux-headers-$(uname -r)=1
RUN apt-get install -y ./foo.deb
RUN apt-get install -y /tmp/foo.deb
RUN apt-get install -y foo.deb
RUN apt-get install -y ./*.deb
