# DL4001: flagged, one way or another
FROM debian:12
RUN wget x && curl y
FROM debian:12
RUN curl y && wget x
FROM debian:12
RUN apt-get install -y wget curl && curl x && wget y
FROM debian:12
RUN wget x || curl y
FROM debian:12
RUN if x; then wget x; else curl y; fi
