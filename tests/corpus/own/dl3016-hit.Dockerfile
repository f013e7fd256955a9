# DL3016: flagged, one way or another
FROM debian:12
RUN npm install a
RUN npm install @s/a
RUN npm install -g a
RUN npm install --global a
RUN npm install a b@1
RUN npm install a@1 b
RUN npm install --save a
RUN npm install --save-dev a
RUN npm install http://x/a
RUN npm install git://x/a
RUN npm install git+https://x/a
RUN npm install git+ssh://git@x/a
RUN npm install git+http://x/a
RUN npm install git+file:///a
RUN npm install user/repo
RUN npm install github:user/repo
