FROM debian:12
RUN yum install -y --enablerepo x a-1
