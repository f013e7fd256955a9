# imgbuild itself, for pipelines whose steps are containers: with a shell, with git, and without an entrypoint, since GitLab
# and Tekton put their own commands in.
FROM rust:1.90-alpine3.22 AS build
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY docs docs
COPY templates templates
COPY src src
RUN cargo build --locked --profile dist --bin imgbuild

FROM alpine:3.22
RUN apk add --no-cache git~2.49
COPY --from=build /src/target/dist/imgbuild /usr/local/bin/imgbuild
# The engine's socket is given to its group: docker run --group-add "$(stat -c %g /var/run/docker.sock)".
USER 10001:10001
HEALTHCHECK NONE
CMD ["imgbuild", "--help"]
