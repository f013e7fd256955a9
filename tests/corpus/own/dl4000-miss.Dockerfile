# DL4000: near misses
FROM debian:12
LABEL maintainer=x
ONBUILD MAINTAINER x
RUN maintainer x
