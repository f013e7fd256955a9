# DL3033: near misses
FROM debian:12
RUN yum install -y a-1
RUN yum install -y a-1.2-3.el8
RUN yum groupinstall a
RUN yum module install a:1
RUN yum localinstall a
RUN yum reinstall a
RUN yum update a
RUN yum install -y --enablerepo=x a-1
RUN yum install
RUN yum install java-1.8.0-openjdk
RUN yum install a-9-b
RUN yum-builddep a
RUN dnf install a
RUN sudo yum install a
RUN yum install "a-1"
RUN yum install a-1+b
RUN yum install a-1_b
RUN yum install a-1~rc
RUN yum install a-1-b_c
RUN yum install a-1:2
RUN yum install --setopt=x a-1
RUN yum install -q -y a-1
RUN yum localinstall -y x
RUN yum install a-1.2-3.el7.x86_64
