# DL3004: near misses
FROM debian:12
RUN apt-get install sudo
RUN echo sudo
RUN /usr/bin/sudo a
RUN gosu a
RUN bash -c "sudo a"
RUN doas a
RUN su x
RUN env sudo a
