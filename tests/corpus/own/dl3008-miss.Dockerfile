# DL3008: near misses
FROM debian:12
RUN apt-get install -y foo=1
RUN apt-get install -y foo=1.*
RUN apt-get install -y foo=$V
RUN apt-get install -y foo=
RUN apt-get install -y foo/bookworm
RUN apt-get install -y foo/bookworm bar=1
RUN apt-get install -y foo:amd64=1
RUN apt-get install -y "foo=1"
RUN apt-get install -y linux-headers-$(uname -r)=1
RUN apt-get install -y ./foo.deb
RUN apt-get install -y /tmp/foo.deb
RUN apt-get install -y foo.deb
RUN apt-get install -y ./*.deb
RUN apt-get install -y "/tmp/foo.deb"
RUN apt-get install -y /tmp/foo
RUN apt-get install -y --no-install-recommends foo=1
RUN apt-get -y --no-install-recommends install foo=1
RUN apt-get -o A=b install foo=1
RUN apt-get install -o A=b foo=1
RUN apt-get install -oA=b foo=1
RUN apt-get install -t bookworm-backports foo=1
RUN apt-get -t bookworm install foo=1
RUN apt-get install -t=bookworm foo=1
RUN apt-get install --target-release bookworm foo=1
