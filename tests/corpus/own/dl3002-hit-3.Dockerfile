FROM debian:12
USER foo
USER root
USER 0
