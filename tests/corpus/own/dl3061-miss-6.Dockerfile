#x
ARG X
