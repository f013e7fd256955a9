FROM debian:12
RUN apt-get install -c file foo=1
RUN apt-get install --config-file f foo=1
