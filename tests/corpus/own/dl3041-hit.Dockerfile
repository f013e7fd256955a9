# DL3041: flagged, one way or another
FROM debian:12
RUN dnf install -y a
RUN dnf install -y a-b
RUN dnf install -y a-x2
RUN dnf install -y a2
RUN dnf install -y a.x86_64
RUN dnf install -y a-${V}
RUN dnf install -y a-$V
RUN dnf install -y $A
RUN dnf install -y a=1
RUN dnf install -y a-1*
RUN dnf install -y a-*
RUN dnf install -y a-~1
RUN dnf install -y a:1
RUN dnf install -y @a
RUN dnf install -y @a:1
RUN dnf module install -y a
RUN dnf install -y ./a.rpm
RUN dnf install -y /a.rpm
RUN dnf install -y a.rpm
RUN dnf install -y https://x/a.rpm
RUN dnf install -y https://x/a
RUN dnf install -y /usr/bin/a
RUN dnf install -y a b-1
RUN dnf -y install a
