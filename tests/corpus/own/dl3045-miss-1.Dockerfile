FROM debian:12
WORKDIR /x
COPY a b
