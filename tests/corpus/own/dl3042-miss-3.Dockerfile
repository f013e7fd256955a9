FROM debian:12
ENV PIP_NO_CACHE_DIR=on
RUN pip install a
