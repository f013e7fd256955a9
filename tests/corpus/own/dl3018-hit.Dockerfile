# DL3018: flagged, one way or another
FROM debian:12
RUN apk add foo
RUN apk add foo>1.0
RUN apk add foo@edge
RUN apk add $PKG
RUN apk add ${PKG}
RUN apk add "$PKG"
RUN apk add foo bar baz
RUN apk add foo=1 bar
RUN apk add foo && apk add bar
RUN apk add --no-cache foo
RUN apk --no-cache add foo
RUN apk add foo --no-cache
RUN apk add -U foo
RUN apk add --update foo
RUN apk add --update-cache foo
RUN apk update && apk add foo
RUN apk add --virtual .deps foo
RUN apk add -t .deps foo
RUN apk add foo.apk bar
RUN apk add .deps
RUN X=1 apk add foo
RUN if true; then apk add foo; fi
RUN for p in a b; do apk add $p; done
RUN (apk add foo)
