# DL3044: near misses
FROM debian:12
ENV A=$A
FROM debian:12
ENV A=$A:x
FROM debian:12
ENV PATH=$PATH:/x
FROM debian:12
ENV PATH=/x:$PATH
FROM debian:12
ENV A=1 B=$AB
FROM debian:12
ENV A=1 B=${AB}
FROM debian:12
ENV A=1 B=${A:-x}
FROM debian:12
ENV A=1 B=${A:+x}
FROM debian:12
ENV A=1 B=${A%x}
FROM debian:12
ENV A 1 B=$A
FROM debian:12
ENV B $A
FROM debian:12
ENV A_B=1 C=$A
FROM debian:12
ENV A=1 C=$A_B
FROM debian:12
ENV A=1 a=$a
