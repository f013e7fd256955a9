FROM debian:12
HEALTHCHECK --interval=5s CMD x
HEALTHCHECK --interval=3s CMD y
