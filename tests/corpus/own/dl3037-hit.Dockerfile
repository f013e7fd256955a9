# DL3037: flagged, one way or another
FROM debian:12
RUN zypper install -y a
RUN zypper in -y a
RUN zypper install -y a>=1
RUN zypper install -y a~1
RUN zypper install -y a-1
RUN zypper install -y $A
RUN zypper --non-interactive install a
RUN zypper -n in a
RUN zypper install -t pattern a
RUN zypper in a=1 b
RUN zypper --gpg-auto-import-keys in a
ONBUILD RUN zypper in a
RUN zypper install "pattern:a"
RUN zypper in /x/a
RUN zypper install +a
RUN zypper in foo.rpmx
