# DL3044: flagged, one way or another
FROM debian:12
ENV A=1 B=$A
FROM debian:12
ENV A=1 B=${A}
FROM debian:12
ENV B=$A A=1
FROM debian:12
ENV PATH=/x PATH=$PATH:/y
FROM debian:12
ENV A=1 B="$A"
FROM debian:12
ENV A=1 B='$A'
FROM debian:12
ENV A=1 B='${A}'
FROM debian:12
ENV A=1 B=\$A
FROM debian:12
ENV A=1 B="\$A"
FROM debian:12
ENV A=1 B="\${A}"
FROM debian:12
ENV A=1 B=x${A}y
FROM debian:12
ENV A=1 B=x$A/y
FROM debian:12
ENV A=1 B=${X:-$A}
FROM debian:12
ENV A=1 B=2 C=$A D=$B
