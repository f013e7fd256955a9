FROM debian:12
RUN apt-get install -qqq a
RUN apt-get install -o APT::Get::Assume-Yes=true a
