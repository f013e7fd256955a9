# DL3027: flagged, one way or another
FROM debian:12
RUN apt install a
RUN apt update
RUN apt
RUN apt a
RUN apt upgrade && apt x
RUN ["apt","install"]
RUN (apt x)
ONBUILD RUN apt x
RUN <<EOF
apt x
EOF

RUN X=1 apt x
RUN apt x
RUN apt y
RUN apt --version
RUN apt list
SHELL ["cmd"]
RUN apt x
RUN apt install -y a && apt-get install b
RUN $(apt x)
RUN a | apt x
