FROM debian:12
RUN apt-get install wget
RUN curl x
