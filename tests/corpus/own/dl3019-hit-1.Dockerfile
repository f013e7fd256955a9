FROM a:1
RUN apk add x
RUN apk add y
FROM b:1
RUN apk add z
