FROM rust:1.90-alpine3.22 AS build
WORKDIR /src
# The dependencies alone first: they change less often than what uses them.
COPY Cargo.toml Cargo.lock ./
RUN mkdir src && echo 'fn main() {}' >src/main.rs && cargo build --release --locked
COPY . .
# cargo goes by times, and those of a commit may be older than the line above.
RUN touch src/main.rs && cargo build --release --locked

FROM alpine:3.22
COPY --from=build /src/target/release/{{name}} /usr/local/bin/{{name}}
ENV PORT={{port}}
EXPOSE {{port}}
USER 10001:10001
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
    CMD ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:{{port}}{{health-path}}"]
CMD ["/usr/local/bin/{{name}}"]
