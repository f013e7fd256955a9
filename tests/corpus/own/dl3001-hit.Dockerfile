# DL3001: flagged, one way or another
FROM debian:12
RUN ssh x
RUN vim x
RUN shutdown
RUN service x start
RUN ps
RUN free
RUN top
RUN kill 1
RUN mount x
RUN ps aux | grep x
RUN service x start && mysql
RUN (ps)
RUN $(free)
RUN ["ps"]
ONBUILD RUN ps
RUN ps
RUN ps
RUN <<EOF
ps
EOF

RUN service --status-all
RUN kill -0 1
RUN free -m
RUN mount --bind a b
RUN top -b
RUN kill
RUN mount
