# DL3047: flagged, one way or another
FROM debian:12
RUN wget http://x
RUN wget -O f http://x
RUN wget -O- http://x
RUN wget -O - http://x
RUN wget -nc http://x
RUN wget -N http://x
RUN wget -b http://x
RUN wget --background http://x
RUN wget --show-progress http://x
RUN wget --version
RUN wget --help
RUN wget
RUN wget http://x && wget -q http://y
RUN wget -q http://x && wget http://y
RUN wget http://x
RUN wget http://y
RUN (wget http://x)
RUN $(wget -O- http://x)
RUN if wget http://x; then a; fi
RUN X=1 wget http://x
RUN ["wget","http://x"]
RUN <<EOF
wget http://x
EOF

ONBUILD RUN wget http://x
RUN wget $OPT http://x
RUN wget -i f
