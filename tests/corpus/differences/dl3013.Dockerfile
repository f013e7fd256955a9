FROM debian:12
RUN pip install --requirement=r.txt a
RUN pip install .[x]
RUN pip install ".[x]"
RUN pip install '.[dev]'
RUN pip install a.zip
RUN pipx install a
