FROM debian:12
RUN curl y
RUN curl y
RUN wget x
