# DL4000: flagged, one way or another
FROM debian:12
MAINTAINER x
MAINTAINER x
MAINTAINER y
MAINTAINER "x" <y>
MAINTAINER x \
 y
