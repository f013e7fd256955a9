# The program {{start}} of this repository, as it is.
ARG BASE=alpine:3.22
FROM ${BASE}
WORKDIR /app
COPY . .
ENV PORT={{port}}
EXPOSE {{port}}
USER 10001:10001
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
    CMD ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:{{port}}{{health-path}}"]
CMD ["/app/{{start}}"]
