FROM debian:12
RUN apt-get update && sudo rm -rf /var/lib/apt/lists/*
