# DL3003: flagged, one way or another
FROM debian:12
RUN cd /x
RUN cd /x && a
RUN a && cd /x
RUN a && cd /x && b
RUN (cd /x && a)
RUN (cd x; a)
RUN a; (cd /x)
RUN $(cd x && a)
RUN echo "$(cd x && pwd)"
RUN X=$(cd x)
RUN if a; then cd x; fi
RUN for i in a b; do cd $i; done
RUN cd $X && a
RUN cd - && a
RUN cd
RUN cd ..
RUN cd ~
RUN cd x
RUN cd y
RUN cd x && cd y
RUN ["cd", "x"]
RUN <<EOF
cd x
EOF

RUN { cd x; }
RUN a | cd x
RUN a || cd x
