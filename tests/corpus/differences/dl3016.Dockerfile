FROM debian:12
RUN npm install --prefix x a@1
RUN npm install -C x
RUN npm install --cache x a@1
RUN npm install --userconfig x a@1
RUN npm install --only prod
RUN npm install --omit dev
RUN npm install .
RUN npm install user/repo#v1
