# DL3033: flagged, one way or another
FROM debian:12
RUN yum install -y a
RUN yum install -y a-b
RUN yum install -y a-$V
RUN yum install -y $A
RUN yum install -y a-${V}-x
RUN yum install -y a.rpm
RUN yum install -y ./a.rpm
RUN yum install -y https://x/a.rpm
RUN yum install -y https://x/a
RUN yum install -y /x/a
RUN yum install -y @a
RUN yum group install a
RUN yum module install a
RUN yum -y install a
RUN yum install -y a b-1
RUN yum install -y a-1*
RUN yum install -y a=1
ONBUILD RUN yum install a
RUN yum install a-v1
RUN yum install epel-release
RUN yum install a-1.el8*
RUN yum install a-1.2.$V
RUN yum install gcc-c++
