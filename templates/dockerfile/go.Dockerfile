FROM golang:1.25-alpine3.22 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
# A static binary, without the paths of the machine that built it.
ENV CGO_ENABLED=0
RUN go build -trimpath -o /out/{{name}} {{start}}

FROM alpine:3.22
COPY --from=build /out/{{name}} /usr/local/bin/{{name}}
ENV PORT={{port}}
EXPOSE {{port}}
USER 10001:10001
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
    CMD ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:{{port}}{{health-path}}"]
CMD ["/usr/local/bin/{{name}}"]
