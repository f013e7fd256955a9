# DL3018: near misses
FROM debian:12
RUN apk add foo=1.0
RUN apk add foo~1.0
RUN apk add foo~=1.0
RUN apk add "foo>1.0"
RUN apk add 'foo<=1.0'
RUN apk add foo=
RUN apk add foo=1@edge
RUN apk add "$PKG=1"
RUN apk add foo=$VER
RUN apk add foo=${VER}
RUN apk add --virtual .deps foo=1
RUN apk add --virtual=.deps foo=1
RUN apk add -t .deps foo=1
RUN apk add --no-cache --repository http://x foo=1
RUN apk add --repository=http://x foo=1
RUN apk add -X http://x foo=1
RUN apk -X http://x add foo=1
RUN apk --repository http://x add foo=1
RUN apk add --allow-untrusted ./foo.apk
RUN apk add --allow-untrusted foo.apk
RUN apk add /tmp/foo.apk
RUN apk del foo
RUN apk upgrade
RUN apk add
