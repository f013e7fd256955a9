FROM debian:12
RUN wget x
RUN wget x
