# DL3048: flagged, one way or another
FROM debian:12
LABEL a--b=c
LABEL a..b=c
LABEL A=b
LABEL aB=c
LABEL .a=b
LABEL a.=b
LABEL -a=b
LABEL a-=b
LABEL _a=b
LABEL a_=b
LABEL 1a=b
LABEL 1=b
LABEL com.docker.x=c
LABEL io.docker.x=c
LABEL org.dockerproject.x=c
LABEL "A"=b
LABEL "com.docker.x"=b
LABEL a@b=c
LABEL A b
LABEL $X=b
LABEL ${X}=b
LABEL a$X=b
LABEL a=b B=c
LABEL A=b C=d
