# DL3066: flagged, one way or another
FROM debian:12
USER foo
USER root
USER root:root
USER foo:foo
USER foo:1000
USER $X
USER ${X}
USER ${X}:${Y}
USER "foo"
ENV X=foo
USER $X
ENV X=1000
USER foo
USER 1000
USER 1000
USER foo
USER foo
USER bar
USER foo
RUN useradd foo
RUN useradd -u 1000 foo
USER foo
USER 1000foo
USER ContainerUser
USER ContainerAdministrator
USER -1
