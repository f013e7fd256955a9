# HADOLINT ignore=DL3008
FROM a:1
RUN apt-get install -y foo
