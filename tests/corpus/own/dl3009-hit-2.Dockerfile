FROM debian:12
RUN apt-get update
RUN apt-get install -y a && rm -rf /var/lib/apt/lists/*
