# DL3014: near misses
FROM debian:12
RUN apt-get install -y a
RUN apt-get -y install a
RUN apt-get install a -y
RUN apt-get install --yes a
RUN apt-get install --assume-yes a
RUN apt-get install -qq a
RUN apt-get install -q -q a
RUN apt-get install -qy a
RUN apt-get install -yq a
RUN apt-get install -q=2 a
RUN apt-get -qq install a
RUN apt-get install --quiet --quiet a
RUN apt-get install -qqy a
RUN apt-get install -fy a
RUN apt-get upgrade
RUN apt-get dist-upgrade
RUN apt-get remove a
RUN apt-get update
RUN apt install a
RUN apt-get install --assume-yes=true a
RUN apt-get install -yes a
RUN apt-get install "-y" a
RUN apt-get autoremove
RUN apt-get build-dep a
