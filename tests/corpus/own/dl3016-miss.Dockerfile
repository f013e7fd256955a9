# DL3016: near misses
FROM debian:12
RUN npm install
RUN npm install a@1
RUN npm install a@latest
RUN npm install a@next
RUN npm install a@^1
RUN npm install a@~1
RUN npm install "a@>=1"
RUN npm install @s/a@1
RUN npm install -g a@1
RUN npm i a
RUN npm i -g a
RUN npm add a
RUN npm ci
RUN npm isntall a
RUN npm install -D a@1
RUN npm install --prefix=x a@1
RUN npm --prefix x install a@1
RUN npm --prefix x install
RUN npm -C x install
RUN npm install --registry x a@1
RUN npm install --registry=x a@1
RUN npm install --loglevel error a@1
RUN npm install --loglevel=error a@1
RUN npm --loglevel error install
