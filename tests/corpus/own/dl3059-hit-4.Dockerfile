FROM debian:12
RUN a
# c
RUN b
