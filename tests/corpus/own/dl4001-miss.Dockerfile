# DL4001: near misses
FROM debian:12
RUN apt-get install wget curl
