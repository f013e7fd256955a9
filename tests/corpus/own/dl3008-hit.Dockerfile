# DL3008: flagged, one way or another
FROM debian:12
RUN apt-get install foo
RUN apt-get install -y foo
RUN apt-get install -y foo-
RUN apt-get install -y foo:amd64
RUN apt-get install -y "foo"
RUN apt-get install -y $PKG
RUN apt-get install -y ${PKG}
RUN apt-get install -y "$PKG"
RUN apt-get install -y $(cat x)
RUN apt-get install -y `cat x`
RUN apt-get install -y linux-headers-$(uname -r)
RUN apt-get install -y ./foo.deb bar
RUN apt-get --no-install-recommends install -y foo
RUN apt-get install -y foo --no-install-recommends
RUN apt-get -y install foo
RUN apt-get -o A=b install -y foo
RUN apt-get install -t bookworm-backports foo
RUN apt-get install --default-release bookworm foo=1
RUN apt-get install -y foo bar
RUN apt-get install -y foo=1 bar
RUN apt-get install -y foo=1 && apt-get install -y bar
RUN apt-get update && apt-get install -y foo
