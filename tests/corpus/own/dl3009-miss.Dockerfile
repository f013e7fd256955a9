# DL3009: near misses
FROM debian:12
RUN apt-get install -y a
RUN apt-get update && apt-get install -y a && rm -rf /var/lib/apt/lists/*
RUN apt-get update && apt-get install -y a && rm -rf /var/lib/apt/lists
RUN apt-get update && apt-get install -y a && rm -rf /var/lib/apt/lists/
RUN apt-get update && apt-get install -y a && rm -r /var/lib/apt/lists/*
RUN apt-get update && apt-get install -y a && rm -f /var/lib/apt/lists/*
RUN apt-get update && apt-get install -y a && rm /var/lib/apt/lists/*
RUN apt-get update && apt-get install -y a && rm -rf /var/lib/apt/*
RUN apt-get update && apt-get install -y a && rm -rf /var/lib/apt
RUN apt-get update && apt-get install -y a && rm -rf /var/cache/apt/* /var/lib/apt/lists/*
RUN apt-get update && apt-get install -y a && rm -rf "/var/lib/apt/lists/*"
RUN apt-get update && apt-get install -y a && rm -rf /var/lib/apt/lists/* /tmp/*
RUN apt-get update && apt-get install -y a && rm -rf /var/lib/apt/lists/*.*
RUN apt-get update && apt-get install -y a && rm -rf /var/lib/apt/lists/* && apt-get clean
RUN rm -rf /var/lib/apt/lists/* && apt-get update && apt-get install -y a
RUN apt-get update; apt-get install -y a; rm -rf /var/lib/apt/lists/*
RUN apt-get clean
RUN apt-get upgrade -y
RUN apt-get dist-upgrade -y
RUN apt-get remove a
RUN apt-get autoremove
RUN sudo apt-get update
RUN sudo apt-get update && sudo rm -rf /var/lib/apt/lists/*
RUN (apt-get update && rm -rf /var/lib/apt/lists/*)
