# DL3027: near misses
FROM debian:12
RUN apt-get install a
RUN sudo apt install a
RUN /usr/bin/apt install a
RUN bash -c "apt x"
RUN echo apt
RUN aptitude x
RUN apt-cache x
RUN which apt
RUN xargs apt install
RUN env apt install
RUN apt-key add
RUN rm -rf /var/lib/apt
RUN apt-get install apt
