# DL3037: near misses
FROM debian:12
RUN zypper install -y a=1
RUN zypper install -y "a=1"
RUN zypper install -y "a>=1"
RUN zypper install -y "a>1"
RUN zypper install -y "a<1"
RUN zypper install -y "a<=1"
RUN zypper install -y a.rpm
RUN zypper install -y ./a.rpm
RUN zypper install -y https://x/a.rpm
RUN zypper install -y a=$A
RUN zypper -n install a=1
RUN zypper update a
RUN zypper source-install a
RUN zypper si a
RUN zypper remove a
RUN zypper install
RUN sudo zypper in a
RUN zypper install-new-recommends
RUN zypper inr
RUN zypper install --no-recommends a=1
RUN zypper dup a
RUN zypper patch
RUN zypper addlock a
RUN zypper in a=
