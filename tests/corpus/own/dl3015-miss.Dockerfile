# DL3015: near misses
FROM debian:12
RUN apt-get install -y --no-install-recommends foo=1
RUN apt-get --no-install-recommends install -y foo
RUN apt-get install -y foo --no-install-recommends
RUN apt-get -y --no-install-recommends install foo=1
RUN apt-get install -y -o APT::Install-Recommends=false foo=1
RUN apt-get install -y -o "APT::Install-Recommends=false" foo=1
RUN apt-get -o APT::Install-Recommends=false install -y foo=1
RUN apt install -y foo
RUN apt install -y foo=1
RUN aptitude install -y foo
RUN sudo apt-get install -y foo
RUN sudo -E apt-get install -y foo
RUN env DEBIAN_FRONTEND=x apt-get install -y foo
RUN /usr/bin/apt-get install -y foo
RUN eatmydata apt-get install -y foo
RUN xargs apt-get install -y
RUN xargs -a f apt-get install -y foo
RUN bash -c "apt-get install -y foo"
RUN ["bash","-c","apt-get install -y foo"]
RUN apt-get build-dep foo
RUN apt-get upgrade -y
RUN apt-get dist-upgrade -y
RUN apt-get install --no-install-recommends=true foo=1
RUN apt-get install --no-install-recommends
