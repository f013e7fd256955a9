FROM debian:12
CMD a
RUN x
CMD b
