# DL3042: near misses
FROM debian:12
RUN pip install --no-cache-dir a
RUN pip --no-cache-dir install a
RUN pip install a --no-cache-dir
RUN pip3.12 install --no-cache-dir a
RUN python3 -mpip install a
RUN python3 -m pip --no-cache-dir install a
RUN uv pip install a
RUN pip download a
RUN pip wheel a
RUN sudo pip install a
RUN /usr/bin/pip install a
RUN /venv/bin/pip install a
RUN PIP_NO_CACHE_DIR=1 pip install a
RUN env PIP_NO_CACHE_DIR=1 pip install a
RUN export PIP_NO_CACHE_DIR=1 && pip install a
RUN --mount=type=cache,target=/root/.cache/pip pip install a
RUN --mount=type=cache,target=/root/.cache/pip/ pip install a
RUN --mount=type=tmpfs,target=/root/.cache/pip pip install a
RUN --mount=type=cache,target=/home/u/.cache/pip pip install a
RUN bash -c "pip install a"
RUN conda install pip
RUN pip uninstall a
RUN pipenv install --system
