# DL3004: flagged, one way or another
FROM debian:12
RUN sudo a
RUN a && sudo b
RUN a | sudo b
RUN (sudo a)
RUN $(sudo a)
RUN sudo
RUN ["sudo","a"]
ONBUILD RUN sudo a
RUN if sudo a; then b; fi
RUN sudo a
RUN sudo b
RUN X=1 sudo a
RUN <<EOF
sudo a
EOF

RUN sudo -E a
