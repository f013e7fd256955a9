# DL3067: near misses
FROM debian:12
COPY a ${X}/b
COPY a b
COPY .env b
COPY a /
COPY . .
COPY . /
COPY . /app
COPY ./ /app
COPY ./ .
COPY * /app
COPY ./* /app
COPY ["." , "/app"]
COPY --from=x . /app
COPY --chown=1 . /app
COPY a . b/
ADD . /app
ADD . .
ADD --chown=1 . .
COPY .. /app
COPY ../ /app
COPY ../a /app
COPY $X /app
COPY "." /app
COPY '.' /app
