FROM debian:12
ENV PIP_NO_CACHE_DIR=false
RUN pip install a
