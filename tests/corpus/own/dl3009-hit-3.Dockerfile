FROM debian:12
RUN apt-get update && apt-get install -y a
RUN rm -rf /var/lib/apt/lists/*
