FROM debian:12
COPY a b
WORKDIR /x
COPY c d
