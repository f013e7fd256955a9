# DL3041: near misses
FROM debian:12
RUN dnf install -y a-1
RUN dnf install -y a-1.2
RUN dnf install -y a-1.2-3
RUN dnf install -y a-1.2-3.el8
RUN dnf install -y a-1.2-3.el8.x86_64
RUN dnf install -y a-b-1
RUN dnf install -y a-2x
RUN dnf install -y "a-1"
RUN dnf module install -y a:1
RUN dnf module install -y a:1/x
RUN dnf module enable a
RUN dnf groupinstall a
RUN dnf group install a
RUN dnf group install "A B"
RUN dnf localinstall a
RUN dnf reinstall a
RUN dnf update a
RUN dnf upgrade a
RUN dnf downgrade a
RUN dnf builddep a
RUN dnf install --enablerepo=x a-1
RUN dnf install --setopt=a=b a-1
RUN dnf install
RUN dnf install -y
