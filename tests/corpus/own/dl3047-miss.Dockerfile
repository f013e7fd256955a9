# DL3047: near misses
FROM debian:12
RUN wget -q http://x
RUN wget -nv http://x
RUN wget --quiet http://x
RUN wget --no-verbose http://x
RUN wget --progress=dot:giga http://x
RUN wget --progress=bar http://x
RUN wget --progress dot:giga http://x
RUN wget -qO f http://x
RUN wget -qO- http://x
RUN wget -o log http://x
RUN wget --output-file=log http://x
RUN wget --output-file log http://x
RUN wget -a log http://x
RUN wget --append-output=log http://x
RUN wget --append-output log http://x
RUN wget -q --show-progress http://x
RUN wget -qnv http://x
RUN wget -nvq http://x
RUN wget http://x -q
RUN sudo wget http://x
RUN /usr/bin/wget http://x
RUN apt-get install wget
RUN xargs wget
RUN bash -c "wget http://x"
