FROM a:1
ARG X=root
USER $X
