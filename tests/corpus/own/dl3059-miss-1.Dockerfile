FROM debian:12
RUN a
ENV x=1
RUN b
