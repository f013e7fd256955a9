# DL3003: near misses
FROM debian:12
RUN pushd x && popd
RUN ["sh","-c","cd x"]
RUN sh -c "cd x"
ONBUILD RUN cd x
RUN echo cd x
RUN chdir x
RUN cd /x &&
RUN pushd x
