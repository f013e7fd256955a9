# DL3002: near misses
FROM debian:12
USER 00
FROM debian:12
USER foo
FROM debian:12
USER "root"
FROM debian:12
USER $X
FROM debian:12
ONBUILD USER root
FROM debian:12
RUN x
FROM debian:12
USER ROOT
FROM debian:12
USER ContainerAdministrator
FROM debian:12
USER root # x
