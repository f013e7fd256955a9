# DL3019: flagged, one way or another
FROM debian:12
RUN apk add foo
RUN apk add foo=1.0
RUN apk add foo~1.0
RUN apk add foo~=1.0
RUN apk add foo>1.0
RUN apk add "foo>1.0"
RUN apk add 'foo<=1.0'
RUN apk add foo=
RUN apk add foo@edge
RUN apk add foo=1@edge
RUN apk add $PKG
RUN apk add ${PKG}
RUN apk add "$PKG"
RUN apk add "$PKG=1"
RUN apk add foo=$VER
RUN apk add foo=${VER}
RUN apk add foo bar baz
RUN apk add foo=1 bar
RUN apk add foo && apk add bar
RUN apk add -U foo
RUN apk add --update foo
RUN apk add --update-cache foo
RUN apk update && apk add foo
RUN apk add --virtual .deps foo
