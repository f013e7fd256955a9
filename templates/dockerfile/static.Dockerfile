# The folder {{start}} as a web site.
ARG BASE=busybox:1.37
FROM ${BASE}
COPY {{start}} /srv/www
EXPOSE {{port}}
USER 10001:10001
HEALTHCHECK --interval=10s --timeout=3s --retries=3 \
    CMD ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:{{port}}{{health-path}}"]
# httpd has no handler for SIGTERM, and without one the first process ignores it: so that is this shell.
CMD ["sh", "-c", "trap 'exit 0' INT TERM; httpd -f -p {{port}} -h /srv/www & wait"]
