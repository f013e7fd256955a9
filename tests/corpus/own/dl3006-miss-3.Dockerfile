FROM a@sha256:abc
