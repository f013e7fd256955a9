FROM debian:12
CMD []
CMD a
