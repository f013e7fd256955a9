# DL3014: flagged, one way or another
FROM debian:12
RUN apt-get install a
RUN apt-get install -q a
RUN apt-get install --quiet a
RUN apt-get install --force-yes a
RUN apt-get install -f
RUN yes | apt-get install a
RUN echo y | apt-get install a
RUN DEBIAN_FRONTEND=noninteractive apt-get install a
RUN apt-get install -y a && apt-get install b
RUN apt-get install a && apt-get install b
RUN apt-get install -Y a
RUN apt-get install $OPTS a
RUN apt-get install --no-install-recommends a
RUN apt-get install --q a
RUN apt-get install
ONBUILD RUN apt-get install a
RUN ["apt-get","install","a"]
ENV A=-y
RUN apt-get install a
RUN apt-get install --quiet=2 a
RUN apt-get install -q=1 a
RUN apt-get install --quiet=1 a
RUN apt-get install -q2 a
