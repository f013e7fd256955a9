# DL3042: flagged, one way or another
FROM debian:12
RUN pip install a
RUN pip3 install a
RUN pip2 install a
RUN pip3.9 install a
RUN python -m pip install a
RUN python3 -m pip install a
RUN python3.9 -m pip install a
RUN pip install -r r.txt
RUN pip install .
RUN pip install -e .
RUN pip install -U pip
RUN pip install --upgrade pip
RUN pip install --no-cache-dir a && pip install b
RUN pip install a && pip install b
RUN pip install
RUN pip install --no-cache a
RUN pip install --cache-dir=/x a
RUN pip install --cache-dir /x a
RUN PIP_NO_CACHE_DIR=0 pip install a
RUN PIP_NO_CACHE_DIR=off pip install a
RUN --mount=type=cache,target=/root/.cache pip install a
RUN --mount=type=cache,target=/x pip install a
RUN --mount=type=bind,target=/root/.cache/pip pip install a
