# DL3009: flagged, one way or another
FROM debian:12
RUN apt-get update
RUN apt-get update && apt-get install -y a
RUN apt-get update && apt-get install -y a && apt-get clean
RUN apt-get update && apt-get install -y a && apt-get autoclean
RUN apt-get update && apt-get install -y a && apt-get -y clean
RUN apt-get update && apt-get upgrade -y
RUN apt-get -qq update
RUN apt-get -qq update && apt-get install -y a
RUN apt-get -y update && apt-get install -y a
RUN apt update && apt install -y a
RUN apt update
RUN aptitude update
RUN apt-get update && apt install -y a
RUN if x; then apt-get update; fi
RUN ["apt-get","update"]
ONBUILD RUN apt-get update
ONBUILD RUN apt-get update && apt-get install -y a
RUN --mount=type=cache,target=/var/lib/apt apt-get update
RUN --mount=type=cache,target=/var/cache/apt apt-get update
RUN --mount=type=tmpfs,target=/var/lib/apt apt-get update
RUN --mount=type=bind,target=/var/lib/apt/lists apt-get update
RUN --mount=type=cache,dst=/var/lib/apt apt-get update
RUN --mount=type=cache,destination=/var/lib/apt apt-get update
