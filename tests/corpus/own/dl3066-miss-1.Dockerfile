ARG X=foo
USER $X
