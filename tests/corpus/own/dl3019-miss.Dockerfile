# DL3019: near misses
FROM debian:12
RUN apk add --no-cache foo
RUN apk --no-cache add foo
RUN apk add foo --no-cache
RUN apk add --no-cache --repository http://x foo=1
RUN apk del foo
RUN apk upgrade
RUN apk add --no-cache
RUN sudo apk add foo
RUN sudo -E apk add foo
RUN /sbin/apk add foo
RUN env X=1 apk add foo
RUN sh -c "apk add foo"
RUN bash -c 'apk add foo'
RUN ["sh", "-c", "apk add foo"]
RUN --mount=type=cache,target=/var/cache/apk apk add foo
RUN --mount=type=cache,target=/var/cache/apk/ apk add foo
RUN --mount=type=tmpfs,target=/var/cache/apk apk add foo
RUN --mount=type=cache,dst=/var/cache/apk apk add foo
RUN apk add --no-cache -- foo
RUN xargs apk add < list
RUN cat list | xargs apk add
RUN apk add --no-cache=true foo
RUN --mount=type=cache,target=/var/cache/apk/x apk add foo
RUN apk add "--no-cache" foo
