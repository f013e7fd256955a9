# DL3048: near misses
FROM debian:12
LABEL a=b
LABEL a.b=c
LABEL a.b.c=d
LABEL a-b=c
LABEL a_b=c
LABEL a1=b
LABEL a/b=c
LABEL com.docker=c
LABEL com.dockerx=c
LABEL com.example/x=c
LABEL "a"=b
LABEL a.-b=c
LABEL a-.b=c
LABEL a__b=c
LABEL a b
LABEL maintainer=x
LABEL org.opencontainers.image.title=x
LABEL org.label-schema.build-date=x
LABEL org.label-schema.vcs-ref=x
LABEL org.label-schema.schema_version=x
LABEL a="B"
LABEL 'a'=b
ONBUILD LABEL A=b
LABEL io.k8s.display-name=x
